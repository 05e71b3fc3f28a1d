"""Waiting for a member of a pool: what decide() and the rendered dialplan have alike.

The dialplan does the waiting, with no process of ours: FreeSWITCH's own counts (mod_hash, realm ``callrouter``) are
the line. Each waiting call holds one of :func:`line`, and the :func:`place` where it stands; it moves up as soon as
the place before is free, and lets go of all with its end.
"""

from __future__ import annotations

from callrouter.routing.plan import RingResult, Wait
from callrouter.routing.snapshot import Owner, Pool

#: So many places a line has at most: each has a prompt of its own.
MOST_PLACES = 10
#: How ringing ended when a call begins to wait. Not for members whose phones are all off: nobody would come.
ON = (RingResult.NO_ANSWER, RingResult.BUSY, RingResult.REJECTED)
#: What a caller presses to leave a message, and to be called back.
MAILBOX_KEY, CALL_BACK_KEY = "1", "2"
#: Who has heard music for so many seconds is looked after again: a member may be free, a place, or the time over.
LOOKS = 4
#: A member is rung at most once in so many seconds for the same caller, also who has declined.
RESTS = 20
#: The place in the line is said again after so many seconds.
SAYS = 30
#: In the marks of steps: a wait is a ring step of that name, and ended so beside the results of ringing.
MARK = "w-"
FULL, CALL_BACK, TO_MAILBOX, GAVE_UP = "waits_full", "wants_call_back", "waits_mailbox", "waited"


def line(pool: str) -> str:
    """The id of the limit that counts those who wait for *pool* (an owner key)."""
    return "waits-" + pool.removeprefix("pool:")


def step(owner: Owner) -> Wait | None:
    """How callers wait for *owner*; None: not at all, or there is nobody who could come."""
    if not isinstance(owner, Pool) or owner.waiting is None:
        return None
    there = (member for member in owner.present if not member.do_not_disturb)
    if not any(device.enabled for member in there for device in member.devices):
        return None
    mailbox = owner.mailbox.enabled and owner.mailbox.answer_calls
    return Wait(owner.key, owner.waiting.at_most, owner.waiting.places, mailbox, ON)
