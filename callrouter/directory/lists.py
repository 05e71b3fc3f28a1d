"""Lists for people: paged and searched in the database, so that they stay fast however large the company is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from callrouter.directory.models import DeviceRow, EmployeeRow, MailboxRow, NumberRow, OwnerRow, PoolMemberRow, PoolRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow

PAGE = 50
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page of a list: ``rows``, and how many there are in all."""

    rows: list[_T]
    total: int


@dataclass(frozen=True, slots=True)
class EmployeeLine:
    """An employee in the list; ``number`` None with devices: it was lost."""

    id: str
    name: str
    number: str | None
    extension: str | None
    devices: int
    mailbox: bool


@dataclass(frozen=True, slots=True)
class NumberLine:
    """A number in the list; ``owner`` is an owner key."""

    e164: str
    state: str
    owner: str | None
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class PoolLine:
    """A pool in the list."""

    id: str
    name: str
    strategy: str
    members: int
    numbers: list[str]
    mailbox: bool


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in the history; times are UTC."""

    uuid: str
    started_at: dt.datetime
    direction: str
    caller: str
    caller_name: str
    number: str | None
    outcome: str
    interrupted: bool


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


def _contains(search: str, *columns: Any) -> ColumnElement[bool]:
    """Any of *columns* contains *search*, upper or lower case, its own ``%`` and ``_`` taken as they are."""
    return or_(*(column.icontains(search.strip(), autoescape=True) for column in columns))


def _page(session: Session, query: Select[*tuple[Any, ...]], page: int, size: int) -> tuple[list[Any], int]:
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    return list(session.execute(query.limit(size).offset(max(page - 1, 0) * size))), total


def employees(
    session: Session, search: str = "", *, without_number: bool = False, page: int = 1, size: int = PAGE
) -> Page[EmployeeLine]:
    """Employees by name; *search* looks into name, id, extension, mail address and number."""
    devices = (
        select(func.count()).where(DeviceRow.employee_id == EmployeeRow.id).correlate(EmployeeRow).scalar_subquery()
    )
    query = (
        select(EmployeeRow.key, EmployeeRow.name, NumberRow.e164, EmployeeRow.extension, devices, MailboxRow.enabled)
        .outerjoin(NumberRow, (NumberRow.owner_id == EmployeeRow.id) & NumberRow.personal)
        .join(MailboxRow, MailboxRow.owner_id == EmployeeRow.id)
        .order_by(func.lower(EmployeeRow.name), EmployeeRow.key)
    )
    if search.strip():
        columns = (EmployeeRow.name, EmployeeRow.key, EmployeeRow.extension, EmployeeRow.email, NumberRow.e164)
        query = query.where(_contains(search, *columns))
    if without_number:
        query = query.where(NumberRow.id.is_(None), devices > 0)
    rows, total = _page(session, query, page, size)
    return Page([EmployeeLine(*row) for row in rows], total)


def numbers(
    session: Session, search: str = "", *, state: str = "", free: bool = False, page: int = 1, size: int = PAGE
) -> Page[NumberLine]:
    """Numbers in order; *state* active or inactive, *free*: active and nobody's."""
    query = (
        select(NumberRow.e164, NumberRow.state, OwnerRow.kind, OwnerRow.key, OwnerRow.name)
        .outerjoin(OwnerRow, OwnerRow.id == NumberRow.owner_id)
        .order_by(NumberRow.e164)
    )
    if search.strip():
        query = query.where(_contains(search, NumberRow.e164, OwnerRow.name, OwnerRow.key))
    if state:
        query = query.where(NumberRow.state == state)
    if free:
        query = query.where(NumberRow.state == "active", NumberRow.owner_id.is_(None))
    rows, total = _page(session, query, page, size)
    lines = [NumberLine(row.e164, row.state, f"{row.kind}:{row.key}" if row.key else None, row.name) for row in rows]
    return Page(lines, total)


def pools(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[PoolLine]:
    """Pools by name, with their numbers."""
    members = select(func.count()).where(PoolMemberRow.pool_id == PoolRow.id).correlate(PoolRow).scalar_subquery()
    query = (
        select(PoolRow.id, PoolRow.key, PoolRow.name, PoolRow.strategy, members.label("members"), MailboxRow.enabled)
        .join(MailboxRow, MailboxRow.owner_id == PoolRow.id)
        .order_by(func.lower(PoolRow.name), PoolRow.key)
    )
    if search.strip():
        query = query.where(_contains(search, PoolRow.name, PoolRow.key, PoolRow.extension))
    rows, total = _page(session, query, page, size)
    owned: dict[int, list[str]] = {row.id: [] for row in rows}
    for number in session.scalars(
        select(NumberRow).where(NumberRow.owner_id.in_(list(owned))).order_by(NumberRow.e164)
    ):
        owned[number.owner_id or 0].append(number.e164)
    return Page([PoolLine(r.key, r.name, r.strategy, r.members, owned[r.id], r.enabled) for r in rows], total)


def calls(
    session: Session,
    search: str = "",
    *,
    owner: str = "",
    outcome: str = "",
    since: dt.datetime | None = None,
    page: int = 1,
    size: int = PAGE,
) -> Page[CallLine]:
    """Calls, the latest first; *owner* is an owner key, *search* looks into numbers and names."""
    query = select(
        CallRow.uuid,
        CallRow.started_at,
        CallRow.direction,
        CallRow.caller,
        CallRow.caller_name,
        CallRow.number,
        CallRow.outcome,
        CallRow.interrupted,
    ).order_by(CallRow.started_at.desc(), CallRow.id.desc())
    if search.strip():
        query = query.where(_contains(search, CallRow.caller, CallRow.caller_name, CallRow.number))
    if owner:
        steps = select(CallStepRow.call_id).where(CallStepRow.owner == owner)
        query = query.where(CallRow.id.in_(steps))
    if outcome:
        query = query.where(CallRow.outcome == outcome)
    if since:
        query = query.where(CallRow.started_at >= since)
    rows, total = _page(session, query, page, size)
    return Page([CallLine(*row) for row in rows], total)


def messages(
    session: Session, *, owner: str = "", unheard: bool = False, page: int = 1, size: int = PAGE
) -> Page[MessageLine]:
    """Messages, the latest first; *owner* is an owner key."""
    whose = aliased(OwnerRow)
    query = (
        select(
            MessageRow.id,
            MessageRow.recorded_at,
            whose.kind,
            whose.key,
            CallRow.caller,
            CallRow.caller_name,
            MessageRow.milliseconds,
            MessageRow.heard_at,
        )
        .join(CallRow, CallRow.id == MessageRow.call_id)
        .outerjoin(whose, whose.id == MessageRow.owner_id)
        .order_by(MessageRow.recorded_at.desc(), MessageRow.id.desc())
    )
    if owner:
        kind, _, key = owner.partition(":")
        query = query.where(whose.kind == kind, whose.key == key)
    if unheard:
        query = query.where(MessageRow.heard_at.is_(None))
    rows, total = _page(session, query, page, size)
    lines = [
        MessageLine(
            r.id,
            r.recorded_at,
            f"{r.kind}:{r.key}" if r.key else "",
            r.caller,
            r.caller_name,
            r.milliseconds,
            r.heard_at,
        )
        for r in rows
    ]
    return Page(lines, total)
