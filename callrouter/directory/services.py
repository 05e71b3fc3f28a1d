"""Whole records of the directory, read with their versions, saved and removed: company, trunks, schedules, owners.

Each change checks the rules, writes, and counts the company's version up; call them inside ``Database.write()``. All
raise RuleError with what is wrong, where, and what to do, and ConflictError where the record is not at the version
that was expected; then the transaction must not be committed. Changes of a part of an owner: ``directory.owners``,
``employees``, ``devices``, ``pools``. Numbers and their blocks: ``directory.numbers``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import accounts, audit, document, number_store, outgoing_numbers, personal, store
from callrouter.directory.digits import digit_rules
from callrouter.directory.exporting import (
    read_company,
    read_employees,
    read_number_notify,
    read_pools,
    read_schedules,
    read_trunks,
)
from callrouter.directory.importing import new_password
from callrouter.directory.models import (
    CompanyRow,
    EmployeeRow,
    MailboxRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
    ScheduleRow,
    TrunkRow,
)
from callrouter.directory.part_rules import Problem, check_company, check_schedule, check_trunk
from callrouter.directory.rules import (
    check_employee,
    check_limits,
    check_location,
    check_number_notify,
    check_pool,
    check_shown,
    said,
)
from callrouter.directory.versions import check_version
from callrouter.directory.views import DatabaseView
from callrouter.errors import RuleError, UnknownError, say
from callrouter.routing.for_pool import MayShow
from callrouter.routing.forwarding import MAILBOX


def refuse(problems: Iterable[Problem]) -> None:
    """Raise RuleError with all *problems*, if there are any."""
    found = [(".".join(map(str, problem.path)), problem.text) for problem in problems]
    if found:
        raise RuleError("\n".join(text for _, text in found), found)


def company(session: Session) -> tuple[document.Company, int]:
    """The company and the version of its settings."""
    found = read_company(session)
    return found, session.scalars(select(CompanyRow.settings_version)).one()


def trunk(session: Session, name: str) -> tuple[document.Trunk, int]:
    """The trunk of that name, with its password, and its version."""
    found = _trunks(session).get(name)
    if found is None:
        raise UnknownError(say("there is no trunk %(name)s; `callrouter trunk list` shows them", name=name))
    return found, session.scalars(select(TrunkRow.version).where(TrunkRow.name == name)).one()


def schedule(session: Session, name: str) -> tuple[document.Schedule, int]:
    """The schedule of that name, and its version."""
    found = _schedule(session, name)
    if found is None:
        raise UnknownError(say("there is no schedule %(name)r; `callrouter schedule list` shows them", name=name))
    return found, session.scalars(select(ScheduleRow.version).where(ScheduleRow.name == name)).one()


def employee(session: Session, key: str) -> tuple[document.Employee, int]:
    """The employee of that id, with secrets, and the record's version."""
    found = next(iter(read_employees(session, [key])), None)
    if found is None:
        raise UnknownError(say("there is no employee %(key)s; `callrouter employee list` shows them", key=key))
    return found, _owner_version(session, "employee", key) or 0


def pool(session: Session, key: str) -> tuple[document.Pool, int]:
    """The pool of that id, with its PIN, and the record's version."""
    found = next(iter(read_pools(session, [key])), None)
    if found is None and read_employees(session, [key]):
        raise UnknownError(personal.no_pool(key))
    if found is None:
        raise UnknownError(say("there is no pool %(key)s; `callrouter pool list` shows them", key=key))
    return found, _owner_version(session, "pool", key) or 0


def save_company(session: Session, company: document.Company, *, expected_version: int | None = None) -> None:
    """Change the company, or make it."""
    store.count_up(session)
    known = session.scalar(select(CompanyRow.settings_version))
    check_version(session, "company", "", known, expected_version)
    before = read_company(session) if known is not None else None
    refuse(check_company(company))
    for emergency in digit_rules(company.country, company.area_code, company.emergency).emergency:
        for kind, key in session.execute(select(OwnerRow.kind, OwnerRow.key).where(OwnerRow.extension == emergency)):
            raise RuleError(
                say(
                    "%(kind)s %(key)s has the extension %(emergency)s, an emergency number; give another one first",
                    kind=kind,
                    key=key,
                    emergency=emergency,
                )
            )
    schedules = read_schedules(session)
    refuse(check_limits(company, [one.name for one in schedules]))
    if before is not None:
        refuse(check_location(company, DatabaseView(session)))
    for one in schedules:
        refuse(check_schedule(one, company, what=say("schedule %(name)r", name=one.name)))
    own = select(OwnerRow.key, MailboxRow.rules).join(MailboxRow, MailboxRow.owner_id == OwnerRow.id)
    for key, rules in session.execute(own.where(MailboxRow.schedule_id.is_(None))):
        if rules is not None:
            refuse(check_schedule(_rules(rules), company, what=say("%(who)s: mailbox schedule", who=key)))
    for key, rules in session.execute(select(PoolRow.key, PoolRow.hours_rules)):
        if rules is not None:
            refuse(check_schedule(_rules(rules), company, what=say("%(who)s: hours", who=key)))
    store.write_company(session, company)
    audit.record(session, "company", "", before, company)


def save_trunk(session: Session, trunk: document.Trunk, *, expected_version: int | None = None) -> None:
    """Add *trunk*, or change the one of its name; with a user name and no password it keeps the one it has."""
    store.count_up(session)
    version = session.scalar(select(TrunkRow.version).where(TrunkRow.name == trunk.name))
    check_version(session, "trunk", trunk.name, version, expected_version)
    trunks = _trunks(session)
    known = trunks.get(trunk.name)
    if trunk.password is None and trunk.username and known:
        trunk = trunk.model_copy(update={"password": known.password})
    refuse(check_trunk(trunk))
    place = list(trunks).index(trunk.name) if known else len(trunks)
    store.write_trunks(session, [(place, trunk)])
    audit.record(session, "trunk", trunk.name, known, trunk)


def remove_trunk(session: Session, name: str) -> None:
    """Remove a trunk: no more calls come by it."""
    store.count_up(session)
    known, _ = trunk(session, name)
    store.drop_named(session, "trunks", [name])
    audit.record(session, "trunk", name, known, None)


def save_schedule(session: Session, schedule: document.Schedule, *, expected_version: int | None = None) -> None:
    """Add *schedule*, or change the one of its name."""
    store.count_up(session)
    version = session.scalar(select(ScheduleRow.version).where(ScheduleRow.name == schedule.name))
    check_version(session, "schedule", schedule.name, version, expected_version)
    refuse(check_schedule(schedule, DatabaseView(session).company, what=say("schedule %(name)r", name=schedule.name)))
    known = _schedule(session, schedule.name)
    store.write_schedules(session, [schedule])
    audit.record(session, "schedule", schedule.name, known, schedule)


def schedule_users(session: Session, name: str) -> list[str]:
    """The keys of the owners whose mailboxes go by that schedule, and of the pools whose hours it is."""
    mailboxes = (
        select(OwnerRow.kind, OwnerRow.key)
        .join(MailboxRow, MailboxRow.owner_id == OwnerRow.id)
        .join(ScheduleRow, ScheduleRow.id == MailboxRow.schedule_id)
        .where(ScheduleRow.name == name)
    )
    pools = select(PoolRow.kind, PoolRow.key).join(ScheduleRow, ScheduleRow.id == PoolRow.hours_id)
    users = session.execute(mailboxes.union(pools.where(ScheduleRow.name == name)).order_by("kind", "key"))
    return [f"{kind}:{key}" for kind, key in users]


def remove_schedule(session: Session, name: str) -> None:
    """Remove a schedule that no mailbox and no pool uses, nor the limits of calls out."""
    store.count_up(session)
    known, _ = schedule(session, name)
    if read_company(session).limits.schedule == name:
        raise RuleError(
            say("schedule %(name)r says when fewer destinations may be called; change the limits first", name=name)
        )
    if used := ", ".join(key.replace(":", " ") for key in schedule_users(session, name)):
        raise RuleError(
            say(
                "schedule %(name)r is used by %(used)s; give them another one first",
                name=name,
                used=used,
            )
        )
    store.drop_named(session, "schedules", [name])
    audit.record(session, "schedule", name, known, None)


def save_employee(session: Session, employee: document.Employee, *, expected_version: int | None = None) -> None:
    """Add *employee*, or change the one of that id.

    A device keeps its password unless a new one is given, a new device gets a random one; without a PIN the mailbox
    keeps the one it has.
    """
    store.count_up(session)
    check_version(session, "employee", employee.id, _owner_version(session, "employee", employee.id), expected_version)
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
    _numbers_told(session, _numbers(known), _numbers(employee), employee.notify)
    store.release_owners(session, [employee], [])
    store.write_owners(session, employees=[employee])
    audit.record(session, "employee", employee.id, known, employee)


def remove_employee(session: Session, key: str) -> None:
    """Remove an employee with devices, mailbox and user; the number stays, active and without owner."""
    store.count_up(session)
    known, _ = employee(session, key)
    member = store.owner_ids(session, "employee", [key])[key]
    memberships = select(PoolRow.key).join(PoolMemberRow, PoolMemberRow.pool_id == PoolRow.id)
    if used := ", ".join(session.scalars(memberships.where(PoolMemberRow.employee_id == member))):
        raise RuleError(
            say("employee %(key)s is a member of pool %(used)s; remove the membership first", key=key, used=used)
        )
    _refuse_forwarded_to(session, "employee", key)
    accounts.remove_of_employees(session, [member])
    _numbers_told(session, _numbers(known), [], known.notify)
    store.drop_owners(session, "employee", [key])
    audit.record(session, "employee", key, known, None)


def save_pool(session: Session, pool: document.Pool, *, expected_version: int | None = None) -> None:
    """Add *pool*, or change the one of that id; without a PIN the mailbox keeps the one it has."""
    store.count_up(session)
    check_version(session, "pool", pool.id, _owner_version(session, "pool", pool.id), expected_version)
    known = next(iter(read_pools(session, [pool.id])), None)
    pool = pool.model_copy(update={"mailbox": _with_pin(pool.mailbox, known)})
    view = DatabaseView(session)
    refuse(check_pool(pool, view))
    _whoever_leaves_shows_another(session, known, pool)
    refuse(check_shown(pool, view))
    _numbers_told(session, _numbers(known), _numbers(pool), pool.notify)
    store.release_owners(session, [], [pool])
    store.write_owners(session, pools=[pool])
    audit.record(session, "pool", pool.id, known, pool)


def remove_pool(session: Session, key: str) -> None:
    """Remove a pool with its mailbox; its numbers stay, active and without owner."""
    store.count_up(session)
    known, _ = pool(session, key)
    _refuse_forwarded_to(session, "pool", key)
    _numbers_told(session, _numbers(known), [], known.notify)
    store.drop_owners(session, "pool", [key])
    audit.record(session, "pool", key, known, None)


def _whoever_leaves_shows_another(session: Session, known: document.Pool | None, pool: document.Pool) -> None:
    """Who could show the pool's numbers as a member, and is none any more, shows the personal number again."""
    left = set(known.members).difference(pool.members) if known else set()
    if left and pool.may_show == MayShow.MEMBERS:
        store.count_owners(session, outgoing_numbers.clear(session, pool.numbers, EmployeeRow.key.in_(left)))


def _numbers(part: document.Employee | document.Pool | None) -> list[str]:
    if isinstance(part, document.Pool):
        return part.numbers
    return [part.personal_number] if part and part.personal_number else []


def _numbers_told(session: Session, had: list[str], has: list[str], notify: document.Notify) -> None:
    """Before an owner's numbers and notifications change: what numbers say of mails goes with their owner.

    Nobody's address is told of the calls of the next one.
    """
    for e164, wishes in read_number_notify(session, has).items():
        refuse(check_number_notify(e164, wishes, notify, ("notify",)))
    gone = [e164 for e164 in had if e164 not in has]
    for e164, wishes in read_number_notify(session, gone).items():
        number_store.write_notify(session, {e164: None})
        audit.record(session, "number", e164, {"notify": wishes.model_dump()}, {"notify": {}})


def _refuse_forwarded_to(session: Session, kind: str, key: str) -> None:
    """Raise RuleError if calls go on to that owner from another one."""
    owner = f"{kind}:{key}"
    used = [
        who
        for row, targets in ((EmployeeRow, EmployeeRow.forwarding), (PoolRow, PoolRow.next))
        for who, its_kind, found in session.execute(select(row.key, row.kind, targets).order_by(row.key))
        if {owner, MAILBOX + owner} & set(found.values()) and f"{its_kind}:{who}" != owner
    ]
    if used:
        text = say(
            "%(owner)s: calls are forwarded there by %(used)s; change that first",
            owner=said(owner),
            used=", ".join(used),
        )
        raise RuleError(text)


def _trunks(session: Session) -> dict[str, document.Trunk]:
    return {trunk.name: trunk for trunk in read_trunks(session)}


def _schedule(session: Session, name: str) -> document.Schedule | None:
    return next((one for one in read_schedules(session) if one.name == name), None)


def _rules(values: dict[str, Any]) -> document.ScheduleRules:
    return document.ScheduleRules.model_validate(values)


def _owner_version(session: Session, kind: str, key: str) -> int | None:
    return session.scalar(select(OwnerRow.version).where(OwnerRow.kind == kind, OwnerRow.key == key))


def _with_pin(mailbox: document.Mailbox, known: document.Employee | document.Pool | None) -> document.Mailbox:
    if known is None or "pin" in mailbox.model_fields_set:
        return mailbox
    return mailbox.model_copy(update={"pin": known.mailbox.pin})
