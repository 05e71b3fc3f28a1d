"""The times of a schedule in a form, whether it is a named one or a mailbox's own; and as pages show them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from callrouter.directory import document
from callrouter.web.closed_dates import ClosedDatesField, split
from callrouter.web.forms import Form
from callrouter.web.weekly import WeeklyField

#: What a form proposes where there are no hours yet.
USUAL = [document.OpenWindow.model_validate({"days": "mon-fri", "from": "08:00", "to": "17:00"})]


def times_of(rules: document.ScheduleRules) -> dict[str, Any]:
    """*rules* as the data of a :class:`TimesForm`."""
    holidays, dates = split(rules.closed)
    return {"hours": rules.open, "holidays": bool(holidays), "closed": dates}


class TimesForm(Form):
    """Weekly hours, and when they do not hold. Templates show it with the macro ``times``."""

    hours = WeeklyField(_l("Weekly hours"))
    holidays = BooleanField(_l("Closed on public holidays"))
    closed = ClosedDatesField(_l("Also closed"))

    def prepare(self, company: document.Company, today: dt.date) -> None:
        """Say what the company has to do with it; call it before the form is shown."""
        self.closed.year = today.year
        if not company.holidays:
            self.holidays.render_kw = {"disabled": True}
            self.holidays.description = _("The settings do not say whose public holidays; choose the region there.")

    def validate(self, extra_validators: object = None) -> bool:
        """A schedule that is never open is none."""
        good = bool(super().validate(extra_validators))
        if self.hours.used and not self.hours.errors and not self.hours.data:
            self.hours.errors = [_("Add at least one window in which it is open.")]
            return False
        return good

    def rules(self, before: document.ScheduleRules) -> dict[str, Any]:
        """The times as they were entered, for a schedule; what the form does not show stays as in *before*."""
        holidays, dates = split(before.closed)
        closed = before.closed
        if bool(holidays) != self.holidays.data or dates != self.closed.data:
            closed = (holidays or [document.ClosedDate(holidays=True)]) if self.holidays.data else []
            closed = [*closed, *(self.closed.data or ())]
        return {"open": self.hours.data, "closed": closed, "timezone": before.timezone}
