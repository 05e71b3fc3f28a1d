"""How an employee's phones ring: what router and rendered dialplan must do alike."""

from __future__ import annotations

from collections.abc import Sequence

#: However late a phone is to begin, so many seconds are left to answer it.
LEAST_SECONDS = 5
#: FreeSWITCH's causes for a phone that declines (603), and for one that says busy (486), as many do on "decline".
DECLINED = ("CALL_REJECTED",)
DECLINED_OR_BUSY = ("CALL_REJECTED", "USER_BUSY")
#: What counts the calls that an employee is in: a mod_hash limit of FreeSWITCH, ``callrouter`` and this with the id.
COUNTER = "talks-"


def counter(employee: str) -> str:
    """The id of that limit of *employee* (an owner key)."""
    return COUNTER + employee.removeprefix("employee:")


def shortest(ring_seconds: int, mailbox_after: int | None) -> int:
    """How long an owner's phones ring at least before something else follows (seconds), at whatever time of day.

    *mailbox_after*: when the mailbox answers; 0 or None: none does after any ringing.
    """
    return min(ring_seconds, mailbox_after) if mailbox_after else ring_seconds


def delays(wanted: Sequence[int], seconds: int) -> tuple[int, ...]:
    """When each phone begins (seconds), of phones that ring for *seconds*: the first at once, the last in time."""
    first = min(wanted, default=0)
    return tuple(max(0, min(delay - first, seconds - LEAST_SECONDS)) for delay in wanted)
