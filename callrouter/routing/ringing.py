"""How phones ring: what router and rendered dialplan must do alike."""

from __future__ import annotations

from collections.abc import Sequence

#: However late a phone is to begin, so many seconds are left to answer it.
LEAST_SECONDS = 5
#: How long each member of a pool is rung where they are rung one after the other, if the pool says nothing.
MEMBER_SECONDS = 15
#: The strategies of pools that ring one member after the other.
IN_TURN = ("sequential", "longest-idle")
#: In turn, who rings for another call is passed over and comes last: FreeSWITCH's cause for a leg that was never sent.
PASSED_OVER = "PRE_EMPTED"
#: FreeSWITCH's causes for a phone that declines (603), and for one that says busy (486), as many do on "decline".
DECLINED = ("CALL_REJECTED",)
DECLINED_OR_BUSY = ("CALL_REJECTED", "USER_BUSY")
#: What counts the calls that an employee is in, and those that ring at a phone: mod_hash limits of FreeSWITCH, whose
#: realm is ``callrouter`` and whose id is this with the employee's id, or with the phone's account.
TALKS, RINGS = "talks-", "rings-"


def talks(employee: str) -> str:
    """The id of the limit that counts the calls *employee* (an owner key) is in."""
    return TALKS + employee.removeprefix("employee:")


def rings(sip_user: str) -> str:
    """The id of the limit that counts the calls that ring at the phone *sip_user*."""
    return RINGS + sip_user


def passed_over(sip_user: str) -> str:
    """What a leg to the phone *sip_user* does before it is sent, so that it rings for one call alone; *sip_user* is
    counted from then on. FreeSWITCH does both at once: of two calls that come together one has it.
    """
    return f"limit hash callrouter {rings(sip_user)} 1 !{PASSED_OVER}"


def may_ring(calls_at_once: int | None, talking: int, waiting: int) -> bool:
    """Whether a call may ring at one who is in *talking* calls while *waiting* others ring.

    Who talks has at most *calls_at_once*, those that wait among them (None: any number). While nobody talks, all ring.
    """
    return calls_at_once is None or not talking or talking + waiting < calls_at_once


def shortest(ring_seconds: int, mailbox_after: int | None) -> int:
    """How long an owner's phones ring at least before something else follows (seconds), at whatever time of day.

    *mailbox_after*: when the mailbox answers; 0 or None: none does after any ringing.
    """
    return min(ring_seconds, mailbox_after) if mailbox_after else ring_seconds


def delays(wanted: Sequence[int], seconds: int) -> tuple[int, ...]:
    """When each phone begins (seconds), of phones that ring for *seconds*: the first at once, the last in time."""
    first = min(wanted, default=0)
    return tuple(max(0, min(delay - first, seconds - LEAST_SECONDS)) for delay in wanted)


def alert_info(ring: str) -> str:
    """What Alert-Info (RFC 3261 20.4) asks a phone for the *ring* of that name with, in the form that phones agree on.

    Yealink, Snom, Grandstream and Digium document it so, with an address at which there is nothing to be fetched;
    Polycom compares the whole of it.
    """
    return f"<http://127.0.0.1>;info={ring}"
