"""Finds or opens the cases of missed calls and messages, many at a time, also with several workers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, case, insert, literal, select, text, update
from sqlalchemy.orm import Session

from callrouter.cases.rules import State, caller_key
from callrouter.directory.database import insert_into
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import TABLES

_CASES = TABLES["cases"]
#: What the unique index of cases is about, as the index has it.
UNCLOSED = text("state <> 'closed'")

#: Whose case it is: owner and caller key.
_Key = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class Thread:
    """The mail thread a case begins: the Message-ID of its first mail and the subject all its mails share."""

    root_message_id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A call somebody must call back; ``messages`` is how many the caller left.

    ``call_back``: the caller has asked for it. ``thread`` is for a new case only."""

    owner_id: int | None
    caller: str
    uuid: str
    at: dt.datetime
    messages: int
    thread: Thread
    call_back: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the mails about it need it: ``calls`` since ``opened_at``; ``mailed_at`` is that of ``CaseRow``."""

    id: int
    root_message_id: str
    subject: str
    opened_at: dt.datetime
    calls: int
    messages: int
    attempts: int
    claimed_by: int | None
    mailed_at: dt.datetime | None


def _case(row: Row[Any]) -> Case:
    return Case(*(getattr(row, name) for name in Case.__slots__))


def mailed(session: Session, last: Mapping[int, dt.datetime]) -> None:
    """Note in the cases, by id, when the last missed call began of which there is a mail."""
    if last:
        rows = [{"case": case_id, "at": at} for case_id, at in last.items()]
        statement = update(_CASES).where(_CASES.c.id == bindparam("case")).values(mailed_at=bindparam("at"))
        session.connection().execute(statement, rows)


def find(session: Session, ids: Collection[int]) -> dict[int, Case]:
    """The cases *ids* name, as they are."""
    rows = session.execute(select(_CASES).where(_CASES.c.id.in_(ids)))
    return {row.id: _case(row) for row in rows}


def claimers(session: Session, cases: Iterable[Case]) -> dict[int, str]:
    """The names of those who are on *cases*, by case."""
    claimed = {case.id: case.claimed_by for case in cases if case.claimed_by is not None}
    if not claimed:
        return {}
    rows = session.execute(select(OwnerRow.id, OwnerRow.name).where(OwnerRow.id.in_(sorted(set(claimed.values())))))
    names = {row.id: row.name for row in rows}
    return {number: names[employee] for number, employee in claimed.items() if employee in names}


def _row(key: _Key, calls: Sequence[Missed]) -> dict[str, Any]:
    first = calls[0]
    return {
        "owner_id": key[0],
        "caller_key": key[1],
        "caller": first.caller,
        "state": State.OPEN,
        "opened_at": first.at,
        "changed_at": max(call.at for call in calls),
        "calls": len(calls),
        "messages": sum(call.messages for call in calls),
        "call_back": any(call.call_back for call in calls),
        "root_message_id": first.thread.root_message_id,
        "subject": first.thread.subject,
    }


def _counted(new: Any) -> dict[str, Any]:
    """What the row *new* changes in an unclosed case; its state stays (``rules.after`` a call)."""
    later = case((new["changed_at"] > _CASES.c.changed_at, new["changed_at"]), else_=_CASES.c.changed_at)
    asked = case((new["call_back"], new["call_back"]), else_=_CASES.c.call_back)
    return {name: _CASES.c[name] + new[name] for name in ("calls", "messages")} | {
        "changed_at": later,
        "call_back": asked,
    }


def _ownerless(session: Session, row: dict[str, Any]) -> Row[Any]:
    """As ``open_or_append``, for a case that nobody owns: no unique index knows those."""
    same = (_CASES.c.owner_id.is_(None), _CASES.c.caller_key == row["caller_key"], UNCLOSED)
    found = session.scalar(select(_CASES.c.id).where(*same).order_by(_CASES.c.id).limit(1).with_for_update())
    if found is None:
        return session.execute(insert(_CASES).values(row).returning(_CASES)).one()
    new = {name: literal(row[name], _CASES.c[name].type) for name in ("calls", "messages", "changed_at", "call_back")}
    return session.execute(update(_CASES).where(_CASES.c.id == found).values(_counted(new)).returning(_CASES)).one()


def hold(session: Session, callers: Collection[str]) -> None:
    """Lock the unclosed cases of *callers* (caller keys) in the order of their ids, as all do who lock several."""
    if callers:
        theirs = select(_CASES.c.id).where(_CASES.c.caller_key.in_(sorted(callers)), UNCLOSED)
        session.execute(theirs.order_by(_CASES.c.id).with_for_update()).all()


def open_or_append(session: Session, missed: Sequence[Missed]) -> list[Case]:
    """Count each call in its owner's unclosed case of that caller, or open one with it; returns their cases in order.

    Part of the caller's transaction. Two workers that open the same case at once end up with one: by its unique index
    the second finds the first. Both make them in one order, so that none waits for the other.
    """
    keys: list[_Key] = [(call.owner_id, caller_key(call.caller, call.uuid)) for call in missed]
    calls: dict[_Key, list[Missed]] = {}
    for key, call in zip(keys, missed, strict=True):
        calls.setdefault(key, []).append(call)
    rows: list[Row[Any]] = [_ownerless(session, _row(key, calls[key])) for key in calls if key[0] is None]
    owned = sorted((owner, caller) for owner, caller in calls if owner is not None)
    if owned:
        made = insert_into(session, _CASES)
        upsert = made.on_conflict_do_update(
            index_elements=[_CASES.c.owner_id, _CASES.c.caller_key],
            index_where=UNCLOSED,
            set_=_counted(made.excluded),
        ).returning(_CASES)
        rows += session.connection().execute(upsert, [_row(key, calls[key]) for key in owned])
    cases = {(row.owner_id, row.caller_key): _case(row) for row in rows}
    return [cases[key] for key in keys]
