"""Every channel variable callrouter sets or reads, and the notation of a call's steps, in one place.

The router and the rendered dialplan write them; FreeSWITCH copies them into the CDR; the ledger reads them there.
Values only ever contain characters of :data:`SAFE`, so that FreeSWITCH never expands or splits them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: The dialled number, E.164. Set by the dialplan before ``socket`` (raw when it could not tell) and by the router.
NUMBER = "callrouter_number"
#: Owner key of that number: ``employee:anna`` or ``pool:sales``.
OWNER = "callrouter_owner"
#: Configuration version (integer) the dialplan was rendered from.
VERSION = "callrouter_version"
#: Name of the trunk an inbound call came by.
TRUNK = "callrouter_trunk"
#: ``inbound`` (from a trunk), ``internal``, ``outbound`` or ``emergency``.
DIRECTION = "callrouter_direction"
#: The caller as recorded: E.164, an extension, or ``anonymous``. Set by the router.
CALLER = "callrouter_caller"
#: The caller's cleaned display name. Set by the router.
CALLER_NAME = "callrouter_caller_name"
#: ``true`` when the caller asked for privacy (RFC 3323) or came without a number. Set by dialplan and router.
PRIVATE = "callrouter_private"
#: Where the call stands, for the fallback: ``ringing``, ``mailbox``, ``recording`` or ``done``; ``outside``: the router
#: leaves it to the dialplan to forward the call there; ``waiting``: to let it wait; ``waited``: it has waited.
STAGE = "callrouter_stage"
#: List (``push``) of step marks, see :class:`StepMark`.
STEP = "callrouter_step"
#: sip_user of the device that answered; set on each leg and imported by the one that wins.
DEVICE = "callrouter_device"
#: FreeSWITCH's own: the UUID that a leg is to get. Right behind DEVICE in each leg, so that the CDR tells who is who.
LEG = "origination_uuid"
#: In the UUID of a leg to a number outside that rings beside phones: what stands behind TURN, as for no other leg.
OUTSIDE_LEG = "d"
#: ``true`` once the static fallback had to take over; set by the fallback itself, by nothing else.
FALLBACK = "callrouter_fallback"
#: In the fallback: what the schedule says now, ``open`` or ``closed``.
SCHEDULE = "callrouter_schedule"
#: In the fallback: whether a pool is ``open`` or ``closed`` now.
OPENING = "callrouter_opening"
#: In the dialplan: the dialled digits as they came, taken from where the trunk writes them.
DIALED = "callrouter_dialed"
#: In the fallback: how ringing ended, one of the results of a ``ring`` step; ``closed``: nobody was to be rung.
RESULT = "callrouter_result"
#: In the fallback: the caller's number in E.164, where it is one.
FROM = "callrouter_from"
#: In the dialplan: ``1`` when the call was answered before (a transfer), ``2`` or ``3`` when it is itself a leg that
#: was transferred, else ``0``: keeps UUIDs of legs apart, as each owner's place does.
TURN = "callrouter_turn"
#: Directory: whose account it is (the employee's id).
EMPLOYEE = "callrouter_employee"
#: Directory: the number shown on that employee's emergency calls, E.164.
OWN_NUMBER = "callrouter_own_number"
#: Directory: the number shown on that employee's calls out, E.164; HIDDEN is ``true`` where it is to be withheld.
SHOWN = "callrouter_shown"
HIDDEN = "callrouter_hidden"
#: Directory: the kinds of numbers (``routing.outgoing.Destination``) that employee may call, with spaces between.
DESTINATIONS = "callrouter_destinations"
#: The phone at the other end of a channel, told to the legs it makes: who acts when that phone transfers one.
CALLING = "callrouter_calling"
#: In the dialplan: the phone on whose account a call goes out: that which dialled, or transferred.
BY = "callrouter_by"
#: In the dialplan: the phone that transferred the call here, to which it comes back when nobody takes it.
BACK = "callrouter_back"
#: Whose phones a call is to ring, as in the name of its context. Behind it and ``_`` that name: a global variable with
#: the UUID of the latest such call, for those who pick it up.
RINGING = "callrouter_ringing"
#: Of a colleague's call that came to a pool: the address that the pool's lamp keys show.
LAMP = "callrouter_lamp"
#: Directory: the ids of the pools whose member an employee is, with spaces between.
POOLS = "callrouter_pools"
#: Prefix of the directory's variables of that phone's account.
OF = "by_"
#: On calls out: the number called (E.164 or short); what the trunk is told as called, as the employee's number, and as
#: the caller of a forwarded call; whether the caller is withheld.
OUT_NUMBER = "callrouter_out_number"
OUT_TO = "callrouter_out_to"
OUT_FROM = "callrouter_out_from"
OUT_CALLER = "callrouter_out_caller"
OUT_HIDDEN = "callrouter_out_hidden"
#: The owner (its key) to whose phones the router has brought the call; FreeSWITCH lists it of each channel.
AT = "presence_data"
#: In the dialplan: the pool's number that this call shows outside; a code asked for it.
SHOWS = "callrouter_shows"
#: While a trunk is told who calls: how phones were shown it, for a call that comes back to one.
INSIDE = "callrouter_inside"
INSIDE_NAME = "callrouter_inside_name"
#: sip_user of the device that picked the call up; FreeSWITCH copies it from who picks up when it connects the two.
PICKED = "callrouter_picked"
#: Name of the trunk that took a call out; set on each leg and imported by the one that wins.
TAKEN = "callrouter_taken"
#: Where a call is since it was forwarded: the context of that owner.
FORWARDED = "callrouter_forwarded"
#: In the dialplan, while a call is forwarded outside: the context of the owner who does so, where it goes on if
#: nobody takes it; WHY is the field of the forwarding, or of what comes next.
FORWARDS = "callrouter_forwards"
WHY = "callrouter_why"
#: What a phone asks for by a code (``routing.features``); set by the dialplan when that phone itself dialled it.
FEATURE = "callrouter_feature"
#: Directory: the id of that employee, whose calls are counted (``routing.ringing.TALKS``); nobody else has one.
COUNTED = "callrouter_counted"
#: In the fallback, with a device's account behind it: where that leg goes.
TO = "callrouter_to_"
#: Before a call is forwarded: who was rung for it, each id between dots.
RUNG = "callrouter_rung"
#: In the fallback: for how many seconds the members of a pool are rung in all, where it is one after the other.
WITHIN = "callrouter_within"
#: In the fallback: what a pool's phones show of the caller, and the ring they are asked for.
DISPLAY = "callrouter_display"
ALERT = "callrouter_alert"
#: In the dialplan, while a call waits: the pool (its id) and the place where it stands; the name of this wait, for a
#: call may wait more than once; how often members were rung for it; whether it is this one's turn, and whether a member
#: is free.
WAITS = "callrouter_waits"
PLACE = "callrouter_place"
WAIT = "callrouter_wait"
ROUND = "callrouter_round"
MAY = "callrouter_may"
FREE = "callrouter_free"
#: ``true`` when a phone dialled an extension, so that NUMBER is only one of those whom it belongs to.
EXTENSION = "callrouter_extension"
#: With an employee's id behind it: the legs that ring that member of a pool outside, or an ``error/`` for none.
#: MEMBER_OF is whose they are to be, MOST for how many calls at once they may ring, LATER how many seconds after the
#: first they begin; TELLS, with a trunk's place behind it, what of the caller that trunk is told; BEFORE what SCHEDULE
#: was.
MEMBER = "callrouter_member_"
MEMBER_OF = "callrouter_member_of"
MOST = "callrouter_most"
LATER = "callrouter_later"
TELLS = "callrouter_tells_"
BEFORE = "callrouter_before"
#: In the dialplan: ``yes`` where one more leg may go out, else why none may.
ROOM = "callrouter_room"
#: In the dialplan of a call out: ``ask`` while the router is asked whether somebody else is on it, ``warn`` where it
#: has said so; then the prompts to be played, with ! between them, and the mark that this leaves; the key pressed.
#: EARLY is ``true`` where that has answered the call, so that only an answer of whom it reaches connects it.
GUARD = "callrouter_guard"
GUARD_ASKS, GUARD_WARNS = "ask", "warn"
GUARD_SAYS = "callrouter_guard_says"
GUARD_MARK = "callrouter_guard_mark"
GUARD_KEY = "callrouter_guard_key"
EARLY = "callrouter_early"
#: In the dialplan: how often that number was called in this day, and how often it might be.
TRIES = "callrouter_tries"
KNOWN = "callrouter_known"

SAFE = re.compile(r"[A-Za-z0-9 ._:;@+*#/=-]*")
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:;@+*#/=-]")
_STEP_PART = re.compile(r"[A-Za-z0-9._:@+*#-]*")


def slug(owner: str) -> str:
    """The owner key *owner* as it stands in the names of contexts and variables."""
    return owner.replace(":", "-")


def owner_context(owner: str) -> str:
    """The dialplan context that rings *owner*'s phones when the router does not."""
    return f"owner-{slug(owner)}"


def between_dots(ids: Iterable[str]) -> str:
    """A list of *ids* in which each can be found (:data:`RUNG`)."""
    return "".join(f".{one}." for one in ids)


def safe(text: str) -> str:
    """Return *text* without any character FreeSWITCH could interpret (``$ { } [ ] , | ' \\ ^ %`` CR LF and others)."""
    return _UNSAFE.sub("", text)


@dataclass(frozen=True, slots=True)
class StepMark:
    """One entry of the step list: ``N;kind;owner[;result[;device]]``.

    A step is pushed without a result before it starts and again with its result when that is known. ``n`` is unique
    within the call: a counter from 1 in the router, ``f-`` and the owner's id in the static fallback. An open
    ``ring`` step of a call with :data:`DEVICE` set was answered by that device. The dialplan pushes
    ``was;DEVICE`` (kind ``was``) when a call that was answered before enters it again (a transfer): it closes the
    last open ring step as answered by that device.

    Kinds and results: ``ring`` (answered, no_answer, busy, offline, rejected, failed; forwarded: it went on elsewhere
    then), ``voicemail`` (recorded, empty), ``announce`` (closed), ``reject`` (the reason, e.g. ``unknown_number``),
    ``dial`` (outgoing: answered, or the cause), ``guard`` (what was warned of; its device tells who and since how many
    minutes, see ``cases.guard``), ``was``.
    """

    n: str
    kind: str
    owner: str = ""
    result: str = ""
    device: str = ""

    def text(self) -> str:
        """The wire text for ``push callrouter_step=…``; raises ValueError on a part that would not survive it."""
        parts = [self.n, self.kind, self.owner, self.result, self.device]
        for part in parts:
            if not _STEP_PART.fullmatch(part):
                raise ValueError(f"step part {part!r} has characters that a channel variable cannot carry")
        if self.kind == "was":
            return f"was;{self.device}"
        return ";".join(parts).rstrip(";")

    @classmethod
    def parse(cls, text: str) -> StepMark | None:
        """Read a mark back; None when *text* is not one (a damaged CDR must not stop the ledger)."""
        parts = text.split(";")
        if parts[0] == "was":
            return cls("", "was", device=parts[1] if len(parts) > 1 else "")
        if len(parts) < 2 or len(parts) > 5 or not parts[0] or not parts[1]:
            return None
        return cls(*parts)


def step_texts(value: str) -> list[str]:
    """Split a pushed variable into its entries: bare when single, ``ARRAY::a|:b`` when several."""
    if value.startswith("ARRAY::"):
        return [part for part in value[len("ARRAY::") :].split("|:") if part]
    return [value] if value else []
