"""Single changes of the directory: company, trunks, schedules, employees, pools, blocked callers.

Each checks the rules, writes, and counts the company's version up; call them inside ``Database.write()``. All raise
RuleError with what is wrong, where, and what to do; then the transaction must not be committed. Numbers and their
blocks: ``directory.numbers``.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import audit, document, store
from callrouter.directory.digits import digit_rules
from callrouter.directory.exporting import read_company, read_employees, read_pools, read_schedules, read_trunks
from callrouter.directory.importing import new_password
from callrouter.directory.models import (
    BlockedCallerRow,
    CompanyRow,
    MailboxRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
    ScheduleRow,
)
from callrouter.directory.rules import (
    Problem,
    check_company,
    check_e164,
    check_employee,
    check_pool,
    check_schedule,
    check_trunk,
)
from callrouter.directory.views import DatabaseView
from callrouter.errors import RuleError


def refuse(problems: Iterable[Problem]) -> None:
    """Raise RuleError with all *problems*, if there are any."""
    texts = [problem.text for problem in problems]
    if texts:
        raise RuleError("\n".join(texts))


def save_company(session: Session, company: document.Company) -> None:
    """Change the company, or make it."""
    refuse(check_company(company))
    for emergency in digit_rules(company.country, company.area_code, company.emergency).emergency:
        for kind, key in session.execute(select(OwnerRow.kind, OwnerRow.key).where(OwnerRow.extension == emergency)):
            raise RuleError(f"{kind} {key} has the extension {emergency}, an emergency number; give another one first")
    for schedule in read_schedules(session):
        refuse(check_schedule(schedule, company, what=f"schedule {schedule.name!r}"))
    owners: list[document.Employee | document.Pool] = [*read_employees(session), *read_pools(session)]
    for owner in owners:
        own = owner.mailbox.schedule
        if own is not None and own.name is None:
            refuse(check_schedule(own, company, what=f"{owner.id}: mailbox schedule"))
    known = read_company(session) if session.scalar(select(CompanyRow.id)) is not None else None
    store.write_company(session, company)
    store.count_up(session)
    audit.record(session, "company", company.name, known, company)


def save_trunk(session: Session, trunk: document.Trunk) -> None:
    """Add *trunk*, or change the one of its name; without a password it keeps the one it has."""
    store.count_up(session)
    trunks = read_trunks(session)
    places = {known.name: place for place, known in enumerate(trunks)}
    place = places.get(trunk.name, len(trunks))
    if trunk.password is None and place < len(trunks):
        trunk = trunk.model_copy(update={"password": trunks[place].password})
    refuse(check_trunk(trunk))
    store.write_trunks(session, [(place, trunk)])
    audit.record(session, "trunk", trunk.name, trunks[place] if place < len(trunks) else None, trunk)


def remove_trunk(session: Session, name: str) -> None:
    """Remove a trunk: no more calls come by it."""
    store.count_up(session)
    known = next((trunk for trunk in read_trunks(session) if trunk.name == name), None)
    if known is None:
        raise RuleError(f"there is no trunk {name}")
    store.drop_named(session, "trunks", [name])
    audit.record(session, "trunk", name, known, None)


def save_schedule(session: Session, schedule: document.Schedule) -> None:
    """Add *schedule*, or change the one of its name."""
    store.count_up(session)
    refuse(check_schedule(schedule, DatabaseView(session).company, what=f"schedule {schedule.name!r}"))
    known = next((one for one in read_schedules(session) if one.name == schedule.name), None)
    store.write_schedules(session, [schedule])
    audit.record(session, "schedule", schedule.name, known, schedule)


def remove_schedule(session: Session, name: str) -> None:
    """Remove a schedule that no mailbox uses."""
    store.count_up(session)
    known = next((one for one in read_schedules(session) if one.name == name), None)
    if known is None:
        raise RuleError(f"there is no schedule {name!r}")
    users = session.execute(
        select(OwnerRow.kind, OwnerRow.key)
        .join(MailboxRow, MailboxRow.owner_id == OwnerRow.id)
        .join(ScheduleRow, ScheduleRow.id == MailboxRow.schedule_id)
        .where(ScheduleRow.name == name)
    )
    if used := ", ".join(f"{kind} {key}" for kind, key in users):
        raise RuleError(f"schedule {name!r} is used by the mailbox of {used}; give them another one first")
    store.drop_named(session, "schedules", [name])
    audit.record(session, "schedule", name, known, None)


def save_employee(session: Session, employee: document.Employee) -> None:
    """Add *employee*, or change the one of that id.

    A device keeps its password unless a new one is given, a new device gets a random one; without a PIN the mailbox
    keeps the one it has.
    """
    store.count_up(session)
    known = next(iter(read_employees(session, [employee.id])), None)
    passwords = {device.sip_user: device.sip_password for device in known.devices} if known else {}
    devices = [
        device.model_copy(
            update={"sip_password": device.sip_password or passwords.get(device.sip_user) or new_password()}
        )
        for device in employee.devices
    ]
    mailbox = _with_pin(employee.mailbox, known)
    employee = employee.model_copy(update={"devices": devices, "mailbox": mailbox})
    refuse(check_employee(employee, DatabaseView(session)))
    store.release_owners(session, [employee], [])
    store.write_owners(session, employees=[employee])
    audit.record(session, "employee", employee.id, known, employee)


def remove_employee(session: Session, key: str) -> None:
    """Remove an employee with devices and mailbox; the number stays, active and without owner."""
    store.count_up(session)
    known = next(iter(read_employees(session, [key])), None)
    if known is None:
        raise RuleError(f"there is no employee {key}")
    member = store.owner_ids(session, "employee", [key])[key]
    memberships = select(PoolRow.key).join(PoolMemberRow, PoolMemberRow.pool_id == PoolRow.id)
    if used := ", ".join(session.scalars(memberships.where(PoolMemberRow.employee_id == member))):
        raise RuleError(f"employee {key} is a member of pool {used}; remove the membership first")
    store.drop_owners(session, "employee", [key])
    audit.record(session, "employee", key, known, None)


def save_pool(session: Session, pool: document.Pool) -> None:
    """Add *pool*, or change the one of that id; without a PIN the mailbox keeps the one it has."""
    store.count_up(session)
    known = next(iter(read_pools(session, [pool.id])), None)
    pool = pool.model_copy(update={"mailbox": _with_pin(pool.mailbox, known)})
    refuse(check_pool(pool, DatabaseView(session)))
    store.release_owners(session, [], [pool])
    store.write_owners(session, pools=[pool])
    audit.record(session, "pool", pool.id, known, pool)


def remove_pool(session: Session, key: str) -> None:
    """Remove a pool with its mailbox; its numbers stay, active and without owner."""
    store.count_up(session)
    known = next(iter(read_pools(session, [key])), None)
    if known is None:
        raise RuleError(f"there is no pool {key}")
    store.drop_owners(session, "pool", [key])
    audit.record(session, "pool", key, known, None)


def block_caller(session: Session, caller: str) -> None:
    """Refuse calls of *caller* (E.164, or ``anonymous``) from now on; twice is as good as once."""
    store.count_up(session)
    if caller != "anonymous":
        refuse(check_e164(caller))
    if session.scalar(select(BlockedCallerRow.id).where(BlockedCallerRow.caller == caller)) is None:
        store.write_blocked(session, [caller], [])
        audit.record(session, "blocked caller", caller, None, {})


def unblock_caller(session: Session, caller: str) -> None:
    """Let calls of *caller* through again."""
    store.count_up(session)
    if session.scalar(select(BlockedCallerRow.id).where(BlockedCallerRow.caller == caller)) is not None:
        store.write_blocked(session, [], [caller])
        audit.record(session, "blocked caller", caller, {}, None)


def _with_pin(mailbox: document.Mailbox, known: document.Employee | document.Pool | None) -> document.Mailbox:
    if known is None or "pin" in mailbox.model_fields_set:
        return mailbox
    return mailbox.model_copy(update={"pin": known.mailbox.pin})
