"""The ledger: every CDR becomes a call, its legs, messages, cases and mails, exactly once."""
