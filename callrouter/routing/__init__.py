"""Routing rules: pure functions from a call, a snapshot of the company and the time to a plan."""
