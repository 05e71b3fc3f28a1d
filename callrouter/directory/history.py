"""The calls there were, for people. One of them as a story: ``directory.timeline``.

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
from callrouter.directory.lists import MOST_COUNTED, PAGE, Page
from callrouter.directory.names import device_names, owner_names
from callrouter.directory.privacy import COLLEAGUE, EVERYTHING, Viewer, Whose
from callrouter.directory.records import CallRow, CallStepRow
from callrouter.errors import RuleError, say

#: Of owners with more calls a filter does not look up each, but goes through the index of all and keeps theirs.
MOST_LOOKED_UP = 20_000
#: Calls kept in that way are counted up to this: of each that passes the filter it must be looked up whose it is.
MOST_SIFTED = 1_000


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in the history; times are UTC.

    ``owner`` is the key of the last owner it came to, ``answered_by`` the name of the employee who took it at
    ``device`` (its label, or its account when it is gone); empty is a colleague whose name is not told.
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

    @property
    def talked(self) -> float | None:
        """How long people talked (seconds); None where nobody but perhaps a mailbox answered."""
        if self.outcome != "answered" or not self.answered_at or not self.ended_at:
            return None
        return max((self.ended_at - self.answered_at).total_seconds(), 0)


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
    viewer: Viewer = EVERYTHING,
) -> Page[CallLine]:
    """Calls, the latest first; *search* looks into numbers and the callers' names, *owner* is an owner key.

    *owners*: those that came to any of these (none: no call); None: everybody's. From *since* up to, not including
    *until*. *before* is the ``next`` of the page before this one, whose total it does not count again (0); nor is
    anything counted beyond *count_to* (None: MOST_COUNTED). Only what *viewer* may see is there, and counted. Raises
    RuleError for a cursor that is none.
    """
    owners = viewer.calls_of((owner,) if owner else owners)
    seen = _seen(viewer)
    of_call = bool(search.strip() or outcome or direction or interrupted)
    sifted = of_call and owners is not None and _have_many(session, owners)
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
    wanted += [] if since is None else [at >= since]
    wanted += [] if until is None else [at < until]
    if before:
        last_at, last_id = _cursor(before)
        wanted += [at <= last_at, or_(at < last_at, row_id < last_id)]
    # The page and the total are found in one go: a search may have to look at every call, and does so once.
    # Of several owners each has so many read, and all together are counted no further.
    counted = MOST_COUNTED if count_to is None else count_to
    counted = counted // max(len(owners), 1) if owners is not None else counted
    counted = min(counted, MOST_SIFTED) if sifted else counted
    most = size if before else max(size, counted)
    query: Any = select(row_id.label("id"), at.label("at")).where(*wanted)
    if owners is not None and sifted:
        theirs = select(CallStepRow.id).where(CallStepRow.call_id == CallRow.id, CallStepRow.owner.in_(owners), *seen)
        query = query.where(theirs.exists()).order_by(at.desc(), row_id.desc())
    elif owners is not None:
        query = query.join(CallRow, CallRow.id == CallStepRow.call_id) if of_call else query
        query = _of_owners(query.where(*seen), owners, most + 1)
    else:
        query = query.order_by(at.desc(), row_id.desc())
    ids = list(session.scalars(query.limit(most + 1)))
    rows = _lines(session, ids[:size], viewer)
    following = None
    if len(ids) > size:
        following = f"{round(rows[-1].started_at.timestamp() * 1_000_000)}-{ids[size - 1]}"
    total = 0 if before else len(ids)
    return Page(rows, min(total, most), total > most, following)


def _seen(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Of the steps at *viewer*'s own owners those that count, as ``Viewer.sees_call`` has it."""
    if viewer.whose is not Whose.OWN:
        return []
    step = CallStepRow
    own = step.owner == f"employee:{viewer.employee}"
    return [or_(own, step.outcome != "answered", step.device.in_(sorted(viewer.devices)))]


def _have_many(session: Session, owners: Collection[str]) -> bool:
    steps = select(CallStepRow.call_id).where(CallStepRow.owner.in_(owners)).limit(MOST_LOOKED_UP + 1).subquery()
    return (session.scalar(select(func.count()).select_from(steps)) or 0) > MOST_LOOKED_UP


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
        return searching.has_digits(session, found, CallRow.caller, CallRow.number)
    if search.strip().lower() in "anonymous":
        return CallRow.caller == "anonymous"
    # Spelled as the condition of the index calls_named, so that the database sees that it may take it.
    return and_(text("calls.caller_name <> ''"), searching.contains(session, search, CallRow.caller_name))


def _cursor(text: str) -> tuple[dt.datetime, int]:
    at, _, row_id = text.partition("-")
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(at))
        if int(row_id) >= 2**31:
            raise ValueError("no id")
        return moment, int(row_id)
    except (ValueError, OverflowError):
        raise RuleError(say("%(text)r is no page of this list; start again at the first", text=text[:80])) from None


def _lines(session: Session, ids: list[int], viewer: Viewer) -> list[CallLine]:
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
            last = own[-1].owner
            shown = (last, owners.get(last)) if viewer.names_owner(last) else ("", COLLEAGUE)
            line = replace(line, owner=shown[0], owner_name=shown[1])
        answered = next((step for step in own if step.outcome == "answered" and step.device), None)
        if answered and not viewer.names_device(answered.device):
            line = replace(line, answered_by=COLLEAGUE)
        elif answered and answered.device:
            label, employee = devices.get(answered.device, (answered.device, None))
            line = replace(line, device=label, answered_by=employee or owners.get(answered.owner))
        lines.append(line)
    return lines
