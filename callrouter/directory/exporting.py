"""The directory read back as the document that the company file holds: for export, rendering, and forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import yaml
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from callrouter.directory import document
from callrouter.directory.models import (
    BlockedCallerRow,
    BlockRow,
    CompanyRow,
    DeviceRow,
    EmployeeRow,
    MailboxRow,
    NumberRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
    ScheduleRow,
    TrunkRow,
)
from callrouter.errors import RuleError, say

_SECRETS = ("sip_password", "pin", "password")
#: The store writes past the session's objects: read them again each time.
_FRESH = {"populate_existing": True}
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read_company(session: Session) -> document.Company:
    """The company; raises RuleError before the first import."""
    row = session.get(CompanyRow, 1, populate_existing=True)
    if row is None:
        raise RuleError(say("there is no company yet; `callrouter import FILE` makes it"))
    return document.Company(**{name: getattr(row, name) for name in document.Company.model_fields})


def read_trunks(session: Session) -> list[document.Trunk]:
    """All trunks, with their passwords, in the file's order."""
    fields = [name for name in document.Trunk.model_fields if name != "register_"]
    return [
        document.Trunk.model_validate({"register": row.register, **{name: getattr(row, name) for name in fields}})
        for row in session.scalars(
            select(TrunkRow).order_by(TrunkRow.position, TrunkRow.id).execution_options(**_FRESH)
        )
    ]


def read_blocks(session: Session) -> list[document.Block]:
    """All number blocks."""
    rows = session.execute(select(BlockRow.prefix, BlockRow.first, BlockRow.last).order_by(BlockRow.id))
    return [document.Block(prefix=row.prefix, first=row.first, last=row.last) for row in rows]


def read_schedules(session: Session) -> list[document.Schedule]:
    """All named schedules."""
    rows = session.execute(select(ScheduleRow.name, ScheduleRow.rules).order_by(ScheduleRow.id))
    return [document.Schedule(name=row.name, **row.rules) for row in rows]


def _mailboxes(session: Session, kind: str, wanted: ColumnElement[bool] | None) -> dict[int, document.Mailbox]:
    query = (
        select(MailboxRow, ScheduleRow.name)
        .join(OwnerRow, OwnerRow.id == MailboxRow.owner_id)
        .outerjoin(ScheduleRow, ScheduleRow.id == MailboxRow.schedule_id)
        .where(OwnerRow.kind == kind)
        .execution_options(**_FRESH)
    )
    found = {}
    for row, name in session.execute(query if wanted is None else query.where(wanted)):
        schedule = None
        if name is not None:
            schedule = document.MailboxSchedule.model_validate({"name": name, "when": row.active_when})
        elif row.rules is not None:
            schedule = document.MailboxSchedule.model_validate({**row.rules, "when": row.active_when})
        found[row.owner_id] = document.Mailbox.model_validate(
            {
                "enabled": row.enabled,
                "answer_calls": row.answer_calls,
                "answer_after": row.answer_after,
                "schedule": schedule,
                "pin": row.pin,
                "audio": row.audio,
            }
        )
    return found


def _notify(row: OwnerRow) -> document.Notify:
    return document.Notify.model_validate(
        {
            "about": row.notify_about,
            "email": row.notify_email,
            "language": row.notify_language,
            "salutation": row.notify_salutation,
            "internal": row.notify_internal,
            "handled_mail": row.handled_mail,
            "escalate_to": row.notify_escalate_to,
        }
    )


def read_employees(session: Session, keys: Collection[str] | None = None) -> list[document.Employee]:
    """The employees *keys* (None: all; some: few enough for one statement), with their secrets."""
    wanted = None if keys is None else OwnerRow.key.in_(keys)
    mailboxes = _mailboxes(session, "employee", wanted)
    numbers_query = select(NumberRow.owner_id, NumberRow.e164).where(NumberRow.personal)
    devices_query = select(DeviceRow).order_by(DeviceRow.employee_id, DeviceRow.position).execution_options(**_FRESH)
    if keys is not None:
        numbers_query = numbers_query.where(NumberRow.owner_id.in_(mailboxes))
        devices_query = devices_query.where(DeviceRow.employee_id.in_(mailboxes))
    numbers = {row.owner_id: row.e164 for row in session.execute(numbers_query)}
    devices: dict[int, list[document.Device]] = defaultdict(list)
    for row in session.scalars(devices_query):
        devices[row.employee_id].append(
            document.Device(**{name: getattr(row, name) for name in document.Device.model_fields})
        )
    query = select(EmployeeRow).order_by(EmployeeRow.id).execution_options(**_FRESH)
    return [
        document.Employee.model_validate(
            {
                "id": row.key,
                "name": row.name,
                "email": row.email,
                "role": row.role,
                "personal_number": numbers.get(row.id),
                "extension": row.extension,
                "outgoing_number": row.outgoing_number,
                "destinations": row.destinations,
                "devices": devices[row.id],
                "ringing": row.ringing,
                "forwarding": row.forwarding,
                "mailbox": mailboxes[row.id],
                "notify": _notify(row),
            }
        )
        for row in session.scalars(query if keys is None else query.where(EmployeeRow.key.in_(keys)))
    ]


def _hours(row: PoolRow, schedule: str | None) -> dict[str, Any] | None:
    return {"name": schedule} if schedule is not None else row.hours_rules


def read_pools(session: Session, keys: Collection[str] | None = None) -> list[document.Pool]:
    """The pools *keys* (None: all; some: few enough for one statement), with their secrets; numbers in their order."""
    mailboxes = _mailboxes(session, "pool", None if keys is None else OwnerRow.key.in_(keys))
    wanted = true() if keys is None else PoolRow.id.in_(mailboxes)
    numbers: dict[int, list[str]] = defaultdict(list)
    owned = select(PoolRow.id, NumberRow.e164).join(NumberRow, NumberRow.owner_id == PoolRow.id).where(wanted)
    for owner, e164 in session.execute(owned.order_by(NumberRow.e164)):
        numbers[owner].append(e164)
    members: dict[int, list[Any]] = defaultdict(list)
    rows = select(PoolMemberRow.pool_id, OwnerRow.key, PoolMemberRow.delay, PoolMemberRow.signed_in).join(
        OwnerRow, OwnerRow.id == PoolMemberRow.employee_id
    )
    if keys is not None:
        rows = rows.where(PoolMemberRow.pool_id.in_(mailboxes))
    for row in session.execute(rows.order_by(PoolMemberRow.pool_id, PoolMemberRow.position)):
        members[row.pool_id].append(row)
    query = select(PoolRow, ScheduleRow.name).outerjoin(ScheduleRow, ScheduleRow.id == PoolRow.hours_id)
    query = query.order_by(PoolRow.id).execution_options(**_FRESH)
    return [
        document.Pool.model_validate(
            {
                "id": row.key,
                "name": row.name,
                "numbers": numbers[row.id],
                "extension": row.extension,
                "strategy": row.strategy,
                "ring_seconds": row.ring_seconds,
                "member_seconds": row.member_seconds,
                "members": [member.key for member in members[row.id]],
                "delays": {member.key: member.delay for member in members[row.id] if member.delay},
                "signed_out": [member.key for member in members[row.id] if not member.signed_in],
                "waiting": row.waiting,
                "next": row.next,
                "hours": _hours(row, schedule),
                "switch": row.switch,
                "switch_until": row.switch_until,
                "show_name": row.show_name,
                "short_name": row.short_name,
                "alert": row.alert,
                "internal_alert": row.internal_alert,
                "members_outside": row.members_outside,
                "may_show": row.may_show,
                "mailbox": mailboxes[row.id],
                "notify": _notify(row),
            }
        )
        for row, schedule in session.execute(query if keys is None else query.where(PoolRow.key.in_(keys)))
    ]


def read_number_notify(session: Session, e164s: Collection[str] | None = None) -> dict[str, document.NumberNotify]:
    """What the numbers *e164s* (None: all) say of their mails, of those that say anything."""
    query = select(NumberRow.e164, NumberRow.notify).where(NumberRow.notify.is_not(None)).order_by(NumberRow.e164)
    rows = session.execute(query if e164s is None else query.where(NumberRow.e164.in_(e164s)))
    return {row.e164: document.NumberNotify.model_validate(row.notify) for row in rows}


def export_company(session: Session) -> document.CompanyFile:
    """The whole company with its secrets; raises RuleError before the first import."""
    return document.CompanyFile(
        company=read_company(session),
        trunks=read_trunks(session),
        number_blocks=read_blocks(session),
        numbers=list(
            session.scalars(select(NumberRow.e164).where(NumberRow.state == "active").order_by(NumberRow.e164))
        ),
        schedules=read_schedules(session),
        employees=read_employees(session),
        pools=read_pools(session),
        blocked_callers=list(session.scalars(select(BlockedCallerRow.caller).order_by(BlockedCallerRow.id))),
        reject_anonymous=list(
            session.scalars(select(NumberRow.e164).where(NumberRow.reject_anonymous).order_by(NumberRow.e164))
        ),
        number_notifications=read_number_notify(session),
    )


def _without_secrets(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _without_secrets(value) for key, value in part.items() if key not in _SECRETS}
    return [_without_secrets(value) for value in part] if isinstance(part, list) else part


def to_data(company_file: document.CompanyFile, *, secrets: bool = False) -> dict[str, Any]:
    """The document as plain values in the company file's order; what is as by default is left out."""
    data = company_file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    data["schedules"] = [{"name": rules.pop("name"), **rules} for rules in data.get("schedules", [])]
    data["company"] = company_file.company.model_dump(mode="json", exclude_none=True)
    data = {key: data[key] for key in document.CompanyFile.model_fields if data.get(key)}
    plain: dict[str, Any] = data if secrets else _without_secrets(data)
    return plain


def to_yaml(company_file: document.CompanyFile, *, secrets: bool = False) -> str:
    """The text of a company file. Without *secrets* (SIP and trunk passwords, PINs) an import of it keeps them."""
    text: str = yaml.dump(
        to_data(company_file, secrets=secrets),
        Dumper=_DUMPER,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=120,
    )
    return text
