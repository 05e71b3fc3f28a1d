"""Dates on which a schedule stays closed, in a form: one row for each date or range, once or every year."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any

from flask_babel import gettext as _

from callrouter.directory import document, kinds
from callrouter.web.rows import RowsField

#: To so many dates no more can be added.
MOST = 100
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was typed: dates as ``YYYY-MM-DD``; no ``last``: a single day."""

    first: str = ""
    last: str = ""
    yearly: bool = False
    reason: str = ""


def row_of(entry: document.ClosedDate, year: int) -> Row:
    """*entry*, one that is not about public holidays; a yearly date is shown as that of *year*, or of a leap year."""
    if entry.from_ and entry.to:
        return Row(entry.from_.isoformat(), entry.to.isoformat(), False, entry.reason)
    date = entry.date or ""
    if len(date) != len("12-24"):
        return Row(date, "", False, entry.reason)
    while date == "02-29" and not calendar.isleap(year):
        year += 1
    return Row(f"{year:04}-{date}", "", True, entry.reason)


def entry_of(row: Row) -> document.ClosedDate:
    """What a row without mistakes says."""
    values: dict[str, Any] = {"reason": row.reason}
    if row.last:
        values |= {"from": row.first, "to": row.last}
    else:
        values["date"] = row.first[5:] if row.yearly else row.first
    return document.ClosedDate.model_validate(values)


def mistake(row: Row) -> str:
    """What is wrong with a row; empty: nothing."""
    first, last = _date(row.first), _date(row.last)
    if first is None or (row.last and last is None):
        return str(_("Enter a date."))
    if any(day.year not in kinds.YEARS for day in (first, last or first)):
        first_year, last_year = kinds.YEARS[0], kinds.YEARS[-1]
        return str(_("Enter a date in the years %(first)d to %(last)d.", first=first_year, last=last_year))
    if last and row.yearly:
        return str(_("Every year goes for a single day; leave the last day empty."))
    if last and last < first:
        return str(_("The last day is before the first."))
    return ""


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None


class ClosedDatesField(RowsField):
    """Closed dates but public holidays. ``data`` is a list of ``document.ClosedDate``, None while one is wrong.

    Inputs are named ``NAME-0-first``, ``-last``, ``-yearly``, ``-reason``; buttons ``NAME-do`` with the value ``add``
    or ``remove-0``. ``year`` is that of which yearly dates are shown; the page sets it.
    """

    year = 2028
    row_errors: Mapping[int, str]
    _rows: list[Row] | None = None
    data: list[document.ClosedDate] | None

    def process_data(self, value: Any) -> None:
        """Show the dates of the record."""
        self.data = list(value or ())
        self._rows = None

    @property
    def rows(self) -> list[Row]:
        """The rows to show."""
        return [row_of(entry, self.year) for entry in self.data or ()] if self._rows is None else self._rows

    def read(self, sent: Any) -> None:
        rows = takewhile(lambda row: f"{self.name}-{row}-first" in sent, count())
        self._rows = [self._row(sent, f"{self.name}-{row}") for row in rows]
        action, _dash, row_text = self.pressed.partition("-")
        self._press(action, row_text)
        typed = [row for row in self._rows if row.first or row.last or row.reason]
        wrong = {index: mistake(row) for index, row in enumerate(self._rows) if row in typed}
        self.row_errors = {index: text for index, text in wrong.items() if text}
        self.data = None if self.row_errors else [entry_of(row) for row in typed]

    @staticmethod
    def _row(sent: Any, name: str) -> Row:
        first, last, reason = (str(sent.get(f"{name}-{part}", "")).strip() for part in ("first", "last", "reason"))
        return Row(first[:10], last[:10], f"{name}-yearly" in sent, reason[:120])

    def _press(self, action: str, row: str) -> None:
        assert self._rows is not None
        if action == "add" and len(self._rows) < MOST:
            self._rows.append(Row())
            self.focus = f"{self.id}-{len(self._rows) - 1}-first"
        elif action == "remove" and row.isdecimal() and int(row) < len(self._rows):
            del self._rows[int(row)]
            self.focus = f"{self.id}-add"

    @property
    def full(self) -> bool:
        """Whether it takes no more rows."""
        return len(self.rows) >= MOST


def split(entries: Iterable[document.ClosedDate]) -> tuple[list[document.ClosedDate], list[document.ClosedDate]]:
    """Those about public holidays, and the others."""
    every = list(entries)
    return [one for one in every if one.holidays], [one for one in every if not one.holidays]
