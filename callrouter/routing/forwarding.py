"""Where an employee's calls go instead, and when: what router and rendered dialplan must do alike.

A call is forwarded once: at its new destination everything is as for a call to there, but that destination's own
forwarding. So there are no loops, whatever anybody enters. To a number in the public network it goes as a call of the
employee's own, by the same rules and limits; who answers there must press a key, and if nobody does the call goes on as
one that nobody answered.
"""

from __future__ import annotations

from callrouter.routing.plan import RingResult

#: By the field of ``Forwarding``: how ringing ended.
ON: dict[str, tuple[RingResult, ...]] = {
    "busy": (RingResult.BUSY, RingResult.REJECTED),
    "no_answer": (RingResult.NO_ANSWER,),
    "offline": (RingResult.OFFLINE, RingResult.FAILED),
}
#: Of a pool that is closed: nobody is rung then.
CLOSED = "closed"
MAILBOX = "mailbox:"
ANNOUNCEMENT = "announcement:"
#: What a call can end with, by its name (its prompt's has ``ANNOUNCED`` before it), with FreeSWITCH's cause of that
#: end: 480, 486, 480.
ANNOUNCED = "announcement_"
ANNOUNCEMENTS = {"closed": "SUBSCRIBER_ABSENT", "busy": "USER_BUSY", "nobody": "NO_ANSWER"}
#: In the mark of ringing outside, before the employee's id.
OUTSIDE = "o-"
#: By the field of ``Forwarding``: why, as Diversion (RFC 5806) and History-Info (RFC 7044, RFC 4458's causes) say.
WHY = (
    ("always", "unconditional", 302),
    ("busy", "user-busy", 486),
    ("no_answer", "no-answer", 408),
    ("offline", "unavailable", 404),
    ("closed", "time-of-day", 302),
)
#: What takes a call outside, how long it rings there, and how long there is to press it (seconds).
KEY = "1"
RINGS = 25
CONFIRMS = 20
#: FreeSWITCH's cause for a leg outside that may not be.
BARRED = "OUTGOING_CALL_BARRED"
#: How a forwarded part of a call ended, in its step's mark.
FORWARDED = "forwarded"
