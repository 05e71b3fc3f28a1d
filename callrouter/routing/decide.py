"""What to do with a call: from the call, the directory and the time to a plan. Nothing is read, waited for or kept.

Reads like the rule book: who calls, which number, whose it is, what rings, what follows when nobody answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from callrouter.routing import (
    claimers,
    features,
    forwarding,
    hours,
    members,
    numbers,
    opening,
    outgoing,
    ringing,
    waiting,
)
from callrouter.routing.callers import blocked_by, caller_of
from callrouter.routing.calls_out import ANONYMOUS, allowed, call_out
from callrouter.routing.for_pool import showing
from callrouter.routing.names import clean_name
from callrouter.routing.plan import (
    Announce,
    Forward,
    IncomingCall,
    Reason,
    Reject,
    RejectReason,
    Release,
    Ring,
    RingResult,
    RoutePlan,
    Step,
    Switch,
    Voicemail,
    reason,
)
from callrouter.routing.snapshot import Forwarding, Mailbox, Owner, Pool, Snapshot


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
    turned_away = None if call.transferred else _turned_away(caller, number, snapshot, reasons)
    if turned_away is not None:
        language = snapshot.language if turned_away.announcement else ""
        steps: tuple[Step, ...] = (Reject(turned_away, language),)
    else:
        steps = _steps(owner, snapshot, now, reasons)
    return RoutePlan(steps, tuple(reasons), number, owner.key, caller, caller_name, owner.name)


def _turned_away(caller: str, number: str | None, snapshot: Snapshot, reasons: list[Reason]) -> RejectReason | None:
    """Why *caller* comes through to nobody, or not to the company's *number*."""
    rule = blocked_by(caller, snapshot.blocked)
    if rule is not None:
        known = reason("caller_blocked", caller=caller)
        reasons.append(known if rule == caller else reason("caller_blocked_by", caller=caller, rule=rule))
        return RejectReason.BLOCKED_CALLER
    if caller == ANONYMOUS and number is not None and snapshot.numbers[number].reject_anonymous:
        reasons.append(reason("anonymous_rejected", number=number))
        return RejectReason.ANONYMOUS_CALLER
    return None


def _from_phone(call: IncomingCall, snapshot: Snapshot, now: dt.datetime) -> RoutePlan:
    employee = snapshot.devices.get(call.device) if call.device is not None else None
    if employee is None:
        unknown = reason("device_unknown", device=clean_name(call.device or ""))
        return RoutePlan((Reject(RejectReason.UNKNOWN_DEVICE),), (unknown,))
    caller, caller_name = caller_of(call, snapshot), "" if call.private else clean_name(employee.name)
    reasons = [_caller_reason(caller, caller_name)]
    if call.feature:
        pool = call.dialed[3:] if call.feature in features.POOL_CODES.values() else ""
        reasons.append(reason(f"feature_{call.feature}", employee=employee.name, **({"pool": pool} if pool else {})))
        step = Switch(call.feature, employee.key, call.device or "", snapshot.language, pool)
        return RoutePlan((step,), tuple(reasons), None, None, caller, caller_name)
    if call.shows:
        employee = showing(call.shows, employee, snapshot, reasons)
        if employee is None:
            return RoutePlan((Reject(RejectReason.NOT_SHOWN),), tuple(reasons), None, None, caller, caller_name)
    number: str | None = None
    owner: Owner | RejectReason | None = _owner_of_extension(call, snapshot, reasons)
    if owner is None:
        number, owner = _dialled_number(call, snapshot, reasons)
    if owner is RejectReason.UNKNOWN_NUMBER and (
        dialled := outgoing.read(call.dialed, snapshot.digits, snapshot.blocks)
    ):
        out = call_out(dialled, employee, snapshot.outside, now, reasons)
        return RoutePlan((out,), tuple(reasons), dialled.number, None, caller, caller_name)
    if isinstance(owner, RejectReason):
        return RoutePlan((Reject(owner),), tuple(reasons), number, None, caller, caller_name)
    steps = _steps(owner, snapshot, now, reasons, calling=call.device)
    return RoutePlan(steps, tuple(reasons), number, owner.key, caller, caller_name, owner.name)


def _outside_caller(call: IncomingCall, snapshot: Snapshot) -> tuple[str, str]:
    """The caller's number and name as phones and records show them."""
    if call.private:
        return ANONYMOUS, ""
    caller = caller_of(call, snapshot)
    name = snapshot.known_callers.get(caller) or call.caller_name
    if numbers.clean_number(name):  # a trunk without names repeats the number
        name = ""
    return caller, clean_name(name)


def _owner_of_extension(call: IncomingCall, snapshot: Snapshot, reasons: list[Reason]) -> Owner | None:
    extension = numbers.clean_number(call.dialed)
    owner = snapshot.owners.get(snapshot.extensions.get(extension or "", ""))
    if owner is not None:
        reasons.append(reason("extension_of", extension=str(extension), owner=owner.name))
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
        reasons.append(reason("number_without_owner", dialed=dialed, number=found.e164))
        return found.e164, RejectReason.NO_OWNER
    reasons.append(reason(_number_code(owner), dialed=dialed, number=found.e164, owner=owner.name))
    return found.e164, owner


def _number_code(owner: Owner) -> str:
    return "number_of_pool" if isinstance(owner, Pool) else "number_of_employee"


def _unresolved_reason(found: numbers.Unresolved, dialed: str) -> Reason:
    readings = ", ".join(found.readings)
    if found.reason is RejectReason.INACTIVE_NUMBER:
        return reason("number_inactive", dialed=dialed, numbers=readings)
    if found.reason is RejectReason.AMBIGUOUS_NUMBER:
        return reason("number_ambiguous", dialed=dialed, numbers=readings)
    return reason("number_unknown", dialed=dialed)


def _steps(
    owner: Owner,
    snapshot: Snapshot,
    now: dt.datetime,
    reasons: list[Reason],
    calling: str | None = None,
    been: tuple[str, ...] = (),
    rung: frozenset[str] = frozenset(),
) -> tuple[Step, ...]:
    """Ring the owner's phones but the *calling* one; then where calls go on from there, or the mailbox, or the end.

    An employee does not forward a call that has *been* at other owners; no call goes back to one of them; and nobody is
    *rung* twice for it (keys of employees).
    """
    been = (*been, owner.key)
    forwards = partial(
        _forward, owner, snapshot=snapshot, now=now, reasons=reasons, calling=calling, been=been, rung=rung
    )
    wanted = owner.forwarding if isinstance(owner, Pool) or len(been) == 1 else Forwarding()
    if always := forwards("always", wanted.always, ()):
        return (always,)
    if isinstance(owner, Pool) and (closed := _closed(owner, forwards, snapshot, now, reasons)):
        return (closed,)
    mailbox = owner.mailbox
    targets, nobody = members.targets(owner, snapshot, now, calling, reasons, rung)
    forwards = partial(forwards, rung=rung | {target.employee for target in targets})
    takes_calls = _mailbox_takes_calls(mailbox, now, reasons)
    if takes_calls and targets and mailbox.answer_after <= 0:
        reasons.append(reason("mailbox_at_once"))
        return (Voicemail(owner.key, mailbox.language),)
    wait = waiting.step(owner)
    if not targets and wait is None:
        on = next(field for field, results in forwarding.ON.items() if nobody in results)
        if forward := forwards(on, getattr(wanted, on), ()):
            return Ring(owner.key, (), 0, nobody), forward
        if takes_calls:
            reasons.append(reason("mailbox_without_ringing"))
            return (Voicemail(owner.key, mailbox.language),)
    limit = owner.ring_seconds if isinstance(owner, Pool) else snapshot.ring_seconds
    answers = mailbox.answer_after if mailbox.enabled and mailbox.answer_calls else None
    shortest, seconds = ringing.shortest(limit, answers), mailbox.answer_after if takes_calls else limit
    if _goes(owner, wanted.no_answer, snapshot):
        shortest = seconds = wanted.after
    at_once = False
    if wait and isinstance(owner, Pool) and owner.waiting:
        shortest = seconds = owner.waiting.after
        at_once = seconds == 0 or bool(snapshot.counts.get(waiting.line(owner.key)))
        reasons.append(reason("waits_at_once" if at_once else "waits_after", pool=owner.name, seconds=str(seconds)))
    if isinstance(owner, Pool):
        ring = Ring(owner.key, targets, seconds, nobody, each=members.turn_seconds(owner))
        ring = replace(ring, shown=owner.shown, alert=owner.alert if calling is None else owner.internal_alert)
    else:
        ring = Ring(owner.key, targets, seconds, nobody, owner.stops_all)
    ring = members.in_time(ring, shortest)
    claimed = claimers.first(owner, ring, snapshot, reasons, alone=at_once) if isinstance(owner, Pool) else None
    ring = claimed or ring
    then = tuple(
        forward
        for field, on_results in forwarding.ON.items()
        if (targets or wait) and (forward := forwards(field, getattr(wanted, field), on_results))
    )
    if wait:
        first: tuple[Step, ...] = (replace(wait, on=()),) if at_once else (wait,)
        if claimed or not at_once:
            first = (ring, *first)
        return *first, *then, Voicemail(owner.key, mailbox.language) if takes_calls else Release()
    if takes_calls:
        reasons.append(reason("rings_until_mailbox", seconds=str(ring.seconds)))
        return ring, *then, Voicemail(owner.key, mailbox.language)
    if targets:
        reasons.append(reason("rings_then_ends", seconds=str(ring.seconds)))
    else:
        reasons.append(reason("ends_busy" if nobody is RingResult.BUSY else "ends_offline"))
    return ring, *then, Release()


def _closed(
    pool: Pool, forwards: Callable[..., Forward | None], snapshot: Snapshot, now: dt.datetime, reasons: list[Reason]
) -> Step | None:
    """What becomes of a call to a *pool* that is closed: nobody is rung. None: it is open."""
    found = opening.state(pool.opening, pool.name, snapshot.timezone, now)
    reasons += found.why
    if found.open:
        return None
    if forward := forwards(forwarding.CLOSED, pool.forwarding.closed, ()):
        return forward
    if _mailbox_takes_calls(pool.mailbox, now, reasons):
        reasons.append(reason("closed_to_mailbox"))
        return Voicemail(pool.key, pool.mailbox.language)
    reasons.append(reason("closed_announced"))
    return Announce(pool.key, forwarding.CLOSED, snapshot.language, closed=True)


def _place(target: str | None, snapshot: Snapshot) -> Owner | None:
    """Whose phones, or whose mailbox, *target* names; None where it is no place to go."""
    owner = snapshot.owners.get((target or "").removeprefix(forwarding.MAILBOX))
    if owner and target and target.startswith(forwarding.MAILBOX):
        return owner if owner.mailbox.enabled and owner.mailbox.answer_calls else None
    return owner


def _outside(owner: Owner, target: str, snapshot: Snapshot) -> outgoing.Dialled | None:
    """The number in the public network that *target* is, if *owner* may call such numbers."""
    if not target.startswith("+"):
        return None
    meant = outgoing.read(target, snapshot.digits, snapshot.blocks)
    return meant if meant and meant.kind in allowed(owner, snapshot.outside) else None


def _goes(owner: Owner, target: str | None, snapshot: Snapshot) -> bool:
    """Whether calls of *owner* can ever go to *target*."""
    if target and target.startswith(forwarding.ANNOUNCEMENT):
        return True
    return _place(target, snapshot) is not None or _outside(owner, target or "", snapshot) is not None


def _forward(
    owner: Owner,
    why: str,
    target: str | None,
    on: tuple[RingResult, ...],
    *,
    snapshot: Snapshot,
    now: dt.datetime,
    reasons: list[Reason],
    calling: str | None,
    been: tuple[str, ...],
    rung: frozenset[str],
) -> Forward | None:
    """Go on at *target* where ringing ended *on* one of these; None where there is nowhere to go."""
    if target is None:
        return None
    when = on[0].value if on else forwarding.CLOSED if why == forwarding.CLOSED else "now"
    if target.startswith(forwarding.ANNOUNCEMENT):
        reasons.append(reason(f"forwards_{when}", owner=owner.name, to=target))
        name = target.removeprefix(forwarding.ANNOUNCEMENT)
        said = Announce(owner.key, name, snapshot.language, closed=why == forwarding.CLOSED)
        return Forward(owner.key, target, target, why, on, (said,))
    if number := _outside(owner, target, snapshot):
        reasons.append(reason(f"forwards_{when}", owner=owner.name, to=target))
        return _forward_outside(owner, why, number, on, snapshot, now, reasons)
    to = _place(target, snapshot)
    if to is None or to.key == target in been:
        reasons.append(reason("forwards_nowhere", owner=owner.name, to=target))
        return None
    reasons.append(reason(f"forwards_{when}", owner=owner.name, to=to.name))
    steps: tuple[Step, ...]
    if target.startswith(forwarding.MAILBOX):
        steps = (Voicemail(to.key, to.mailbox.language),)
    else:
        steps = _steps(to, snapshot, now, reasons, calling, been, rung)
    return Forward(owner.key, to.key, to.name, why, on, steps)


def _forward_outside(
    owner: Owner,
    why: str,
    number: outgoing.Dialled,
    on: tuple[RingResult, ...],
    snapshot: Snapshot,
    now: dt.datetime,
    reasons: list[Reason],
) -> Forward | None:
    """As a call of the owner's own; when nobody takes it there, what follows ringing that nobody answered."""
    call = call_out(number, owner, snapshot.outside, now, reasons)
    if isinstance(call, Reject):
        return None
    reasons.append(reason("press_key", key=forwarding.KEY))
    takes_calls = _mailbox_takes_calls(owner.mailbox, now, [] if on else reasons)
    last: Step = Voicemail(owner.key, owner.mailbox.language) if takes_calls else Release()
    return Forward(owner.key, number.number, number.number, why, on, (call, last))


def _mailbox_takes_calls(mailbox: Mailbox, now: dt.datetime, reasons: list[Reason]) -> bool:
    if not mailbox.enabled:
        reasons.append(reason("mailbox_disabled"))
        return False
    if not mailbox.answer_calls:
        reasons.append(reason("mailbox_takes_no_calls"))
        return False
    if mailbox.schedule is None:
        reasons.append(reason("mailbox_always"))
        return True
    found = hours.state(mailbox.schedule, now)
    takes_calls = found.open is (mailbox.active_when == "open")
    when = "open" if mailbox.active_when == "open" else "closed"
    reasons += [found.why, reason("mailbox_now" if takes_calls else "mailbox_not_now", when=when)]
    return takes_calls


def _caller_reason(caller: str, caller_name: str) -> Reason:
    if caller == ANONYMOUS:
        return reason("caller_anonymous")
    return reason("caller_named", caller=caller, name=caller_name) if caller_name else reason("caller", caller=caller)
