"""A plan's steps as numbered sentences, for ``callrouter explain`` and the web page."""

from __future__ import annotations

from callrouter.routing import reasons
from callrouter.routing.plan import Reason, Reject, Release, Ring, RoutePlan, Step, Target, Voicemail


def describe(plan: RoutePlan, language: str) -> list[str]:
    """Say what will be done, step by step (``1. …``), in ``de`` or ``en``; the why is ``reasons.text``'s."""
    return [f"{n}. {reasons.text(_sentence(step, plan.owner_name), language)}" for n, step in enumerate(plan.steps, 1)]


def in_short(plan: RoutePlan, language: str) -> tuple[str, str]:
    """What *plan* comes to: its kind, for colours and filters, and one sentence in ``de`` or ``en``.

    Kinds: ``refused``, ``mailbox`` (at once), ``rings_then_mailbox``, ``rings``, ``nobody`` (no phone, no mailbox).
    """
    if isinstance(plan.steps[0], Reject):
        return "refused", reasons.text(Reason(f"reject_{plan.steps[0].reason.value}"), language)
    reason = _outcome(plan)
    return reason.code.removeprefix("in_short_"), reasons.text(reason, language)


def _outcome(plan: RoutePlan) -> Reason:
    owner = ("owner", plan.owner_name)
    match plan.steps:
        case (Voicemail(), *_):
            return Reason("in_short_mailbox", (owner,))
        case (Ring(targets=targets, seconds=seconds), Voicemail()) if targets:
            return Reason("in_short_rings_then_mailbox", (owner, ("seconds", str(seconds))))
        case (Ring(targets=targets, seconds=seconds), *_) if targets:
            return Reason("in_short_rings", (owner, ("seconds", str(seconds))))
    return Reason("in_short_nobody", (owner,))


def describe_emergency(number: str, language: str) -> list[str]:
    """The same for an emergency *number*, which the dialplan sends to the trunks without asking for a plan."""
    emergency = Reason("step_emergency", (("number", number),))
    return [f"1. {reasons.text(emergency, language)}"]


def _sentence(step: Step, owner_name: str) -> Reason:
    match step:
        case Ring(targets=()):
            return Reason("step_ring_nobody")
        case Ring(targets=targets, seconds=seconds):
            devices = ", ".join(map(_device, targets))
            return Reason("step_ring", (("seconds", str(seconds)), ("devices", devices)))
        case Voicemail(owner=owner, language=language):
            return Reason("step_voicemail", (("owner", owner_name or owner), ("language", language)))
        case Reject(reason=reason):
            return Reason(f"reject_{reason.value}")
        case Release():
            return Reason("step_release")


def _device(target: Target) -> str:
    return f"{target.sip_user} ({target.name})"
