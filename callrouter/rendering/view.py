"""What the templates see: the company with everything worked out that a template should not have to."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callrouter.directory import document
from callrouter.directory.schedules import to_schedule
from callrouter.errors import RenderError
from callrouter.rendering import calendar, spelling
from callrouter.rendering.calendar import Condition
from callrouter.rendering.zones import posix_rule
from callrouter.routing.snapshot import DigitRules, Number, NumberBlock, NumberState
from callrouter.routing.snapshot import Schedule as Rules

#: What a text must not contain where FreeSWITCH reads it: expansion, dial strings, display names, comments.
_HARMFUL = re.compile(r"""[^\w .()&!?#*+=-]|--+""")


def harmless(text: str) -> str:
    """*text* (a person's or a team's name) without anything that FreeSWITCH or XML could interpret."""
    return " ".join(_HARMFUL.sub(" ", unicodedata.normalize("NFC", text)).split())


@dataclass(frozen=True, slots=True)
class TrunkView:
    name: str
    proxy: str
    realm: str
    peers: tuple[str, ...]
    did_from: str
    register: bool
    username: str | None
    password: str | None

    @property
    def acl(self) -> str:
        return f"trunk-{self.name}"

    @property
    def gateway(self) -> str:
        return f"trunk-{self.name}"


@dataclass(frozen=True, slots=True)
class DeviceView:
    sip_user: str
    password: str
    employee: str
    name: str
    shown: str
    own_number: str | None


@dataclass(frozen=True, slots=True)
class Leg:
    """A phone to ring, with what it is shown as to other phones."""

    device: str
    name: str
    extension: str | None


@dataclass(frozen=True, slots=True)
class MailboxView:
    """A mailbox that takes calls; ``schedule`` is the context that says when, None: always."""

    answer_after: int
    schedule: str | None
    when: str


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

    @property
    def context(self) -> str:
        return "owner-" + self.key.replace(":", "-")

    @property
    def greeting(self) -> str:
        return "greeting_pool" if self.key.startswith("pool:") else "greeting"


@dataclass(frozen=True, slots=True)
class ScheduleView:
    context: str
    title: str
    timezone: str
    closed: Sequence[Condition]
    open: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class View:
    """Everything a template may name (beside the settings)."""

    trunks: tuple[TrunkView, ...]
    devices: tuple[DeviceView, ...]
    owners: tuple[OwnerView, ...]
    schedules: tuple[ScheduleView, ...]
    zones: tuple[tuple[str, str], ...]
    numbers: spelling.Table
    extensions: spelling.Table


def _trunk(trunk: document.Trunk) -> TrunkView:
    for peer in trunk.peers:
        try:
            ipaddress.ip_network(peer, strict=False)
        except ValueError:
            raise RenderError(f"trunk {trunk.name}: peer {peer!r} is neither an address nor a network") from None
    peers = tuple(str(ipaddress.ip_network(peer, strict=False)) for peer in trunk.peers)
    host = re.sub(r"\]?:[0-9]+$|\]$", "", trunk.proxy).lstrip("[")
    return TrunkView(
        trunk.name,
        trunk.proxy,
        trunk.realm or host,
        peers,
        trunk.did_from,
        trunk.register_,
        trunk.username,
        trunk.password,
    )


class _Schedules:
    """Collects one context for each schedule that a mailbox uses."""

    def __init__(self, company: document.CompanyFile, holidays: Mapping[dt.date, str]) -> None:
        self._named = {schedule.name: schedule for schedule in company.schedules}
        self._timezone = company.company.timezone
        self._holidays = holidays
        self.views: dict[str, ScheduleView] = {}

    def context(self, owner: str, wanted: document.MailboxSchedule) -> str:
        """The context of the schedule that *owner*'s mailbox names, or has of its own."""
        if wanted.name is None:
            return self._add(f"schedule-of-{owner}", to_schedule(owner, wanted, **self._common()))
        if wanted.name not in self._named:
            raise RenderError(f"the mailbox of {owner} names the schedule {wanted.name!r}, which does not exist")
        position = list(self._named).index(wanted.name) + 1
        slug = re.sub(r"[^a-z0-9]+", "-", wanted.name.lower()).strip("-")
        rules = to_schedule(wanted.name, self._named[wanted.name], **self._common())
        return self._add(f"schedule-{position}-{slug}".rstrip("-"), rules)

    def _common(self) -> dict[str, Any]:
        return {"timezone": self._timezone, "holiday_dates": self._holidays}

    def _add(self, context: str, rules: Rules) -> str:
        self.views.setdefault(
            context,
            ScheduleView(
                context,
                harmless(rules.name),
                rules.timezone,
                calendar.closed_conditions(rules),
                calendar.open_conditions(rules),
            ),
        )
        return context


def _mailbox(owner: str, mailbox: document.Mailbox, schedules: _Schedules) -> MailboxView | None:
    if not (mailbox.enabled and mailbox.answer_calls):
        return None
    if mailbox.schedule is None:
        return MailboxView(mailbox.answer_after, None, "open")
    return MailboxView(
        mailbox.answer_after, schedules.context(owner.replace(":", "-"), mailbox.schedule), mailbox.schedule.when
    )


def _legs(employee: document.Employee) -> tuple[Leg, ...]:
    name = harmless(employee.name)
    return tuple(
        Leg(device.sip_user, name, employee.extension)
        for device in employee.devices
        if device.enabled and device.sip_password
    )


def _owners(company: document.CompanyFile, schedules: _Schedules) -> list[OwnerView]:
    owners = []
    people = {employee.id: employee for employee in company.employees}
    active = set(company.numbers)
    for employee in company.employees:
        key = f"employee:{employee.id}"
        number = employee.personal_number if employee.personal_number in active else None
        owners.append(
            OwnerView(
                key,
                employee.id,
                harmless(employee.name),
                number,
                employee.extension,
                _legs(employee),
                company.company.ring_seconds,
                _mailbox(key, employee.mailbox, schedules),
            )
        )
    for pool in company.pools:
        key = f"pool:{pool.id}"
        legs = tuple(leg for member in pool.members if member in people for leg in _legs(people[member]))
        number = next((number for number in pool.numbers if number in active), None)
        mailbox = _mailbox(key, pool.mailbox, schedules)
        owners.append(
            OwnerView(key, pool.id, harmless(pool.name), number, pool.extension, legs, pool.ring_seconds, mailbox)
        )
    return owners


def _numbers(company: document.CompanyFile, owners: Sequence[OwnerView], digits: DigitRules) -> spelling.Table:
    blocks = [NumberBlock(block.prefix, block.first, block.last) for block in company.number_blocks]
    by_key = {owner.key: owner for owner in owners}
    owned = {employee.personal_number: f"employee:{employee.id}" for employee in company.employees}
    owned |= {number: f"pool:{pool.id}" for pool in company.pools for number in pool.numbers}
    known = {
        e164: Number(e164, NumberState.INACTIVE, None)
        for block in blocks
        for digit in range(int(block.first), int(block.last) + 1)
        for e164 in (f"{block.prefix}{digit:0{len(block.first)}}",)
    }
    known |= {e164: Number(e164, NumberState.ACTIVE, owned.get(e164)) for e164 in company.numbers}
    return spelling.table(
        spelling.Row(e164, spelling.spellings(e164, digits, blocks, known), e164, by_key[owned[e164]])
        for e164 in sorted(company.numbers)
        if e164 in owned
    )


def _extensions(owners: Sequence[OwnerView]) -> spelling.Table:
    return spelling.table(
        spelling.Row(f"extension {owner.extension}", (owner.extension,), owner.number or owner.extension, owner)
        for owner in sorted(owners, key=lambda owner: owner.extension or "")
        if owner.extension
    )


def _devices(company: document.CompanyFile) -> tuple[DeviceView, ...]:
    first_number = min(company.numbers, default=None)
    return tuple(
        DeviceView(
            device.sip_user,
            device.sip_password,
            employee.id,
            harmless(employee.name),
            employee.extension or employee.personal_number or "anonymous",
            employee.personal_number or first_number,
        )
        for employee in company.employees
        for device in employee.devices
        if device.enabled and device.sip_password
    )


def build(company: document.CompanyFile, holidays: Mapping[dt.date, str], digits: DigitRules) -> View:
    """Work out what the templates need of *company*; raises RenderError for what cannot be rendered."""
    schedules = _Schedules(company, holidays)
    owners = _owners(company, schedules)
    views = tuple(schedules.views[context] for context in sorted(schedules.views))
    zones = {company.company.timezone, *(view.timezone for view in views)}
    return View(
        trunks=tuple(_trunk(trunk) for trunk in company.trunks),
        devices=_devices(company),
        owners=tuple(owners),
        schedules=views,
        zones=tuple((zone, posix_rule(zone)) for zone in sorted(zones)),
        numbers=_numbers(company, owners, digits),
        extensions=_extensions(owners),
    )
