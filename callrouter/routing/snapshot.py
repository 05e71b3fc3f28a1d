"""What routing knows of the company at one moment: frozen values, read once per call, without any I/O of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from callrouter.routing.ringing import MEMBER_SECONDS


@dataclass(frozen=True, slots=True)
class DigitRules:
    """How dialled digits are read in the company's country (expanded from phonenumbers by ``directory``).

    ``trunk_prefix`` is empty where there is none (Spain, Italy). ``national_lengths``: how many digits a number of
    the country can have after the country code (phonenumbers' ``general_desc.possible_length``).

    For calls out: ``outside_line`` is dialled before numbers of the public network (empty: nothing is). ``mobile``,
    ``premium`` and ``national`` are expressions of what follows the country code (``national`` empty: everything; it
    is needed where countries share a code), ``short`` that of short numbers. Empty: there are none.
    """

    country_code: str = "49"
    international_prefix: str = "00"
    trunk_prefix: str = "0"
    area_code: str = ""
    emergency: tuple[str, ...] = ("110", "112")
    national_lengths: frozenset[int] = frozenset(range(4, 16))
    outside_line: str = ""
    mobile: str = ""
    premium: str = ""
    national: str = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class NumberBlock:
    """A range of numbers: E.164 ``prefix`` followed by the digits ``first`` … ``last`` (equal length, inclusive)."""

    prefix: str
    first: str
    last: str


class NumberState(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the company. ``owner`` is an owner key (``employee:anna``, ``pool:sales``) or None.

    ``reject_anonymous``: callers without a number hear an announcement, and ring nobody.
    """

    e164: str
    state: NumberState
    owner: str | None
    reject_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly window: on ``weekdays`` (0 Monday … 6 Sunday) from ``start`` to ``end``, minutes after midnight.

    ``end`` <= ``start`` means that it ends on the next day; 1440 is midnight at the end of the day.
    """

    weekdays: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DateRange:
    """Closed on every day from ``first`` to ``last``, inclusive."""

    first: dt.date
    last: dt.date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class YearlyDate:
    """Closed on this day of every year."""

    month: int
    day: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly open windows in a time zone; a closed date closes its whole calendar day.

    ``holidays`` holds public holidays by date with their names (empty: the schedule does not close on holidays).
    """

    name: str
    timezone: str
    windows: tuple[Window, ...] = ()
    closed: tuple[DateRange | YearlyDate, ...] = ()
    holidays: Mapping[dt.date, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Device:
    """One SIP account. ``kind`` is desk, softclient or other; it rings ``ring_delay`` seconds after the others."""

    sip_user: str
    label: str
    kind: str
    enabled: bool = True
    ring_delay: int = 0


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An owner's mailbox; it takes calls when enabled, answering, and its schedule is in state ``active_when`` now.

    ``answer_after`` is in seconds of ringing; ``schedule`` None: always.
    """

    enabled: bool = False
    answer_calls: bool = True
    answer_after: int = 20
    schedule: Schedule | None = None
    active_when: str = "open"
    language: str = "de"


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Where calls go: owner keys, with ``mailbox:`` before them their mailbox, or E.164; None: nowhere.

    ``no_answer`` is after ``after`` seconds of ringing. Of pools alone: ``closed``, and announcements
    (``forwarding.ANNOUNCEMENT``).
    """

    always: str | None = None
    busy: str | None = None
    no_answer: str | None = None
    offline: str | None = None
    closed: str | None = None
    after: int = 15


@dataclass(frozen=True, slots=True)
class Opening:
    """When a pool is open: in its ``hours`` (None: always), unless the ``switch`` says ``open`` or ``closed``.

    The switch holds before the moment ``until`` (aware, in whole seconds; None: until it is changed); then, and where
    it says ``scheduled``, the hours do.
    """

    hours: Schedule | None = None
    switch: str = "scheduled"
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How callers wait for a member: ``after`` so many seconds of ringing, for ``at_most`` seconds, in ``places``."""

    after: int
    at_most: int
    places: int


@dataclass(frozen=True, slots=True)
class Employee:
    """A person with phones. ``number`` is the personal number, None when it was lost.

    ``destinations`` are the kinds of numbers (``outgoing.Destination``) to call outside; None: the company's.
    ``shown`` is what is shown there: E.164, ``anonymous``, or None for the personal number. ``calls_at_once``:
    see ``ringing.may_ring``. ``stops_all``: what one phone answers (FreeSWITCH's causes) ends the ringing of all.
    ``awaited``: is a member of a pool in which callers wait.
    """

    key: str
    name: str
    extension: str | None
    number: str | None
    devices: tuple[Device, ...] = ()
    mailbox: Mailbox = field(default_factory=Mailbox)
    destinations: tuple[str, ...] | None = None
    shown: str | None = None
    do_not_disturb: bool = False
    calls_at_once: int | None = None
    stops_all: tuple[str, ...] = ()
    forwarding: Forwarding = field(default_factory=Forwarding)
    awaited: bool = False

    @property
    def counted(self) -> bool:
        """Whether FreeSWITCH counts the employee's calls: ``calls_at_once`` asks for them, or who waits in a pool."""
        return self.awaited or self.calls_at_once is not None


@dataclass(frozen=True, slots=True)
class Pool:
    """A team that shares numbers.

    ``waiting``: callers wait for a free member.
    ``member_seconds`` is for each member where the ``strategy`` rings one after the other (``ringing.IN_TURN``).
    ``delays``: with ``waves``, by the members' keys, how many seconds after the first they begin. ``signed_out`` are
    the keys of members who are not rung for now. ``forwarding`` is where calls go that nobody took; outside they show
    ``number`` and are the company's own.
    ``shown`` is what phones show before its callers (``names.shown_before``; empty: nothing), ``alert`` the ring they
    are asked for (empty: their own), ``internal_alert`` that for colleagues' calls. ``members_outside``: see
    ``members.outside``. ``opening`` is when it is open. ``may_show``: who may show ``number`` when they call outside
    (``for_pool.MayShow``).
    """

    key: str
    name: str
    extension: str | None
    members: tuple[Employee, ...] = ()
    strategy: str = "simultaneous"
    ring_seconds: int = 30
    mailbox: Mailbox = field(default_factory=Mailbox)
    member_seconds: int = MEMBER_SECONDS
    delays: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    signed_out: frozenset[str] = frozenset()
    waiting: Waiting | None = None
    forwarding: Forwarding = field(default_factory=Forwarding)
    number: str | None = None
    shown: str = ""
    alert: str = ""
    internal_alert: str = ""
    members_outside: bool = False
    opening: Opening = Opening()
    may_show: str = "members"

    @property
    def present(self) -> tuple[Employee, ...]:
        """The members who are signed in."""
        return tuple(member for member in self.members if member.key not in self.signed_out)


Owner = Employee | Pool


@dataclass(frozen=True, slots=True)
class Outside:
    """The way into the public network: ``trunks`` in their order, and the kinds of numbers that may be called.

    While ``schedule`` is closed (None: never), of ``destinations`` only ``closed_destinations``.
    """

    trunks: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    closed_destinations: tuple[str, ...] = ()
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The part of the directory that one call needs.

    ``numbers`` holds those of the call's candidates (``numbers.candidates``) that exist; ``extensions`` maps the
    dialled extension, if it is one, to its owner key; ``owners`` holds every owner named by these; ``devices`` maps
    the calling device's sip_user, if internal, to its employee; ``blocked`` are the rules of ``callers.blocked_by``;
    ``known_callers`` maps E.164 to a name (colleagues, then the phone book). ``counts`` is what the switch counts now,
    by the ids of ``ringing.talks`` and ``ringing.rings``. ``talked`` tells by the employees' keys when they last ended
    a call that they had answered; it is known only of members of pools that ring who is idle longest. ``claimers``
    tells by the keys of pools who has claimed the open case of this call's caller; they are rung first, for
    ``claimer_seconds`` (0: nobody is).
    """

    version: int
    company: str
    timezone: str
    language: str
    sip_domain: str
    ring_seconds: int
    digits: DigitRules
    blocks: tuple[NumberBlock, ...] = ()
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    extensions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    owners: Mapping[str, Owner] = field(default_factory=lambda: MappingProxyType({}))
    devices: Mapping[str, Employee] = field(default_factory=lambda: MappingProxyType({}))
    blocked: frozenset[str] = frozenset()
    known_callers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    talked: Mapping[str, dt.datetime] = field(default_factory=lambda: MappingProxyType({}))
    claimer_seconds: int = 0
    claimers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    outside: Outside = Outside()
