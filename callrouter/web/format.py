"""How numbers, times and durations are written on pages; each is also a template filter of the same name."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import phonenumbers
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from flask import Flask
from flask_babel import format_decimal as _decimal
from flask_babel import get_locale, gettext, ngettext, to_user_timezone
from flask_babel import lazy_gettext as _l

_ = gettext
#: The kinds of things that the audit log tells of.
NOUNS = {
    "company": _l("Company"),
    "employee": _l("Employee"),
    "pool": _l("Pool"),
    "number": _l("Number"),
    "number block": _l("Number block"),
    "schedule": _l("Schedule"),
    "trunk": _l("Trunk"),
    "blocked caller": _l("Blocked caller"),
    "contact": _l("Phone book entry"),
    "anonymous rejection": _l("Anonymous rejection"),
    "message": _l("Message"),
    "mail": _l("Mail"),
    "user": _l("User"),
    "token": _l("API token"),
    "import": _l("Import"),
    "retention": _l("Deletion"),
}


def _locale() -> Locale:
    """How dates and times are written: English ones with the day first and 24 hours, as in mails and schedules."""
    return Locale("en", "GB") if str(get_locale()) == "en" else get_locale()


def number(e164: str | None) -> str:
    """``+49 30 23125010``, ``+49 17604*``; extensions and what is no telephone number stay as they are."""
    if not e164:
        return ""
    if e164 == "anonymous":
        return str(_("anonymous"))
    if not e164.startswith("+"):
        return e164
    if e164.endswith("*"):
        return f"{number(e164[:-1])}*"
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def day(at: dt.date | None) -> str:
    """The date (of a time: in the company's zone)."""
    local = to_user_timezone(at) if isinstance(at, dt.datetime) else at
    return str(format_date(local, "medium", locale=_locale())) if local else ""


def weekday(number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """0 is Monday."""
    return str(get_day_names(width, locale=get_locale())[number])


def calendar_date(text: str) -> str:
    """``2026-12-24`` as other dates, ``12-24`` (every year) as day and month."""
    if len(text) == len("12-24"):
        return str(format_skeleton("MMMMd", dt.date.fromisoformat(f"2024-{text}"), locale=_locale()))
    return day(dt.date.fromisoformat(text))


def clock(at: dt.datetime | None) -> str:
    """The time of day in the company's zone."""
    return str(format_time(to_user_timezone(at), "short", locale=_locale())) if at else ""


def second(at: dt.datetime | None) -> str:
    """The time of day in the company's zone, to the second."""
    return f"{to_user_timezone(at):%H:%M:%S}" if at else ""


def moment(at: dt.datetime | None) -> str:
    """Date and time of day in the company's zone."""
    return f"{day(at)}, {clock(at)}" if at else ""


def duration(seconds: float | None) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def long_time(seconds: float, *, days: bool = True) -> str:
    """``45 min``, ``3 h 20 min``; from two days on ``5 days`` (not with *days* False: hours add up to no days)."""
    hours, minutes = divmod(int(seconds) // 60, 60)
    if days and hours >= 48:
        return str(ngettext("%(num)s day", "%(num)s days", hours // 24))
    if hours:
        return str(_("%(hours)s h %(minutes)s min", hours=count(hours), minutes=minutes))
    return str(_("%(minutes)s min", minutes=minutes))


def count(amount: int) -> str:
    """A whole number with the language's separators."""
    return str(_decimal(amount))


def actor(text: str) -> str:
    """Who made a change: ``web:anna`` is anna, what came another way says so."""
    way, _colon, name = text.partition(":")
    if not name:
        return str(_("the system")) if text == "system" else text
    if way == "mailbox":
        return str(_("Mailbox %(name)s", name=name))
    return name if way == "web" else f"{name} ({way})"


def noun(name: str) -> str:
    """What people call a kind of thing in the audit log."""
    return str(NOUNS.get(name, name))


def add_filters(application: Flask) -> None:
    """Make all of these template filters."""
    dates = (day, weekday, calendar_date, clock, second, moment, duration, long_time)
    for function in (number, *dates, count, actor, noun):
        application.add_template_filter(function)
