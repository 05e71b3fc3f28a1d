"""What the templates see: the company with everything worked out that a template should not have to."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callrouter.directory import document
from callrouter.errors import RenderError
from callrouter.rendering import spelling
from callrouter.rendering.harmless import harmless
from callrouter.rendering.owners import Outward, OwnerView, awaited, memberships, outward
from callrouter.rendering.owners import owners as owner_views
from callrouter.rendering.schedules import Schedules, ScheduleView
from callrouter.rendering.zones import posix_rule
from callrouter.routing import callers, outgoing
from callrouter.routing.calls_out import ANONYMOUS
from callrouter.routing.outgoing import Rewrite
from callrouter.routing.snapshot import DigitRules, Number, NumberBlock, NumberState


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
    outgoing: bool
    identity: str
    rewrites: tuple[Rewrite, ...]
    transport: str
    outbound_proxy: str | None
    from_domain: str | None
    session_timers: bool
    dtmf: str
    register_seconds: int
    ping: int
    forwarded_caller: str
    diversion: str

    @property
    def domain(self) -> str:
        """Stands behind the numbers that we tell it of us."""
        return self.from_domain or self.realm

    @property
    def way(self) -> str:
        """Where requests are sent by an outbound proxy; empty without one."""
        if not self.outbound_proxy:
            return ""
        return self.outbound_proxy + ("" if self.transport == "udp" else f";transport={self.transport}")

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
    internally: str
    own_number: str | None
    outward: Outward
    pools: tuple[str, ...]
    counted: bool
    extension: str | None


@dataclass(frozen=True, slots=True)
class CallsOut:
    """The rules of calls into the public network, see ``routing.outgoing``; ``schedule`` is a context or None."""

    readings: tuple[Rewrite, ...]
    own: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    schedule: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Callers who are refused: how their numbers are read, and those that are; ``anonymous``: all without one."""

    readings: tuple[Rewrite, ...]
    numbers: tuple[str, ...]
    anonymous: bool


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
    calls_out: CallsOut
    refused: Refused


def _trunk(trunk: document.Trunk, digits: DigitRules) -> TrunkView:
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
        trunk.outgoing,
        trunk.identity,
        outgoing.rewrites(digits, trunk.number_format),
        trunk.transport,
        trunk.outbound_proxy,
        trunk.from_domain,
        trunk.session_timers,
        trunk.dtmf,
        trunk.register_seconds,
        trunk.ping,
        trunk.forwarded_caller,
        trunk.diversion,
    )


def _numbers(company: document.CompanyFile, owners: Sequence[OwnerView], digits: DigitRules) -> spelling.Table:
    blocks = [NumberBlock(block.prefix, block.first, block.last) for block in company.number_blocks]
    named = frozenset(company.reject_anonymous)
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
        spelling.Row(
            e164,
            spelling.spellings(e164, digits, blocks, known),
            e164,
            by_key[owned[e164]],
            "named" if e164 in named else "any",
        )
        for e164 in sorted(company.numbers)
        if e164 in owned
    )


def _extensions(owners: Sequence[OwnerView]) -> spelling.Table:
    return spelling.table(
        spelling.Row(
            f"extension {owner.extension}",
            (owner.extension,),
            owner.number or owner.extension,
            owner,
            by_extension=True,
        )
        for owner in sorted(owners, key=lambda owner: owner.extension or "")
        if owner.extension
    )


def _devices(company: document.CompanyFile) -> tuple[DeviceView, ...]:
    first_number = min(company.numbers, default=None)
    pools_of, counted = memberships(company), awaited(company)
    return tuple(
        DeviceView(
            device.sip_user,
            device.sip_password,
            employee.id,
            harmless(employee.name),
            employee.extension or employee.personal_number or "anonymous",
            company.company.location_number or employee.personal_number or first_number,
            outward(employee, company.company),
            pools_of.get(employee.id, ()),
            employee.ringing.calls_at_once is not None or employee.id in counted,
            employee.extension,
        )
        for employee in company.employees
        for device in employee.devices
        if device.enabled and device.sip_password
    )


def _calls_out(company: document.CompanyFile, digits: DigitRules, schedules: Schedules) -> CallsOut:
    blocks = (NumberBlock(block.prefix, block.first, block.last) for block in company.number_blocks)
    name = company.company.limits.schedule
    return CallsOut(
        outgoing.readings(digits),
        tuple(outgoing.block_expression(block) for block in blocks),
        outgoing.kinds(digits),
        schedules.named(name, "company.limits") if name is not None else None,
    )


def build(company: document.CompanyFile, holidays: Mapping[dt.date, str], digits: DigitRules) -> View:
    """Work out what the templates need of *company*; raises RenderError for what cannot be rendered."""
    schedules = Schedules(company, holidays)
    owners = owner_views(company, schedules, digits)
    calls_out = _calls_out(company, digits, schedules)
    views = tuple(schedules.views[context] for context in sorted(schedules.views))
    # Moments are compared in UTC.
    zones = {company.company.timezone, *(view.timezone for view in views), "UTC"}
    return View(
        trunks=tuple(_trunk(trunk, digits) for trunk in company.trunks),
        devices=_devices(company),
        owners=tuple(owners),
        schedules=views,
        zones=tuple((zone, posix_rule(zone)) for zone in sorted(zones)),
        numbers=_numbers(company, owners, digits),
        extensions=_extensions(owners),
        calls_out=calls_out,
        refused=Refused(
            callers.readings(digits), callers.expressions(company.blocked_callers), ANONYMOUS in company.blocked_callers
        ),
    )
