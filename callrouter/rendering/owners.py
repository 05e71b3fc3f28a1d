"""What the templates see of employees and pools: which phones ring, when, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from callrouter.directory import document
from callrouter.rendering.harmless import harmless
from callrouter.rendering.legs import Leg, WaitingView, in_time, turns_of
from callrouter.rendering.opening import OpeningView, opening_view
from callrouter.rendering.schedules import Schedules
from callrouter.routing import forwarding, outgoing, ringing
from callrouter.routing.names import shown_before
from callrouter.routing.plan import RingResult
from callrouter.routing.snapshot import DigitRules, NumberBlock
from callrouter.variables import OUTSIDE_LEG, between_dots, owner_context, slug


@dataclass(frozen=True, slots=True)
class MailboxView:
    """A mailbox that takes calls; ``schedule`` is the context that says when, None: always."""

    answer_after: int
    schedule: str | None
    when: str


@dataclass(frozen=True, slots=True)
class ForwardView:
    """Where calls go on that ended with one of ``results`` (empty: all at once): to ``start`` or ``mailbox`` there.

    To a ``number`` in the public network by a place of the owner's own; ``why`` is the field of the forwarding.
    ``announces``: the call stays here, and ends with what is said.
    """

    results: tuple[str, ...]
    place: str
    context: str
    why: str
    number: str | None = None
    announces: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether it is another owner's from then on."""
        return not (self.number or self.announces)

    @property
    def rang(self) -> bool:
        """Whether phones of the owner were to ring before."""
        return bool(self.results) and self.why != forwarding.CLOSED


@dataclass(frozen=True, slots=True)
class Outward:
    """How an owner is shown in the public network (E.164, or ``hidden``), and the kinds of numbers to call there."""

    shown: str | None
    hidden: bool
    destinations: tuple[str, ...]


def outward(employee: document.Employee, company: document.Company) -> Outward:
    """The same for the router: ``decide`` makes calls out of a snapshot."""
    chosen = employee.outgoing_number
    shown = employee.personal_number if chosen in (None, "anonymous") else chosen
    return Outward(
        shown,
        chosen == "anonymous" or shown is None,
        tuple(company.limits.allowed(employee.destinations)),
    )


@dataclass(frozen=True, slots=True)
class OwnerView:
    key: str
    id: str
    title: str
    number: str | None
    extension: str | None
    legs: tuple[Leg, ...]
    ring_seconds: int
    mailbox: MailboxView | None
    nobody: RingResult
    stops: str = ""
    forwards: tuple[ForwardView, ...] = ()
    forward_after: int | None = None
    pools: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    shown: str = ""
    alert: str = ""
    internal_alert: str = ""
    outward: Outward | None = None
    each: int = 0
    place: int = 0
    opening: OpeningView | None = None
    may_show: str = ""
    waiting: WaitingView | None = None

    @property
    def turns(self) -> tuple[tuple[Leg, ...], ...]:
        """The phones that ring together, in their order: with ``each``, one member's after the other's."""
        return turns_of(self.legs, self.each)

    def outside_leg(self, leg: Leg, trunk: int) -> str:
        """The end of the UUID of the *leg* to a number outside by the *trunk* of that place."""
        return f"{OUTSIDE_LEG}{self.place:04x}{self.legs.index(leg):03x}{trunk:03x}"

    @property
    def takes_turns(self) -> bool:
        """Whether one of its members is rung after another."""
        return self.each > 0 and len(self.turns) > 1

    @property
    def slug(self) -> str:
        """The owner key as it may stand in names."""
        return slug(self.key)

    @property
    def in_doubt(self) -> tuple[tuple[Leg, ...], ...]:
        """The phones that do not ring for every call, those of each employee together."""
        found: dict[str, tuple[Leg, ...]] = {}
        for leg in self.legs:
            if leg.in_doubt:
                found[leg.employee] = (*found.get(leg.employee, ()), leg)
        return tuple(found.values())

    @property
    def rings(self) -> str:
        """Whom it rings, as ``variables.RUNG`` has it."""
        return between_dots(dict.fromkeys(leg.employee for leg in self.legs))

    @property
    def context(self) -> str:
        return owner_context(self.key)

    @property
    def account(self) -> str:
        """The employee whose calls out these are, in the names of counters and marks; of a pool its slug."""
        return self.id if self.key.startswith("employee:") else self.slug

    @property
    def not_yet(self) -> str:
        """The expression of ``variables.FORWARDED`` and ``FORWARDS`` while calls may go on from here.

        An employee's go on once. A pool's do wherever they came from; not again when they come back from outside.
        """
        return "^ $" if self.key.startswith("employee:") else rf"^\S* (?!{self.context}$)"

    @property
    def greeting(self) -> str:
        return "greeting_pool" if self.key.startswith("pool:") else "greeting"


def _mailbox(owner: str, mailbox: document.Mailbox, schedules: Schedules) -> MailboxView | None:
    if not (mailbox.enabled and mailbox.answer_calls):
        return None
    if mailbox.schedule is None:
        return MailboxView(mailbox.answer_after, None, "open")
    return MailboxView(mailbox.answer_after, schedules.context(slug(owner), mailbox.schedule), mailbox.schedule.when)


def _legs(employee: document.Employee, before: Collection[str], awaited: Collection[str], later: int = 0) -> list[Leg]:
    """The phones of *employee* that may ring, *later* (seconds) than they would; who may have been rung *before*.

    *awaited*: the members of pools in which callers wait.
    """
    if employee.ringing.do_not_disturb:
        return []
    name, at_once, again = harmless(employee.name), employee.ringing.calls_at_once, employee.id in before
    counted = at_once is not None or employee.id in awaited
    return [
        Leg(
            device.sip_user,
            name,
            employee.extension,
            device.ring_delay + later,
            employee.id,
            at_once,
            again,
            counted=counted,
        )
        for device in employee.devices
        if device.enabled and device.sip_password
    ]


def _outside(
    employee: document.Employee,
    before: Collection[str],
    later: int,
    kind: Callable[[str], str],
) -> list[Leg]:
    """The leg to where all calls of *employee* go outside, if that is so; *kind* is that of a number they may call."""
    number = employee.forwarding.always or ""
    if employee.ringing.do_not_disturb or not number.startswith("+") or not (meant := kind(number)):
        return []
    name, at_once, again = harmless(employee.name), employee.ringing.calls_at_once, employee.id in before
    return [Leg(number, name, None, later, employee.id, at_once, again, meant)]


def _waiting(pool: document.Pool, legs: Iterable[Leg], each: int, mailbox: MailboxView | None) -> WaitingView | None:
    """How callers wait for those of *legs* that are phones; None: they do not."""
    phones = [leg for leg in legs if not leg.outside]
    if pool.waiting is None or not phones:
        return None
    seconds = each or pool.ring_seconds
    turns = tuple(in_time(turn, seconds) for turn in turns_of(phones, each))
    return WaitingView(pool.waiting, seconds, turns, mailbox is not None)


def _rung_before(company: document.CompanyFile) -> Mapping[str, frozenset[str]]:
    """By owner key: whose phones (ids) may have rung for a call before it goes on to that owner."""
    found: dict[str, frozenset[str]] = {}
    for employee in company.employees:
        for field, target in employee.forwarding.targets.items():
            rung = frozenset() if field == "always" else {employee.id}
            found[target] = found.get(target, frozenset()) | rung
    for _ in company.pools:  # no way from pool to pool is longer
        for pool in company.pools:
            before = found.get(f"pool:{pool.id}", frozenset())
            for field, target in pool.next.targets.items():
                rung = before if field == forwarding.CLOSED else before | set(pool.members)
                found[target] = found.get(target, frozenset()) | rung
    return found


def _nobody(members: Iterable[document.Employee]) -> RingResult:
    """What it counts as when no phone of *members* is to ring."""
    return RingResult.BUSY if any(member.ringing.do_not_disturb for member in members) else RingResult.OFFLINE


def memberships(company: document.CompanyFile) -> Mapping[str, tuple[str, ...]]:
    """The pools of each employee who is a member of any."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in company.pools:
        found |= {member: (*found.get(member, ()), pool.id) for member in pool.members}
    return found


def awaited(company: document.CompanyFile) -> frozenset[str]:
    """The members (ids) of pools in which callers wait: FreeSWITCH counts their calls."""
    return frozenset(member for pool in company.pools if pool.waiting for member in pool.members)


def _forwards(
    key: str, targets: Mapping[str, str], mailboxes: Mapping[str, bool], may_call: Callable[[str], object]
) -> dict[str, ForwardView]:
    """Where calls to the owner *key* go on, by the field; *mailboxes* says whose take calls."""
    found = {}
    for field, target in targets.items():
        results = tuple(result.value for result in forwarding.ON.get(field, ()))
        if field == forwarding.CLOSED:
            results = (forwarding.CLOSED,)
        owner = target.removeprefix(forwarding.MAILBOX)
        place = "start" if owner == target else "mailbox"
        if target.startswith(forwarding.ANNOUNCEMENT):
            name = target.removeprefix(forwarding.ANNOUNCEMENT)
            found[field] = ForwardView(results, name, "announced", field, announces=True)
        elif target.startswith("+"):
            if may_call(target):
                found[field] = ForwardView(results, f"outside-{field}", owner_context(key), field, target)
        elif owner in mailboxes and (place == "start" or mailboxes[owner]):
            found[field] = ForwardView(results, place, owner_context(owner), field)
    return found


def owners(company: document.CompanyFile, schedules: Schedules, digits: DigitRules) -> list[OwnerView]:
    """Employees, then pools, in the company file's order."""
    blocks = [NumberBlock(block.prefix, block.first, block.last) for block in company.number_blocks]

    def kind_among(destinations: Collection[str], number: str) -> str:
        meant = outgoing.read(number, digits, blocks)
        return meant.kind.value if meant and meant.kind in destinations else ""

    found, before, counted = [], _rung_before(company), awaited(company)
    people, pools_of = {employee.id: employee for employee in company.employees}, memberships(company)
    active = set(company.numbers)
    kinds = (("employee", company.employees), ("pool", company.pools))
    mailboxes = {
        f"{kind}:{part.id}": part.mailbox.enabled and part.mailbox.answer_calls
        for kind, parts in kinds
        for part in parts
    }
    for employee in company.employees:
        key = f"employee:{employee.id}"
        mailbox = _mailbox(key, employee.mailbox, schedules)
        out = outward(employee, company.company)
        forwards = _forwards(key, employee.forwarding.targets, mailboxes, partial(kind_among, out.destinations))
        after = employee.forwarding.after if "no_answer" in forwards else None
        legs = _legs(employee, before.get(key, ()), counted)
        usual = ringing.shortest(company.company.ring_seconds, mailbox.answer_after if mailbox else None)
        number = employee.personal_number if employee.personal_number in active else None
        found.append(
            OwnerView(
                key,
                employee.id,
                harmless(employee.name),
                number,
                employee.extension,
                in_time(legs, after or usual),
                company.company.ring_seconds,
                mailbox,
                _nobody([employee]),
                ":".join(employee.ringing.stops_all),
                tuple(forwards.values()),
                after,
                pools=pools_of.get(employee.id, ()),
                outward=out,
            )
        )
    for pool in company.pools:
        key = f"pool:{pool.id}"
        members = [people[member] for member in pool.members if member in people]
        present = [member for member in members if member.id not in pool.signed_out]
        waves = pool.delays if pool.strategy == "waves" else {}
        each = (pool.member_seconds or ringing.MEMBER_SECONDS) if pool.strategy in ringing.IN_TURN else 0
        legs = []
        for member in present:
            again, later = before.get(key, ()), waves.get(member.id, 0)
            legs += _legs(member, again, counted, later)
            if pool.members_outside:
                both = {*company.company.limits.destinations} & {*outward(member, company.company).destinations}
                legs += _outside(member, again, later, partial(kind_among, both))
        mailbox = _mailbox(key, pool.mailbox, schedules)
        number = next((number for number in sorted(pool.numbers) if number in active), None)
        out = Outward(number, number is None, tuple(company.company.limits.destinations))
        forwards = _forwards(key, pool.next.targets, mailboxes, partial(kind_among, out.destinations))
        after = pool.ring_seconds if "no_answer" in forwards else None
        usual = after or ringing.shortest(pool.ring_seconds, mailbox.answer_after if mailbox else None)
        waits = _waiting(pool, legs, each, mailbox)
        if waits:
            usual = waits.set.after
        found.append(
            OwnerView(
                key,
                pool.id,
                harmless(pool.name),
                number,
                pool.extension,
                tuple(leg for turn in turns_of(legs, each) for leg in in_time(turn, min(each or usual, usual))),
                pool.ring_seconds,
                mailbox,
                _nobody(present),
                "",
                tuple(forwards.values()),
                after,
                pools=(pool.id,),
                outward=out,
                members=tuple(f"employee-{member.id}" for member in members),
                each=each,
                waiting=waits,
                shown=shown_before(pool.short_name or pool.name) if pool.show_name else "",
                place=len(found),
                alert=pool.alert or "",
                internal_alert=pool.internal_alert or pool.alert or "",
                opening=opening_view(pool, schedules),
                may_show=pool.may_show,
            )
        )
    return found
