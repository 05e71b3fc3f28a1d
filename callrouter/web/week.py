"""A number's week, day by day, as bars to draw and as lines to read: both say the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from callrouter.directory.explaining import WeekSpan

#: A week that is asked for begins between these; what is beyond is a mistake in an address.
_FIRST, _LAST = dt.date(2000, 1, 3), dt.date(2099, 12, 21)


@dataclass(frozen=True, slots=True)
class Bar:
    """What a number does from minute ``start`` to ``end`` of a day, by the clock on the wall (1440: midnight)."""

    start: int
    end: int
    kind: str
    text: str

    @property
    def width(self) -> int:
        return self.end - self.start

    @property
    def clock(self) -> str:
        """When it begins, as forms take it."""
        return _clock(self.start)

    @property
    def times(self) -> str:
        """``08:00–17:30``."""
        return f"{_clock(self.start)}–{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the week."""

    date: dt.date
    bars: tuple[Bar, ...]


def monday(text: str, today: dt.date) -> dt.date:
    """The Monday of the week that the date *text* (ISO 8601) lies in; of *today*'s where it is no such date."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = today
    found -= dt.timedelta(days=found.weekday())
    return min(max(found, _FIRST), _LAST)


def days(spans: Sequence[WeekSpan], first: dt.date) -> list[Day]:
    """The seven days from *first* on; *spans* are in the company's time zone.

    Where clocks are put back, the hour that comes twice is drawn once.
    """
    return [_day(spans, first + dt.timedelta(days=n)) for n in range(7)]


def _day(spans: Sequence[WeekSpan], date: dt.date) -> Day:
    midnight = dt.datetime.combine(date, dt.time())
    bars: list[Bar] = []
    for span in spans:
        start = max(_minutes(span.start, midnight), bars[-1].end if bars else 0)
        end = min(_minutes(span.end, midnight), 1440)
        if start >= end:
            continue
        if bars and (bars[-1].kind, bars[-1].text) == (span.kind, span.text):
            bars[-1] = replace(bars[-1], end=end)
        else:
            bars.append(Bar(start, end, span.kind, span.text))
    return Day(date, tuple(bars))


def _minutes(at: dt.datetime, midnight: dt.datetime) -> int:
    return int((at.replace(tzinfo=None, fold=0) - midnight).total_seconds() // 60)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
