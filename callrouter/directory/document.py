"""The company as one document: what ``callrouter import`` reads, ``export`` writes, and the configuration is made from.

Only shape and spelling are checked here; rules between parts (who may own which number) are in ``services``.
Unknown keys are an error. Numbers are E.164.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from callrouter.directory import providers
from callrouter.directory.company_parts import Cases as Cases
from callrouter.directory.company_parts import Limits as Limits
from callrouter.directory.company_parts import Part as Part
from callrouter.directory.company_parts import Retention as Retention
from callrouter.directory.kinds import (
    E164,
    About,
    Clock,
    Digits,
    Email,
    Extension,
    ForwardTo,
    HostName,
    HostPort,
    Language,
    Line,
    Moment,
    Name,
    NextTo,
    Refused,
    RingName,
    SipPassword,
    SipUser,
    Slug,
    check_days,
    check_yearly,
)
from callrouter.directory.privacy import Privacy
from callrouter.routing import ringing, waiting
from callrouter.routing.for_pool import MayShow
from callrouter.routing.names import SHOWN_BEFORE
from callrouter.routing.outgoing import Destination, NumberFormat


class Company(Part):
    """The company. ``ring_seconds`` rings where no mailbox answers; ``holidays`` is an ISO 3166-2 subdivision.

    ``outside_line`` is what phones dial before numbers of the public network (empty: nothing). ``transfer_returns``:
    a transferred call that nobody takes comes back to the phone that transferred it. ``pickup``: whose ringing calls
    an employee may pick up: those of the pools they are members of, and of these pools' members; everybody's; none.
    ``location_number`` is shown on emergency calls, where the office is looked up by it (None: the employee's own).
    """

    name: Name
    language: Language = "de"
    timezone: str = "Europe/Berlin"
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "DE"
    area_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""
    holidays: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    sip_domain: HostName
    ring_seconds: Annotated[int, Field(ge=5, le=300)] = 30
    emergency: list[Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]] | None = None
    location_number: E164 | None = None
    transfer_returns: bool = True
    pickup: Literal["nobody", "pools", "everybody"] = "pools"
    outside_line: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,3}$")] = ""
    limits: Limits = Limits()
    cases: Cases = Cases()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()


class Trunk(Part):
    """A provider's line. ``peers`` are addresses or networks that may send calls; ``proxy`` is where ours go.

    ``outgoing``: calls go out by it, in the order of the trunks. ``number_format`` is how it wants numbers written,
    ``identity`` the header that tells it whose call it is (RFC 3325) beside From. ``outbound_proxy`` is where requests
    are sent instead of ``proxy``, ``from_domain`` the domain in From and P-…-Identity (None: the proxy's, the realm).
    ``register_seconds`` is how long a registration holds, ``ping`` the seconds between OPTIONS that tell whether the
    provider is there (0: none), ``dtmf`` how digits go. Where an employee forwards a call, ``forwarded_caller`` is
    shown (the employee's own number, or the original caller's, if the provider takes numbers that are not ours), and
    ``diversion`` is the header that tells who forwarded it. ``provider`` names a file of what it does not say itself.
    """

    name: Slug
    provider: Slug | None = None
    proxy: HostPort
    transport: Literal["udp", "tcp", "tls"] = "udp"
    outbound_proxy: HostPort | None = None
    from_domain: HostName | None = None
    peers: list[str] = []
    did_from: Literal["request-uri", "to", "p-called-party-id"] = "request-uri"
    register_: Annotated[bool, Field(alias="register")] = False
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+@-]{1,128}$")] | None = None
    password: Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x25\x27-\x3b\x3d\x3f-\x7e]{1,128}$")] | None = None
    realm: HostName | None = None
    outgoing: bool = True
    number_format: NumberFormat = NumberFormat.E164
    identity: Literal["none", "asserted", "preferred"] = "asserted"
    session_timers: bool = True
    dtmf: Literal["rfc2833", "info", "none"] = "rfc2833"
    register_seconds: Annotated[int, Field(ge=60, le=86400)] = 3600
    ping: Annotated[int, Field(ge=0, le=3600)] = 0
    forwarded_caller: Literal["own", "original"] = "own"
    diversion: Literal["none", "diversion", "history-info"] = "none"

    @model_validator(mode="before")
    @classmethod
    def _with_defaults_of_its_provider(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("provider"):
            if given["provider"] in providers.names():
                return providers.defaults(given["provider"]) | given
            return {"proxy": "unknown.invalid"} | given  # the rules name the provider, and nothing else
        return given


class Block(Part):
    """``prefix`` followed by the digits ``first`` … ``last``."""

    prefix: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{0,13}$")]
    first: Digits
    last: Digits


class OpenWindow(Part):
    """A weekly window; ``to`` at or before ``from`` ends on the next day."""

    days: Annotated[str, AfterValidator(check_days)]
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock


class ClosedDate(Part):
    """Public holidays, one date (yearly without a year), or a range of dates, inclusive."""

    holidays: bool = False
    date: Annotated[str, AfterValidator(check_yearly)] | None = None
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


class Hours(ScheduleRules):
    """A named schedule, or rules of its own."""

    name: Name | None = None


class MailboxSchedule(Hours):
    """When a mailbox takes calls: in which of the states of its schedule."""

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
    """Which events are mailed where. ``internal``: missed internal calls too. ``language``: else the company's.
    ``handled_mail``: also that a case is done, by whom and how.

    ``salutation`` is the line that mails begin with; empty: none. ``escalate_to`` is told of the callers who wait too
    long.
    """

    about: About = "none"
    email: Email | None = None
    language: Language | None = None
    salutation: Line = ""
    internal: bool = False
    handled_mail: bool = False
    escalate_to: Email | None = None


class NumberNotify(Part):
    """What is mailed of the calls by one number, where it differs from what its owner says (None: as the owner)."""

    about: About | None = None
    email: Email | None = None
    language: Language | None = None
    salutation: Line | None = None
    handled_mail: bool | None = None


class Device(Part):
    """One SIP account; it rings ``ring_delay`` seconds after those that ring at once."""

    label: Name
    kind: Literal["desk", "softclient", "other"] = "desk"
    sip_user: SipUser
    sip_password: SipPassword | None = None
    enabled: bool = True
    ring_delay: Annotated[int, Field(ge=0, le=60)] = 0


class Ringing(Part):
    """How the phones of an employee ring.

    ``do_not_disturb``: none rings, in pools neither. ``calls_at_once``: while the employee talks, that call, and those
    that wait, are so many at most (1: none rings then; None: any number). ``declining`` a call on one phone ends the
    ringing of that one, or of all; ``all-or-busy``: of all also when a phone says that it is busy, as many decline.
    """

    do_not_disturb: bool = False
    calls_at_once: Annotated[int, Field(ge=1, le=10)] | None = None
    declining: Literal["one", "all", "all-or-busy"] = "one"

    @property
    def stops_all(self) -> tuple[str, ...]:
        """What one phone answers (FreeSWITCH's causes) that ends the ringing of all."""
        return {"one": (), "all": ringing.DECLINED, "all-or-busy": ringing.DECLINED_OR_BUSY}[self.declining]


class Forwarding(Part):
    """Where calls to an employee go: ``employee:ID``, ``pool:ID``, ``mailbox:`` before these: their mailbox, or E.164.

    ``always``, when ``busy`` or declined, when nobody answers for ``after`` seconds, when all phones are ``offline``.
    """

    always: ForwardTo | None = None
    busy: ForwardTo | None = None
    no_answer: ForwardTo | None = None
    offline: ForwardTo | None = None
    after: Annotated[int, Field(ge=5, le=120)] = 15

    @property
    def targets(self) -> dict[str, str]:
        """What is set, by the field's name."""
        found = {name: getattr(self, name) for name in ("always", "busy", "no_answer", "offline")}
        return {name: target for name, target in found.items() if target}


class Next(Part):
    """Where calls to a pool go that nobody took: targets as in :class:`Forwarding`.

    Or ``announcement:closed``, ``busy`` or ``nobody``: it is heard, and the call ends. When all members are ``busy`` or
    decline, when there is ``no_answer``, when all phones are ``offline``; and while the pool is ``closed``.
    """

    busy: NextTo | None = None
    no_answer: NextTo | None = None
    offline: NextTo | None = None
    closed: NextTo | None = None

    @property
    def targets(self) -> dict[str, str]:
        """What is set, by the field's name."""
        found = {name: getattr(self, name) for name in ("busy", "no_answer", "offline", "closed")}
        return {name: target for name, target in found.items() if target}


class Waiting(Part):
    """How callers wait for a member of a pool: a greeting, music, their place in the line, keys to leave it.

    ``after`` so many seconds of ringing (0: at once; in any case when all are busy), for ``at_most``, in ``places``.
    """

    after: Annotated[int, Field(ge=0, le=120)] = 20
    at_most: Annotated[int, Field(ge=30, le=1800)] = 300
    places: Annotated[int, Field(ge=1, le=waiting.MOST_PLACES)] = 5


class Employee(Part):
    """A person. Without a ``personal_number`` only when it was lost.

    ``outgoing_number`` is shown in the public network (None: the personal one); ``destinations`` may be called there
    (None: those of the company's limits).
    """

    id: Slug
    name: Name
    email: Email | None = None
    role: Literal["employee", "admin"] = "employee"
    personal_number: E164 | None = None
    extension: Extension | None = None
    outgoing_number: E164 | Literal["anonymous"] | None = None
    destinations: list[Destination] | None = None
    devices: list[Device] = []
    ringing: Ringing = Ringing()
    forwarding: Forwarding = Forwarding()
    mailbox: Mailbox = Mailbox()
    notify: Notify = Notify()


class Pool(Part):
    """A team that shares numbers.

    ``ring_seconds`` in all; ``member_seconds`` for each member (None: ``ringing.MEMBER_SECONDS``) where they are rung
    one after the other. ``delays``: with ``waves``, the members who begin so many seconds after the first.
    ``signed_out``: who is not rung for now. ``waiting``: callers wait until one is free. ``next``: see there.
    ``show_name``: phones show the pool before the caller, by its ``short_name`` if it has one. ``alert`` names the ring
    that phones are asked for (Alert-Info), ``internal_alert`` that for colleagues' calls (None: the same).
    ``members_outside``: members whose own calls all go to a number outside are rung there, too.
    ``hours``: when it is open (None: always); while it is closed nobody is rung. ``switch`` opens or closes it by hand,
    before the moment ``switch_until`` (None: until it is changed).
    ``may_show``: who may show its numbers when they call outside.
    """

    id: Slug
    name: Name
    numbers: list[E164] = []
    extension: Extension | None = None
    strategy: Literal["simultaneous", "sequential", "longest-idle", "waves"] = "simultaneous"
    ring_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    member_seconds: Annotated[int, Field(ge=5, le=300)] | None = None
    members: list[Slug] = []
    delays: dict[Slug, Annotated[int, Field(ge=0, le=300)]] = {}
    signed_out: list[Slug] = []
    waiting: Waiting | None = None
    next: Next = Next()
    hours: Hours | None = None
    switch: Literal["scheduled", "open", "closed"] = "scheduled"
    switch_until: Moment | None = None
    show_name: bool = True
    short_name: Annotated[Name, StringConstraints(max_length=SHOWN_BEFORE)] | None = None
    alert: RingName | None = None
    internal_alert: RingName | None = None
    members_outside: bool = False
    may_show: MayShow = MayShow.MEMBERS
    mailbox: Mailbox = Mailbox()
    notify: Notify = Notify()


class CompanyFile(Part):
    """The whole document. ``reject_anonymous`` are those of the ``numbers`` that take no calls without a number.

    ``number_notifications`` says of numbers what is mailed of their calls, where it is not as their owners say.
    """

    company: Company
    trunks: list[Trunk] = []
    number_blocks: list[Block] = []
    numbers: list[E164] = []
    schedules: list[Schedule] = []
    employees: list[Employee] = []
    pools: list[Pool] = []
    blocked_callers: list[Refused] = []
    reject_anonymous: list[E164] = []
    number_notifications: dict[E164, NumberNotify] = {}
