"""The company as one document: what ``callrouter import`` reads, ``export`` writes, and the configuration is made from.

Only shape and spelling are checked here; rules between parts (who may own which number) are in ``services``.
Unknown keys are an error. Numbers are E.164.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{2,14}$")]
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
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Language = Literal["de", "en"]

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


def _check_days(text: str) -> str:
    weekdays(text)
    return text


def _check_yearly(text: str) -> str:
    match = re.fullmatch(r"(?:(\d{4})-)?(\d{2})-(\d{2})", text)
    if not match:
        raise ValueError(f"{text!r} is no date; write 12-24 for every year or 2026-12-24 for once")
    try:
        dt.date(int(match[1] or 2024), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(f"{text!r} is no day of the calendar") from None
    return text


class Part(BaseModel):
    """Base of all parts of the document."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)


class Company(Part):
    """The company. ``ring_seconds`` rings where no mailbox answers; ``holidays`` is an ISO 3166-2 subdivision."""

    name: Name
    language: Language = "de"
    timezone: str = "Europe/Berlin"
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "DE"
    area_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""
    holidays: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    sip_domain: HostName
    ring_seconds: Annotated[int, Field(ge=5, le=300)] = 30
    emergency: list[Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]] | None = None


class Trunk(Part):
    """A provider's line. ``peers`` are addresses or networks that may send calls; ``proxy`` is where ours go."""

    name: Slug
    proxy: HostPort
    peers: list[str] = []
    did_from: Literal["request-uri", "to", "p-called-party-id"] = "request-uri"
    register_: Annotated[bool, Field(alias="register")] = False
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+@-]{1,128}$")] | None = None
    password: Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x25\x27-\x3b\x3d\x3f-\x7e]{1,128}$")] | None = None
    realm: HostName | None = None


class Block(Part):
    """``prefix`` followed by the digits ``first`` … ``last``."""

    prefix: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,13}$")]
    first: Digits
    last: Digits


class OpenWindow(Part):
    """A weekly window; ``to`` at or before ``from`` ends on the next day."""

    days: Annotated[str, AfterValidator(_check_days)]
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock


class ClosedDate(Part):
    """Public holidays, one date (yearly without a year), or a range of dates, inclusive."""

    holidays: bool = False
    date: Annotated[str, AfterValidator(_check_yearly)] | None = None
    from_: Annotated[dt.date | None, Field(alias="from")] = None
    to: dt.date | None = None
    reason: Annotated[str, StringConstraints(max_length=120)] = ""


class ScheduleRules(Part):
    """Weekly windows and the dates on which they do not hold."""

    timezone: str | None = None
    open: list[OpenWindow] = []
    closed: list[ClosedDate] = []


class Schedule(ScheduleRules):
    """A schedule with a name of its own."""

    name: Name


class MailboxSchedule(ScheduleRules):
    """When a mailbox takes calls: a named schedule or rules of its own, and in which of its states."""

    name: Name | None = None
    when: Literal["open", "closed"] = "open"


class Mailbox(Part):
    """``answer_after`` is in seconds of ringing; no schedule: always."""

    enabled: bool = False
    answer_calls: bool = True
    answer_after: Annotated[int, Field(ge=0, le=300)] = 20
    schedule: MailboxSchedule | None = None
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,10}$")] | None = None
    audio: Literal["mp3", "wav", "none"] = "mp3"


class Notify(Part):
    """Which events are mailed where. ``internal``: missed internal calls too. ``language``: else the company's."""

    about: Literal["none", "all", "missed", "voicemail"] = "none"
    email: Email | None = None
    language: Language | None = None
    internal: bool = False
    handled_mail: bool = False


class Device(Part):
    """One SIP account."""

    label: Name
    kind: Literal["desk", "softclient", "other"] = "desk"
    sip_user: SipUser
    sip_password: SipPassword | None = None
    enabled: bool = True


class Employee(Part):
    """A person. Without a ``personal_number`` only when it was lost."""

    id: Slug
    name: Name
    email: Email | None = None
    role: Literal["employee", "admin"] = "employee"
    personal_number: E164 | None = None
    extension: Extension | None = None
    outgoing_number: E164 | Literal["anonymous"] | None = None
    devices: list[Device] = []
    mailbox: Mailbox = Mailbox()
    notify: Notify = Notify()


class Pool(Part):
    """A team that shares numbers. ``ring_seconds`` in all, ``member_seconds`` for each when sequential."""

    id: Slug
    name: Name
    numbers: list[E164] = []
    extension: Extension | None = None
    strategy: Literal["simultaneous", "sequential", "longest-idle"] = "simultaneous"
    ring_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    member_seconds: Annotated[int, Field(ge=5, le=300)] | None = None
    members: list[Slug] = []
    mailbox: Mailbox = Mailbox()
    notify: Notify = Notify()


class CompanyFile(Part):
    """The whole document."""

    company: Company
    trunks: list[Trunk] = []
    number_blocks: list[Block] = []
    numbers: list[E164] = []
    schedules: list[Schedule] = []
    employees: list[Employee] = []
    pools: list[Pool] = []
    blocked_callers: list[E164 | Literal["anonymous"]] = []
