"""Benchmarks on a real FreeSWITCH: how long a caller waits, and what a call costs, with callrouter and without."""
