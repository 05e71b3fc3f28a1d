"""What to do with a call: from the call, the directory and the time to a plan. Nothing is read, waited for or kept.

Reads like the rule book: who calls, which number, whose it is, what rings, what follows when nobody answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from callrouter.routing import hours, numbers
from callrouter.routing.names import clean_name
from callrouter.routing.plan import (
    IncomingCall,
    Reason,
    Reject,
    RejectReason,
    Release,
    Ring,
    RoutePlan,
    Step,
    Target,
    Voicemail,
)
from callrouter.routing.snapshot import Device, Employee, Mailbox, Owner, Pool, Snapshot

ANONYMOUS = "anonymous"


def decide(call: IncomingCall, snapshot: Snapshot, now: dt.datetime) -> RoutePlan:
    """Return the plan for *call* at the aware moment *now*; its last step always ends the call.

    A call without a trunk is internal. Raises what :func:`hours.state` raises for a naive *now* or an unknown time
    zone, and nothing else.
    """
    if call.trunk is None:
        return _from_phone(call, snapshot, now)
    return _from_trunk(call, snapshot, now)


def _from_trunk(call: IncomingCall, snapshot: Snapshot, now: dt.datetime) -> RoutePlan:
    caller, caller_name = _outside_caller(call, snapshot)
    reasons = [_caller_reason(caller, caller_name)]
    number, owner = _dialled_number(call, snapshot, reasons)
    if isinstance(owner, RejectReason):
        return RoutePlan((Reject(owner),), tuple(reasons), number, None, caller, caller_name)
    if caller in snapshot.blocked:
        reasons.append(_reason("caller_blocked", caller=caller))
        steps: tuple[Step, ...] = (Reject(RejectReason.BLOCKED_CALLER),)
    else:
        steps = _steps(owner, snapshot, now, reasons)
    return RoutePlan(steps, tuple(reasons), number, owner.key, caller, caller_name, owner.name)


def _from_phone(call: IncomingCall, snapshot: Snapshot, now: dt.datetime) -> RoutePlan:
    employee = snapshot.devices.get(call.device) if call.device is not None else None
    if employee is None:
        unknown = _reason("device_unknown", device=clean_name(call.device or ""))
        return RoutePlan((Reject(RejectReason.UNKNOWN_DEVICE),), (unknown,))
    caller, caller_name = ANONYMOUS, ""
    if not call.private:
        caller = employee.extension or employee.number or ANONYMOUS
        caller_name = clean_name(employee.name)
    reasons = [_caller_reason(caller, caller_name)]
    number: str | None = None
    owner: Owner | RejectReason | None = _owner_of_extension(call, snapshot, reasons)
    if owner is None:
        number, owner = _dialled_number(call, snapshot, reasons)
    if isinstance(owner, RejectReason):
        return RoutePlan((Reject(owner),), tuple(reasons), number, None, caller, caller_name)
    steps = _steps(owner, snapshot, now, reasons, calling=call.device)
    return RoutePlan(steps, tuple(reasons), number, owner.key, caller, caller_name, owner.name)


def _outside_caller(call: IncomingCall, snapshot: Snapshot) -> tuple[str, str]:
    """The caller's number and name as phones and records show them."""
    if call.private:
        return ANONYMOUS, ""
    caller = numbers.normalise(call.caller_number or "", snapshot.digits) or ANONYMOUS
    name = snapshot.known_callers.get(caller) or call.caller_name
    if numbers.clean_number(name):  # a trunk without names repeats the number
        name = ""
    return caller, clean_name(name)


def _owner_of_extension(call: IncomingCall, snapshot: Snapshot, reasons: list[Reason]) -> Owner | None:
    extension = numbers.clean_number(call.dialed)
    owner = snapshot.owners.get(snapshot.extensions.get(extension or "", ""))
    if owner is not None:
        reasons.append(_reason("extension_of", extension=str(extension), owner=owner.name))
    return owner


def _dialled_number(
    call: IncomingCall, snapshot: Snapshot, reasons: list[Reason]
) -> tuple[str | None, Owner | RejectReason]:
    """The E.164 number that was dialled, if it is one of the company's, and its owner or why there is none."""
    dialed = numbers.clean_number(call.dialed) or clean_name(call.dialed)
    found = numbers.resolve(call.dialed, snapshot.digits, snapshot.blocks, snapshot.numbers)
    if isinstance(found, numbers.Unresolved):
        reasons.append(_unresolved_reason(found, dialed))
        return found.readings[0] if len(found.readings) == 1 else None, found.reason
    owner = snapshot.owners.get(found.owner or "")
    if owner is None:
        reasons.append(_reason("number_without_owner", dialed=dialed, number=found.e164))
        return found.e164, RejectReason.NO_OWNER
    reasons.append(_reason(_number_code(owner), dialed=dialed, number=found.e164, owner=owner.name))
    return found.e164, owner


def _number_code(owner: Owner) -> str:
    return "number_of_pool" if isinstance(owner, Pool) else "number_of_employee"


def _unresolved_reason(found: numbers.Unresolved, dialed: str) -> Reason:
    readings = ", ".join(found.readings)
    if found.reason is RejectReason.INACTIVE_NUMBER:
        return _reason("number_inactive", dialed=dialed, numbers=readings)
    if found.reason is RejectReason.AMBIGUOUS_NUMBER:
        return _reason("number_ambiguous", dialed=dialed, numbers=readings)
    return _reason("number_unknown", dialed=dialed)


def _steps(
    owner: Owner, snapshot: Snapshot, now: dt.datetime, reasons: list[Reason], calling: str | None = None
) -> tuple[Step, ...]:
    """Ring the owner's phones but the *calling* one; then the mailbox if it takes calls now, else the end."""
    mailbox = owner.mailbox
    targets = _targets(owner, calling, reasons)
    takes_calls = _mailbox_takes_calls(mailbox, now, reasons)
    if takes_calls and (not targets or mailbox.answer_after <= 0):
        reasons.append(_reason("mailbox_at_once" if targets else "mailbox_without_ringing"))
        return (Voicemail(owner.key, mailbox.language),)
    if takes_calls:
        reasons.append(_reason("rings_until_mailbox", seconds=str(mailbox.answer_after)))
        return Ring(owner.key, targets, mailbox.answer_after), Voicemail(owner.key, mailbox.language)
    seconds = owner.ring_seconds if isinstance(owner, Pool) else snapshot.ring_seconds
    reasons.append(_reason("rings_then_ends", seconds=str(seconds)) if targets else _reason("ends_offline"))
    return Ring(owner.key, targets, seconds), Release()


def _targets(owner: Owner, calling: str | None, reasons: list[Reason]) -> tuple[Target, ...]:
    """Each enabled phone of the owner once, in the directory's order, and the reasons that name them."""
    members = owner.members if isinstance(owner, Pool) else (owner,)
    found: dict[str, Target] = {}
    for member in members:
        rings = [device for device in member.devices if device.enabled and device.sip_user != calling]
        found |= {device.sip_user: _target(device, member) for device in rings}
        disabled = [device for device in member.devices if not device.enabled]
        if disabled:
            reasons.append(_reason("devices_disabled", employee=member.name, devices=_labels(disabled)))
        if rings:
            reasons.append(_reason("devices_ring", employee=member.name, devices=_labels(rings)))
        else:
            reasons.append(_reason("devices_none", employee=member.name))
        if any(device.sip_user == calling for device in member.devices):
            reasons.append(_reason("device_calls"))
    if isinstance(owner, Pool):
        code = "pool_rings_all" if owner.strategy == "simultaneous" else "pool_rings_all_for_now"
        reasons.append(_reason(code if members else "pool_empty", pool=owner.name, strategy=owner.strategy))
    return tuple(found.values())


def _target(device: Device, employee: Employee) -> Target:
    return Target(device.sip_user, employee.key, clean_name(employee.name), employee.extension)


def _mailbox_takes_calls(mailbox: Mailbox, now: dt.datetime, reasons: list[Reason]) -> bool:
    if not mailbox.enabled:
        reasons.append(_reason("mailbox_disabled"))
        return False
    if not mailbox.answer_calls:
        reasons.append(_reason("mailbox_takes_no_calls"))
        return False
    if mailbox.schedule is None:
        reasons.append(_reason("mailbox_always"))
        return True
    found = hours.state(mailbox.schedule, now)
    takes_calls = found.open is (mailbox.active_when == "open")
    when = "open" if mailbox.active_when == "open" else "closed"
    reasons += [found.why, _reason("mailbox_now" if takes_calls else "mailbox_not_now", when=when)]
    return takes_calls


def _caller_reason(caller: str, caller_name: str) -> Reason:
    if caller == ANONYMOUS:
        return _reason("caller_anonymous")
    return _reason("caller_named", caller=caller, name=caller_name) if caller_name else _reason("caller", caller=caller)


def _labels(devices: Iterable[Device]) -> str:
    return ", ".join(device.label for device in devices)


def _reason(code: str, **fields: str) -> Reason:
    return Reason(code, tuple(fields.items()))
