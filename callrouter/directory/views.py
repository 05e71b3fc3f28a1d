"""The two views the rules look through: the company file that is being imported, and the database."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import document
from callrouter.directory.exporting import read_company
from callrouter.directory.models import (
    DeviceRow,
    EmployeeRow,
    NumberRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
    ScheduleRow,
)
from callrouter.directory.part_rules import span
from callrouter.directory.store import chunks


class FileView:
    """A company file. *lost* are the employees who may stay without a number because theirs was lost."""

    def __init__(self, file: document.CompanyFile, lost: Collection[str] = ()) -> None:
        self.company = file.company
        self._lost = frozenset(lost)
        self._active = frozenset(file.numbers)
        self._spans = sorted(span(block) for block in file.number_blocks)
        self._schedules = frozenset(schedule.name for schedule in file.schedules)
        self._employees = frozenset(employee.id for employee in file.employees)
        self._owners = {f"employee:{employee.id}" for employee in file.employees}
        self._owners |= {f"pool:{pool.id}" for pool in file.pools}
        self._shows = {f"pool:{pool.id}": (pool.may_show, pool.members) for pool in file.pools}
        self._shown = [(employee.id, employee.outgoing_number or "") for employee in file.employees]
        self._next = {f"pool:{pool.id}": tuple(pool.next.targets.values()) for pool in file.pools}
        self._numbers: dict[str, list[str]] = defaultdict(list)
        self._extensions: dict[str, list[str]] = defaultdict(list)
        self._devices: dict[str, list[str]] = defaultdict(list)
        for employee in file.employees:
            key = f"employee:{employee.id}"
            if employee.personal_number:
                self._numbers[employee.personal_number].append(key)
            if employee.extension:
                self._extensions[employee.extension].append(key)
            for device in employee.devices:
                self._devices[device.sip_user].append(key)
        for pool in file.pools:
            key = f"pool:{pool.id}"
            for e164 in pool.numbers:
                self._numbers[e164].append(key)
            if pool.extension:
                self._extensions[pool.extension].append(key)

    def in_block(self, e164: str) -> bool:
        """Whether *e164* lies in one of the file's blocks."""
        length, value = len(e164) - 1, int(e164[1:])
        index = bisect_right(self._spans, (length, value, 10**16)) - 1
        return index >= 0 and self._spans[index][0] == length and value <= self._spans[index][2]

    def number_state(self, e164: str) -> str | None:
        if e164 in self._active:
            return "active"
        return "inactive" if self.in_block(e164) else None

    def number_owners(self, e164: str) -> Collection[str]:
        return dict.fromkeys(self._numbers.get(e164, ()))

    def extension_owners(self, extension: str) -> Collection[str]:
        return dict.fromkeys(self._extensions.get(extension, ()))

    def device_owners(self, sip_user: str) -> Collection[str]:
        return dict.fromkeys(self._devices.get(sip_user, ()))

    def has_schedule(self, name: str) -> bool:
        return name in self._schedules

    def has_owner(self, key: str) -> bool:
        return key in self._owners

    def has_employee(self, key: str) -> bool:
        return key in self._employees

    def next_of(self, pool: str) -> Collection[str]:
        return self._next.get(pool, ())

    def shows(self, pool: str) -> tuple[str, Collection[str]]:
        return self._shows[pool]

    def shown_by(self, e164s: Collection[str]) -> Collection[tuple[str, str]]:
        return [(employee, shown) for employee, shown in self._shown if shown in e164s]

    def may_lack_number(self, key: str) -> bool:
        return key in self._lost


class DatabaseView:
    """The directory as it is in the database now; raises RuleError when there is no company yet."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.company = read_company(session)

    def number_state(self, e164: str) -> str | None:
        return self._session.scalar(select(NumberRow.state).where(NumberRow.e164 == e164))

    def number_owners(self, e164: str) -> Collection[str]:
        query = select(OwnerRow.kind, OwnerRow.key).join(NumberRow, NumberRow.owner_id == OwnerRow.id)
        return [f"{kind}:{key}" for kind, key in self._session.execute(query.where(NumberRow.e164 == e164))]

    def extension_owners(self, extension: str) -> Collection[str]:
        query = select(OwnerRow.kind, OwnerRow.key).where(OwnerRow.extension == extension)
        return [f"{kind}:{key}" for kind, key in self._session.execute(query)]

    def device_owners(self, sip_user: str) -> Collection[str]:
        query = select(OwnerRow.key).join(DeviceRow, DeviceRow.employee_id == OwnerRow.id)
        return [f"employee:{key}" for key in self._session.scalars(query.where(DeviceRow.sip_user == sip_user))]

    def has_schedule(self, name: str) -> bool:
        return self._session.scalar(select(ScheduleRow.id).where(ScheduleRow.name == name)) is not None

    def has_owner(self, key: str) -> bool:
        kind, _, name = key.partition(":")
        query = select(OwnerRow.id).where(OwnerRow.kind == kind, OwnerRow.key == name)
        return self._session.scalar(query) is not None

    def has_employee(self, key: str) -> bool:
        return self._owner_id(key) is not None

    def next_of(self, pool: str) -> Collection[str]:
        known = self._session.scalar(select(PoolRow.next).where(PoolRow.key == pool.removeprefix("pool:")))
        return document.Next.model_validate(known or {}).targets.values()

    def shows(self, pool: str) -> tuple[str, Collection[str]]:
        row = select(PoolRow.id, PoolRow.may_show).where(PoolRow.key == pool.removeprefix("pool:"))
        found = self._session.execute(row).one()
        members = select(EmployeeRow.key).join(PoolMemberRow, PoolMemberRow.employee_id == EmployeeRow.id)
        return found.may_show, list(self._session.scalars(members.where(PoolMemberRow.pool_id == found.id)))

    def shown_by(self, e164s: Collection[str]) -> Collection[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for some in chunks(list(e164s)):
            shown = EmployeeRow.outgoing_number.in_(some)
            query = select(EmployeeRow.key, EmployeeRow.outgoing_number).where(shown).order_by(EmployeeRow.key)
            found += [(key, str(e164)) for key, e164 in self._session.execute(query)]
        return found

    def may_lack_number(self, key: str) -> bool:
        """True for an employee who has devices and no number already: only a loss makes that."""
        owner = self._owner_id(key)
        if owner is None:
            return False
        devices = self._session.scalar(select(DeviceRow.id).where(DeviceRow.employee_id == owner).limit(1))
        number = self._session.scalar(select(NumberRow.id).where(NumberRow.owner_id == owner).limit(1))
        return devices is not None and number is None

    def _owner_id(self, key: str) -> int | None:
        return self._session.scalar(select(OwnerRow.id).where(OwnerRow.kind == "employee", OwnerRow.key == key))
