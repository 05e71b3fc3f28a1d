"""Cases for people: who waits, oldest first, and a case's whole story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from callrouter.cases.rules import Change, State, unknown
from callrouter.directory import overview
from callrouter.directory.lists import MOST_COUNTED, PAGE, Page, count
from callrouter.directory.models import OwnerRow
from callrouter.directory.names import owner_ids
from callrouter.directory.privacy import COLLEAGUE, EVERYTHING, Viewer
from callrouter.directory.records import CallRow, CallStepRow, CaseChangeRow, CaseRow, MessageRow
from callrouter.errors import RuleError, say

_Claimer = aliased(OwnerRow, flat=True)
#: Since when a case waits.
_SINCE = func.coalesce(CaseRow.reopened_at, CaseRow.opened_at)
#: As their indexes have it: a bound value would not be recognised.
WAITING, _CLOSED = text("cases.state <> 'closed'"), CaseRow.closed_at.is_not(None)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case; ``owner`` is an owner key, empty when the owner is gone. ``last_call_at`` is its last call's begin.

    ``call_back``: the caller asked for it. ``claimed_by`` is the id of the employee who is on it, or was when it was
    closed; without an id and with an empty name it was a colleague, who is not told. ``escalated_at``: when somebody
    was first told that it waits too long. Times are UTC.
    """

    id: int
    owner: str
    owner_name: str | None
    caller: str
    caller_name: str
    state: str
    opened_at: dt.datetime
    last_call_at: dt.datetime
    calls: int
    messages: int
    call_back: bool
    attempts: int
    claimed_by: str | None
    claimed_name: str | None
    claimed_at: dt.datetime | None
    closed_at: dt.datetime | None
    reopened_at: dt.datetime | None
    escalated_at: dt.datetime | None

    @property
    def waits_since(self) -> dt.datetime:
        """When it was opened, or reopened."""
        return self.reopened_at or self.opened_at


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's story. ``what`` is missed, voicemail or a ``rules.Change``.

    ``employee`` is the name of who did it or talked, ``actor`` as in the audit log; ``uuid`` names the call,
    ``message`` its message. An empty name is a colleague's, who is not told; nor is then the call.
    """

    at: dt.datetime
    what: str
    employee: str | None = None
    actor: str = ""
    note: str = ""
    uuid: str | None = None
    message: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CaseStory:
    """A case with all that happened, in its order."""

    line: CaseLine
    events: tuple[Event, ...]


def listed(
    session: Session,
    *,
    owner: str = "",
    owners: Collection[str] | None = None,
    employee: str = "",
    closed: bool = False,
    page: int = 1,
    size: int = PAGE,
    viewer: Viewer = EVERYTHING,
) -> Page[CaseLine]:
    """Cases that wait, the one that waits longest first; with *closed* those that do not, the latest first.

    *owner* is an owner key; *owners*: of any of these; *employee*: those that this employee (an id) is on. Only what
    *viewer* may see is there, and counted. Raises RuleError where *employee* asks for what is not told.
    """
    if employee and closed and not viewer.names(employee):
        raise RuleError(say("who dealt with which case is not told (company.privacy); leave the employee out"))
    order = (CaseRow.closed_at.desc(), CaseRow.id.desc()) if closed else (_SINCE, CaseRow.id)
    # Said twice of those that wait: thus the index of an owner's cases finds them among many that are done.
    query = select(CaseRow.id).where(*((_CLOSED,) if closed else (WAITING, ~_CLOSED)))
    wanted = viewer.cases_of((owner,) if owner else owners)
    if wanted is not None:
        query = query.where(CaseRow.owner_id.in_(owner_ids(session, wanted)))
    if employee:
        claimer = select(OwnerRow.id).where(OwnerRow.kind == "employee", OwnerRow.key == employee)
        query = query.where(CaseRow.claimed_by == claimer.scalar_subquery())
    ids = list(session.scalars(query.order_by(*order).limit(size).offset(max(page - 1, 0) * size)))
    total = count(session, query)
    return Page(lines(session, ids, viewer), min(total, MOST_COUNTED), total > MOST_COUNTED)


def story(session: Session, number: int, viewer: Viewer = EVERYTHING) -> CaseStory:
    """The case with that id and all that happened, as *viewer* may see it; raises UnknownError."""
    line = next(iter(lines(session, [number], viewer)), None)
    if line is None or not viewer.sees_cases_of(line.owner):
        raise unknown(number)
    calls = (
        select(CallRow.started_at, CallStepRow.outcome, CallStepRow.detail, CallRow.uuid, MessageRow.id)
        .join(CallRow, CallRow.id == CallStepRow.call_id)
        .outerjoin(MessageRow, (MessageRow.call_id == CallRow.id) & (MessageRow.case_id == number))
        .where(CallStepRow.case_id == number)
    )
    events = [
        Event(at, outcome, uuid=uuid, message=message, detail=detail)
        for at, outcome, detail, uuid, message in session.execute(calls)
    ]
    changes = (
        select(CaseChangeRow, OwnerRow.key, OwnerRow.name, CallRow.uuid)
        .outerjoin(OwnerRow, OwnerRow.id == CaseChangeRow.employee_id)
        .outerjoin(CallRow, CallRow.id == CaseChangeRow.call_id)
        .where(CaseChangeRow.case_id == number)
        .order_by(CaseChangeRow.id)
    )
    events += [
        Event(row.at, row.change, name, row.actor, row.note, uuid)
        if viewer.names(who, row.actor) or _is_on_it(line, who, row.change)
        else Event(row.at, row.change, COLLEAGUE, note=row.note)
        for row, who, name, uuid in session.execute(changes)
    ]
    return CaseStory(line, tuple(sorted(events, key=lambda event: event.at)))


def _is_on_it(line: CaseLine, employee: str | None, change: str) -> bool:
    """Whether *change* tells no more than that the *employee* is on the case now, which all must know."""
    on_it = line.state == State.CLAIMED and employee is not None and employee == line.claimed_by
    return on_it and change in (Change.CLAIM, Change.TAKE_OVER)


def lines(session: Session, ids: Sequence[int], viewer: Viewer = EVERYTHING) -> list[CaseLine]:
    """Those of the cases *ids* that there are, in that order, as *viewer* may see them."""
    query = (
        select(CaseRow, OwnerRow.kind, OwnerRow.key, OwnerRow.name, _Claimer.key, _Claimer.name)
        .outerjoin(OwnerRow, OwnerRow.id == CaseRow.owner_id)
        .outerjoin(_Claimer, _Claimer.id == CaseRow.claimed_by)
        .where(CaseRow.id.in_(ids))
    )
    rows = session.execute(query).all()
    names = overview.names_of(session, {row.caller for row, *_ in rows})
    found = {
        row.id: CaseLine(
            id=row.id,
            owner=f"{kind}:{key}" if key else "",
            owner_name=name,
            caller=row.caller,
            caller_name=names.get(row.caller, ""),
            state=row.state,
            opened_at=row.opened_at,
            last_call_at=row.changed_at,
            calls=row.calls,
            messages=row.messages,
            call_back=row.call_back,
            attempts=row.attempts,
            claimed_by=claimer,
            claimed_name=claimer_name,
            claimed_at=row.claimed_at,
            closed_at=row.closed_at,
            reopened_at=row.reopened_at,
            escalated_at=row.escalated_at,
        )
        for row, kind, key, name, claimer, claimer_name in rows
    }
    ordered = [found[number] for number in ids if number in found]
    return [
        replace(line, claimed_by=None, claimed_name=COLLEAGUE)
        if line.claimed_by and line.state == State.CLOSED and not viewer.names(line.claimed_by)
        else line
        for line in ordered
    ]
