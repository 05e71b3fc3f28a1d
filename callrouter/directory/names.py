"""What people call the owners and the phones that the ledger knows by their keys."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.models import DeviceRow, EmployeeRow, OwnerRow


def owner_names(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Names by owner key, of those of *keys* that are there still."""
    some = {key.partition(":")[2] for key in keys}
    rows = session.execute(select(OwnerRow.kind, OwnerRow.key, OwnerRow.name).where(OwnerRow.key.in_(some)))
    return {f"{kind}:{key}": name for kind, key, name in rows}


def owner_ids(session: Session, keys: Collection[str]) -> list[int]:
    """The row ids of those of *keys* (owner keys) that are there still."""
    some = {key.partition(":")[2] for key in keys}
    rows = session.execute(select(OwnerRow.id, OwnerRow.kind, OwnerRow.key).where(OwnerRow.key.in_(some)))
    return [row_id for row_id, kind, key in rows if f"{kind}:{key}" in keys]


def phones_of(session: Session, employee: str) -> frozenset[str]:
    """The accounts of the phones of *employee* (an id), and the number outside to which all their calls go."""
    devices = select(DeviceRow.sip_user).join(DeviceRow.employee).where(EmployeeRow.key == employee)
    outside = select(EmployeeRow.forwarding["always"].as_string()).where(EmployeeRow.key == employee)
    return frozenset((*session.scalars(devices), *filter(None, session.scalars(outside))))


def device_names(session: Session, sip_users: Collection[str | None]) -> dict[str, tuple[str, str]]:
    """Label and employee's name by sip_user, of those of *sip_users* that are there still.

    And by the number outside to which all of an employee's calls go, its own label.
    """
    query = select(DeviceRow.sip_user, DeviceRow.label, EmployeeRow.name).join(DeviceRow.employee)
    found = session.execute(query.where(DeviceRow.sip_user.in_([user for user in sip_users if user])))
    names = {sip_user: (label, name) for sip_user, label, name in found}
    if numbers := [user for user in sip_users if user and user.startswith("+")]:
        always = EmployeeRow.forwarding["always"].as_string()
        rows = session.execute(select(always, EmployeeRow.name).where(always.in_(numbers)).order_by(EmployeeRow.key))
        names |= {number: (number, name) for number, name in rows}
    return names
