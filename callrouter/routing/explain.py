"""A plan's steps as numbered sentences, for ``callrouter explain`` and the web page."""

from __future__ import annotations

from callrouter.routing import reasons
from callrouter.routing.plan import (
    Announce,
    Dial,
    Forward,
    Reason,
    Reject,
    Release,
    Ring,
    RingResult,
    RoutePlan,
    Step,
    Switch,
    Target,
    Voicemail,
    Wait,
)


def describe(plan: RoutePlan, language: str) -> list[str]:
    """Say what will be done, step by step (``1. …``), in ``de`` or ``en``; the why is ``reasons.text``'s."""
    return _numbered(plan.steps, plan.owner_name, "", language)


def _numbered(steps: tuple[Step, ...], owner_name: str, before: str, language: str) -> list[str]:
    said: list[str] = []
    for n, step in enumerate(steps, 1):
        said.append(f"{before}{n}. {reasons.text(_sentence(step, owner_name), language)}")
        if isinstance(step, Forward):
            said += _numbered(step.steps, step.to_name, f"{before}{n}.", language)
    return said


def in_short(plan: RoutePlan, language: str) -> tuple[str, str]:
    """What *plan* comes to: its kind, for colours and filters, and one sentence in ``de`` or ``en``.

    Kinds: ``refused``, ``mailbox`` (at once), ``rings_then_mailbox``, ``rings``, ``waits`` (at once),
    ``rings_then_waits``, ``outside`` (forwarded), ``nobody`` (no phone, no mailbox).
    """
    if isinstance(plan.steps[0], Reject):
        return "refused", reasons.text(Reason(f"reject_{plan.steps[0].reason.value}"), language)
    kind, reason = _outcome(plan.steps, plan.owner_name)
    return kind, reasons.text(reason, language)


def _outcome(steps: tuple[Step, ...], owner_name: str) -> tuple[str, Reason]:
    match steps:
        case (Forward(on=(), steps=(Announce() as announce,)), *_) | (Announce() as announce, *_):
            return "nobody", _announced("in_short", announce)
        case (Forward(on=(), outside=True, to_name=name), *_) | (Ring(), Forward(on=(), outside=True, to_name=name)):
            return "outside", Reason("in_short_outside", (("number", name),))
        case (Forward(on=(), to_name=name, steps=others), *_) | (Ring(), Forward(on=(), to_name=name, steps=others)):
            return _outcome(others, name)
        case (Ring(targets=targets, seconds=seconds) as ring, Forward(), *_) if targets:
            match _when_nobody_answers(steps):
                case Forward(steps=(Voicemail() as mailbox, *_)):
                    return _outcome((ring, mailbox), owner_name)
                case Forward(to_name=to):
                    return "rings", Reason("in_short_rings_then_to", (*_rings(owner_name, seconds), ("to", to)))
            return _outcome((ring, *(step for step in steps[1:] if not isinstance(step, Forward))), owner_name)
    reason = _in_short(steps, owner_name)
    return reason.code.removeprefix("in_short_"), reason


def _when_nobody_answers(steps: tuple[Step, ...]) -> Forward | None:
    forwards = (step for step in steps if isinstance(step, Forward) and RingResult.NO_ANSWER in step.on)
    return next(forwards, None)


def _rings(owner_name: str, seconds: int) -> tuple[tuple[str, str], ...]:
    return ("owner", owner_name), ("seconds", str(seconds))


def _in_short(steps: tuple[Step, ...], owner_name: str) -> Reason:
    owner = ("owner", owner_name)
    match steps:
        case (Wait(), *_) | (Ring(targets=()), Wait(), *_):
            return Reason("in_short_waits", (owner,))
        case (Ring(seconds=seconds), Wait(), *_):
            return Reason("in_short_rings_then_waits", (owner, ("seconds", str(seconds))))
        case (Voicemail(), *_):
            return Reason("in_short_mailbox", (owner,))
        case (Ring(targets=targets, seconds=seconds), Voicemail()) if targets:
            return Reason("in_short_rings_then_mailbox", _rings(owner_name, seconds))
        case (Ring(targets=targets, seconds=seconds), *_) if targets:
            return Reason("in_short_rings", _rings(owner_name, seconds))
    return Reason("in_short_nobody", (owner,))


def describe_emergency(number: str, language: str) -> list[str]:
    """The same for an emergency *number*, which the dialplan sends to the trunks without asking for a plan."""
    emergency = Reason("step_emergency", (("number", number),))
    return [f"1. {reasons.text(emergency, language)}"]


def _sentence(step: Step, owner_name: str) -> Reason:
    match step:
        case Ring(targets=(), nobody=RingResult.BUSY):
            return Reason("step_ring_busy")
        case Ring(targets=()):
            return Reason("step_ring_nobody")
        case Ring(seconds=seconds, each=each) if each:
            turns = " → ".join(", ".join(map(_device, turn)) for turn in step.turns)
            if step.first:
                turns = turns.replace(" →", f" ({step.first} s) →", 1)
            fields = (("seconds", str(seconds)), ("each", str(each)), ("devices", turns))
            return Reason("step_ring_in_turn", fields)
        case Ring(targets=targets, seconds=seconds):
            devices = ", ".join(map(_device, targets))
            return Reason("step_ring", (("seconds", str(seconds)), ("devices", devices)))
        case Wait(seconds=seconds, places=places, mailbox=mailbox):
            wait = (("seconds", str(seconds)), ("places", str(places)))
            return Reason("step_wait_or_mailbox" if mailbox else "step_wait", wait)
        case Voicemail(owner=owner, language=language):
            return Reason("step_voicemail", (("owner", owner_name or owner), ("language", language)))
        case Announce():
            return _announced("step", step)
        case Dial(number=number, trunks=trunks):
            return Reason("step_dial", (("number", number), ("trunks", ", ".join(trunks))))
        case Switch(feature=feature, pool=pool):
            return Reason(f"step_{feature}", (("pool", pool),) if pool else ())
        case Forward(to_name=name, on=on, why=why):
            when = on[0].value if on else "closed" if why == "closed" else "now"
            return Reason(f"step_forward_{when}", (("to", name),))
        case Reject(reason=reason):
            return Reason(f"reject_{reason.value}")
        case Release():
            return Reason("step_release")


def _announced(kind: str, step: Announce) -> Reason:
    return Reason(f"{kind}_announce", (("announcement", step.name),))


def _device(target: Target) -> str:
    later = f", +{target.delay} s" if target.delay else ""
    return f"{target.sip_user} ({target.name}{later})"
