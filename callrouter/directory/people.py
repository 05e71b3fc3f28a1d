"""What pages show beside employees: their phones, the pools they are in, what they may show to those they call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from callrouter.directory.models import DeviceRow, EmployeeRow, NumberRow, PoolMemberRow, PoolRow
from callrouter.routing.for_pool import MayShow

#: Employees and pools share the table of owners; beside an employee a pool needs a name of its own in a query.
_POOL = aliased(PoolRow, flat=True)


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device, without its password."""

    sip_user: str
    label: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A pool that an employee is a member of."""

    id: str
    name: str
    signed_in: bool


def devices(session: Session, employees: Collection[str]) -> dict[str, list[DeviceLine]]:
    """The devices of *employees* by their ids, in the order in which they were added."""
    query = select(EmployeeRow.key, DeviceRow.sip_user, DeviceRow.label, DeviceRow.enabled).join(DeviceRow.employee)
    found: dict[str, list[DeviceLine]] = defaultdict(list)
    query = query.where(EmployeeRow.key.in_(employees)).order_by(DeviceRow.position)
    for key, sip_user, label, enabled in session.execute(query):
        found[key].append(DeviceLine(sip_user, label, enabled))
    return found


def pools(session: Session, employees: Collection[str]) -> dict[str, list[Membership]]:
    """The pools of *employees* by their ids, by name."""
    query = (
        select(EmployeeRow.key, _POOL.key, _POOL.name, PoolMemberRow.signed_in)
        .join(PoolMemberRow, PoolMemberRow.employee_id == EmployeeRow.id)
        .join(_POOL, _POOL.id == PoolMemberRow.pool_id)
        .where(EmployeeRow.key.in_(employees))
        .order_by(_POOL.name)
    )
    found: dict[str, list[Membership]] = defaultdict(list)
    for key, pool, name, signed_in in session.execute(query):
        found[key].append(Membership(pool, name, signed_in))
    return found


def pool_numbers(session: Session, employee: str, *, limit: int) -> list[tuple[str, str]]:
    """The first numbers of pools that *employee* may show to those called as a member, each with the pool's name."""
    query = (
        select(NumberRow.e164, _POOL.name)
        .join(_POOL, _POOL.id == NumberRow.owner_id)
        .join(PoolMemberRow, PoolMemberRow.pool_id == _POOL.id)
        .join(EmployeeRow, EmployeeRow.id == PoolMemberRow.employee_id)
        .where(EmployeeRow.key == employee, _POOL.may_show != MayShow.NOBODY)
        .order_by(_POOL.name, NumberRow.e164)
        .limit(limit)
    )
    return [(e164, name) for e164, name in session.execute(query)]
