"""The company: employees, numbers, pools, devices, mailboxes and schedules, and the rules they obey."""
