"""What happened, for people: calls and their timelines, messages, the audit log.

A million calls are listed by one index that has all they are searched by; a page is continued by the cursor of its
last line, and a total is counted up to :data:`MOST_COUNTED`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal_column, or_, select, text, union
from sqlalchemy.orm import Session

from callrouter.directory import searching
from callrouter.directory.audit import AuditRow
from callrouter.directory.lists import PAGE, Page
from callrouter.directory.models import DeviceRow, EmployeeRow, OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow
from callrouter.errors import RuleError, say

#: Beyond this a list says "more than"; counting further would cost more than anybody gains from it.
MOST_COUNTED = 10_000
#: Of owners with more calls a search does not look into each, but in the index of all calls.
MOST_SEARCHED = 100_000


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in the history; times are UTC.

    ``owner`` is the key of the last owner it came to, ``answered_by`` the name of the employee who took it at
    ``device`` (its label, or its account when it is gone).
    """

    uuid: str
    started_at: dt.datetime
    direction: str
    caller: str
    caller_name: str
    number: str | None
    outcome: str
    interrupted: bool
    answered_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    owner: str = ""
    owner_name: str | None = None
    answered_by: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message; ``owner`` is an owner key, ``id`` stays the same for ever."""

    id: int
    recorded_at: dt.datetime
    owner: str
    caller: str
    caller_name: str
    milliseconds: int
    heard_at: dt.datetime | None
    owner_name: str | None = None
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A change; ``changes`` maps a field's path to ``[from, to]``."""

    id: int
    at: dt.datetime
    actor: str
    action: str
    noun: str
    key: str
    changes: dict[str, Any]


def calls(
    session: Session,
    search: str = "",
    *,
    owner: str = "",
    owners: Collection[str] | None = None,
    outcome: str = "",
    direction: str = "",
    interrupted: bool = False,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: str = "",
    size: int = PAGE,
    count_to: int | None = None,
) -> Page[CallLine]:
    """Calls, the latest first; *search* looks into numbers and the callers' names, *owner* is an owner key.

    *owners*: those that came to any of these (none: no call); None: everybody's. From *since* up to, not including
    *until*. *before* is the ``next`` of the page before this one, whose total it does not count again (0); nor is
    anything counted beyond *count_to* (None: MOST_COUNTED). Raises RuleError for a cursor that is none.
    """
    owners = (owner,) if owner else owners
    # What is searched for is mostly rare: among very many calls of theirs it is sooner found in the index of all.
    sifted = search.strip() != "" and owners is not None and _have_many(session, owners)
    of_all = owners is None or sifted
    at, row_id = (CallRow.started_at, CallRow.id) if of_all else (CallStepRow.started_at, CallStepRow.call_id)
    wanted: list[ColumnElement[bool]] = []
    if search.strip():
        wanted.append(_called(session, search))
    wanted += [
        column == value for column, value in ((CallRow.outcome, outcome), (CallRow.direction, direction)) if value
    ]
    # Spelled as the condition of the index calls_interrupted.
    wanted += [literal_column("calls.interrupted")] if interrupted else []
    of_call = bool(wanted)
    wanted += [] if since is None else [at >= since]
    wanted += [] if until is None else [at < until]
    if before:
        last_at, last_id = _cursor(before)
        wanted += [at <= last_at, or_(at < last_at, row_id < last_id)]
    # The page and the total are found in one go: a search may have to look at every call, and does so once.
    # Of several owners each has so many read, and all together are counted no further.
    counted = MOST_COUNTED if count_to is None else count_to
    counted = counted // max(len(owners), 1) if owners is not None else counted
    most = size if before else max(size, counted)
    query: Any = select(row_id.label("id"), at.label("at")).where(*wanted)
    if owners is not None and sifted:
        theirs = select(CallStepRow.id).where(CallStepRow.call_id == CallRow.id, CallStepRow.owner.in_(owners))
        query = query.where(theirs.exists()).order_by(at.desc(), row_id.desc())
    elif owners is not None:
        query = query.join(CallRow, CallRow.id == CallStepRow.call_id) if of_call else query
        query = _of_owners(query, owners, most + 1)
    else:
        query = query.order_by(at.desc(), row_id.desc())
    ids = list(session.scalars(query.limit(most + 1)))
    rows = _lines(session, ids[:size])
    following = None
    if len(ids) > size:
        following = f"{round(rows[-1].started_at.timestamp() * 1_000_000)}-{ids[size - 1]}"
    total = 0 if before else len(ids)
    return Page(rows, min(total, most), total > most, following)


def _have_many(session: Session, owners: Collection[str]) -> bool:
    steps = select(CallStepRow.call_id).where(CallStepRow.owner.in_(owners)).limit(MOST_SEARCHED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(steps)) or 0) > MOST_SEARCHED


def _of_owners(steps: Select[*tuple[Any, ...]], owners: Collection[str], most: int) -> Any:
    """The calls of *steps* that came to *owners*, the latest first.

    Each owner's are taken from the index in their order, *most* of them; so no owner's are all read and sorted.
    """
    latest = [
        steps.distinct()
        .where(CallStepRow.owner == owner)
        .order_by(CallStepRow.started_at.desc(), CallStepRow.call_id.desc())
        .limit(most)
        for owner in sorted(owners)
    ]
    if len(latest) == 1:
        return latest[0]
    if not latest:
        return steps.where(false())
    found = union(*(select(one.subquery()) for one in latest)).subquery()
    return select(found.c.id, found.c.at).order_by(found.c.at.desc(), found.c.id.desc())


def _called(session: Session, search: str) -> ColumnElement[bool]:
    found = searching.digits(session, search)
    if found is not None:
        return searching.has_digits(found, CallRow.caller, CallRow.number)
    if search.strip().lower() in "anonymous":
        return CallRow.caller == "anonymous"
    # Spelled as the condition of the index calls_named, so that the database sees that it may take it.
    return and_(text("calls.caller_name <> ''"), searching.contains(session, search, CallRow.caller_name))


def _cursor(text: str) -> tuple[dt.datetime, int]:
    at, _, row_id = text.partition("-")
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(at))
        return moment, int(row_id)
    except (ValueError, OverflowError):
        raise RuleError(say("%(text)r is no page of this list; start again at the first", text=text[:80])) from None


def _count(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(MOST_COUNTED + 1).subquery())) or 0


def _lines(session: Session, ids: list[int]) -> list[CallLine]:
    names = [name for name in CallLine.__dataclass_fields__ if name in CallRow.__table__.c]
    rows = {row.id: row for row in session.scalars(select(CallRow).where(CallRow.id.in_(ids)))}
    steps: dict[int, list[CallStepRow]] = defaultdict(list)
    for step in session.scalars(
        select(CallStepRow).where(CallStepRow.call_id.in_(ids)).order_by(CallStepRow.call_id, CallStepRow.position)
    ):
        steps[step.call_id].append(step)
    every = [step for one in steps.values() for step in one]
    owners, devices = owner_names(session, {s.owner for s in every}), device_names(session, {s.device for s in every})
    lines = []
    for row_id in ids:
        line = CallLine(**{name: getattr(rows[row_id], name) for name in names})
        if own := steps[row_id]:
            line = replace(line, owner=own[-1].owner, owner_name=owners.get(own[-1].owner))
        answered = next((step for step in own if step.outcome == "answered" and step.device), None)
        if answered and answered.device:
            label, employee = devices.get(answered.device, (answered.device, None))
            line = replace(line, device=label, answered_by=employee or owners.get(answered.owner))
        lines.append(line)
    return lines


def owner_names(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Names by owner key, of those of *keys* that are there still."""
    some = {key.partition(":")[2] for key in keys}
    rows = session.execute(select(OwnerRow.kind, OwnerRow.key, OwnerRow.name).where(OwnerRow.key.in_(some)))
    return {f"{kind}:{key}": name for kind, key, name in rows}


def _owner_ids(session: Session, keys: Collection[str]) -> list[int]:
    some = {key.partition(":")[2] for key in keys}
    rows = session.execute(select(OwnerRow.id, OwnerRow.kind, OwnerRow.key).where(OwnerRow.key.in_(some)))
    return [row_id for row_id, kind, key in rows if f"{kind}:{key}" in keys]


def device_names(session: Session, sip_users: Collection[str | None]) -> dict[str, tuple[str, str]]:
    """Label and employee's name by sip_user, of those of *sip_users* that are there still."""
    query = select(DeviceRow.sip_user, DeviceRow.label, EmployeeRow.name).join(DeviceRow.employee)
    found = session.execute(query.where(DeviceRow.sip_user.in_([user for user in sip_users if user])))
    return {sip_user: (label, name) for sip_user, label, name in found}


def messages(
    session: Session,
    *,
    owner: str = "",
    owners: Collection[str] | None = None,
    unheard: bool = False,
    page: int = 1,
    size: int = PAGE,
) -> Page[MessageLine]:
    """Messages, the latest first; *owner* is an owner key, *owners* as in :func:`calls`."""
    query = select(MessageRow.id).order_by(MessageRow.recorded_at.desc(), MessageRow.id.desc())
    owners = (owner,) if owner else owners
    if owners is not None:
        query = query.where(MessageRow.owner_id.in_(_owner_ids(session, owners)))
    if unheard:
        query = query.where(MessageRow.heard_at.is_(None))
    ids = list(session.scalars(query.limit(size).offset(max(page - 1, 0) * size)))
    total = _count(session, query.order_by(None))
    shown = (
        select(
            MessageRow.id,
            MessageRow.recorded_at,
            OwnerRow.kind,
            OwnerRow.key,
            OwnerRow.name,
            CallRow.caller,
            CallRow.caller_name,
            CallRow.uuid,
            MessageRow.milliseconds,
            MessageRow.heard_at,
        )
        .join(CallRow, CallRow.id == MessageRow.call_id)
        .outerjoin(OwnerRow, OwnerRow.id == MessageRow.owner_id)
        .where(MessageRow.id.in_(ids))
        .order_by(MessageRow.recorded_at.desc(), MessageRow.id.desc())
    )
    lines = [
        MessageLine(
            id=row.id,
            recorded_at=row.recorded_at,
            owner=f"{row.kind}:{row.key}" if row.key else "",
            caller=row.caller,
            caller_name=row.caller_name,
            milliseconds=row.milliseconds,
            heard_at=row.heard_at,
            owner_name=row.name,
            uuid=row.uuid,
        )
        for row in session.execute(shown)
    ]
    return Page(lines, min(total, MOST_COUNTED), total > MOST_COUNTED)


def audit_log(
    session: Session,
    *,
    noun: str = "",
    key: str = "",
    actor: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: str = "",
    size: int = PAGE,
) -> Page[AuditLine]:
    """Changes, the latest first; the cursor is as that of :func:`calls`."""
    pairs = ((AuditRow.noun, noun), (AuditRow.key, key), (AuditRow.actor, actor))
    wanted = [column == value for column, value in pairs if value]
    wanted += [] if since is None else [AuditRow.at >= since]
    wanted += [] if until is None else [AuditRow.at < until]
    if before and not before.isdecimal():
        raise RuleError(say("%(text)r is no page of this list; start again at the first", text=before[:80]))
    cut = [*wanted, AuditRow.id < int(before)] if before else wanted
    found = list(session.scalars(select(AuditRow).where(and_(True, *cut)).order_by(AuditRow.id.desc()).limit(size + 1)))
    following = str(found[size - 1].id) if len(found) > size else None
    query = select(AuditRow.id).where(and_(True, *wanted))
    total = 0 if before else len(found) if following is None else _count(session, query)
    fields = AuditLine.__dataclass_fields__
    rows = [AuditLine(**{name: getattr(row, name) for name in fields}) for row in found[:size]]
    return Page(rows, min(total, MOST_COUNTED), total > MOST_COUNTED, following)
