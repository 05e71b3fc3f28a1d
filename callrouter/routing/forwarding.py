"""Where an employee's calls go instead, and when: what router and rendered dialplan must do alike.

A call is forwarded once: at its new destination everything is as for a call to there, but that destination's own
forwarding. So there are no loops, whatever anybody enters.
"""

from __future__ import annotations

from callrouter.routing.plan import RingResult

#: By the field of ``Forwarding``: how ringing ended.
ON: dict[str, tuple[RingResult, ...]] = {
    "busy": (RingResult.BUSY, RingResult.REJECTED),
    "no_answer": (RingResult.NO_ANSWER,),
    "offline": (RingResult.OFFLINE, RingResult.FAILED),
}
MAILBOX = "mailbox:"
#: How a forwarded part of a call ended, in its step's mark.
FORWARDED = "forwarded"
