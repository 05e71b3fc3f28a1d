"""One call as a story: who was rung, how that ended, which message it left, who was told by mail, who calls back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import stories
from callrouter.directory.models import OwnerRow
from callrouter.directory.names import device_names, owner_names
from callrouter.directory.privacy import COLLEAGUE, EVERYTHING, Viewer
from callrouter.directory.records import CallRow, CallStepRow, CaseRow, MessageRow, OutboxRow
from callrouter.errors import UnknownError, say
from callrouter.routing import reasons, words
from callrouter.routing.plan import Reason


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """A phone that was to ring: ``device`` is its account, ``device_label`` and ``employee`` what and whose it is.

    ``end``: answered, elsewhere (another phone was faster), abandoned (the caller gave up), no_answer, busy, rejected,
    offline (not registered), failed, unknown; ``cause`` is FreeSWITCH's. Times are UTC; ``ended_at``
    is when the ringing ended, None where that is not known.
    """

    device: str
    device_label: str | None
    employee: str | None
    end: str
    cause: str
    rang_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """What happened to one owner: ``outcome`` (answered, missed, voicemail, rejected) and ``detail`` of how.

    ``device`` is the account that answered, ``device_label`` and ``answered_by`` what and whose it is; ``phones`` are
    all that were to ring, in that order. An empty name is a colleague's, who is not told; nor are their phones then.
    """

    n: str
    kind: str
    owner: str
    owner_name: str | None
    outcome: str
    detail: str
    device: str | None
    device_label: str | None
    answered_by: str | None
    phones: tuple[PhoneLine, ...]


@dataclass(frozen=True, slots=True)
class MessageOfCall:
    """A message the caller left; ``owner`` is an owner key, empty when the owner is gone."""

    id: int
    owner_id: int | None
    owner: str
    recorded_at: dt.datetime
    milliseconds: int
    heard_at: dt.datetime | None
    repaired: bool


@dataclass(frozen=True, slots=True)
class MailOfCall:
    """A mail about the call; ``state`` is waiting, sent or dead, ``error`` the mail server's last answer.

    ``owner`` is the key of whose case it is about, empty when the case or the owner is gone.
    """

    owner: str
    kind: str
    recipient: str
    subject: str
    state: str
    created_at: dt.datetime
    sent_at: dt.datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class CaseOfCall:
    """The case that the call belongs to: ``calls`` and ``messages`` of that caller wait for a call back.

    ``state`` is open, claimed or closed.
    """

    id: int
    owner: str
    owner_name: str | None
    state: str
    opened_at: dt.datetime
    calls: int
    messages: int


@dataclass(frozen=True, slots=True)
class LinkedCall:
    """Another call of the same story: one that was transferred, or asked about it, or picked it up."""

    uuid: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    direction: str
    caller: str
    caller_name: str
    dialed: str
    number: str | None
    outcome: str
    steps: tuple[StepLine, ...]

    @property
    def owners(self) -> frozenset[str]:
        """Keys of all it came to."""
        return _owners(self.steps)


def _owners(steps: tuple[StepLine, ...]) -> frozenset[str]:
    return frozenset(step.owner for step in steps if step.owner)


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call with all that is known of it; times are UTC. ``reasons``: why the router did what it did with it.

    ``linked`` are the other calls of its story, the oldest first.
    ``shown``: the number that a call out showed, E.164 or ``anonymous``.
    """

    uuid: str
    started_at: dt.datetime
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    direction: str
    trunk: str | None
    shown: str | None
    caller: str
    caller_name: str
    dialed: str
    number: str | None
    outcome: str
    cause: str
    interrupted: bool
    steps: tuple[StepLine, ...]
    messages: tuple[MessageOfCall, ...]
    mails: tuple[MailOfCall, ...]
    cases: tuple[CaseOfCall, ...]
    reasons: tuple[Reason, ...]
    linked: tuple[LinkedCall, ...]

    def why(self, language: str) -> list[str]:
        """The reasons as sentences (``de``, else English)."""
        return [reasons.text(reason, language) for reason in self.reasons if reason.code in words.SENTENCES]

    @property
    def owners(self) -> frozenset[str]:
        """Keys of all it came to."""
        return _owners(self.steps)


_OWN = ("steps", "messages", "mails", "cases", "reasons", "linked")


def call_detail(session: Session, uuid: str, viewer: Viewer = EVERYTHING) -> CallDetail:
    """The call with that UUID as *viewer* may see it; raises UnknownError, also where that is not at all."""
    row = session.scalar(select(CallRow).where(CallRow.uuid == uuid))
    if row is None or not _seen(row, viewer):
        raise UnknownError(say("there is no call %(uuid)s", uuid=uuid[:80]))
    others = [call for call in stories.linked(session, row) if viewer.handlers or _seen(call, viewer)]
    found = {call.id: list(call.steps) for call in (row, *others)}
    steps, every = found[row.id], [step for own in found.values() for step in own]
    owners = owner_names(session, {step.owner for step in every})
    devices = device_names(
        session, {step.device for step in every} | {leg["device"] for step in every for leg in step.legs}
    )
    messages = session.execute(
        select(MessageRow, OwnerRow)
        .outerjoin(OwnerRow, OwnerRow.id == MessageRow.owner_id)
        .where(MessageRow.call_id == row.id)
        .order_by(MessageRow.id)
    )
    mails = list(session.scalars(select(OutboxRow).where(OutboxRow.call_id == row.id).order_by(OutboxRow.id)))
    of_steps = {step.case_id for step in steps if step.case_id}
    ids = of_steps | {mail.case_id for mail in mails if mail.case_id}
    cases = {case.id: case for case in session.scalars(select(CaseRow).where(CaseRow.id.in_(ids)))} if ids else {}
    own = {name: getattr(row, name) for name in CallDetail.__dataclass_fields__ if name not in _OWN}
    return CallDetail(
        **own,
        steps=tuple(_step(step, owners, devices, viewer) for step in steps),
        messages=tuple(message_of(message, owner) for message, owner in messages),
        mails=tuple(mail_of(m, _key(cases[m.case_id].owner) if m.case_id in cases else "") for m in mails),
        cases=tuple(
            CaseOfCall(
                c.id, _key(c.owner), c.owner.name if c.owner else None, c.state, c.opened_at, c.calls, c.messages
            )
            for c in sorted(cases.values(), key=lambda case: case.id)
            if c.id in of_steps
        ),
        reasons=tuple(Reason(code, tuple(fields.items())) for code, fields in row.reasons if viewer.handlers),
        linked=tuple(
            LinkedCall(
                **{name: getattr(call, name) for name in LinkedCall.__dataclass_fields__ if name != "steps"},
                steps=tuple(_step(step, owners, devices, viewer) for step in found[call.id]),
            )
            for call in others
        ),
    )


def _seen(call: CallRow, viewer: Viewer) -> bool:
    return viewer.sees_call((step.owner, step.outcome, step.device) for step in call.steps)


def message_of(row: MessageRow, owner: OwnerRow | None) -> MessageOfCall:
    """The message *row*, which is in the mailbox of *owner*."""
    return MessageOfCall(
        row.id, row.owner_id, _key(owner), row.recorded_at, row.milliseconds, row.heard_at, row.repaired
    )


def mail_of(row: OutboxRow, owner: str) -> MailOfCall:
    """The mail *row*, about a case of *owner* (a key)."""
    return MailOfCall(owner, row.kind, row.recipient, row.subject, row.state, row.created_at, row.sent_at, row.error)


def _key(owner: OwnerRow | None) -> str:
    return owner.owner_key if owner else ""


def _step(step: CallStepRow, owners: dict[str, str], devices: dict[str, tuple[str, str]], viewer: Viewer) -> StepLine:
    label, employee = devices.get(step.device or "", (None, None))
    whose = viewer.names_owner(step.owner)
    handler = step.device is None or viewer.names_device(step.device)
    return StepLine(
        n=step.n,
        kind=step.kind,
        owner=step.owner if whose else "",
        owner_name=owners.get(step.owner) if whose else COLLEAGUE,
        outcome=step.outcome,
        detail=step.detail,
        device=step.device if handler else None,
        device_label=label if handler else None,
        answered_by=employee if handler else COLLEAGUE,
        phones=tuple(_phone(leg, devices) for leg in step.legs if viewer.names_device(leg["device"])),
    )


def _phone(leg: dict[str, Any], devices: dict[str, tuple[str, str]]) -> PhoneLine:
    rang_at, ended_at = (dt.datetime.fromisoformat(at) if (at := leg[key]) else None for key in ("rang_at", "ended_at"))
    label, employee = devices.get(leg["device"], (None, None))
    return PhoneLine(leg["device"], label, employee, leg["end"], leg["cause"], rang_at, ended_at)
