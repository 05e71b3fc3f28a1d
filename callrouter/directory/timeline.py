"""One call as a story: who was rung, how that ended, which message it left, and who was told by mail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.history import device_names, owner_names
from callrouter.directory.records import CallRow, CallStepRow, MessageRow, OutboxRow
from callrouter.errors import RuleError, say


@dataclass(frozen=True, slots=True)
class StepLine:
    """What happened to one owner: ``outcome`` (answered, missed, voicemail, rejected) and ``detail`` of how.

    ``device`` is the account that answered, ``device_label`` and ``answered_by`` what and whose it is.
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


@dataclass(frozen=True, slots=True)
class MessageOfCall:
    """A message the caller left."""

    id: int
    owner_id: int | None
    recorded_at: dt.datetime
    milliseconds: int
    heard_at: dt.datetime | None
    repaired: bool


@dataclass(frozen=True, slots=True)
class MailOfCall:
    """A mail about the call; ``state`` is waiting, sent or dead, ``error`` the mail server's last answer."""

    kind: str
    recipient: str
    subject: str
    state: str
    created_at: dt.datetime
    sent_at: dt.datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call with all that is known of it; times are UTC."""

    uuid: str
    started_at: dt.datetime
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    direction: str
    trunk: str | None
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


_OWN = ("steps", "messages", "mails")


def call_detail(session: Session, uuid: str) -> CallDetail:
    """The call with that UUID; raises RuleError."""
    row = session.scalar(select(CallRow).where(CallRow.uuid == uuid))
    if row is None:
        raise RuleError(say("there is no call %(uuid)s", uuid=uuid[:80]))
    steps = list(
        session.scalars(select(CallStepRow).where(CallStepRow.call_id == row.id).order_by(CallStepRow.position))
    )
    owners = owner_names(session, {step.owner for step in steps})
    devices = device_names(session, {step.device for step in steps})
    messages = session.scalars(select(MessageRow).where(MessageRow.call_id == row.id).order_by(MessageRow.id))
    mails = session.scalars(select(OutboxRow).where(OutboxRow.call_id == row.id).order_by(OutboxRow.id))
    own = {name: getattr(row, name) for name in CallDetail.__dataclass_fields__ if name not in _OWN}
    return CallDetail(
        **own,
        steps=tuple(
            StepLine(
                step.n,
                step.kind,
                step.owner,
                owners.get(step.owner),
                step.outcome,
                step.detail,
                step.device,
                *devices.get(step.device or "", (None, None)),
            )
            for step in steps
        ),
        messages=tuple(
            MessageOfCall(m.id, m.owner_id, m.recorded_at, m.milliseconds, m.heard_at, m.repaired) for m in messages
        ),
        mails=tuple(
            MailOfCall(m.kind, m.recipient, m.subject, m.state, m.created_at, m.sent_at, m.error) for m in mails
        ),
    )
