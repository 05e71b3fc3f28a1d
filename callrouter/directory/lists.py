"""Lists of the directory for people: paged and searched in the database, so that they stay fast however large it is.

Calls, messages and the audit log: ``history``, ``messages`` and ``audit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from callrouter.directory import searching
from callrouter.directory.models import (
    BlockedCallerRow,
    DeviceRow,
    EmployeeRow,
    MailboxRow,
    NumberRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
)

PAGE = 50
#: Beyond this a list says "more than"; counting further would cost more than anybody gains from it.
MOST_COUNTED = 10_000
#: So many numbers of a pool are in its line; it may have thousands.
_SHOWN_NUMBERS = 5
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page of a list: ``rows``, and how many there are in all; ``capped``: there are even more than ``total``.

    ``next`` is the cursor of the page after this one, where a list goes by cursors; None: this is the last.
    """

    rows: list[_T]
    total: int
    capped: bool = False
    next: str | None = None


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
class AssignableLine:
    """A number that may be given to somebody, or why not: ``reason`` is "" (it may), ``inactive`` or ``belongs``."""

    e164: str
    reason: str
    owner: str | None
    owner_name: str | None


@dataclass(frozen=True, slots=True)
class PoolLine:
    """A pool in the list; ``numbers`` are the first few of ``number_count``, ``email`` is where its mails go."""

    id: str
    name: str
    strategy: str
    members: int
    numbers: list[str]
    mailbox: bool
    number_count: int
    email: str | None = None


@dataclass(frozen=True, slots=True)
class BlockedLine:
    """A caller who is refused; ``created_at`` (ISO 8601, UTC) is None for those from before it was written down."""

    caller: str
    note: str
    created_at: str | None


def _page(session: Session, query: Select[*tuple[Any, ...]], page: int, size: int) -> tuple[list[Any], int]:
    rows = list(session.execute(query.limit(size).offset(max(page - 1, 0) * size)))
    if page <= 1 and len(rows) < size:
        return rows, len(rows)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    return rows, total or 0


def count(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    """How many rows *query* has; counted to one more than :data:`MOST_COUNTED`."""
    return session.scalar(select(func.count()).select_from(query.limit(MOST_COUNTED + 1).subquery())) or 0


def employees(
    session: Session, search: str = "", *, without_number: bool = False, page: int = 1, size: int = PAGE
) -> Page[EmployeeLine]:
    """Employees by name, those who lost their number first; *search*: a name, id, extension, number, mail address."""
    devices = select(DeviceRow.id).where(DeviceRow.employee_id == EmployeeRow.id).correlate(EmployeeRow)
    lost = and_(NumberRow.id.is_(None), devices.exists())
    query = (
        select(EmployeeRow.id)
        .outerjoin(NumberRow, (NumberRow.owner_id == EmployeeRow.id) & NumberRow.personal)
        .order_by(case((lost, 0), else_=1), func.lower(EmployeeRow.name), EmployeeRow.key)
    )
    if search.strip():
        columns = (EmployeeRow.name, EmployeeRow.key, EmployeeRow.extension, EmployeeRow.email)
        found = [searching.contains(session, search, *columns)]
        if digits := searching.digits(session, search):
            found.append(searching.has_digits(session, digits, NumberRow.e164))
        query = query.where(or_(*found))
    if without_number:
        query = query.where(lost)
    rows, total = _page(session, query, page, size)
    lines = _employee_lines(session, [row.id for row in rows])
    return Page([lines[row.id] for row in rows], total)


def _employee_lines(session: Session, ids: list[int]) -> dict[int, EmployeeLine]:
    """By row id. What a line shows is read for the page alone, not for all that was sorted before it."""
    devices = (
        select(func.count()).where(DeviceRow.employee_id == EmployeeRow.id).correlate(EmployeeRow).scalar_subquery()
    )
    columns = (EmployeeRow.key, EmployeeRow.name, NumberRow.e164, EmployeeRow.extension, devices, MailboxRow.enabled)
    query = (
        select(EmployeeRow.id, *columns)
        .outerjoin(NumberRow, (NumberRow.owner_id == EmployeeRow.id) & NumberRow.personal)
        .join(MailboxRow, MailboxRow.owner_id == EmployeeRow.id)
        .where(EmployeeRow.id.in_(ids))
    )
    return {row_id: EmployeeLine(*line) for row_id, *line in session.execute(query)}


def _numbers_found(session: Session, search: str) -> ColumnElement[bool]:
    """Numbers that *search* means: by their digits, or by the name or id of their owner."""
    owners = select(OwnerRow.id).where(searching.contains(session, search, OwnerRow.name, OwnerRow.key))
    found: list[ColumnElement[bool]] = [NumberRow.owner_id.in_(owners)]
    if digits := searching.digits(session, search):
        found.append(searching.has_digits(session, digits, NumberRow.e164))
    return or_(*found)


def numbers(
    session: Session,
    search: str = "",
    *,
    state: str = "",
    free: bool = False,
    kind: str = "",
    page: int = 1,
    size: int = PAGE,
) -> Page[NumberLine]:
    """Numbers in order; *state* active or inactive, *free*: active and nobody's, *kind*: an employee's or a pool's."""
    query = (
        select(NumberRow.e164, NumberRow.state, OwnerRow.kind, OwnerRow.key, OwnerRow.name)
        .outerjoin(OwnerRow, OwnerRow.id == NumberRow.owner_id)
        .order_by(NumberRow.e164)
    )
    if search.strip():
        query = query.where(_numbers_found(session, search))
    if state:
        query = query.where(NumberRow.state == state)
    if free:
        query = query.where(NumberRow.state == "active", NumberRow.owner_id.is_(None))
    if kind:
        query = query.where(NumberRow.owner_id.is_not(None), NumberRow.personal == (kind == "employee"))
    rows, total = _page(session, query, page, size)
    return Page([NumberLine(row.e164, row.state, _key(row), row.name) for row in rows], total)


def assignable_numbers(
    session: Session, search: str = "", *, for_owner: str = "", others: bool = False, page: int = 1, size: int = PAGE
) -> Page[AssignableLine]:
    """Numbers for somebody to be given one: those that are active and free, or *for_owner*'s, then the others.

    Each part is in the order of the numbers; the others say why not. *for_owner* is an owner key; *others*: only those.
    """
    kind, _, key = for_owner.partition(":")
    own = session.scalar(select(OwnerRow.id).where(OwnerRow.kind == kind, OwnerRow.key == key))
    given = (NumberRow.state == "active") & NumberRow.owner_id.is_(None)
    if own is not None:
        given |= NumberRow.owner_id.is_not(None) & (NumberRow.owner_id == own)
    wanted = [_numbers_found(session, search)] if search.strip() else []
    start, lines = max(page - 1, 0) * size, list[AssignableLine]()
    total = 0
    for part in (~given,) if others else (given, ~given):
        count = session.scalar(select(func.count(NumberRow.id)).where(part, *wanted)) or 0
        skipped = max(start - total, 0)
        if len(lines) < size and skipped < count:
            query = (
                select(NumberRow.e164, NumberRow.state, OwnerRow.id, OwnerRow.kind, OwnerRow.key, OwnerRow.name)
                .outerjoin(OwnerRow, OwnerRow.id == NumberRow.owner_id)
                .where(part, *wanted)
                .order_by(NumberRow.e164)
                .limit(size - len(lines))
                .offset(skipped)
            )
            lines += [
                AssignableLine(row.e164, _why_not(row, own), _key(row), row.name) for row in session.execute(query)
            ]
        total += count
    return Page(lines, total)


def _why_not(row: Any, own: int | None) -> str:
    if row.state != "active":
        return "inactive"
    return "" if row.id is None or row.id == own else "belongs"


def _key(row: Any) -> str | None:
    return f"{row.kind}:{row.key}" if row.key else None


def pools(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[PoolLine]:
    """Pools by name, with the first of their numbers; *search* looks into name, id, extension and numbers."""
    members = select(func.count()).where(PoolMemberRow.pool_id == PoolRow.id).correlate(PoolRow).scalar_subquery()
    owned = select(func.count()).where(NumberRow.owner_id == PoolRow.id).correlate(PoolRow).scalar_subquery()
    query = (
        select(
            PoolRow.id,
            PoolRow.key,
            PoolRow.name,
            PoolRow.strategy,
            members.label("members"),
            MailboxRow.enabled,
            PoolRow.notify_about,
            PoolRow.notify_email,
            owned.label("owned"),
        )
        .join(MailboxRow, MailboxRow.owner_id == PoolRow.id)
        .order_by(func.lower(PoolRow.name), PoolRow.key)
    )
    if search.strip():
        found = [searching.contains(session, search, PoolRow.name, PoolRow.key, PoolRow.extension)]
        if digits := searching.digits(session, search):
            having = select(NumberRow.owner_id).where(searching.has_digits(session, digits, NumberRow.e164))
            found.append(PoolRow.id.in_(having.where(NumberRow.owner_id.is_not(None))))
        query = query.where(or_(*found))
    rows, total = _page(session, query, page, size)
    lines = []
    for row in rows:
        first = select(NumberRow.e164).where(NumberRow.owner_id == row.id).order_by(NumberRow.e164)
        shown = list(session.scalars(first.limit(_SHOWN_NUMBERS))) if row.owned else []
        email = row.notify_email if row.notify_about != "none" else None
        lines.append(PoolLine(row.key, row.name, row.strategy, row.members, shown, row.enabled, row.owned, email))
    return Page(lines, total)


def blocked_callers(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[BlockedLine]:
    """Callers who are refused, by number; *search* looks into numbers and notes."""
    row = BlockedCallerRow
    query = select(row.caller, row.note, row.created_at).order_by(row.caller)
    if search.strip():
        found = [searching.contains(session, search, row.note, row.caller)]
        if digits := searching.digits(session, search):
            found.append(searching.has_digits(session, digits, row.caller))
        query = query.where(or_(*found))
    rows, total = _page(session, query, page, size)
    return Page(
        [BlockedLine(r.caller, r.note, r.created_at.isoformat() if r.created_at else None) for r in rows], total
    )
