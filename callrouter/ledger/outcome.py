"""What became of a call, part by part, from its step marks alone (never from billsec or bridge times).

One CDR can hold several outcomes: answered by one employee, transferred into the mailbox of another. A *part* is
what happened to one owner: consecutive steps of the same owner, until somebody answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from callrouter.cases import guard
from callrouter.ledger.audio import Audio
from callrouter.ledger.cdr import Cdr
from callrouter.ledger.rings import End, Leg
from callrouter.routing import waiting
from callrouter.routing.forwarding import FORWARDED
from callrouter.variables import StepMark

_KINDS = frozenset({"ring", "voicemail", "announce", "reject", "dial", guard.MARK})
_OUTGOING = frozenset({"outbound", "emergency"})


class Outcome(StrEnum):
    """``unanswered`` is an outgoing call that nobody took; it is no missed call of ours."""

    ANSWERED = "answered"
    MISSED = "missed"
    VOICEMAIL = "voicemail"
    REJECTED = "rejected"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Part:
    """What happened to one owner. ``n`` is unique in the call; ``owner`` is an owner key or empty.

    ``detail`` of a missed part: closed, abandoned, no_answer, busy, offline, rejected, failed, switch_stopped,
    reached_mailbox, message_lost, forwarded, or how waiting ended (``routing.waiting``); of a rejected one the reason,
    or that it was given up at a warning (``cases.guard``).
    ``recording``: mark of the usable recording.
    ``legs``: the phones that were to ring.
    """

    n: str
    kind: str
    owner: str
    outcome: Outcome
    detail: str = ""
    device: str | None = None
    recording: str | None = None
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """``outcome`` is that of the last part; ``interrupted``: the fallback or note recovery had to finish the call."""

    outcome: Outcome
    interrupted: bool
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Group:
    owner: str
    marks: dict[tuple[str, str], StepMark] = field(default_factory=dict)
    answered_by: str | None = None
    closed: bool = False

    @property
    def last(self) -> StepMark:
        return next(reversed(self.marks.values()))

    @property
    def rings_still(self) -> bool:
        return not self.closed and self.last.kind == "ring" and not self.last.result

    @property
    def forwarded(self) -> bool:
        """Whether the call went on elsewhere then, whatever came before."""
        return any(mark.kind == "ring" and mark.result == FORWARDED for mark in self.marks.values())

    def find(self, kind: str) -> StepMark | None:
        return next((mark for mark in reversed(self.marks.values()) if mark.kind == kind), None)

    def put(self, mark: StepMark) -> None:
        self.marks[mark.n, mark.kind] = mark
        if mark.kind == "ring" and mark.result == "answered":
            self.answered_by, self.closed = mark.device, True


def _groups(steps: tuple[StepMark, ...], owner: str) -> list[_Group]:
    groups: list[_Group] = []
    for mark in steps:
        if mark.kind == "was":
            ringing = next((group for group in reversed(groups) if group.rings_still), None)
            if ringing:
                ringing.answered_by = mark.device
            if groups:
                groups[-1].closed = True
            continue
        if mark.kind not in _KINDS:
            continue
        begun = next((group for group in reversed(groups) if (mark.n, mark.kind) in group.marks), None)
        if begun and (mark.result or not begun.closed):
            begun.put(mark)
            continue
        whose = mark.owner or owner
        if not groups or groups[-1].closed or groups[-1].owner != whose:
            groups.append(_Group(whose))
        groups[-1].put(mark)
    return groups


def _voicemail(mark: StepMark, recordings: Mapping[str, Audio | None]) -> tuple[Outcome, str]:
    audio = recordings.get(mark.n)
    if audio and audio.usable:
        return Outcome.VOICEMAIL, ""
    lost = (mark.n in recordings and audio is None) or (mark.result == "recorded" and mark.n not in recordings)
    return Outcome.MISSED, "message_lost" if lost else "reached_mailbox"


def _never_rang(cdr: Cdr) -> tuple[Outcome, str]:
    """How ringing ended that was still going on when the call did."""
    if cdr.cause == "ATTENDED_TRANSFER":
        return Outcome.ANSWERED, "transferred"
    if cdr.source == "note" or cdr.cause == "SYSTEM_SHUTDOWN":
        return Outcome.MISSED, "switch_stopped"
    return Outcome.MISSED, "abandoned"


def _part(group: _Group, n: str, *, last: bool, only: bool, cdr: Cdr, recordings: Mapping[str, Audio | None]) -> Part:
    kind = next(iter(group.marks.values())).kind
    device: str | None = None
    recording: str | None = None
    ring, voicemail = group.find("ring"), group.find("voicemail")
    dial, reject = group.find("dial"), group.find("reject")
    # A leg that was transferred here had been answered before, and so had a call of several parts.
    answered_here = only and cdr.leg == "inbound" and cdr.answered_at is not None
    if group.answered_by is not None:
        outcome, detail, device = Outcome.ANSWERED, "", group.answered_by or (cdr.device if last else "")
    elif voicemail:
        outcome, detail = _voicemail(voicemail, recordings)
        recording = voicemail.n if outcome is Outcome.VOICEMAIL else None
    elif ring and (ring.result or group.forwarded):
        outcome, detail = Outcome.MISSED, FORWARDED if group.forwarded else ring.result
    elif ring and last and cdr.device:
        outcome, detail, device = Outcome.ANSWERED, "", cdr.device
    elif ring and answered_here:
        outcome, detail = Outcome.ANSWERED, ""  # hung up so soon after the answer that no device was noted
    elif ring and last:
        outcome, detail = _never_rang(cdr)
        if detail == "abandoned" and ring.n.startswith(waiting.MARK):
            detail = waiting.GAVE_UP
    elif ring:
        outcome, detail = Outcome.MISSED, "no_answer"
    elif announce := group.find("announce"):
        outcome, detail = Outcome.MISSED, announce.result
    elif dial:
        taken = last and (bool(cdr.taken) or answered_here)
        answered = dial.result == "answered" or (not dial.result and taken)
        outcome = Outcome.ANSWERED if answered else Outcome.UNANSWERED
        detail = "" if answered else dial.result or cdr.cause
    elif group.find(guard.MARK) and not reject:
        outcome, detail = Outcome.REJECTED, guard.GIVEN_UP
    else:
        outcome, detail = Outcome.REJECTED, reject.result if reject else ""
    return Part(n, kind, group.owner, outcome, detail, device or None, recording)


def _once(legs: Iterable[Leg]) -> Iterable[Leg]:
    """Of a phone that rang again and again while the caller waited, the last time."""
    return {(leg.device, leg.n if leg.n.startswith(waiting.MARK) else leg): leg for leg in legs}.values()


def _known(leg: Leg, part: Part) -> Leg:
    """The fallback forgets how the phones of earlier parts ended; which one answered its mark still tells."""
    answered = leg.end is End.UNKNOWN and leg.device == part.device
    return replace(leg, end=End.ANSWERED) if answered else leg


def _without_steps(cdr: Cdr) -> CallRecord:
    """A call that ended before its first step was noted."""
    interrupted = cdr.fallback or cdr.source == "note"
    if cdr.direction in _OUTGOING:
        outcome = Outcome.ANSWERED if cdr.answered_at else Outcome.UNANSWERED
        return CallRecord(outcome, interrupted, ())
    if not cdr.owner:
        return CallRecord(Outcome.REJECTED, interrupted, ())
    outcome, detail = _never_rang(cdr)
    return CallRecord(outcome, interrupted, (Part("0", "ring", cdr.owner, outcome, detail),))


def outcome(cdr: Cdr, recordings: Mapping[str, Audio | None]) -> CallRecord:
    """The parts of a call. *recordings* holds what was found by step mark; None: a file that is no recording.

    A recording that no step claims (its CDR was damaged) counts as a voicemail step of the call's owner.
    """
    claimed = {mark.n for mark in cdr.steps if mark.kind == "voicemail"}
    unclaimed = tuple(StepMark(n, "voicemail") for n in sorted(recordings) if n not in claimed)
    groups = _groups(cdr.steps + unclaimed, cdr.owner or "")
    if not groups:
        return _without_steps(cdr)
    parts: list[Part] = []
    names: set[str] = set()
    legs: dict[str, list[Leg]] = {}
    for leg in cdr.legs:
        legs.setdefault(leg.n, []).append(leg)
    for group in groups:
        n = first = next(iter(group.marks.values())).n
        again = 1
        while n in names:
            again += 1
            n = f"{first}_{again}"
        names.add(n)
        part = _part(group, n, last=group is groups[-1], only=len(groups) == 1, cdr=cdr, recordings=recordings)
        rung = [leg for mark_n, kind in group.marks if kind == "ring" for leg in legs.pop(mark_n, ())]
        parts.append(replace(part, legs=tuple(_known(leg, part) for leg in _once(rung))))
    used: set[str] = set()
    for position in reversed(range(len(parts))):
        part = parts[position]
        if part.recording in used:  # a mailbox reached twice by one call records over its first message
            parts[position] = replace(part, outcome=Outcome.MISSED, detail="message_lost", recording=None)
        elif part.recording:
            used.add(part.recording)
    return CallRecord(parts[-1].outcome, cdr.fallback or cdr.source == "note", tuple(parts))
