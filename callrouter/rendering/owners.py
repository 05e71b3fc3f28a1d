"""What the templates see of employees and pools: which phones ring, when, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from callrouter.directory import document
from callrouter.rendering.harmless import harmless
from callrouter.rendering.schedules import Schedules
from callrouter.routing import forwarding, ringing
from callrouter.routing.plan import RingResult
from callrouter.variables import owner_context, slug


@dataclass(frozen=True, slots=True)
class Leg:
    """A phone to ring, with what it is shown as to other phones.

    It begins ``delay`` seconds after the first. ``counted``: the employee's id, if none rings while they talk.
    """

    device: str
    name: str
    extension: str | None
    delay: int
    counted: str | None


@dataclass(frozen=True, slots=True)
class MailboxView:
    """A mailbox that takes calls; ``schedule`` is the context that says when, None: always."""

    answer_after: int
    schedule: str | None
    when: str


@dataclass(frozen=True, slots=True)
class ForwardView:
    """Where calls go on that ended with one of ``results`` (empty: all at once): to ``start`` or ``mailbox`` there."""

    results: tuple[str, ...]
    place: str
    context: str


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

    @property
    def slug(self) -> str:
        """The owner key as it may stand in names."""
        return slug(self.key)

    @property
    def counted(self) -> tuple[str, ...]:
        """The ids of those whose phones ring only while they do not talk."""
        return tuple(dict.fromkeys(leg.counted for leg in self.legs if leg.counted))

    @property
    def context(self) -> str:
        return owner_context(self.key)

    @property
    def greeting(self) -> str:
        return "greeting_pool" if self.key.startswith("pool:") else "greeting"


def _mailbox(owner: str, mailbox: document.Mailbox, schedules: Schedules) -> MailboxView | None:
    if not (mailbox.enabled and mailbox.answer_calls):
        return None
    if mailbox.schedule is None:
        return MailboxView(mailbox.answer_after, None, "open")
    return MailboxView(mailbox.answer_after, schedules.context(slug(owner), mailbox.schedule), mailbox.schedule.when)


def _legs(employee: document.Employee) -> list[Leg]:
    """The phones of *employee* that may ring."""
    if employee.ringing.do_not_disturb:
        return []
    counted = employee.id if employee.ringing.busy_on_busy else None
    name = harmless(employee.name)
    return [
        Leg(device.sip_user, name, employee.extension, device.ring_delay, counted)
        for device in employee.devices
        if device.enabled and device.sip_password
    ]


def _in_time(legs: Sequence[Leg], seconds: int) -> tuple[Leg, ...]:
    """*legs* with the delays that leave time to answer while they ring for *seconds*."""
    begin = ringing.delays([leg.delay for leg in legs], seconds)
    return tuple(replace(leg, delay=delay) for leg, delay in zip(legs, begin, strict=True))


def _nobody(members: Iterable[document.Employee]) -> RingResult:
    """What it counts as when no phone of *members* is to ring."""
    return RingResult.BUSY if any(member.ringing.do_not_disturb for member in members) else RingResult.OFFLINE


def memberships(company: document.CompanyFile) -> Mapping[str, tuple[str, ...]]:
    """The pools of each employee who is a member of any."""
    found: dict[str, tuple[str, ...]] = {}
    for pool in company.pools:
        found |= {member: (*found.get(member, ()), pool.id) for member in pool.members}
    return found


def _forwards(employee: document.Employee, mailboxes: Mapping[str, bool]) -> dict[str, ForwardView]:
    """Where the employee's calls go on, by the field; *mailboxes* says whose take calls."""
    found = {}
    for field, target in employee.forwarding.targets.items():
        owner = target.removeprefix(forwarding.MAILBOX)
        place = "start" if owner == target else "mailbox"
        if owner in mailboxes and (place == "start" or mailboxes[owner]):
            results = tuple(result.value for result in forwarding.ON.get(field, ()))
            found[field] = ForwardView(results, place, owner_context(owner))
    return found


def owners(company: document.CompanyFile, schedules: Schedules) -> list[OwnerView]:
    """Employees, then pools, in the company file's order."""
    found = []
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
        forwards = _forwards(employee, mailboxes)
        after = employee.forwarding.after if "no_answer" in forwards else None
        legs = _legs(employee)
        usual = ringing.shortest(company.company.ring_seconds, mailbox.answer_after if mailbox else None)
        number = employee.personal_number if employee.personal_number in active else None
        found.append(
            OwnerView(
                key,
                employee.id,
                harmless(employee.name),
                number,
                employee.extension,
                _in_time(legs, after or usual),
                company.company.ring_seconds,
                mailbox,
                _nobody([employee]),
                ":".join(employee.ringing.stops_all),
                tuple(forwards.values()),
                after,
                pools=pools_of.get(employee.id, ()),
            )
        )
    for pool in company.pools:
        key = f"pool:{pool.id}"
        members = [people[member] for member in pool.members if member in people]
        mailbox = _mailbox(key, pool.mailbox, schedules)
        usual = ringing.shortest(pool.ring_seconds, mailbox.answer_after if mailbox else None)
        number = next((number for number in pool.numbers if number in active), None)
        found.append(
            OwnerView(
                key,
                pool.id,
                harmless(pool.name),
                number,
                pool.extension,
                _in_time([leg for member in members for leg in _legs(member)], usual),
                pool.ring_seconds,
                mailbox,
                _nobody(members),
                pools=(pool.id,),
                members=tuple(f"employee-{member.id}" for member in members),
            )
        )
    return found
