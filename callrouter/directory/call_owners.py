"""The owners that one call needs, read from the directory: with their phones and members, and where calls go on."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from callrouter.directory import document
from callrouter.directory.models import Base
from callrouter.directory.schedules import holiday_dates, to_schedule
from callrouter.routing.forwarding import ANNOUNCEMENT, MAILBOX
from callrouter.routing.names import shown_before
from callrouter.routing.ringing import MEMBER_SECONDS
from callrouter.routing.snapshot import (
    Device,
    Employee,
    Forwarding,
    Mailbox,
    Opening,
    Outside,
    Owner,
    Pool,
    Schedule,
    Snapshot,
    Waiting,
)

_T = Base.metadata.tables
_OWNERS, _NUMBERS, _DEVICES, _MAILBOXES = _T["owners"], _T["numbers"], _T["devices"], _T["mailboxes"]
_EMPLOYEES, _POOLS, _MEMBERS = _T["employees"], _T["pools"], _T["pool_members"]

#: Whether an employee is a member of a pool in which callers wait.
_WAITED = _POOLS.alias()
_AWAITED = (
    select(_MEMBERS.c.employee_id)
    .join(_WAITED, _WAITED.c.id == _MEMBERS.c.pool_id)
    .where(_MEMBERS.c.employee_id == _OWNERS.c.id, _WAITED.c.waiting.is_not(None))
    .correlate(_OWNERS)
    .exists()
)
_OWNER = (
    select(
        _OWNERS.c.id,
        _OWNERS.c.kind,
        _OWNERS.c.key,
        _OWNERS.c.name,
        _OWNERS.c.extension,
        _MAILBOXES.c.enabled,
        _MAILBOXES.c.answer_calls,
        _MAILBOXES.c.answer_after,
        _MAILBOXES.c.schedule_id,
        _MAILBOXES.c.rules,
        _MAILBOXES.c.active_when,
        _POOLS.c.strategy,
        _POOLS.c.ring_seconds,
        _POOLS.c.member_seconds,
        _POOLS.c.next,
        _POOLS.c.waiting,
        _POOLS.c.show_name,
        _POOLS.c.short_name,
        _POOLS.c.alert,
        _POOLS.c.internal_alert,
        _POOLS.c.members_outside,
        _POOLS.c.hours_id,
        _POOLS.c.hours_rules,
        _POOLS.c.switch,
        _POOLS.c.switch_until,
        _POOLS.c.may_show,
        _EMPLOYEES.c.destinations,
        _EMPLOYEES.c.outgoing_number,
        _EMPLOYEES.c.ringing,
        _EMPLOYEES.c.forwarding,
        _NUMBERS.c.e164,
        _AWAITED.label("awaited"),
    )
    .join(_MAILBOXES, _MAILBOXES.c.owner_id == _OWNERS.c.id)
    .outerjoin(_POOLS, _POOLS.c.id == _OWNERS.c.id)
    .outerjoin(_EMPLOYEES, _EMPLOYEES.c.id == _OWNERS.c.id)
    .outerjoin(_NUMBERS, (_NUMBERS.c.owner_id == _OWNERS.c.id) & _NUMBERS.c.personal)
)
_MEMBERS_OF = select(_MEMBERS.c.pool_id, _MEMBERS.c.employee_id, _MEMBERS.c.delay, _MEMBERS.c.signed_in).order_by(
    _MEMBERS.c.pool_id, _MEMBERS.c.position
)
_DEVICES_OF = select(
    _DEVICES.c.employee_id,
    _DEVICES.c.sip_user,
    _DEVICES.c.label,
    _DEVICES.c.kind,
    _DEVICES.c.enabled,
    _DEVICES.c.ring_delay,
).order_by(_DEVICES.c.employee_id, _DEVICES.c.position)


def _targets(row: Any) -> list[str]:
    """Where calls to the owner of that row go on."""
    fields = {**(row.forwarding or {}), **(row.next or {})}
    return [target for name, target in fields.items() if name != "after" and target]


def _places(row: Any) -> set[tuple[str, ...]]:
    """Kind and key of each owner where calls go on."""
    places = (target for target in _targets(row) if ":" in target and not target.startswith(ANNOUNCEMENT))
    return {tuple(target.removeprefix(MAILBOX).split(":")) for target in places}


@dataclass(frozen=True)
class Rules:
    """What the company has said for all of them: ``snapshot`` has no part of any single call yet.

    ``limits`` is the schedule of the limits of calls out, None: they always hold alike. ``schedules`` are by row id.
    """

    snapshot: Snapshot
    limits: document.Schedule | None
    holidays: str | None
    schedules: Mapping[int, document.Schedule]


class OwnerReader:
    """Reads the owners of one call."""

    def __init__(self, session: Session, company: Rules, today: dt.date, *, shows: str = "") -> None:
        """*shows* is the extension of a pool whose number is to be shown outside."""
        self._session, self._shows = session, shows
        self._company = company
        self._years = (today.year - 1, today.year, today.year + 1)
        self._named: dict[int, Schedule] = {}

    def _schedule(self, named: int | None, own: Any) -> Schedule | None:
        """The schedule of that row id, or of its *own* rules."""
        if named is not None:
            if named not in self._named:
                rules = self._company.schedules[named]
                self._named[named] = self._expand(rules.name, rules)
            return self._named[named]
        return None if own is None else self._expand("", document.ScheduleRules.model_validate(own))

    def outside(self) -> Outside:
        """The way into the public network, with the schedule of its limits."""
        rules, outside = self._company.limits, self._company.snapshot.outside
        return replace(outside, schedule=self._expand(rules.name, rules)) if rules else outside

    def _expand(self, name: str, rules: document.ScheduleRules) -> Schedule:
        known, company = self._company.holidays, self._company.snapshot
        dates = holiday_dates(known, company.language, self._years) if known else {}
        return to_schedule(name, rules, timezone=company.timezone, holiday_dates=dates)

    def _mailbox(self, row: Any) -> Mailbox:
        return Mailbox(
            enabled=row.enabled,
            answer_calls=row.answer_calls,
            answer_after=row.answer_after,
            schedule=self._schedule(row.schedule_id, row.rules) if row.enabled else None,
            active_when=row.active_when,
            language=self._company.snapshot.language,
        )

    def owners(self, wanted: Collection[int]) -> dict[int, Owner]:
        """The owners with these row ids, and all where calls go on; pools with members, employees with devices."""
        rows = {row.id: row for row in self._session.execute(_OWNER.where(_OWNERS.c.id.in_(wanted)))}
        known: set[tuple[str, ...]] = {(row.kind, row.key) for row in rows.values()}
        while places := {place for row in rows.values() for place in _places(row)} - known:
            known |= places
            found = self._session.execute(_OWNER.where(tuple_(_OWNERS.c.kind, _OWNERS.c.key).in_(sorted(places))))
            rows.update((row.id, row) for row in found)
        members: dict[int, list[Any]] = defaultdict(list)
        pools = [row_id for row_id, row in rows.items() if row.kind == "pool"]
        if pools:
            for member in self._session.execute(_MEMBERS_OF.where(_MEMBERS.c.pool_id.in_(pools))):
                members[member.pool_id].append(member)
            missing = {member.employee_id for of_pool in members.values() for member in of_pool} - rows.keys()
            if missing:
                found = self._session.execute(_OWNER.where(_OWNERS.c.id.in_(missing)))
                rows.update((row.id, row) for row in found)
        employees = self._employees([row for row in rows.values() if row.kind == "employee"])
        owners: dict[int, Owner] = dict(employees)
        for row_id in pools:
            row, its = rows[row_id], members[row_id]
            owners[row_id] = Pool(
                key=f"pool:{row.key}",
                name=row.name,
                extension=row.extension,
                members=tuple(employees[member.employee_id] for member in its),
                strategy=row.strategy,
                ring_seconds=row.ring_seconds,
                mailbox=self._mailbox(row),
                member_seconds=row.member_seconds or MEMBER_SECONDS,
                delays=MappingProxyType({employees[one.employee_id].key: one.delay for one in its if one.delay}),
                forwarding=Forwarding(**row.next, after=row.ring_seconds),
                number=self._first_number(row),
                waiting=Waiting(**row.waiting) if row.waiting else None,
                signed_out=frozenset(employees[one.employee_id].key for one in its if not one.signed_in),
                shown=shown_before(row.short_name or row.name) if row.show_name else "",
                alert=row.alert or "",
                internal_alert=row.internal_alert or row.alert or "",
                members_outside=row.members_outside,
                opening=Opening(self._schedule(row.hours_id, row.hours_rules), row.switch, row.switch_until),
                may_show=row.may_show,
            )
        return owners

    def _first_number(self, row: Any) -> str | None:
        """What a pool shows outside; asked for only where its calls may go there, or somebody is to show it."""
        shown = row.members_outside or (self._shows and row.extension == self._shows)
        if not shown and not any(target.startswith("+") for target in _targets(row)):
            return None
        found: str | None = self._session.scalar(select(func.min(_NUMBERS.c.e164)).where(_NUMBERS.c.owner_id == row.id))
        return found

    def _employees(self, rows: Collection[Any]) -> dict[int, Employee]:
        devices: dict[int, list[Device]] = defaultdict(list)
        if rows:
            ids = [row.id for row in rows]
            for owner, *fields in self._session.execute(_DEVICES_OF.where(_DEVICES.c.employee_id.in_(ids))):
                devices[owner].append(Device(*fields))
        rings = {row.id: document.Ringing.model_validate(row.ringing) for row in rows}
        return {
            row.id: Employee(
                key=f"employee:{row.key}",
                name=row.name,
                extension=row.extension,
                number=row.e164,
                devices=tuple(devices[row.id]),
                mailbox=self._mailbox(row),
                destinations=None if row.destinations is None else tuple(row.destinations),
                shown=row.outgoing_number,
                do_not_disturb=rings[row.id].do_not_disturb,
                calls_at_once=rings[row.id].calls_at_once,
                stops_all=rings[row.id].stops_all,
                forwarding=Forwarding(**row.forwarding),
                awaited=row.awaited,
            )
            for row in rows
        }
