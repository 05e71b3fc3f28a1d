"""Weekly hours in a form: a row for each weekday with its windows, as people know it from a shop's door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, takewhile
from typing import Any

from flask_babel import gettext as _

from callrouter.directory import document, kinds
from callrouter.directory.calendar import merged
from callrouter.directory.kinds import DAYS
from callrouter.directory.schedules import minutes
from callrouter.web.rows import RowsField

#: To a day with so many windows no more can be added; nobody needs more.
_MOST = 8
_DAY = 24 * 60
_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?(?:\s*(?:h|Uhr))?", re.IGNORECASE | re.ASCII)

#: Start and end, as they were typed or as ``HH:MM``.
Times = tuple[str, str]
#: The windows of Monday … Sunday.
Week = list[list[Times]]


def week_of(windows: Iterable[document.OpenWindow]) -> Week:
    """The windows of each weekday, by start; those across midnight at the day on which they begin."""
    week: list[set[Times]] = [set() for _day in DAYS]
    for window in windows:
        for day in kinds.weekdays(window.days):
            week[day].add((window.from_, window.to))
    return [sorted(times) for times in week]


def days_text(days: Iterable[int]) -> str:
    """0 Monday … 6 Sunday as the company file writes them: ``mon-fri,sun``."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][1] == day - 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return ",".join(DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}" for first, last in runs)


def windows_of(week: Sequence[Sequence[Times]]) -> list[document.OpenWindow]:
    """The windows of a week, those with the same times on several days as one."""
    days: dict[Times, list[int]] = {}
    for day, times in enumerate(week):
        for one in times:
            days.setdefault(one, []).append(day)
    ordered = sorted(days.items(), key=lambda item: (item[1][0], item[0]))
    return [
        document.OpenWindow.model_validate({"days": days_text(on), "from": start, "to": end})
        for (start, end), on in ordered
    ]


def read_clock(text: str) -> str | None:
    """``8``, ``8:30``, ``08.30`` or ``0830`` as ``HH:MM``; None for what is no time of day."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if minute > 59 or hour * 60 + minute > _DAY:
        return None
    return f"{hour:02}:{minute:02}"


def spans(week: Sequence[Sequence[Times]]) -> list[list[tuple[int, int]]]:
    """What is open on each weekday, in minutes after midnight, without overlaps; what cannot be read is left out."""
    parts: list[list[tuple[int, int]]] = [[] for _day in DAYS]
    for day, times in enumerate(week):
        for start_text, end_text in times:
            start, end = read_clock(start_text), read_clock(end_text)
            if start is None or end is None or start == "24:00":
                continue
            first, last = minutes(start), minutes(end)
            if last > first:
                parts[day].append((first, last))
            else:
                parts[day].append((first, _DAY))
                parts[(day + 1) % 7].append((0, last))
    return [merged(some) for some in parts]


class WeeklyField(RowsField):
    """Weekly windows. ``data`` is a list of ``document.OpenWindow``, None while a time cannot be read.

    ``week`` has the times as they were typed. Inputs are named ``NAME-mon-0-from``, ``NAME-mon-0-to``; buttons
    ``NAME-do`` with the value ``add-mon``, ``remove-mon-0``, ``copy-mon`` (to Tuesday … Friday) or ``show``.
    """

    week: Week
    data: list[document.OpenWindow] | None
    row_errors: Mapping[int, str]
    days = DAYS

    def process_data(self, value: Any) -> None:
        """Show the windows of the record."""
        self.data = list(value or ())
        self.week = week_of(self.data)

    def read(self, sent: Any) -> None:
        self.week = [
            [
                (_typed(sent, f"{self.name}-{day}-{row}-from"), _typed(sent, f"{self.name}-{day}-{row}-to"))
                for row in takewhile(lambda row: f"{self.name}-{day}-{row}-to" in sent, count())  # noqa: B023
            ]
            for day in DAYS
        ]
        action, day_text, row_text = [*self.pressed.split("-"), "", ""][:3]
        self._press(action, day_text, row_text)
        known: Week = []
        errors: dict[int, str] = {}
        for day, times in enumerate(self.week):
            known.append([(read_clock(start) or "", read_clock(end) or "") for start, end in times if start or end])
            wrong = [_mistake(start, end) for start, end in times]
            if any(wrong):
                errors[day] = next(text for text in wrong if text)
        self.row_errors = errors
        if errors:
            self.data = None
        elif [sorted(set(times)) for times in known] != week_of(self.data or ()):
            self.data = windows_of([list(dict.fromkeys(times)) for times in known])

    def _press(self, action: str, day: str, row: str) -> None:
        if day not in DAYS:
            return
        times = self.week[DAYS.index(day)]
        if action == "add" and len(times) < _MOST:
            times.append(("", ""))
            self.focus = f"{self.id}-{day}-{len(times) - 1}-from"
        elif action == "remove" and row.isdecimal() and int(row) < len(times):
            del times[int(row)]
            self.focus = f"{self.id}-{day}-add"
        elif action == "copy":
            for other in range(5):
                self.week[other] = list(times)
            self.focus = f"{self.id}-{day}-copy"

    @property
    def spans(self) -> list[list[tuple[int, int]]]:
        """What is open, as far as it can be read."""
        return spans(self.week)

    @property
    def spans_now(self) -> list[list[tuple[int, int]]]:
        """What is open by the record as it is."""
        return spans(week_of(self.object_data or ()))

    @staticmethod
    def overnight(start: str, end: str) -> bool:
        """Whether a window ends on the next day, other than at midnight."""
        first, last = read_clock(start), read_clock(end)
        return first is not None and last is not None and "00:00" < last <= first

    @property
    def full(self) -> list[bool]:
        """Of each day, whether it takes no more windows."""
        return [len(times) >= _MOST for times in self.week]


def _typed(sent: Any, name: str) -> str:
    return str(sent.get(name, "")).strip()[:10]


def _mistake(start: str, end: str) -> str:
    """What is wrong with a window as it was typed; empty: nothing. One without times at all does not count."""
    if not start and not end:
        return ""
    if not start or not end:
        return str(_("Enter both times, or remove the window."))
    if read_clock(start) is None or read_clock(end) is None:
        return str(_("Write times such as 08:30; the day ends at 24:00."))
    if read_clock(start) == "24:00":
        return str(_("Nothing starts at 24:00; write 00:00."))
    return ""
