"""Schedules as people write them (document) turned into the ones routing computes with, public holidays expanded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

import holidays

from callrouter.directory import document, kinds
from callrouter.routing.snapshot import DateRange, Schedule, Window, YearlyDate

#: What does not change within so many days is told without an end.
AHEAD = dt.timedelta(days=40)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


def known_zone(name: str) -> bool:
    """Whether *name* is a time zone of the tz database, as everybody has it who is to be given it: FreeSWITCH, too.

    A machine's own files may have others (``posix/Europe/Berlin``, ``localtime``).
    """
    return name in _zones()


def known_subdivision(subdivision: str) -> bool:
    """Whether the public holidays of *subdivision* (ISO 3166-2 such as ``DE-BE``, or a country) are known."""
    country, _, part = subdivision.partition("-")
    parts = holidays.list_supported_countries().get(country)
    return parts is not None and (not part or part in parts)


@lru_cache(maxsize=64)
def _holidays_of(subdivision: str, language: str, year: int) -> tuple[tuple[dt.date, str], ...]:
    country, _, part = subdivision.partition("-")
    kind = holidays.country_holidays(country, subdiv=part or None, years=())
    spoken = next((known for known in kind.supported_languages if known.split("_")[0] == language), None)
    found = holidays.country_holidays(country, subdiv=part or None, years=year, language=spoken)
    return tuple(sorted(found.items()))


@lru_cache(maxsize=64)
def holiday_dates(subdivision: str, language: str, years: tuple[int, ...]) -> Mapping[dt.date, str]:
    """The public holidays of *years* with their names in *language* (de, en) where there are any in it."""
    return MappingProxyType({day: name for year in years for day, name in _holidays_of(subdivision, language, year)})


def minutes(clock: str) -> int:
    """``HH:MM`` as minutes after midnight; ``24:00`` is 1440."""
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def clock_text(minute: int) -> str:
    """Minutes after midnight as ``HH:MM``; the day's end is ``24:00``."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _closed(entry: document.ClosedDate) -> DateRange | YearlyDate | None:
    if entry.from_ and entry.to:
        return DateRange(entry.from_, entry.to, entry.reason)
    if not entry.date:
        return None
    *year, month, day = (int(part) for part in entry.date.split("-"))
    if year:
        date = dt.date(year[0], month, day)
        return DateRange(date, date, entry.reason)
    return YearlyDate(month, day, entry.reason)


def to_schedule(
    name: str, rules: document.ScheduleRules, *, timezone: str, holiday_dates: Mapping[dt.date, str]
) -> Schedule:
    """*rules* for routing. *timezone* (the company's) holds where they name none; *holiday_dates* where they close."""
    closed = (_closed(entry) for entry in rules.closed)
    return Schedule(
        name=name,
        timezone=rules.timezone or timezone,
        windows=tuple(
            Window(kinds.weekdays(window.days), minutes(window.from_), minutes(window.to)) for window in rules.open
        ),
        closed=tuple(entry for entry in closed if entry),
        holidays=holiday_dates if any(entry.holidays for entry in rules.closed) else MappingProxyType({}),
    )


def around(
    name: str, rules: document.ScheduleRules, company: document.Company, at: dt.datetime, language: str | None = None
) -> Schedule:
    """*rules* of *company* for the years around *at*; holidays are told in *language* (None: the company's)."""
    years = (at.year - 1, at.year, at.year + 1)
    known = holiday_dates(company.holidays, language or company.language, years) if company.holidays else {}
    return to_schedule(name, rules, timezone=company.timezone, holiday_dates=known)
