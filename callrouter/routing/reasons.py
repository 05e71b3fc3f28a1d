"""Every reason of a plan, and every step, as a sentence in German and English: one catalogue for CLI, web and log."""

from __future__ import annotations

import datetime as dt

from callrouter.routing.forwarding import ANNOUNCEMENT
from callrouter.routing.plan import Reason
from callrouter.routing.words import SENTENCES
from callrouter.routing.words.opening import ANNOUNCED

_WEEKDAYS = (
    ("Montag", "Monday"),
    ("Dienstag", "Tuesday"),
    ("Mittwoch", "Wednesday"),
    ("Donnerstag", "Thursday"),
    ("Freitag", "Friday"),
    ("Samstag", "Saturday"),
    ("Sonntag", "Sunday"),
)
_MONTHS = (
    ("Januar", "January"),
    ("Februar", "February"),
    ("März", "March"),
    ("April", "April"),
    ("Mai", "May"),
    ("Juni", "June"),
    ("Juli", "July"),
    ("August", "August"),
    ("September", "September"),
    ("Oktober", "October"),
    ("November", "November"),
    ("Dezember", "December"),
)
_WORDS = {"open": ("geöffnet", "open"), "closed": ("geschlossen", "closed")}
_LANGUAGES = {"de": ("Deutsch", "German"), "en": ("Englisch", "English")}


def text(reason: Reason, language: str) -> str:
    """Say *reason* in *language* (``de``, else English). Raises KeyError on a code without a sentence."""
    which = 0 if language == "de" else 1
    fields = {name: _say(name, value, which) for name, value in reason.fields}
    return SENTENCES[reason.code][which].format_map(fields)


def _say(name: str, value: str, which: int) -> str:
    match name:
        case "weekday":
            return _WEEKDAYS[int(value)][which]
        case "date":
            date = dt.date.fromisoformat(value)
            return f"{date.day}{'.' if which == 0 else ''} {_MONTHS[date.month - 1][which]} {date.year}"
        case "announcement":
            return ANNOUNCED[value][which]
        case "to" if value.startswith(ANNOUNCEMENT):
            said = ANNOUNCED[value.removeprefix(ANNOUNCEMENT)][which]
            return (f"Ansage „{said}“", f"announcement “{said}”")[which]
        case "when":
            return _WORDS[value][which]
        case "language":
            return _LANGUAGES[value][which] if value in _LANGUAGES else value
        case "schedule":
            return value and (f" „{value}“", f" “{value}”")[which]
        case "somebody":
            return value or ("jemand", "somebody")[which]
        case "why":
            return f" ({value})" if value else ""
    return value
