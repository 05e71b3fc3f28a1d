"""Schedules as conditions of FreeSWITCH's dialplan.

What a condition can say decides the form: ``date-time`` reads the server's zone, so dates are written as year, month
and day, which follow the channel's ``timezone``; both ends of ``time-of-day`` count, so a window ends one second
early; a window across midnight would match the wrong weekday after it, so it is split in two.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callrouter.routing.snapshot import DateRange, Schedule, Window, YearlyDate

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class Condition:
    """One dialplan condition: its attributes, and what it is for in a few words."""

    title: str
    attributes: Mapping[str, str]


def closed_conditions(schedule: Schedule) -> list[Condition]:
    """The conditions that hold on the dates on which *schedule* is closed."""
    found: list[Condition] = []
    for entry in schedule.closed:
        match entry:
            case DateRange():
                found += _range(entry.first, entry.last)
            case YearlyDate():
                found.append(
                    Condition(
                        f"every {entry.month:02}-{entry.day:02}", {"mon": str(entry.month), "mday": str(entry.day)}
                    )
                )
    for day in sorted(schedule.holidays):
        found += _range(day, day)
    return found


def open_conditions(schedule: Schedule) -> list[Condition]:
    """The conditions that hold during the weekly windows of *schedule*."""
    return [condition for window in schedule.windows for condition in _window(window)]


def _range(first: dt.date, last: dt.date) -> Iterable[Condition]:
    """One condition for each month that the range touches (whole months of a year together)."""
    start = first
    while start <= last:
        month_end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        if start.day == 1 and month_end <= last:
            months = start.month
            while months < 12 and start.replace(month=months + 1, day=_length(start.year, months + 1)) <= last:
                months += 1
            end = start.replace(month=months, day=_length(start.year, months))
            attributes = {"year": str(start.year), "mon": f"{start.month}-{months}"}
        else:
            end = min(month_end, last)
            attributes = {"year": str(start.year), "mon": str(start.month), "mday": f"{start.day}-{end.day}"}
        yield Condition(f"{start}" if start == end else f"{start} to {end}", attributes)
        if end == dt.date.max:
            return
        start = end + dt.timedelta(days=1)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _window(window: Window) -> Iterable[Condition]:
    if window.start < window.end:
        yield _part(window.weekdays, window.start, window.end)
        return
    yield _part(window.weekdays, window.start, _MIDNIGHT)
    if window.end:
        yield _part(frozenset((day + 1) % 7 for day in window.weekdays), 0, window.end)


def _part(weekdays: frozenset[int], start: int, end: int) -> Condition:
    days = ",".join(_DAYS[day] for day in sorted(weekdays))
    last = end * 60 - 1
    clock = f"{start // 60:02}:{start % 60:02}:00-{last // 3600:02}:{last // 60 % 60:02}:59"
    return Condition(f"{days} {clock}", {"wday": days, "time-of-day": clock})
