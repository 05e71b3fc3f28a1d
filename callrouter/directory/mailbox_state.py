"""Whether a mailbox takes calls at a moment, why, and until when: for the page that sets it up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from callrouter.directory import document, schedules
from callrouter.routing import hours


@dataclass(frozen=True, slots=True)
class MailboxNow:
    """``why`` is ``off``, ``no_calls``, ``always``, or what the schedule is: ``open``, ``closed`` (window or none),

    ``closed_date``, ``holiday`` with its ``reason``. ``until`` (in the schedule's time zone) is when that ends; None:
    not foreseeably.
    """

    takes_calls: bool
    why: Literal["off", "no_calls", "always", "open", "closed", "closed_date", "holiday"]
    reason: str = ""
    until: dt.datetime | None = None


_WHY: dict[str, Literal["open", "closed", "closed_date", "holiday"]] = {
    "hours_open": "open",
    "hours_no_window": "closed",
    "hours_closed_date": "closed_date",
    "hours_holiday": "holiday",
}


def mailbox_now(
    mailbox: document.Mailbox,
    rules: document.ScheduleRules | None,
    company: document.Company,
    at: dt.datetime,
    language: str | None = None,
) -> MailboxNow:
    """What *mailbox* does with a call at the aware moment *at*; *rules* are those of its schedule, named or its own."""
    if not mailbox.enabled:
        return MailboxNow(False, "off")
    if not mailbox.answer_calls:
        return MailboxNow(False, "no_calls")
    if mailbox.schedule is None or rules is None:
        return MailboxNow(True, "always")
    schedule = schedules.around("", rules, company, at, language)
    state = hours.state(schedule, at)
    changes = hours.changes(schedule, at, at + schedules.AHEAD)
    until = changes[0].at.astimezone(ZoneInfo(schedule.timezone)) if changes else None
    why = dict(state.why.fields).get("why", "")
    return MailboxNow(state.open is (mailbox.schedule.when == "open"), _WHY[state.why.code], why, until)
