"""Messages in mailboxes: their list, who may hear one, and what people do with it. Each change is in the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callrouter.directory import audit
from callrouter.directory.lists import MOST_COUNTED, PAGE, Page, count
from callrouter.directory.models import OwnerRow, PoolMemberRow
from callrouter.directory.names import owner_ids
from callrouter.directory.privacy import EVERYTHING, Viewer
from callrouter.directory.records import CallRow, MessageRow
from callrouter.errors import UnknownError, say


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message; ``owner`` is an owner key, ``id`` stays the same for ever."""

    id: int
    recorded_at: dt.datetime
    owner: str
    caller: str
    caller_name: str
    milliseconds: int
    heard_at: dt.datetime | None
    owner_name: str | None = None
    uuid: str = ""


def listed(
    session: Session,
    *,
    owner: str = "",
    owners: Collection[str] | None = None,
    unheard: bool = False,
    page: int = 1,
    size: int = PAGE,
    viewer: Viewer = EVERYTHING,
) -> Page[MessageLine]:
    """Messages of which *viewer* may know, the latest first; *owner* is an owner key.

    *owners*: those of any of these (none: no message); None: everybody's.
    """
    query = select(MessageRow.id).order_by(MessageRow.recorded_at.desc(), MessageRow.id.desc())
    owners = viewer.cases_of((owner,) if owner else owners)
    if owners is not None:
        query = query.where(MessageRow.owner_id.in_(owner_ids(session, owners)))
    if unheard:
        query = query.where(MessageRow.heard_at.is_(None))
    ids = list(session.scalars(query.limit(size).offset(max(page - 1, 0) * size)))
    total = count(session, query.order_by(None))
    shown = (
        select(
            MessageRow.id,
            MessageRow.recorded_at,
            OwnerRow.kind,
            OwnerRow.key,
            OwnerRow.name,
            CallRow.caller,
            CallRow.caller_name,
            CallRow.uuid,
            MessageRow.milliseconds,
            MessageRow.heard_at,
        )
        .join(CallRow, CallRow.id == MessageRow.call_id)
        .outerjoin(OwnerRow, OwnerRow.id == MessageRow.owner_id)
        .where(MessageRow.id.in_(ids))
        .order_by(MessageRow.recorded_at.desc(), MessageRow.id.desc())
    )
    lines = [
        MessageLine(
            id=row.id,
            recorded_at=row.recorded_at,
            owner=f"{row.kind}:{row.key}" if row.key else "",
            caller=row.caller,
            caller_name=row.caller_name,
            milliseconds=row.milliseconds,
            heard_at=row.heard_at,
            owner_name=row.name,
            uuid=row.uuid,
        )
        for row in session.execute(shown)
    ]
    return Page(lines, min(total, MOST_COUNTED), total > MOST_COUNTED)


def message(session: Session, number: int) -> tuple[MessageRow, str]:
    """The message with that id, and its owner's key (empty: the owner is gone); raises RuleError."""
    row = session.get(MessageRow, number)
    if row is None:
        raise UnknownError(say("there is no message %(number)s; `callrouter message list` shows them", number=number))
    owner = session.get(OwnerRow, row.owner_id) if row.owner_id else None
    return row, owner.owner_key if owner else ""


def unheard(session: Session, employee_id: int) -> int:
    """How many messages the employee with that row id has yet to hear, in the own mailbox and in those of pools."""
    pools = select(PoolMemberRow.pool_id).where(PoolMemberRow.employee_id == employee_id)
    query = select(func.count()).select_from(MessageRow).where(MessageRow.heard_at.is_(None))
    return session.scalar(query.where((MessageRow.owner_id == employee_id) | MessageRow.owner_id.in_(pools))) or 0


def mark(session: Session, number: int, *, heard: bool, at: dt.datetime) -> str:
    """Mark a message as heard at *at*, or as not heard; returns its owner's key."""
    row, owner = message(session, number)
    before = {"heard": row.heard_at is not None}
    row.heard_at = (row.heard_at or at) if heard else None
    audit.record(session, "message", str(number), before, {"heard": heard}, at=at)
    return owner


def recording(session: Session, number: int) -> bytes | None:
    """The message's WAV file, for somebody who may listen; None when it is gone."""
    return session.scalar(select(MessageRow.audio).where(MessageRow.id == number))


def take_audio(session: Session, number: int) -> bytes:
    """The message's WAV file, for somebody who takes it away: that is written down."""
    row, owner = message(session, number)
    audit.record(session, "message", str(number), {"saved": None}, {"saved": owner})
    return row.audio


def delete(session: Session, number: int) -> None:
    """Delete a message with its recording; its call stays in the history."""
    row, owner = message(session, number)
    audit.record(session, "message", str(number), {"owner": owner, "milliseconds": row.milliseconds}, None)
    session.delete(row)
