"""What numbers are used for, before somebody changes that: who has them, who shows them, what would be lost.

The changes themselves: ``directory.numbers``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from callrouter.directory import callers, document, searching
from callrouter.directory.digits import digit_rules
from callrouter.directory.lists import PAGE, Page
from callrouter.directory.models import BlockRow, CompanyRow, DeviceRow, EmployeeRow, NumberRow, OwnerRow
from callrouter.directory.names import owner_names
from callrouter.directory.numbers import Loss
from callrouter.directory.part_rules import check_e164, check_refused, span
from callrouter.errors import RuleError
from callrouter.routing.callers import ANY_MORE
from callrouter.routing.numbers import clean_number, normalise


@dataclass(frozen=True, slots=True)
class NumberUse:
    """One number. ``owner`` is an owner key, ``devices`` how many phones that employee has (0 for a pool).

    ``block`` None: a single number that was ported in. ``shown_by`` are the employees (id, name) who show it to others
    in place of their own. ``reject_anonymous``: it takes no calls without a number. ``notify``: what is mailed of them.
    """

    e164: str
    state: str
    owner: str | None
    owner_name: str | None
    devices: int
    block: document.Block | None
    shown_by: tuple[tuple[str, str], ...]
    reject_anonymous: bool
    notify: document.NumberNotify


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A block in the list: how many numbers it has, how many of them are active, and how many have an owner."""

    block: document.Block
    size: int
    active: int
    owned: int


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who can be given a free number: ``numbers`` is how many a pool has, 0 for an employee."""

    owner: str
    name: str
    devices: int
    numbers: int


def number_use(session: Session, e164: str) -> NumberUse | None:
    """What there is to know of *e164*; None: it is no number of the company."""
    query = (
        select(NumberRow, OwnerRow.kind, OwnerRow.key, OwnerRow.name, BlockRow)
        .outerjoin(OwnerRow, OwnerRow.id == NumberRow.owner_id)
        .outerjoin(BlockRow, BlockRow.id == NumberRow.block_id)
    )
    row = session.execute(query.where(NumberRow.e164 == e164)).first()
    if row is None:
        return None
    number, kind, key, name, block = row
    devices = select(func.count(DeviceRow.id)).where(DeviceRow.employee_id == number.owner_id)
    shown = select(EmployeeRow.key, EmployeeRow.name).where(EmployeeRow.outgoing_number == e164)
    return NumberUse(
        e164=e164,
        state=number.state,
        owner=f"{kind}:{key}" if key else None,
        owner_name=name,
        devices=session.scalar(devices) or 0,
        block=document.Block(prefix=block.prefix, first=block.first, last=block.last) if block else None,
        shown_by=tuple((row.key, row.name) for row in session.execute(shown.order_by(EmployeeRow.name))),
        reject_anonymous=number.reject_anonymous,
        notify=document.NumberNotify.model_validate(number.notify or {}),
    )


def spelled(session: Session, text: str, field: str = "") -> str:
    """*text*, a number as people write it, as E.164; raises RuleError (about *field*) where it is none for certain."""
    company = session.execute(select(CompanyRow.country, CompanyRow.area_code)).one()
    clean = clean_number(text.strip())
    number = normalise(clean, digit_rules(*company)) if clean else None
    for problem in check_e164(number or text.strip()):
        raise RuleError(problem.text, [(field, problem.text)])
    assert number is not None
    return number


def spelled_refused(session: Session, text: str, field: str = "") -> str:
    """*text*, callers to be refused as people write them, as they are kept: ``0176 04*`` as ``+4917604*``.

    Raises RuleError (about *field*) as :func:`spelled` does.
    """
    plain = callers.spelled(text)
    if not plain.endswith(ANY_MORE):
        return spelled(session, text, field)
    company = session.execute(select(CompanyRow.country, CompanyRow.area_code)).one()
    found = searching.read_digits(plain.removesuffix(ANY_MORE), digit_rules(*company))
    rule = (found.prefix + ANY_MORE) if found and found.prefix else plain
    for problem in check_refused(rule):
        raise RuleError(problem.text, [(field, problem.text)])
    return rule


def blocks(session: Session) -> list[BlockLine]:
    """All blocks in the order of their numbers."""
    query = (
        select(
            BlockRow,
            func.count(NumberRow.id),
            func.sum(cast(NumberRow.state == "active", Integer)),
            func.count(NumberRow.owner_id),
        )
        .join(NumberRow, NumberRow.block_id == BlockRow.id)
        .group_by(BlockRow.id)
        .order_by(BlockRow.prefix, BlockRow.first)
    )
    return [
        BlockLine(document.Block(prefix=row.prefix, first=row.first, last=row.last), size, active, owned)
        for row, size, active, owned in session.execute(query)
    ]


def block_size(block: document.Block) -> int:
    """How many numbers *block* has."""
    _, first, last = span(block)
    return last - first + 1


def loss_of(session: Session, gone: str | document.Block) -> Loss:
    """What would be lost with a number or a whole block; ``port_away`` and ``remove_block`` make it so."""
    if isinstance(gone, str):
        going: ColumnElement[bool] = NumberRow.e164 == gone
    else:
        same = (BlockRow.prefix == gone.prefix, BlockRow.first == gone.first, BlockRow.last == gone.last)
        going = NumberRow.block_id == select(BlockRow.id).where(*same).scalar_subquery()
    owners = select(OwnerRow.kind, OwnerRow.key).join(NumberRow, NumberRow.owner_id == OwnerRow.id).where(going)
    shown = select(EmployeeRow.key).join(NumberRow, NumberRow.e164 == EmployeeRow.outgoing_number).where(going)
    return Loss(
        tuple(sorted({f"{kind}:{key}" for kind, key in session.execute(owners)})),
        tuple(sorted(f"employee:{key}" for key in session.scalars(shown))),
    )


def named(session: Session, owners: tuple[str, ...]) -> list[tuple[str, str]]:
    """The owner keys *owners* with their names, in the order of those."""
    names = owner_names(session, owners)
    return sorted(((owner, names.get(owner, owner)) for owner in owners), key=lambda found: found[1].lower())


def takers(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[Taker]:
    """Who can be given a free number: employees who have none and pools, by name.

    *search* looks into name, id and extension.
    """
    has_number = exists().where(NumberRow.owner_id == OwnerRow.id)
    devices = select(func.count()).where(DeviceRow.employee_id == OwnerRow.id).correlate(OwnerRow).scalar_subquery()
    owned = select(func.count()).where(NumberRow.owner_id == OwnerRow.id).correlate(OwnerRow).scalar_subquery()
    wanted = [or_(OwnerRow.kind == "pool", and_(OwnerRow.kind == "employee", ~has_number))]
    if search.strip():
        wanted.append(searching.contains(session, search, OwnerRow.name, OwnerRow.key, OwnerRow.extension))
    query = (
        select(OwnerRow.kind, OwnerRow.key, OwnerRow.name, devices, owned)
        .where(*wanted)
        .order_by(func.lower(OwnerRow.name), OwnerRow.kind, OwnerRow.key)
        .limit(size)
        .offset(max(page - 1, 0) * size)
    )
    rows = [Taker(f"{kind}:{key}", *rest) for kind, key, *rest in session.execute(query)]
    return Page(rows, session.scalar(select(func.count(OwnerRow.id)).where(*wanted)) or 0)
