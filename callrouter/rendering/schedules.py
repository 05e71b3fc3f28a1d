"""The schedules that anything rendered goes by, each as a context of the dialplan."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callrouter.directory import document
from callrouter.directory.schedules import to_schedule
from callrouter.errors import RenderError
from callrouter.rendering import calendar
from callrouter.rendering.calendar import Condition
from callrouter.rendering.harmless import harmless
from callrouter.routing.snapshot import Schedule as Rules


@dataclass(frozen=True, slots=True)
class ScheduleView:
    context: str
    title: str
    timezone: str
    closed: Sequence[Condition]
    open: Sequence[Condition]


class Schedules:
    """Collects one context for each schedule that a mailbox, a pool, or the limits of calls out, uses."""

    def __init__(self, company: document.CompanyFile, holidays: Mapping[dt.date, str]) -> None:
        self._named = {schedule.name: schedule for schedule in company.schedules}
        self._timezone = company.company.timezone
        self._holidays = holidays
        self.views: dict[str, ScheduleView] = {}

    def context(self, owner: str, wanted: document.Hours) -> str:
        """The context of the schedule that *owner*'s mailbox, or whatever it is, names, or has of its own."""
        if wanted.name is None:
            return self._add(f"schedule-of-{owner}", to_schedule(owner, wanted, **self._common()))
        return self.named(wanted.name, owner)

    def named(self, name: str, user: str) -> str:
        """The context of the schedule *name*, which *user* (for the message) names."""
        if name not in self._named:
            raise RenderError(f"{user} names the schedule {name!r}, which does not exist")
        position = list(self._named).index(name) + 1
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        rules = to_schedule(name, self._named[name], **self._common())
        return self._add(f"schedule-{position}-{slug}".rstrip("-"), rules)

    def _common(self) -> dict[str, Any]:
        return {"timezone": self._timezone, "holiday_dates": self._holidays}

    def _add(self, context: str, rules: Rules) -> str:
        self.views.setdefault(
            context,
            ScheduleView(
                context,
                harmless(rules.name),
                rules.timezone,
                calendar.closed_conditions(rules),
                calendar.open_conditions(rules),
            ),
        )
        return context
