"""Finds or opens the case of a missed call or message, also with several workers at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callrouter.cases.rules import Change, State, after, caller_key
from callrouter.directory.records import CaseRow


@dataclass(frozen=True, slots=True)
class Thread:
    """The mail thread a case begins: the Message-ID of its first mail and the subject all its mails share."""

    root_message_id: str
    subject: str


def _unclosed(session: Session, owner_id: int | None, key: str) -> CaseRow | None:
    return session.scalars(
        select(CaseRow)
        .where(CaseRow.owner_id == owner_id, CaseRow.caller_key == key, CaseRow.state != State.CLOSED)
        .order_by(CaseRow.id)
        .limit(1)
        .with_for_update()
    ).first()


def open_or_append(
    session: Session,
    owner_id: int | None,
    *,
    caller: str,
    uuid: str,
    at: dt.datetime,
    messages: int,
    thread: Thread,
) -> CaseRow:
    """Count one more call (and *messages* messages) of *caller* in the owner's unclosed case, or open one with it.

    Part of the caller's transaction. *thread* is taken by a new case only. Two workers that open the same case at
    once end up with one: the unique index refuses the second, which then finds the first.
    """
    key = caller_key(caller, uuid)
    case = _unclosed(session, owner_id, key)
    if case is None:
        case = CaseRow(
            owner_id=owner_id,
            caller_key=key,
            caller=caller,
            state=State.OPEN,
            opened_at=at,
            changed_at=at,
            calls=0,
            messages=0,
            root_message_id=thread.root_message_id,
            subject=thread.subject,
        )
        try:
            with session.begin_nested():
                session.add(case)
        except IntegrityError:
            case = _unclosed(session, owner_id, key)
            if case is None:
                raise
    case.state = after(State(case.state), Change.CALLED)
    case.calls += 1
    case.messages += messages
    case.changed_at = max(case.changed_at, at)
    session.flush()
    return case
