"""When a pool is open, as conditions of FreeSWITCH's dialplan (``routing.opening``)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from callrouter.directory import document
from callrouter.rendering.calendar import Condition
from callrouter.rendering.schedules import Schedules
from callrouter.routing.opening import SCHEDULED


@dataclass(frozen=True, slots=True)
class OpeningView:
    """The ``context`` that says whether a pool is open.

    By hand it is ``switch``-ed while one of the conditions ``before`` holds, in UTC (none: it is not). Else the context
    ``schedule`` says; None: it is open.
    """

    context: str
    switch: str
    before: tuple[Condition, ...]
    schedule: str | None


def opening_view(pool: document.Pool, schedules: Schedules) -> OpeningView | None:
    """What says when *pool* is open; None: it always is."""
    if pool.hours is None and pool.switch == SCHEDULED:
        return None
    before: tuple[Condition, ...] = ()
    if pool.switch != SCHEDULED:
        before = _before(pool.switch_until) if pool.switch_until else (Condition("until it is changed", {}),)
    schedule = schedules.context(f"pool-{pool.id}-hours", pool.hours) if pool.hours else None
    return OpeningView(f"opening-pool-{pool.id}", pool.switch, before, schedule)


def _before(until: dt.datetime) -> tuple[Condition, ...]:
    """The conditions of which one holds before *until*: earlier years, months, days, and on that day the time before.

    FreeSWITCH's own ``date-time`` reads the server's zone.
    """
    end = until.astimezone(dt.UTC)
    year, month = {"year": str(end.year)}, {"year": str(end.year), "mon": str(end.month)}
    found = [{"year": f"1970-{end.year - 1}"}]
    if end.month > 1:
        found.append(year | {"mon": f"1-{end.month - 1}"})
    if end.day > 1:
        found.append(month | {"mday": f"1-{end.day - 1}"})
    if end.time() > dt.time():
        last = end - dt.timedelta(seconds=1)
        found.append(month | {"mday": str(end.day), "time-of-day": f"00:00:00-{last:%H:%M:%S}"})
    return tuple(Condition(f"until {end:%Y-%m-%d %H:%M:%S} UTC", attributes) for attributes in found)
