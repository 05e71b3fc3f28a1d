"""When a schedule is open: the local wall clock of its time zone, read day by day.

Each calendar day stands for itself: a window across midnight is an evening and, on the next day, a morning; a closed
date takes away all of its day, such a morning too. On DST nights the wall clock rules: what falls into the hour that
is skipped does not happen, what falls into the repeated hour happens twice. The fallback's dialplan can say the same,
for its time conditions see nothing but the local date and time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from callrouter.routing.plan import Reason
from callrouter.routing.snapshot import Schedule, Window, YearlyDate

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class State:
    """Whether a schedule is open at a moment, and because of which window, date or holiday."""

    open: bool
    why: Reason


@dataclass(frozen=True, slots=True)
class Change:
    """The instant (UTC) from which on the schedule is ``open``, or is not."""

    at: dt.datetime
    open: bool


@dataclass(frozen=True, slots=True)
class DayHours:
    """One calendar day: its open windows (start, end; minutes after midnight), none where a date ``closes`` it.

    ``closed`` is the reason of a closed date (perhaps empty) or the holiday's name.
    """

    windows: tuple[tuple[int, int], ...]
    closes: bool
    closed: str | None


def day_hours(schedule: Schedule, day: dt.date) -> DayHours:
    """What :func:`state` says of all of *day*, by the wall clock."""
    why = _closed_date(schedule, day)
    if why is None:
        why = schedule.holidays.get(day)
    if why is not None:
        return DayHours((), True, why)
    parts = (part for window in schedule.windows for part in _parts(window))
    return DayHours(tuple((start, end) for weekday, start, end in parts if weekday == day.weekday()), False, None)


def state(schedule: Schedule, at: dt.datetime) -> State:
    """Tell whether *schedule* is open at the aware moment *at*.

    29 February as a yearly date closes in leap years only. Raises ValueError on a naive *at* and
    ``zoneinfo.ZoneInfoNotFoundError`` (a KeyError) on a time zone that does not exist.
    """
    _check_aware(at)
    local = at.astimezone(ZoneInfo(schedule.timezone))
    day = local.date()
    clock = f"{local:%H:%M}"
    reason = partial(_reason, schedule=schedule.name, date=day.isoformat(), clock=clock)
    if (why := _closed_date(schedule, day)) is not None:
        return State(False, reason("hours_closed_date", why=why))
    if (holiday := schedule.holidays.get(day)) is not None:
        return State(False, reason("hours_holiday", why=holiday))
    minute = local.hour * 60 + local.minute
    for window in schedule.windows:
        for weekday, start, end in _parts(window):
            if weekday == day.weekday() and start <= minute < end:
                span = {"start": _clock(window.start), "end": _clock(window.end)}
                return State(True, reason("hours_open", weekday=str(weekday), **span))
    return State(False, reason("hours_no_window", weekday=str(day.weekday())))


def changes(schedule: Schedule, start: dt.datetime, end: dt.datetime) -> list[Change]:
    """Return, in order, each change of *schedule* after *start* and before *end* (both aware).

    Raises as :func:`state` does.
    """
    _check_aware(start)
    _check_aware(end)
    found: list[Change] = []
    was_open = state(schedule, start).open
    for moment in moments(schedule, start, end):
        if (is_open := state(schedule, moment).open) is not was_open:
            found.append(Change(moment, is_open))
            was_open = is_open
    return found


def spans(schedule: Schedule, start: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return, in order, from when to when between *start* and *end* (both aware) *schedule* is open.

    Raises as :func:`state` does.
    """
    found: list[tuple[dt.datetime, dt.datetime]] = []
    begun, is_open = start, state(schedule, start).open
    for change in (*changes(schedule, start, end), Change(end, open=False)):
        if is_open and begun < change.at:
            found.append((begun, change.at))
        begun, is_open = change.at, change.open
    return found


def moments(schedule: Schedule, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Return, in order, the instants (UTC) after *start* and before *end* at which :func:`state` can change.

    Midnights are among them: with the day changes why it is closed. Raises as :func:`state` does.
    """
    _check_aware(start)
    _check_aware(end)
    return sorted({moment for moment in _moments(schedule, start, end) if start < moment < end})


def _closed_date(schedule: Schedule, day: dt.date) -> str | None:
    """The reason (perhaps empty) of the date that closes *day*; None when none does."""
    for rule in schedule.closed:
        if isinstance(rule, YearlyDate):
            if (rule.month, rule.day) == (day.month, day.day):
                return rule.reason
        elif rule.first <= day <= rule.last:
            return rule.reason
    return None


def _parts(window: Window) -> Iterator[tuple[int, int, int]]:
    """The window as (weekday, start, end) with start <= end: one part, or an evening and the next morning."""
    for weekday in window.weekdays:
        if window.end > window.start:
            yield weekday, window.start, window.end
        else:
            yield weekday, window.start, _DAY
            yield (weekday + 1) % 7, 0, window.end


def _moments(schedule: Schedule, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """Every instant around *start* to *end* at which the wall clock can enter or leave a window or a day."""
    zone = ZoneInfo(schedule.timezone)
    minutes = {0} | {minute % _DAY for window in schedule.windows for minute in (window.start, window.end)}
    day = start.astimezone(zone).date() - dt.timedelta(days=1)
    last = end.astimezone(zone).date() + dt.timedelta(days=1)
    before = _utc(day, 0, zone)
    while day <= last:
        # A skipped or repeated wall time has two readings; one too many does no harm, its state is looked at.
        yield from (_utc(day, minute, zone, fold) for minute in minutes for fold in (0, 1))
        day += dt.timedelta(days=1)
        midnight = _utc(day, 0, zone)
        if before.astimezone(zone).utcoffset() != midnight.astimezone(zone).utcoffset():
            yield _clock_change(before, midnight, zone)
        before = midnight


def _clock_change(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The second between *before* and *after* at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle -= dt.timedelta(microseconds=middle.microsecond)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _utc(day: dt.date, minute: int, zone: ZoneInfo, fold: int = 0) -> dt.datetime:
    wall = dt.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone, fold=fold)
    return wall.astimezone(dt.UTC)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _reason(code: str, **fields: str) -> Reason:
    return Reason(code, tuple(fields.items()))


def _check_aware(moment: dt.datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone; a schedule needs to know which moment is meant")
