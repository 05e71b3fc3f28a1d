"""What an ended call becomes, before anything is written: its row, its steps' rows, and what somebody is told. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from callrouter.cases import guard
from callrouter.cases.rules import Talk
from callrouter.cases.store import Case
from callrouter.ledger.audio import Audio
from callrouter.ledger.cdr import Cdr
from callrouter.ledger.outcome import CallRecord, Outcome, Part, outcome
from callrouter.ledger.parties import Directory, Owner, Parties, Wishes
from callrouter.mail import compose
from callrouter.routing import waiting
from callrouter.routing.forwarding import FORWARDED

_TO_CALL_BACK = (Outcome.MISSED, Outcome.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class Heard:
    """An ended call with its recordings by step mark (None: one that cannot be read).

    ``written_at``, the spool file's time, stands in where the CDR tells none. ``reasons`` are those of the router's
    note: code and fields of each.
    """

    cdr: Cdr
    recordings: Mapping[str, Audio | None]
    written_at: dt.datetime
    reasons: Sequence[tuple[str, Mapping[str, str]]] = ()


@dataclass(slots=True)
class Call:
    """A call being entered; ``id`` is its row's, once it has one.

    ``warned``: reasons that tell that it was a second call-back, and whether it was made all the same.
    """

    heard: Heard
    parties: Parties
    record: CallRecord
    id: int | None
    warned: Sequence[tuple[str, Mapping[str, str]]] = ()

    @property
    def uuid(self) -> str:
        return self.heard.cdr.uuid

    @property
    def direction(self) -> str:
        return self.heard.cdr.direction or "inbound"

    @property
    def started_at(self) -> dt.datetime:
        return self.heard.cdr.started_at or self.heard.written_at

    def row(self) -> dict[str, Any]:
        """Its row in ``calls``."""
        cdr, parties, record = self.heard.cdr, self.parties, self.record
        return {
            "uuid": cdr.uuid,
            "node": cdr.node,
            "source": cdr.source,
            "direction": self.direction,
            "number": parties.number,
            "dialed": cdr.dialed,
            "caller": parties.caller,
            "caller_name": parties.caller_name,
            "trunk": cdr.trunk,
            "shown": cdr.shown,
            "outcome": record.outcome,
            "interrupted": record.interrupted,
            "cause": cdr.cause,
            "started_at": self.started_at,
            "answered_at": cdr.answered_at,
            "ended_at": cdr.ended_at,
            "reasons": [*self.heard.reasons, *self.warned],
        }


@dataclass(slots=True)
class Step:
    """One part of a call being entered; ``event``: what somebody must be told of it, and ``case`` then its case.

    ``wishes``: what its owner wants to be told of this call.
    """

    call: Call
    position: int
    part: Part
    owner: Owner | None
    wishes: Wishes | None
    event: compose.Event | None
    case: Case | None = None

    @property
    def key(self) -> tuple[int | None, str]:
        """Its call and mark: what it is known by in the ledger."""
        return self.call.id, self.part.n

    @property
    def owner_id(self) -> int | None:
        return self.owner.id if self.owner else None

    @property
    def case_id(self) -> int | None:
        return self.case.id if self.case else None

    @property
    def went_out(self) -> bool:
        """Whether it was a call into the public network, which the owner made, transferred or forwarded there."""
        part = self.part
        legs = any(leg.device.startswith("+") for leg in part.legs)
        return self.call.direction == "outbound" or part.kind == "dial" or legs

    @property
    def message(self) -> tuple[Any, str, Audio] | None:
        """Call, mark and audio of the message that the caller left."""
        mark = self.part.recording
        audio = self.call.heard.recordings.get(mark) if mark else None
        return (self.call.id, mark, audio) if mark and audio else None

    @property
    def recipient(self) -> str | None:
        """Who wants a mail about it. Internal missed calls are mailed only if asked for; a message always counts."""
        if self.event is None or self.wishes is None:
            return None
        kind = self.event.kind
        if kind == "missed" and self.call.direction == "internal" and not self.wishes.internal:
            return None
        return self.wishes.email if self.wishes.about in ("all", kind) else None

    def row(self) -> dict[str, Any]:
        """Its row in ``call_steps``."""
        part = self.part
        return {
            "call_id": self.call.id,
            "n": part.n,
            "position": self.position,
            "kind": part.kind,
            "owner_id": self.owner_id,
            "owner": self.owner.owner_key if self.owner else part.owner,
            "started_at": self.call.started_at,
            "outcome": part.outcome,
            "detail": part.detail,
            "device": part.device,
            "legs": [leg.as_json() for leg in part.legs],
            "case_id": self.case_id,
        }


def to_call(heard: Heard, directory: Directory, row_id: int | None) -> Call:
    """The call *heard* tells of; *row_id* is that of the note's record it replaces."""
    parties = directory.parties(heard.cdr)
    record = outcome(replace(heard.cdr, owner=parties.owner), heard.recordings)
    return Call(heard, parties, record, row_id, _warned(heard.cdr, directory))


def _warned(cdr: Cdr, directory: Directory) -> Sequence[tuple[str, Mapping[str, str]]]:
    told = guard.told(cdr.steps)
    if told is None:
        return ()
    what, who, minutes, went_on = told
    colleague = directory.owner(f"employee:{who}")
    said = (f"guard_{what}", {"somebody": colleague.name if colleague else "", "minutes": minutes})
    return (said, ("guard_went_on" if went_on else "guard_given_up", {}))


def to_steps(call: Call, directory: Directory, company: compose.Company) -> list[Step]:
    """The steps of *call*, with what must be told of each."""
    steps = []
    for position, part in enumerate(call.record.parts):
        owner = directory.owner(part.owner) if part.owner else None
        wishes = directory.wishes(owner, call.heard.cdr) if owner else None
        after = call.record.parts[position + 1 : position + 2]
        came_back = any(map(_returned, after))
        if came_back or (part.detail == FORWARDED and after):  # whoever it went on to is told
            steps.append(Step(call, position, part, owner, wishes, None))
            continue
        told = part.outcome in _TO_CALL_BACK and call.direction in ("inbound", "internal")
        event = _event(call, part, owner, directory, company) if told else None
        steps.append(Step(call, position, part, owner, wishes, event))
    return steps


def _returned(part: Part) -> bool:
    """Whether the call came back there to who had transferred it."""
    return part.n.startswith("returned")


def to_talks(step: Step, directory: Directory) -> list[Talk]:
    """The talks, and tries at one, that *step* was: what may end the wait of a caller."""
    call, part = step.call, step.part
    cdr, answered = call.heard.cdr, part.outcome is Outcome.ANSWERED
    talked = cdr.ended_at - cdr.answered_at if cdr.ended_at and cdr.answered_at else dt.timedelta()
    # Who is called back and connected with a colleague talks on, in no call of ours; no mailbox is.
    seconds = math.inf if cdr.connected else talked.total_seconds()
    talk = partial(Talk, call.id or 0, answered=answered, seconds=seconds, at=call.started_at)
    caller = directory.employee_at(cdr.account)
    if call.direction == "outbound":
        number = call.parties.number
        if not number or part.outcome is Outcome.REJECTED:  # nobody was called
            return []
        return [talk(number, caller.id if caller else step.owner_id, None, True)]
    if call.direction not in ("inbound", "internal") or part.kind not in ("ring", "voicemail"):
        return []
    talks = []
    if call.direction == "internal" and caller and step.owner and step.owner.extension:
        talks.append(talk(step.owner.extension, caller.id, None, True))
    if answered:
        member = directory.employee_at(part.device)
        talks.append(talk(call.parties.caller, member.id if member else None, step.owner_id, False))
    return talks


def _event(
    call: Call, part: Part, owner: Owner | None, directory: Directory, company: compose.Company
) -> compose.Event:
    cdr, parties = call.heard.cdr, call.parties
    audio = call.heard.recordings.get(part.recording) if part.recording else None
    waited = None
    if (
        len(call.record.parts) == 1
        and part.detail in ("abandoned", waiting.GAVE_UP)
        and cdr.ended_at
        and cdr.started_at
    ):
        waited = max(0, round((cdr.ended_at - cdr.started_at).total_seconds()))
    return compose.Event(
        kind="voicemail" if audio else "missed",
        uuid=cdr.uuid,
        n=part.n,
        at=call.started_at,
        owner_name=owner.name if owner else company.name,
        number=directory.dialed(cdr) if _returned(part) else parties.number or cdr.dialed,
        caller=parties.caller,
        caller_name=parties.caller_name,
        detail=part.detail,
        waited=waited,
        milliseconds=audio.milliseconds if audio else 0,
        repaired=bool(audio and audio.repaired),
        interrupted=call.record.interrupted,
        audio=(owner.audio if audio and owner else None) or "none",
    )
