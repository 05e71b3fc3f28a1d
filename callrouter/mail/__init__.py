"""Mails: composing them in the reader's language, keeping them in an outbox, delivering them."""
