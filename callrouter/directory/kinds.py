"""The spelling of what stands in the company's document: numbers, names, days, addresses."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, StringConstraints

E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{2,14}$")]
#: Callers who are refused: a number, all that begin so (three digits at least: no country code alone), or anonymous.
Refused = Annotated[
    str, StringConstraints(max_length=16, pattern=r"^(\+[1-9][0-9]{2,14}|\+[1-9][0-9]{2,13}\*|anonymous)$")
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
SipUser = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
SipPassword = Annotated[str, StringConstraints(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9._~+=!-]+$")]
HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
HostPort = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$")]
#: Without ``?``, too: a mail program would decode ``=?utf-8?q?…?=``, whatever that hides.
EMAIL = r"^[^\s\x00-\x1f\x7f@<>,;:?\"()\[\]\\]+@[A-Za-z0-9.-]+$"
Email = Annotated[str, StringConstraints(max_length=254, pattern=EMAIL)]
Line = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
#: As phones know it: Bellcore-dr2, or what an administrator wrote into them.
RingName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
ForwardTo = Annotated[
    str, StringConstraints(pattern=r"^(?:(mailbox:)?(employee|pool):[a-z0-9][a-z0-9_-]{0,39}|\+[1-9][0-9]{6,14})$")
]
#: Where calls to a pool go on.
NextTo = Annotated[
    str,
    StringConstraints(
        pattern=r"^(?:(mailbox:)?(employee|pool):[a-z0-9][a-z0-9_-]{0,39}|announcement:(closed|busy|nobody)"
        r"|\+[1-9][0-9]{6,14})$"
    ),
]
Language = Literal["de", "en"]
About = Literal["none", "all", "missed", "voicemail"]

#: A schedule's dates lie in these years: all that anybody plans, and few enough to be written out one by one.
YEARS = range(1970, 2201)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(text: str) -> frozenset[int]:
    """Read ``mon-fri``, ``sat``, ``mon,wed,fri-sun`` (also around the week's end) as 0 Monday … 6 Sunday."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(f"{text!r} is no list of days; write for example mon-fri or sat,sun")
        day = DAYS.index(first)
        end = DAYS.index(last or first)
        while True:
            found.add(day)
            if day == end:
                break
            day = (day + 1) % 7
    return frozenset(found)


def check_days(text: str) -> str:
    weekdays(text)
    return text


def check_yearly(text: str) -> str:
    match = re.fullmatch(r"(?:(\d{4})-)?(\d{2})-(\d{2})", text)
    if not match:
        raise ValueError(f"{text!r} is no date; write 12-24 for every year or 2026-12-24 for once")
    try:
        dt.date(int(match[1] or 2024), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None
    return text


def check_moment(moment: dt.datetime) -> dt.datetime:
    if moment.year not in YEARS:
        raise ValueError(f"{moment.isoformat()} is out of reach; moments lie in {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(dt.UTC).replace(microsecond=0)


#: A moment in UTC, in whole seconds.
Moment = Annotated[AwareDatetime, AfterValidator(check_moment)]
