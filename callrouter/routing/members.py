"""Whose phones ring for an owner, and in which order: those of an employee, or of a pool's members by its strategy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from callrouter.routing import forwarding, outgoing, ringing, waiting
from callrouter.routing.calls_out import allowed, call_out
from callrouter.routing.names import clean_name
from callrouter.routing.plan import Reason, Reject, Ring, RingResult, Target, reason
from callrouter.routing.snapshot import Device, Employee, Forwarding, Owner, Pool, Snapshot


def turn_seconds(pool: Pool) -> int:
    """How long each member is rung (seconds) where they are rung one after the other, else 0."""
    return pool.member_seconds if pool.strategy in ringing.IN_TURN else 0


def in_time(ring: Ring, seconds: int) -> Ring:
    """*ring* with delays that leave time to answer, where something else may follow after *seconds*."""
    targets: list[Target] = []
    for turn in ring.turns:
        begin = ringing.delays([target.delay for target in turn], min(ring.each or seconds, seconds))
        targets += (replace(target, delay=delay) for target, delay in zip(turn, begin, strict=True))
    return replace(ring, targets=tuple(targets))


def _in_order(owner: Owner, talked: Mapping[str, dt.datetime]) -> tuple[Employee, ...]:
    """Whose phones are to ring; where who is idle longest comes first, in the order of when they last *talked*."""
    if not isinstance(owner, Pool):
        return (owner,)
    if owner.strategy != "longest-idle":
        return owner.present
    never = [member for member in owner.present if member.key not in talked]
    others = [member for member in owner.present if member.key in talked]
    return (*never, *sorted(others, key=lambda member: talked[member.key]))


def outside(owner: Owner, member: Employee, snapshot: Snapshot, now: dt.datetime, reasons: list[Reason]) -> str | None:
    """The number (E.164) at which *member* is rung for the *owner* beside their phones.

    That is where all their own calls go, if the owner is a pool that allows it, and both may call there now.
    """
    target = member.forwarding.always or ""
    if not isinstance(owner, Pool) or not owner.members_outside or not target.startswith("+"):
        return None
    meant = outgoing.read(target, snapshot.digits, snapshot.blocks)
    if meant is None or meant.kind not in allowed(member, snapshot.outside):
        return None
    why: list[Reason] = []
    if isinstance(call_out(meant, owner, snapshot.outside, now, why), Reject):
        reasons += why
        return None
    reasons.append(reason("member_outside", employee=member.name, number=meant.number, key=forwarding.KEY))
    return meant.number


def targets(
    owner: Owner,
    snapshot: Snapshot,
    now: dt.datetime,
    calling: str | None,
    reasons: list[Reason],
    rung: frozenset[str],
) -> tuple[tuple[Target, ...], RingResult]:
    """Each enabled phone of the owner once, in the order of ringing, and what it counts as when there is none.

    The phones of members who are not to be disturbed, or talk and have calls enough, are left out, of those who are
    signed out of the pool, and of those who were *rung* before for this call.
    """
    members = _in_order(owner, snapshot.talked)
    waves = owner.delays if isinstance(owner, Pool) and owner.strategy == "waves" else {}
    found: dict[str, Target] = {}
    nobody = RingResult.OFFLINE
    if isinstance(owner, Pool):
        for member in owner.members:
            if member.key in owner.signed_out:
                reasons.append(reason("signed_out", employee=member.name, pool=owner.name))
    for member in members:
        quiet = "rang_already" if member.key in rung else _quiet(member, snapshot.counts)
        if quiet:
            reasons.append(reason(quiet, employee=member.name))
            nobody = RingResult.BUSY
            continue
        rings = [device for device in member.devices if device.enabled and device.sip_user != calling]
        later = waves.get(member.key, 0)
        found |= {device.sip_user: _target(device, member, later) for device in rings}
        disabled = [device for device in member.devices if not device.enabled]
        if disabled:
            reasons.append(reason("devices_disabled", employee=member.name, devices=_labels(disabled)))
        if rings:
            reasons.append(reason("devices_ring", employee=member.name, devices=_labels(rings)))
        else:
            reasons.append(reason("devices_none", employee=member.name))
        if any(device.sip_user == calling for device in member.devices):
            reasons.append(reason("device_calls"))
        if number := outside(owner, member, snapshot, now, reasons):
            counted = member.calls_at_once is not None
            found[member.key] = Target(number, member.key, clean_name(member.name), None, later, counted)
    if isinstance(owner, Pool):
        reasons += _strategy(owner, members)
    return tuple(found.values()), nobody


def _strategy(pool: Pool, members: Sequence[Employee]) -> Iterable[Reason]:
    """How the *members* who are signed in are rung, those in this order."""
    if not members:
        yield reason("pool_all_signed_out" if pool.members else "pool_empty", pool=pool.name)
        return
    names = ", ".join(member.name for member in members)
    if each := turn_seconds(pool):
        code = "pool_sequential" if pool.strategy == "sequential" else "pool_longest_idle"
        yield reason(code, pool=pool.name, seconds=str(each), members=names)
        yield reason("pool_passed_over")
    elif pool.strategy == "waves":
        later = (f"{member.name} +{pool.delays.get(member.key, 0)} s" for member in members)
        yield reason("pool_waves", pool=pool.name, members=", ".join(later))
    else:
        yield reason("pool_rings_all", pool=pool.name)
    if elsewhere := [
        member.name for member in members if member.forwarding != Forwarding(after=member.forwarding.after)
    ]:
        yield reason("pool_ignores_forwarding", pool=pool.name, members=", ".join(elsewhere))


def _quiet(member: Employee, counts: Mapping[str, int]) -> str | None:
    """Why none of the member's phones is to ring, as a reason's code."""
    if member.do_not_disturb:
        return "do_not_disturb"
    talking = counts.get(ringing.talks(member.key), 0)
    waiting = max((counts.get(ringing.rings(device.sip_user), 0) for device in member.devices), default=0)
    return None if ringing.may_ring(member.calls_at_once, talking, waiting) else "talking"


def counters(snapshot: Snapshot) -> frozenset[str]:
    """The ids of the switch's counters that a decision needs, those of :attr:`Snapshot.counts`."""
    members = [
        member
        for owner in snapshot.owners.values()
        for member in (owner.present if isinstance(owner, Pool) else (owner,))
        if member.calls_at_once is not None and not member.do_not_disturb
    ]
    phones = (device.sip_user for member in members for device in member.devices if device.enabled)
    lines = {waiting.line(owner.key) for owner in snapshot.owners.values() if waiting.step(owner)}
    return frozenset({*(ringing.talks(member.key) for member in members), *map(ringing.rings, phones), *lines})


def _target(device: Device, employee: Employee, later: int) -> Target:
    return Target(
        device.sip_user,
        employee.key,
        clean_name(employee.name),
        employee.extension,
        device.ring_delay + later,
        employee.counted,
    )


def _labels(devices: Iterable[Device]) -> str:
    return ", ".join(device.label for device in devices)
