"""The question routing is asked (a call) and the answer it gives (a plan): frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """One call as FreeSWITCH gives it to the router, cleaned at the edge.

    ``dialed`` is what the caller dialled as the trunk's ``did_from`` setting says, or what a phone dialled.
    ``trunk`` names the trunk, None for a call from one of the company's phones; then ``device`` is that phone's
    authenticated account (never its From). ``caller_number`` is raw but of digits and a leading ``+`` only; None
    when the caller has none. ``private``: RFC 3323 privacy was asked for, or the number is anonymous; then
    ``caller_number`` and ``caller_name`` are empty already. ``transferred``: somebody of ours talked with the caller
    before; ``back`` is the phone that transferred it here, ``feature`` what the phone itself asks for by a code (see
    ``features``). ``shows`` is the extension of the pool whose number is to be shown outside, for this call alone.
    """

    uuid: str
    dialed: str
    trunk: str | None = None
    device: str | None = None
    caller_number: str | None = None
    caller_name: str = ""
    private: bool = False
    transferred: bool = False
    back: str | None = None
    feature: str = ""
    shows: str = ""


class RejectReason(StrEnum):
    """Why a call gets no phone; ``cause`` is the FreeSWITCH cause and with it the SIP answer."""

    UNKNOWN_NUMBER = "unknown_number"
    INACTIVE_NUMBER = "inactive_number"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    NO_OWNER = "no_owner"
    BLOCKED_CALLER = "blocked_caller"
    ANONYMOUS_CALLER = "anonymous_caller"
    UNKNOWN_DEVICE = "unknown_device"
    NOT_ALLOWED = "not_allowed"
    NOT_NOW = "not_now"
    NO_TRUNK = "no_trunk"
    COMPANY_BUSY = "company_busy"
    EMPLOYEE_BUSY = "employee_busy"
    NEW_NUMBERS = "new_numbers"
    NOT_SHOWN = "not_shown"

    @property
    def cause(self) -> str:
        """404 for numbers that do not exist, 480 for one without owner, 603 for blocked callers.

        403 for strangers and for calls out that are not allowed, 502 where there is no trunk.
        """
        return {
            "unknown_number": "UNALLOCATED_NUMBER",
            "inactive_number": "UNALLOCATED_NUMBER",
            "ambiguous_number": "UNALLOCATED_NUMBER",
            "no_owner": "SUBSCRIBER_ABSENT",
            "blocked_caller": "CALL_REJECTED",
            "anonymous_caller": "CALL_REJECTED",
            "unknown_device": "OUTGOING_CALL_BARRED",
            "not_allowed": "OUTGOING_CALL_BARRED",
            "not_now": "OUTGOING_CALL_BARRED",
            "no_trunk": "NETWORK_OUT_OF_ORDER",
            "company_busy": "OUTGOING_CALL_BARRED",
            "employee_busy": "OUTGOING_CALL_BARRED",
            "new_numbers": "OUTGOING_CALL_BARRED",
            "not_shown": "OUTGOING_CALL_BARRED",
        }[self.value]

    @property
    def announcement(self) -> str | None:
        """The prompt that a caller from outside hears first, as early media."""
        return "anonymous_rejected" if self is RejectReason.ANONYMOUS_CALLER else None

    @property
    def answer(self) -> str | None:
        """The SIP answer where it is another than FreeSWITCH makes of ``cause``: 433 of RFC 5079."""
        return "433 Anonymity Disallowed" if self is RejectReason.ANONYMOUS_CALLER else None


#: What a phone is told of a call out that is refused, by prompt.
SPOKEN: Mapping[str, tuple[RejectReason, ...]] = MappingProxyType(
    {
        "not_allowed": (RejectReason.NOT_ALLOWED, RejectReason.NOT_NOW),
        "too_many_calls": (RejectReason.COMPANY_BUSY, RejectReason.EMPLOYEE_BUSY, RejectReason.NEW_NUMBERS),
        "unknown_number": (RejectReason.UNKNOWN_NUMBER,),
        "no_line": (RejectReason.NO_TRUNK,),
        "not_shown": (RejectReason.NOT_SHOWN,),
    }
)


class RingResult(StrEnum):
    """How ringing ended; ``cause`` is what the caller is told when nothing follows."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    OFFLINE = "offline"
    REJECTED = "rejected"
    FAILED = "failed"

    @property
    def cause(self) -> str:
        """480, 486, 480, 603 and 480 in SIP."""
        return {
            "answered": "NORMAL_CLEARING",
            "no_answer": "NO_ANSWER",
            "busy": "USER_BUSY",
            "offline": "SUBSCRIBER_ABSENT",
            "rejected": "CALL_REJECTED",
            "failed": "NORMAL_UNSPECIFIED",
        }[self.value]


#: What FreeSWITCH's causes say of ringing, the most hopeful first: with several phones the first that fits any of
#: them is what the caller is told (a phone that rang to the limit comes before all). 1.11.2 gives
#: NORMAL_TEMPORARY_FAILURE for a registered phone whose port is closed, ORIGINATOR_CANCEL for one that answers 487.
RING_CAUSES: tuple[tuple[RingResult, tuple[str, ...]], ...] = (
    (RingResult.BUSY, ("USER_BUSY", "NORMAL_CIRCUIT_CONGESTION")),
    (RingResult.REJECTED, ("CALL_REJECTED", "DECLINE", "REJECT_ALL", "ORIGINATOR_CANCEL")),
    (
        RingResult.NO_ANSWER,
        ("NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT", "RECOVERY_ON_TIMER_EXPIRE"),
    ),
    (
        RingResult.OFFLINE,
        (
            "USER_NOT_REGISTERED",
            "SUBSCRIBER_ABSENT",
            "NO_ROUTE_DESTINATION",
            "UNALLOCATED_NUMBER",
            "NORMAL_TEMPORARY_FAILURE",
            "NETWORK_OUT_OF_ORDER",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Target:
    """One phone to ring, with the employee it belongs to (for callee id and the record).

    It begins ``delay`` seconds after the others; ``counted``: this phone's ringing and talking is. ``sip_user`` may be
    a number in the public network: the dialplan makes that call, if it may be, and who answers there must press a key.
    """

    sip_user: str
    employee: str
    name: str
    extension: str | None
    delay: int = 0
    counted: bool = False

    @property
    def outside(self) -> bool:
        """Whether it is a number in the public network."""
        return self.sip_user.startswith("+")


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring all ``targets`` at once for ``seconds``; the first to answer talks.

    With ``each``: one employee's after the other's, each for so many seconds, ``seconds`` in all; who cannot be rung is
    passed over at once, and who rings for another call (of a pool that rings so) comes last; the first of them for
    ``first`` seconds, if that is said. ``nobody`` is what it
    counts as when there is no phone to ring. A phone that answers with one of the causes in ``stops`` ends the ringing
    of all. ``shown`` stands before the caller's name on the displays, ``alert`` names the ring that phones are asked
    for (empty: nothing).
    """

    owner: str
    targets: tuple[Target, ...]
    seconds: int
    nobody: RingResult = RingResult.OFFLINE
    stops: tuple[str, ...] = ()
    each: int = 0
    first: int = 0
    shown: str = ""
    alert: str = ""

    @property
    def turns(self) -> tuple[tuple[Target, ...], ...]:
        """The phones that ring together, in their order."""
        if not self.each:
            return (self.targets,)
        return tuple(tuple(turn) for _, turn in groupby(self.targets, key=lambda target: target.employee))


@dataclass(frozen=True, slots=True)
class Wait:
    """Let the caller wait for ``seconds`` until a member of ``owner`` is free, in one of so many ``places``.

    If the last ringing ended with one of ``on`` (empty: in any case). The call is answered: it hears a greeting, music
    and its place, and may leave by a key: to the ``mailbox`` where there is one, or to be called back. Where nobody
    comes in time, or all places are taken, the next step follows. The dialplan does it, and what follows; the router is
    not asked again.
    """

    owner: str
    seconds: int
    places: int
    mailbox: bool
    on: tuple[RingResult, ...]


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Let the owner's mailbox take a message, in ``language`` (de, en)."""

    owner: str
    language: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Say the announcement of that ``name`` (``forwarding.ANNOUNCEMENTS``) in ``language``, as early media, and end.

    ``closed``: that is because ``owner`` is closed.
    """

    owner: str
    name: str
    language: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Dial:
    """Call ``number`` (E.164 or short) in the public network by the first of ``trunks`` that takes it.

    ``shown`` is the number shown there, or ``anonymous``. The dialplan does it; the router is never asked.
    """

    number: str
    shown: str
    trunks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Do what a phone's code asks for, for the ``employee`` whose ``device`` dialled it, and say so in ``language``.

    ``pool`` is what stands behind a code that is about one (``features.POOL_CODES``): its extension, and behind a
    ``*``, if that is dialled, the employee's own.
    """

    feature: str
    employee: str
    device: str
    language: str
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """Go on with ``steps``, which end the call, if the last ringing ended with one of ``on`` (empty: in any case).

    ``to`` (``to_name`` for people) is the owner where it goes on, or a number outside: then the dialplan does the steps
    and what follows, and who answers there must press a key; or an announcement, with which it ends. ``owner`` is the
    one who forwards the call, by the field ``why`` of the forwarding.
    """

    owner: str
    to: str
    to_name: str
    why: str
    on: tuple[RingResult, ...]
    steps: tuple[Step, ...]

    @property
    def outside(self) -> bool:
        """Whether it goes to a number in the public network."""
        return self.to.startswith("+")

    @property
    def announces(self) -> bool:
        """Whether it stays with its owner, and ends with an announcement."""
        return self.to.startswith("announcement:")


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the call; ``language`` (de, en) is that of the reason's announcement, where it has one."""

    reason: RejectReason
    language: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """End the call with the answer that the last ring result gives (``RingResult.cause``)."""


Step = Ring | Wait | Voicemail | Announce | Dial | Switch | Forward | Reject | Release


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of why, as a code with fields; ``reasons.text`` says it in German or English."""

    code: str
    fields: tuple[tuple[str, str], ...] = ()


def reason(code: str, **fields: str) -> Reason:
    """The :class:`Reason` of *code* with *fields*."""
    return Reason(code, tuple(fields.items()))


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """What will be done with a call. The last step always ends it.

    ``number`` is the resolved E.164 number (None for an extension or an unknown one), ``caller`` is E.164, an
    extension, or ``anonymous``; ``caller_name`` is for the phones' displays, cleaned. ``owner_name`` is for people.
    """

    steps: tuple[Step, ...]
    reasons: tuple[Reason, ...]
    number: str | None = None
    owner: str | None = None
    caller: str = "anonymous"
    caller_name: str = ""
    owner_name: str = ""
