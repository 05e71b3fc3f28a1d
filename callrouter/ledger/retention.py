"""Deletes what is older than the company keeps it: calls, messages, closed cases, mails, entries of the audit log.

In small transactions, each by itself: calls and mails never wait for long, and what was killed goes on where it ended.
What a case that is not closed needs stays, and so does a mail that has yet to leave, with its recording.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from callrouter.directory import audit, document
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow
from callrouter.directory.records import TABLES
from callrouter.mail import outbox
from callrouter.mail.delivery import Stop

_CALLS, _STEPS, _MESSAGES, _CASES, _CHANGES, _OUTBOX, _AUDIT = (
    TABLES[name] for name in ("calls", "call_steps", "messages", "cases", "case_changes", "outbox", "audit_log")
)
#: So long a transaction is to take (seconds); what one deletes becomes more or less by how long the one before took.
_WANTED = 0.025
_MOST = 500
#: Others have the database for so many times as long.
_REST = 3
#: However short calls are kept: what was filed so late is told nevertheless, as the worker may have been down.
_LATEST = dt.timedelta(days=30)
_EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is deleted of a table: rows that are old by their column ``age``, if they are ``free`` to go.

    One transaction deletes ``least`` of them, however long that takes: a slow disk takes as long for one.
    """

    name: str
    table: Table
    age: str
    free: ColumnElement[bool]
    least: int = 20

    @property
    def aged(self) -> Any:
        """The column that says how old a row is."""
        return self.table.c[self.age]


def _open(case: Any) -> ColumnElement[bool]:
    return and_(_CASES.c.id == case, _CASES.c.state != "closed")


#: No case that is not closed needs the call.
_UNNEEDED = and_(
    ~exists().where(_STEPS.c.call_id == _CALLS.c.id, _open(_STEPS.c.case_id)),
    ~exists().where(_CHANGES.c.call_id == _CALLS.c.id, _open(_CHANGES.c.case_id)),
)
_MESSAGES_KIND = Kind(
    "messages",
    _MESSAGES,
    "recorded_at",
    and_(
        ~exists().where(_open(_MESSAGES.c.case_id)),
        ~exists().where(_OUTBOX.c.message_id == _MESSAGES.c.id, _OUTBOX.c.state == outbox.WAITING),
    ),
    least=1,  # one may be of some hours
)
_CALLS_KIND = Kind("calls", _CALLS, "started_at", and_(~exists().where(_MESSAGES.c.call_id == _CALLS.c.id), _UNNEEDED))
#: In their order: a message goes before its call, which goes with all its steps.
KINDS = (
    _MESSAGES_KIND,
    Kind("cases", _CASES, "closed_at", _CASES.c.state == "closed"),
    _CALLS_KIND,
    Kind(
        "mails",
        _OUTBOX,
        "created_at",
        and_(_OUTBOX.c.state != outbox.WAITING, ~exists().where(_open(_OUTBOX.c.case_id))),
    ),
    Kind("audit", _AUDIT, "at", literal(True)),
)


def limits(retention: document.Retention, now: dt.datetime) -> dict[str, dt.datetime]:
    """By kind, before which moment it is deleted at *now*; those that are kept for ever are not in it."""
    return {name: now - dt.timedelta(days=days) for name, days in retention if days is not None}


def forgotten(retention: document.Retention, now: dt.datetime) -> dt.datetime:
    """Calls that began before that moment are not entered any more."""
    return _EVER if retention.calls is None else now - max(dt.timedelta(days=retention.calls), _LATEST)


def kept(session: Session) -> document.Retention:
    """What the company says; everything for ever, before there is one."""
    company = session.get(CompanyRow, 1)
    return document.Retention(**company.retention) if company else document.Retention()


def count(session: Session, now: dt.datetime) -> dict[str, int]:
    """By kind, how much is to be deleted at *now*."""
    before = limits(kept(session), now)
    found = {}
    for kind in KINDS:
        if kind.name in before:
            query = select(func.count()).select_from(kind.table).where(kind.aged < before[kind.name], kind.free)
            found[kind.name] = session.scalar(query) or 0
    if "calls" in before and "messages" in before:
        found["calls"] += session.scalar(_with_messages(before)) or 0
    return found


def _with_messages(before: Mapping[str, dt.datetime]) -> Select[int]:
    """How many calls go because all their messages go first."""
    stays = ~and_(_MESSAGES_KIND.aged < before["messages"], _MESSAGES_KIND.free)
    has = exists().where(_MESSAGES.c.call_id == _CALLS.c.id)
    query = select(func.count()).select_from(_CALLS).where(_CALLS_KIND.aged < before["calls"], _UNNEEDED, has)
    return query.where(~exists().where(_MESSAGES.c.call_id == _CALLS.c.id, stays))


def run(
    database: Database, now: dt.datetime, stop: Stop, *, timer: Callable[[], float] = time.monotonic
) -> dict[str, int]:
    """Delete what is to be deleted at *now*, until *stop* is set; returns how much of each kind.

    What each transaction deletes it counts in the audit log, in one entry for each day.
    """
    with database.read() as session:
        before = limits(kept(session), now)
    done = dict.fromkeys(before, 0)
    for kind in KINDS:
        if kind.name in before:
            for deleted in _batches(database, kind, before[kind.name], now, stop, timer):
                done[kind.name] += deleted
    return done


def _batches(
    database: Database, kind: Kind, before: dt.datetime, now: dt.datetime, stop: Stop, timer: Callable[[], float]
) -> Iterator[int]:
    """Delete rows of *kind*, the oldest first, each batch where the one before ended: what stays is passed once."""
    size, last = kind.least, None
    while not stop.is_set():
        with database.read() as session:
            rows = session.execute(_next(kind, before, last, size)).all()
        if not rows:
            return
        last = rows[-1]
        with database.write() as session:
            began = timer()  # not while others had their turn
            deleted = _delete(session, kind, [row.id for row in rows])
            if deleted:
                _note(session, kind.name, deleted, now)
        took = timer() - began
        yield deleted
        size = max(kind.least, min(_MOST, int(size * min(2.0, _WANTED / max(took, 0.001)))))
        stop.wait(took * _REST)


def _next(kind: Kind, before: dt.datetime, last: Any, size: int) -> Any:
    query = select(kind.aged.label("age"), kind.table.c.id).where(kind.aged < before)
    if last is not None:
        place = tuple_(literal(last.age, kind.aged.type), literal(last.id))
        query = query.where(kind.aged >= last.age, tuple_(kind.aged, kind.table.c.id) > place)
    return query.order_by(kind.aged, kind.table.c.id).limit(size)


def _delete(session: Session, kind: Kind, ids: list[int]) -> int:
    """Delete those of the rows *ids* that are free to go."""
    if kind.table is _CALLS or kind.table is _MESSAGES:
        _hold_cases(session, kind.table, ids)
    gone = delete(kind.table).where(kind.table.c.id.in_(ids), kind.free).returning(kind.table.c.id)
    return len(session.connection().execute(gone).all())


def _hold_cases(session: Session, table: Table, ids: list[int]) -> None:
    """Let nobody reopen the cases of these calls or messages before they are gone."""
    of = select(_MESSAGES.c.case_id).where(_MESSAGES.c.id.in_(ids))
    if table is _CALLS:
        of = select(_STEPS.c.case_id).where(_STEPS.c.call_id.in_(ids))
    session.connection().execute(
        select(_CASES.c.id).where(_CASES.c.id.in_(of)).order_by(_CASES.c.id).with_for_update(read=True)
    ).all()


def _note(session: Session, name: str, deleted: int, now: dt.datetime) -> None:
    """Count what goes in the day's entry of the audit log."""
    day = f"{now:%Y-%m-%d}"
    found = select(audit.AuditRow).where(audit.AuditRow.noun == "retention", audit.AuditRow.key == day)
    row = session.scalars(found.order_by(audit.AuditRow.id).limit(1).with_for_update()).first()
    if row is None:
        audit.record(session, "retention", day, {"deleted": {name: deleted}}, None, at=now)
    else:
        path = f"deleted.{name}"
        before = row.changes.get(path, [0, None])[0]
        row.changes = {**row.changes, path: [before + deleted, None]}
