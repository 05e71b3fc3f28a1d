"""How long callers have been waiting, how many there are, and whether anything changed since somebody looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callrouter.cases.inbox import WAITING, CaseLine
from callrouter.directory import opening
from callrouter.directory.exporting import read_company, read_pools
from callrouter.directory.lists import count
from callrouter.directory.models import PoolRow
from callrouter.directory.names import owner_ids
from callrouter.directory.privacy import Viewer
from callrouter.directory.records import CaseChangeRow, CaseRow
from callrouter.routing import hours

#: Business hours are counted no further back; who waits longer is told so.
FURTHEST = dt.timedelta(days=40)

Spans = list[tuple[dt.datetime, dt.datetime]]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a caller has been waiting (seconds); ``business``: while the pool was open, by its hours.

    ``more``: longer than that, for it is not counted any further back.
    """

    seconds: float
    business: bool
    more: bool = False


def count_for(session: Session, viewer: Viewer) -> int:
    """How many callers wait whose cases *viewer* may see."""
    query = select(CaseRow.id).where(WAITING)
    if (owners := viewer.cases_of(None)) is not None:
        query = query.where(CaseRow.owner_id.in_(owner_ids(session, owners)))
    return count(session, query)


def mark(session: Session) -> tuple[object, ...]:
    """Something that is another one whenever a case was opened or changed."""
    seen = (func.count(), func.max(CaseRow.changed_at), func.sum(CaseRow.calls + CaseRow.messages))
    last = session.scalar(select(func.max(CaseChangeRow.id)))
    return (last, *session.execute(select(*seen).select_from(CaseRow).where(WAITING)).one())


def waited(session: Session, lines: Collection[CaseLine], now: dt.datetime) -> dict[int, Wait]:
    """How long each of *lines* has been waiting at *now*, by the id of the case."""
    since: dict[str, dt.datetime] = {}
    for line in lines:
        since[line.owner] = min(line.waits_since, since.get(line.owner, line.waits_since))
    spans = open_spans(session, since, now)
    return {line.id: _wait(line.waits_since, spans.get(line.owner), now) for line in lines}


def open_spans(session: Session, since: Mapping[str, dt.datetime], now: dt.datetime) -> dict[str, Spans]:
    """When each pool that has hours was open before *now*, as far back as *since* and no further than FURTHEST."""
    some = [key.removeprefix("pool:") for key in since if key.startswith("pool:")]
    has_hours = or_(PoolRow.hours_id.is_not(None), PoolRow.hours_rules.is_not(None))
    keys = session.scalars(select(PoolRow.key).where(PoolRow.key.in_(some), has_hours)).all() if some else []
    if not keys:
        return {}
    found, company = {}, read_company(session)
    for pool in read_pools(session, keys):
        schedule = opening.opening_of(session, company, pool, now).hours
        if schedule is not None:
            key = f"pool:{pool.id}"
            found[key] = hours.spans(schedule, min(max(since[key], now - FURTHEST), now), now)
    return found


def _wait(opened: dt.datetime, spans: Spans | None, now: dt.datetime) -> Wait:
    if spans is None:
        return Wait(max((now - opened).total_seconds(), 0.0), business=False)
    while_open = sum(max((end - max(start, opened)).total_seconds(), 0.0) for start, end in spans)
    return Wait(while_open, business=True, more=opened < now - FURTHEST)
