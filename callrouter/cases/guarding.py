"""What the guard against a second call-back must know of the directory and the cases, as it is now.

Most calls out are to numbers of which there is no case: that costs one statement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from callrouter.cases.guard import LONGEST, Known, Warn, What
from callrouter.cases.rules import Change, State
from callrouter.cases.store import UNCLOSED
from callrouter.directory import document
from callrouter.directory.database import Database
from callrouter.directory.privacy import Privacy, Sees
from callrouter.directory.records import TABLES

_COMPANY, _OWNERS, _EMPLOYEES, _MEMBERS, _DEVICES, _CASES, _CHANGES = (
    TABLES[name] for name in ("company", "owners", "employees", "pool_members", "devices", "cases", "case_changes")
)
_ENDED = {
    Change.CALLED_BACK: What.CALLED_BACK,
    Change.CALLED_AGAIN: What.CALLED_AGAIN,
    Change.CLOSE: What.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Person:
    """An employee: id, name, and extension if there is one."""

    key: str
    name: str
    extension: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Cases of a number that an employee (``caller``, a row id) may see, and the people of their teams by row id.

    ``phones``: whose each account is. ``minutes`` and ``language`` are the company's. ``sees``: whether it is told to
    the caller who was on it (``directory.privacy``).
    """

    caller: int
    cases: tuple[Known, ...]
    people: Mapping[int, Person]
    phones: Mapping[str, int]
    minutes: int
    language: str
    sees: Sees

    def person(self, said: Warn) -> Person | None:
        """Of whom the caller is told; None where nobody knows, or it is not told. Who claims a case always is."""
        shown = {What.TALKING: self.sees.live, What.CLAIMED: "shown"}.get(said.what, self.sees.handlers)
        return self.people.get(said.who) if said.who is not None and shown == "shown" else None


def look(database: Database, employee: str, number: str, now: dt.datetime) -> Found | None:
    """The cases of *number* (E.164) that concern *employee* (an id), None where there are none.

    Raises what SQLAlchemy raises.
    """
    of_number = _CASES.c.caller_key == number
    waits = select(_CASES.c.id).where(of_number, UNCLOSED).exists()
    longest = now - dt.timedelta(minutes=LONGEST)
    closed = select(_CASES.c.id).where(of_number, _CASES.c.closed_at >= longest).exists()
    if database.value(select(_COMPANY.c.id).where(or_(waits, closed))) is None:
        return None
    with database.read() as session:
        company = session.execute(select(_COMPANY.c.language, _COMPANY.c.cases, _COMPANY.c.privacy)).one()
        minutes = document.Cases(**company.cases).guard_minutes
        whose = select(_EMPLOYEES.c.id, _EMPLOYEES.c.role).join(_OWNERS, _OWNERS.c.id == _EMPLOYEES.c.id)
        row = session.execute(whose.where(_OWNERS.c.key == employee)).first()
        if row is None or not minutes:
            return None
        caller = row.id
        privacy = Privacy(**company.privacy)
        pools = session.scalars(select(_MEMBERS.c.pool_id).where(_MEMBERS.c.employee_id == caller))
        owners = sorted({caller, *pools})
        cases = _cases(session, owners, number, now - dt.timedelta(minutes=minutes))
        if not cases:
            return None
        members = select(_MEMBERS.c.employee_id).where(_MEMBERS.c.pool_id.in_({case.owner for case in cases}))
        team = {caller, *session.scalars(members)}
        people = _people(session, team | {case.who for case in cases if case.who is not None})
        phones = select(_DEVICES.c.sip_user, _DEVICES.c.employee_id).where(_DEVICES.c.employee_id.in_(team))
        accounts = {row.sip_user: row.employee_id for row in session.execute(phones)}
        return Found(
            caller,
            cases,
            people,
            accounts,
            minutes,
            company.language,
            privacy.admin if row.role == "admin" else privacy.employee,
        )


def _people(session: Session, ids: Collection[int]) -> dict[int, Person]:
    query = select(_OWNERS.c.id, _OWNERS.c.key, _OWNERS.c.name, _OWNERS.c.extension).where(_OWNERS.c.id.in_(ids))
    return {row.id: Person(row.key, row.name, row.extension) for row in session.execute(query)}


def _cases(session: Session, owners: Collection[int], number: str, since: dt.datetime) -> tuple[Known, ...]:
    mine = (_CASES.c.caller_key == number, _CASES.c.owner_id.in_(owners))
    waiting = session.execute(select(_CASES).where(*mine, UNCLOSED)).all()
    closed = session.execute(select(_CASES).where(*mine, _CASES.c.closed_at >= since)).all()
    ends: dict[int, Row[tuple[object, ...]]] = {}
    if closed:
        changes = select(_CHANGES).where(
            _CHANGES.c.case_id.in_([row.id for row in closed]), _CHANGES.c.change.in_(_ENDED)
        )
        ends = {row.case_id: row for row in session.execute(changes.order_by(_CHANGES.c.id))}
    return (
        *(
            Known(row.owner_id, What.CLAIMED, row.claimed_by, row.claimed_at)
            if row.state == State.CLAIMED
            else Known(row.owner_id, None)
            for row in waiting
        ),
        *(
            Known(row.owner_id, _ENDED[Change(end.change)], end.employee_id, row.closed_at)
            for row in closed
            if (end := ends.get(row.id)) is not None
        ),
    )
