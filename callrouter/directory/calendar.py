"""A schedule as a calendar shows it: month by month, day by day, when it is open and why it is not."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from callrouter.directory import document
from callrouter.directory.schedules import holiday_dates, to_schedule
from callrouter.routing.hours import day_hours

#: Public holidays are asked for in no other years: no page or command is kept busy with the year 9999.
YEARS = range(1990, 2100)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a schedule. ``windows`` are its open times as (start, end), minutes after midnight by the wall clock.

    ``closed`` is the reason of the date that closes it (perhaps empty), ``holiday`` the public holiday's name, also
    where the schedule does not close for it; ``closes`` says whether one of them does.
    """

    date: dt.date
    windows: tuple[tuple[int, int], ...]
    closes: bool
    closed: str | None
    holiday: str | None


def holidays_of(company: document.Company, year: int, language: str | None = None) -> list[tuple[dt.date, str]]:
    """The public holidays of *year* where the company is, by date, in *language* (else the company's)."""
    if not company.holidays:
        return []
    return sorted(holiday_dates(company.holidays, language or company.language, (year,)).items())


def schedule_preview(
    rules: document.ScheduleRules, company: document.Company, year: int, month: int, language: str | None = None
) -> list[Day]:
    """Each day of a month as *rules*, saved or not, would have it. Raises ValueError for a month that is none."""
    names = dict(holidays_of(company, year, language))
    schedule = to_schedule("", rules, timezone=company.timezone, holiday_dates=names)
    days = []
    for number in range(1, calendar.monthrange(year, month)[1] + 1):
        date = dt.date(year, month, number)
        hours = day_hours(schedule, date)
        days.append(Day(date, tuple(merged(hours.windows)), hours.closes, hours.closed, names.get(date)))
    return days


def merged(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows that touch or overlap as one, in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found
