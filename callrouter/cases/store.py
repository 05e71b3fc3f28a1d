"""Finds or opens the cases of missed calls and messages, many at a time, also with several workers at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, bindparam, literal_column, select, tuple_, update
from sqlalchemy.orm import Session

from callrouter.cases.rules import Change, State, after, caller_key
from callrouter.directory.database import insert_new
from callrouter.directory.records import TABLES

_CASES = TABLES["cases"]
#: A literal, so that both databases see that the index of unclosed cases fits.
_UNCLOSED = (
    select(_CASES).where(_CASES.c.state != literal_column(f"'{State.CLOSED}'")).order_by(_CASES.c.id).with_for_update()
)
_COUNT = (
    update(_CASES)
    .where(_CASES.c.id == bindparam("case_id"))
    .values({name: bindparam(name) for name in ("state", "calls", "messages", "changed_at")})
)

#: Whose case it is: owner and caller key.
_Key = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class Thread:
    """The mail thread a case begins: the Message-ID of its first mail and the subject all its mails share."""

    root_message_id: str
    subject: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A call somebody must call back; ``messages`` is how many the caller left. ``thread`` is for a new case only."""

    owner_id: int | None
    caller: str
    uuid: str
    at: dt.datetime
    messages: int
    thread: Thread


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the mails about it need it."""

    id: int
    root_message_id: str
    subject: str


def _case(row: Row[tuple[object, ...]]) -> Case:
    return Case(row.id, row.root_message_id, row.subject)


def find(session: Session, ids: Collection[int]) -> dict[int, Case]:
    """The cases *ids* name, as they are."""
    rows = session.execute(select(_CASES).where(_CASES.c.id.in_(ids)))
    return {row.id: _case(row) for row in rows}


def _unclosed(keys: Collection[_Key]) -> Iterator[Select[tuple[object, ...]]]:
    owned = [key for key in keys if key[0] is not None]
    if owned:
        yield _UNCLOSED.where(tuple_(_CASES.c.owner_id, _CASES.c.caller_key).in_(owned))
    if len(owned) < len(keys):
        callers = [caller for owner, caller in keys if owner is None]
        yield _UNCLOSED.where(_CASES.c.owner_id.is_(None), _CASES.c.caller_key.in_(callers))


def _append(row: Row[tuple[object, ...]], calls: Sequence[Missed]) -> dict[str, object]:
    return {
        "case_id": row.id,
        "state": after(State(row.state), Change.CALLED),
        "calls": row.calls + len(calls),
        "messages": row.messages + sum(call.messages for call in calls),
        "changed_at": max(row.changed_at, *(call.at for call in calls)),
    }


def _new(key: _Key, calls: Sequence[Missed]) -> dict[str, object]:
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
        "root_message_id": first.thread.root_message_id,
        "subject": first.thread.subject,
    }


def open_or_append(session: Session, missed: Sequence[Missed]) -> list[Case]:
    """Count each call in its owner's unclosed case of that caller, or open one with it; returns their cases in order.

    Part of the caller's transaction. Two workers that open the same case at once end up with one: the unique index
    refuses the second, which then finds the first. Cases are locked in one order by all, so none waits for ever.
    """
    keys: list[_Key] = [(call.owner_id, caller_key(call.caller, call.uuid)) for call in missed]
    calls: dict[_Key, list[Missed]] = {}
    for key, call in zip(keys, missed, strict=True):
        calls.setdefault(key, []).append(call)
    cases: dict[_Key, Case] = {}
    waiting = sorted(calls, key=lambda key: (key[0] or 0, key[1]))
    while waiting:
        changes = []
        for query in _unclosed(waiting):
            for row in session.execute(query):
                key = (row.owner_id, row.caller_key)
                if key not in cases:
                    cases[key] = _case(row)
                    changes.append(_append(row, calls[key]))
        if changes:
            session.connection().execute(_COUNT, changes)
        waiting = [key for key in waiting if key not in cases]
        if waiting:
            opened = insert_new(session, _CASES).returning(_CASES)
            rows = session.connection().execute(opened, [_new(key, calls[key]) for key in waiting])
            cases |= {(row.owner_id, row.caller_key): _case(row) for row in rows}
            waiting = [key for key in waiting if key not in cases]
    return [cases[key] for key in keys]
