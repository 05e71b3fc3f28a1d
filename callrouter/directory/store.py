"""Writes parts of the document into the tables, one or ten thousand at a time; the rules were checked before.

Whatever changes hands (numbers, extensions) is let go by all old owners before it is given to the new ones, so that
two employees can swap theirs in one go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from callrouter.directory import document
from callrouter.directory.models import Base

_T = Base.metadata.tables
_CHUNK = 500


def chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    """*items* in lists short enough for one statement."""
    whole = list(items)
    return (whole[start : start + _CHUNK] for start in range(0, len(whole), _CHUNK))


def _insert(session: Session, table: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(_T[table]), rows)


def _update(session: Session, table: str, key: str, rows: Sequence[dict[str, Any]]) -> None:
    """Update each row of *rows* where column *key* is its value of ``_key``; all rows have the same columns.

    Where rows have a version, it is counted up.
    """
    if rows:
        statement = update(_T[table]).where(_T[table].c[key] == bindparam("_key"))
        if "version" in _T[table].c:
            statement = statement.values(version=_T[table].c.version + 1)
        session.connection().execute(statement, rows)


def write_company(session: Session, company: document.Company) -> None:
    """Write the company; the change is counted by :func:`count_up`, but for the first, which is version 1."""
    values = company.model_dump(mode="json")
    table = _T["company"]
    if session.scalar(select(table.c.id)) is None:
        session.execute(insert(table).values(id=1, **values))
    else:
        session.execute(update(table).values(settings_version=table.c.settings_version + 1, **values))


def count_up(session: Session) -> None:
    """Increment the company's version; holds off every other change until this transaction ends."""
    table = _T["company"]
    session.execute(update(table).values(version=table.c.version + 1))


def hold(session: Session) -> None:
    """Hold off every other change of the directory until this transaction ends, before its first look at it.

    On PostgreSQL what was read without it may be another's to change before it is written back; SQLite has one writer.
    """
    session.execute(select(_T["company"].c.id).with_for_update())


def count_owners(session: Session, owners: Iterable[int]) -> None:
    """Increment the versions of the owners with these row ids, whom a change of numbers concerns."""
    table = _T["owners"]
    for some in chunks(owners):
        session.execute(update(table).where(table.c.id.in_(some)).values(version=table.c.version + 1))


def _write_named(session: Session, table: str, rows: Sequence[dict[str, Any]]) -> None:
    known = set(session.scalars(select(_T[table].c.name)))
    _insert(session, table, [row for row in rows if row["name"] not in known])
    _update(session, table, "name", [{"_key": row["name"], **row} for row in rows if row["name"] in known])


def write_trunks(session: Session, trunks: Sequence[tuple[int, document.Trunk]]) -> None:
    """Write trunks with their places in the list."""
    rows = []
    for position, trunk in trunks:
        values = trunk.model_dump(mode="json", exclude={"register_"})
        rows.append({**values, "register": trunk.register_, "position": position})
    _write_named(session, "trunks", rows)


def rules_json(rules: document.ScheduleRules) -> dict[str, Any]:
    """The times of *rules* alone, as the tables hold them."""
    kept = set(document.ScheduleRules.model_fields)
    return rules.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=kept)


def write_schedules(session: Session, schedules: Sequence[document.Schedule]) -> None:
    """Write named schedules."""
    rows = [{"name": schedule.name, "rules": rules_json(schedule)} for schedule in schedules]
    _write_named(session, "schedules", rows)


def drop_named(session: Session, table: str, names: Iterable[str]) -> None:
    """Delete the trunks or schedules *names*."""
    for some in chunks(names):
        session.execute(delete(_T[table]).where(_T[table].c.name.in_(some)))


def write_blocked(
    session: Session, added: Iterable[str], removed: Iterable[str], *, at: dt.datetime, note: str = ""
) -> None:
    """Change who is refused: E.164 numbers, or ``anonymous``."""
    table = _T["blocked_callers"]
    _insert(session, "blocked_callers", [{"caller": caller, "note": note, "created_at": at} for caller in added])
    for some in chunks(removed):
        session.execute(delete(table).where(table.c.caller.in_(some)))


def owner_ids(session: Session, kind: str, keys: Iterable[str]) -> dict[str, int]:
    """Row id by key, of those of *keys* that exist."""
    table = _T["owners"]
    found: dict[str, int] = {}
    for some in chunks(keys):
        query = select(table.c.key, table.c.id).where(table.c.kind == kind, table.c.key.in_(some))
        found.update((key, row_id) for key, row_id in session.execute(query))
    return found


def _release(session: Session, owners: Iterable[int]) -> None:
    numbers, table = _T["numbers"], _T["owners"]
    for some in chunks(owners):
        session.execute(update(numbers).where(numbers.c.owner_id.in_(some)).values(owner_id=None, personal=False))
        session.execute(update(table).where(table.c.id.in_(some)).values(extension=None))


def drop_owners(session: Session, kind: str, keys: Collection[str]) -> None:
    """Delete owners with their devices, mailboxes and memberships; their numbers stay, without owner."""
    ids = owner_ids(session, kind, keys).values()
    _release(session, ids)
    for some in chunks(ids):
        session.execute(delete(_T["owners"]).where(_T["owners"].c.id.in_(some)))


def clear_outgoing(session: Session, employees: Iterable[int]) -> None:
    """Let the employees with these row ids show their personal numbers again."""
    for some in chunks(employees):
        session.execute(update(_T["employees"]).where(_T["employees"].c.id.in_(some)).values(outgoing_number=None))


def _owner_row(kind: str, part: document.Employee | document.Pool) -> dict[str, Any]:
    notify = part.notify
    return {
        "kind": kind,
        "key": part.id,
        "name": part.name,
        "extension": part.extension,
        "notify_about": notify.about,
        "notify_email": notify.email,
        "notify_language": notify.language,
        "notify_salutation": notify.salutation,
        "notify_internal": notify.internal,
        "handled_mail": notify.handled_mail,
        "notify_escalate_to": notify.escalate_to,
    }


def _mailbox_row(owner: int, part: document.Employee | document.Pool, schedules: dict[str, int]) -> dict[str, Any]:
    mailbox, schedule = part.mailbox, part.mailbox.schedule
    return {
        "owner_id": owner,
        "enabled": mailbox.enabled,
        "answer_calls": mailbox.answer_calls,
        "answer_after": mailbox.answer_after,
        "schedule_id": schedules[schedule.name] if schedule and schedule.name is not None else None,
        "rules": rules_json(schedule) if schedule and schedule.name is None else None,
        "active_when": schedule.when if schedule else "open",
        "pin": mailbox.pin,
        "audio": mailbox.audio,
    }


def _kind_row(owner: int, part: document.Employee | document.Pool, schedules: dict[str, int]) -> dict[str, Any]:
    if isinstance(part, document.Employee):
        fields = {"email", "role", "outgoing_number", "destinations", "ringing", "forwarding"}
        return {"id": owner, **part.model_dump(mode="json", include=fields)}
    fields = {"strategy", "ring_seconds", "member_seconds", "next", "waiting"}
    fields |= {"show_name", "short_name", "alert", "internal_alert", "members_outside", "may_show"}
    hours = part.hours
    return {
        "id": owner,
        **part.model_dump(mode="json", include=fields),
        "hours_id": schedules[hours.name] if hours and hours.name is not None else None,
        "hours_rules": rules_json(hours) if hours and hours.name is None else None,
        "switch": part.switch,
        "switch_until": part.switch_until,
    }


def _write_kind(
    session: Session, kind: str, parts: Sequence[document.Employee] | Sequence[document.Pool]
) -> dict[str, int]:
    """Write what employees and pools have alike; returns the row ids by key."""
    known = owner_ids(session, kind, [part.id for part in parts])
    schedules = {row.name: row.id for row in session.execute(select(_T["schedules"].c.name, _T["schedules"].c.id))}
    rows = {part.id: _owner_row(kind, part) for part in parts}
    _insert(session, "owners", [row for key, row in rows.items() if key not in known])
    _update(session, "owners", "id", [{"_key": known[key], **row} for key, row in rows.items() if key in known])
    ids = known | owner_ids(session, kind, [key for key in rows if key not in known])
    old = [part for part in parts if part.id in known]
    new = [part for part in parts if part.id not in known]
    for table, key, row in (
        (f"{kind}s", "id", _kind_row),
        ("mailboxes", "owner_id", _mailbox_row),
    ):
        _insert(session, table, [row(ids[part.id], part, schedules) for part in new])
        _update(session, table, key, [{"_key": ids[part.id], **row(ids[part.id], part, schedules)} for part in old])
    return ids


def _write_devices(session: Session, employees: Sequence[document.Employee], ids: dict[str, int]) -> None:
    """A device is known by its sip_user: it keeps its row when it moves to another employee."""
    table = _T["devices"]
    rows: dict[str, dict[str, Any]] = {}
    for employee in employees:
        for position, device in enumerate(employee.devices):
            rows[device.sip_user] = {"employee_id": ids[employee.id], "position": position, **device.model_dump()}
    known: set[str] = set()
    for some in chunks(ids.values()):
        known.update(session.scalars(select(table.c.sip_user).where(table.c.employee_id.in_(some))))
    for some in chunks(rows.keys() - known):
        known.update(session.scalars(select(table.c.sip_user).where(table.c.sip_user.in_(some))))
    for some in chunks(known - rows.keys()):
        session.execute(delete(table).where(table.c.sip_user.in_(some)))
    _insert(session, "devices", [row for user, row in rows.items() if user not in known])
    _update(session, "devices", "sip_user", [{"_key": user, **row} for user, row in rows.items() if user in known])


def _write_members(session: Session, pools: Sequence[document.Pool], ids: dict[str, int]) -> None:
    table = _T["pool_members"]
    for some in chunks(ids.values()):
        session.execute(delete(table).where(table.c.pool_id.in_(some)))
    employees = owner_ids(session, "employee", {member for pool in pools for member in pool.members})
    rows = [
        {
            "pool_id": ids[pool.id],
            "employee_id": employees[member],
            "position": position,
            "delay": pool.delays.get(member, 0),
            "signed_in": member not in pool.signed_out,
        }
        for pool in pools
        for position, member in enumerate(pool.members)
    ]
    _insert(session, "pool_members", rows)


def release_owners(session: Session, employees: Sequence[document.Employee], pools: Sequence[document.Pool]) -> None:
    """Take numbers and extensions from all who will be written, before the first of them is."""
    _release(session, owner_ids(session, "employee", [employee.id for employee in employees]).values())
    _release(session, owner_ids(session, "pool", [pool.id for pool in pools]).values())


def write_owners(
    session: Session, employees: Sequence[document.Employee] = (), pools: Sequence[document.Pool] = ()
) -> None:
    """Write employees and pools with all they have. Numbers and schedules exist; every device has its password.

    They were released before (:func:`release_owners`).
    """
    employee_ids = _write_kind(session, "employee", employees)
    pool_ids = _write_kind(session, "pool", pools)
    _write_devices(session, employees, employee_ids)
    _write_members(session, pools, pool_ids)
    owned = [
        {"_key": employee.personal_number, "owner_id": employee_ids[employee.id], "personal": True}
        for employee in employees
        if employee.personal_number
    ]
    owned += [
        {"_key": e164, "owner_id": pool_ids[pool.id], "personal": False} for pool in pools for e164 in pool.numbers
    ]
    _update(session, "numbers", "e164", owned)
