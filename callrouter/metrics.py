"""Counters and gauges, named once; the web role shows them at /metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CALLS = Counter("callrouter_calls_total", "Calls the router answered", ["direction"])
CALL_ERRORS = Counter("callrouter_call_errors_total", "Calls the router gave to the static fallback after an error")
CALLS_SHED = Counter("callrouter_calls_shed_total", "Calls let go into the fallback above router.max_calls")
CALLS_NOW = Gauge("callrouter_calls_now", "Calls the router holds now", multiprocess_mode="livesum")
PLAN_SECONDS = Histogram(
    "callrouter_plan_seconds",
    "From the accepted socket to the first step (seconds)",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
)
CDRS = Counter("callrouter_cdrs_total", "CDRs taken into the ledger", ["outcome"])
CDRS_QUARANTINED = Counter("callrouter_cdrs_quarantined_total", "Spool files put into quarantine")
MAILS = Counter("callrouter_mails_total", "Mails by result", ["result"])
IMAP_LOOKS = Counter("callrouter_imap_looks_total", "Looks into teams' mailboxes by result", ["mailbox", "result"])
IMAP_CHANGES = Counter(
    "callrouter_imap_changes_total",
    "Cases changed by a mark in a team's mailbox (close, reopen), mails marked there (done, todo)",
    ["mailbox", "change"],
)
