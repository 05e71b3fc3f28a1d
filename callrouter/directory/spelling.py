"""What pydantic says of a company file or a form, in words for the person who wrote it, which pages can translate."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from callrouter.directory import document, personal
from callrouter.directory.yaml_lines import Lines, Path
from callrouter.errors import say

_NUMBER = say("a number as E.164, for example +493023125010")
_NUMBER_OR_ANONYMOUS = say("a number as E.164, for example +493023125010, or anonymous")
_HOST = say("a host name, for example sip.provider.example")
_RING = say("the name of a ring: up to 32 letters, digits, - and _")
_NEXT = say("employee:ID or pool:ID, also with mailbox: before it, an announcement, or a number outside as E.164")
_PLACE = say("employee:ID or pool:ID, also with mailbox: before it, or a number outside as E.164")
#: What a value under this key must be.
_WANTED = {
    "personal_number": _NUMBER,
    "outgoing_number": _NUMBER_OR_ANONYMOUS,
    "numbers": _NUMBER,
    "number": _NUMBER,
    "blocked_callers": say("a number or its beginning (+493023125010, +4917604*), or anonymous"),
    "reject_anonymous": _NUMBER,
    "prefix": say("the beginning of a number as E.164, for example +4930231250"),
    "extension": say("2 to 8 digits"),
    "id": say("up to 40 lower-case letters, digits, - and _"),
    "members": say("the id of an employee"),
    "sip_user": say("up to 64 letters, digits, dots, - and _"),
    "sip_password": say("8 to 128 letters, digits and . _ ~ + = ! -"),
    "username": say("up to 128 letters, digits and . _ + @ -"),
    "password": say("up to 128 printable characters without spaces, quotes, & < >"),
    "pin": say("4 to 10 digits"),
    "email": say("one mail address, for example anna@muster.example"),
    "from": say('a time such as "08:00" (in closed: a date such as 2026-12-28)'),
    "to": say('a time such as "17:30" (in closed: a date such as 2026-12-31)'),
    "proxy": say("a host, or HOST:PORT"),
    "outbound_proxy": say("a host, or HOST:PORT"),
    "from_domain": _HOST,
    "realm": _HOST,
    "sip_domain": _HOST,
    "country": say("two capital letters, for example DE"),
    "alert": _RING,
    "internal_alert": _RING,
    "salutation": say("one line of up to 120 characters"),
    "short_name": say("a name of 1 to 20 characters"),
    "number_notifications": _NUMBER,
    "holidays": say("a country or state as ISO 3166-2, for example DE-BE (in a schedule: true)"),
    "emergency": say("2 to 6 digits"),
    "always": _PLACE,
    "busy": _PLACE,
    "no_answer": _PLACE,
    "offline": _PLACE,
    "closed": _NEXT,
}
_SECRET = ("sip_password", "password", "pin")
_PARTS: list[type[document.Part]] = [
    *document.Part.__subclasses__(),
    document.Schedule,
    document.Hours,
    document.MailboxSchedule,
]
_KEYS = {info.alias or name for part in _PARTS for name, info in part.model_fields.items()}


def _key(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _text(error: Any, path: Path, kind: str) -> str:
    key = _key(path[:-1] if error["loc"][-1:] == ("[key]",) else path)
    if error["type"] == "missing":
        return say("%(key)s is missing; add it", key=error["loc"][-1])
    if error["type"] == "extra_forbidden" and personal.is_plan("Employee" if path[:1] == ("employees",) else kind, key):
        return personal.no_plan(key)
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, _KEYS, 1)
        if close:
            return say("unknown key %(key)s; is it %(close)s?", key=key, close=close[0])
        return say("unknown key %(key)s; remove it", key=key)
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}"
    value = say("this value") if key in _SECRET else repr(error["input"])
    if error["type"] == "literal_error":
        return say("%(key)s: %(value)s is none of %(known)s", key=key, value=value, known=error["ctx"]["expected"])
    if isinstance(error["input"], dict | list):
        return f"{key}: a list or mapping cannot stand here, or its keys are wrong ({error['msg']})"
    if key in _WANTED:
        return say("%(key)s: %(value)s is not %(wanted)s", key=key, value=value, wanted=_WANTED[key])
    return f"{key}: {value}: {error['msg']}"


def problems(error: ValidationError, values: Any) -> list[tuple[Path, str]]:
    """Each mistake with its place in *values*, for what was not read from a file."""
    found: dict[Path, str] = {}
    for item in error.errors():
        # A value that may be one of several kinds is wrong once for each; it is told once.
        path = _place(item["loc"], values)
        found.setdefault(path, _text(item, path, error.title))
    return list(found.items())


def _place(location: Path, values: Any) -> Path:
    """*location* as far as it leads in *values*; what follows there names kinds, not places."""
    for depth, key in enumerate(location):
        if isinstance(values, dict):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int):
            values = values[key]
        else:
            return location[:depth]
    return location


def told(error: ValidationError, lines: Lines) -> list[str]:
    """Each mistake as ``FILE:LINE: what is wrong and what is wanted``, in the file's order."""
    found: dict[tuple[Path, str], tuple[int, str]] = {}
    for item in error.errors():
        path: Path = item["loc"]
        while path and path not in lines.of:
            path = path[:-1]
        # A value that may be one of several kinds is wrong once for each; it is told once.
        place = (path, str(item["loc"][-1]) if item["type"] == "missing" else "")
        found.setdefault(place, (lines.line(path), _text(item, path, error.title)))
    return [f"{lines.filename}:{line}: {text}" for line, text in sorted(found.values())]
