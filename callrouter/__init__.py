"""Call routing for FreeSWITCH: numbers, phones, mailboxes, pools, and a mail for every missed call."""

__version__ = "0.1.0"
