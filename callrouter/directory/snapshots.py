"""Reads from the directory what one call needs, as the frozen values that routing decides with.

It runs before any phone rings, so everything read is kept until the directory's version changes: a call whose number
was called before costs one statement, which the router asks while it takes the call; any other costs a handful of
indexed ones, however many numbers there are. Where there is a phone book, a caller who did not call before costs one
more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import contact_rows
from callrouter.directory.call_owners import OwnerReader, Rules
from callrouter.directory.database import Database
from callrouter.directory.digits import digits_of
from callrouter.directory.exporting import read_blocks, read_company, read_schedules, read_trunks
from callrouter.directory.models import Base, BlockedCallerRow, CompanyRow
from callrouter.routing import numbers
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import (
    Employee,
    Number,
    NumberBlock,
    NumberState,
    Outside,
    Snapshot,
)

_T = Base.metadata.tables
_OWNERS, _NUMBERS, _DEVICES, _MAILBOXES = _T["owners"], _T["numbers"], _T["devices"], _T["mailboxes"]
_EMPLOYEES, _POOLS, _MEMBERS = _T["employees"], _T["pools"], _T["pool_members"]

#: So many snapshots are kept at most (some 3 kB each); strangers may dial whatever they like.
_KEPT = 4096

_VERSION = select(CompanyRow.version)
_BY_NUMBER = select(
    _NUMBERS.c.e164,
    _NUMBERS.c.state,
    _NUMBERS.c.reject_anonymous,
    _NUMBERS.c.owner_id,
    _OWNERS.c.kind,
    _OWNERS.c.key,
    _OWNERS.c.name,
).outerjoin(_OWNERS, _OWNERS.c.id == _NUMBERS.c.owner_id)
_BY_EXTENSION = select(_OWNERS.c.id, _OWNERS.c.kind, _OWNERS.c.key, _OWNERS.c.extension)
_BY_DEVICE = select(_DEVICES.c.employee_id)


class _Key(NamedTuple):
    dialed: str
    shows: str
    device: str | None
    caller: str | None
    year: int


@dataclass(frozen=True)
class _Company(Rules):
    """What every call needs, at one version of the directory.

    ``calls`` holds what was read for calls so far, by all that it depends on but the phone book: ``names``, None where
    that is empty.
    """

    names: contact_rows.Names | None
    calls: dict[_Key, Snapshot] = field(default_factory=dict)

    def key(self, call: IncomingCall, today: dt.date) -> _Key:
        """All that the snapshot for *call* depends on."""
        return _Key(call.dialed, call.shows, call.device, self._colleague(call), today.year)

    def _colleague(self, call: IncomingCall) -> str | None:
        """The caller's number in E.164 if it may be one of the company's."""
        caller = self._caller(call)
        if caller and any(caller.startswith(block.prefix) for block in self.snapshot.blocks):
            return caller
        return None

    def _caller(self, call: IncomingCall) -> str | None:
        return numbers.normalise(call.caller_number, self.snapshot.digits) if call.caller_number else None

    def outsider(self, call: IncomingCall, snapshot: Snapshot) -> str | None:
        """Whose name the phone book may tell: the caller's number, unless it is a colleague of *snapshot*."""
        if self.names is None or call.device is not None:
            return None
        caller = self._caller(call)
        return None if caller is None or caller in snapshot.known_callers else caller


def _named(snapshot: Snapshot, caller: str, name: str | None) -> Snapshot:
    """*snapshot* with the *name* of a caller from outside."""
    if name is None:
        return snapshot
    return replace(snapshot, known_callers=MappingProxyType({**snapshot.known_callers, caller: name}))


def _read_company(session: Session, version: int) -> _Company:
    company = read_company(session)
    names = {row.name: row.id for row in session.execute(select(_T["schedules"].c.name, _T["schedules"].c.id))}
    named = {schedule.name: schedule for schedule in read_schedules(session)}
    limits = company.limits
    snapshot = Snapshot(
        version=version,
        company=company.name,
        timezone=company.timezone,
        language=company.language,
        sip_domain=company.sip_domain,
        ring_seconds=company.ring_seconds,
        claimer_seconds=company.cases.claimer_seconds,
        digits=digits_of(company),
        blocks=tuple(NumberBlock(block.prefix, block.first, block.last) for block in read_blocks(session)),
        blocked=frozenset(session.scalars(select(BlockedCallerRow.caller))),
        outside=Outside(
            tuple(trunk.name for trunk in read_trunks(session) if trunk.outgoing),
            tuple(limits.destinations),
            tuple(limits.closed_destinations),
        ),
    )
    schedules = {names[name]: schedule for name, schedule in named.items()}
    callers = contact_rows.Names(_KEPT) if contact_rows.any_contacts(session) else None
    return _Company(snapshot, named.get(limits.schedule or ""), company.holidays, schedules, callers)


def _read_call(session: Session, company: _Company, call: IncomingCall, caller: str | None, today: dt.date) -> Snapshot:
    snapshot = company.snapshot
    meant = numbers.candidates(call.dialed, snapshot.digits, snapshot.blocks)
    wanted = {*meant, caller} if caller else set(meant)
    found: dict[str, Number] = {}
    known_callers: dict[str, str] = {}
    ids: set[int] = set()
    for row in session.execute(_BY_NUMBER.where(_NUMBERS.c.e164.in_(wanted))) if wanted else ():
        owner = None if row.owner_id is None else f"{row.kind}:{row.key}"
        if row.e164 == caller and row.kind == "employee":
            known_callers[row.e164] = row.name
        if row.e164 in meant:
            found[row.e164] = Number(row.e164, NumberState(row.state), owner, row.reject_anonymous)
            if row.owner_id is not None:
                ids.add(row.owner_id)
    extensions: dict[str, str] = {}
    dialled = {call.dialed, call.shows} - {""}
    for row_id, kind, key, extension in session.execute(_BY_EXTENSION.where(_OWNERS.c.extension.in_(dialled))):
        extensions[extension] = f"{kind}:{key}"
        ids.add(row_id)
    calling = None
    if call.device is not None:
        calling = session.scalar(_BY_DEVICE.where(_DEVICES.c.sip_user == call.device))
        ids.update(() if calling is None else (calling,))
    reader = OwnerReader(session, company, today, shows=call.shows)
    owners = reader.owners(ids) if ids else {}
    employee = owners.get(calling) if calling is not None else None
    return replace(
        snapshot,
        numbers=MappingProxyType(found),
        extensions=MappingProxyType(extensions),
        owners=MappingProxyType({owner.key: owner for owner in owners.values()}),
        devices=MappingProxyType({call.device: employee} if call.device and isinstance(employee, Employee) else {}),
        known_callers=MappingProxyType(known_callers),
        outside=reader.outside(),
    )


class SnapshotLoader:
    """Loads snapshots from one database; may be used by several threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._company: _Company | None = None

    def version(self) -> int:
        """The directory's version now; raises what SQLAlchemy raises for a database out of reach."""
        return self._database.value(_VERSION) or 0

    def known(self, call: IncomingCall, today: dt.date, version: int | None) -> Snapshot | None:
        """What ``load`` would read at *version*, if a call like this one was there before; asks no database."""
        company = self._company
        if company is None or company.snapshot.version != version:
            return None
        snapshot = company.calls.get(company.key(call, today))
        outsider = company.outsider(call, snapshot) if snapshot else None
        if snapshot is None or outsider is None or company.names is None:
            return snapshot
        return _named(snapshot, outsider, company.names.get(outsider)) if outsider in company.names else None

    def load_numbers(self, e164s: Collection[str], today: dt.date) -> Snapshot:
        """What anybody's call to any of *e164s* needs, in one snapshot, for lists; it is not kept.

        Raises as :meth:`load` does.
        """
        with self._database.read() as session:
            company = self._company_now(session)
            found: dict[str, Number] = {}
            ids: set[int] = set()
            for row in session.execute(_BY_NUMBER.where(_NUMBERS.c.e164.in_(e164s))):
                owner = None if row.owner_id is None else f"{row.kind}:{row.key}"
                found[row.e164] = Number(row.e164, NumberState(row.state), owner, row.reject_anonymous)
                ids.update(() if row.owner_id is None else (row.owner_id,))
            reader = OwnerReader(session, company, today)
            owners = reader.owners(ids) if ids else {}
        return replace(
            company.snapshot,
            numbers=MappingProxyType(found),
            owners=MappingProxyType({owner.key: owner for owner in owners.values()}),
            outside=reader.outside(),
        )

    def load(self, call: IncomingCall, today: dt.date) -> Snapshot:
        """What *call* needs of the directory; *today* is the day in the company's time zone (holidays around it).

        Raises RuleError when there is no company yet, and what SQLAlchemy raises for a database out of reach.
        """
        with self._database.read() as session:
            company = self._company_now(session)
            key = company.key(call, today)
            snapshot = company.calls.get(key)
            if snapshot is None:
                if len(company.calls) >= _KEPT:
                    company.calls.clear()
                snapshot = company.calls[key] = _read_call(session, company, call, key.caller, today)
            outsider = company.outsider(call, snapshot)
            if outsider is None or company.names is None:
                return snapshot
            return _named(snapshot, outsider, company.names.ask(session, outsider))

    def _company_now(self, session: Session) -> _Company:
        version = session.scalar(_VERSION) or 0
        company = self._company
        if company is None or company.snapshot.version != version:
            company = _read_company(session, version)
            self._company = company
        return company
