"""The question routing is asked (a call) and the answer it gives (a plan): frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """One call as FreeSWITCH gives it to the router, cleaned at the edge.

    ``dialed`` is what the caller dialled as the trunk's ``did_from`` setting says, or what a phone dialled.
    ``trunk`` names the trunk, None for a call from one of the company's phones; then ``device`` is that phone's
    authenticated account (never its From). ``caller_number`` is raw but of digits and a leading ``+`` only; None
    when the caller has none. ``private``: RFC 3323 privacy was asked for, or the number is anonymous; then
    ``caller_number`` and ``caller_name`` are empty already.
    """

    uuid: str
    dialed: str
    trunk: str | None = None
    device: str | None = None
    caller_number: str | None = None
    caller_name: str = ""
    private: bool = False


class RejectReason(StrEnum):
    """Why a call gets no phone; ``cause`` is the FreeSWITCH cause and with it the SIP answer."""

    UNKNOWN_NUMBER = "unknown_number"
    INACTIVE_NUMBER = "inactive_number"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    NO_OWNER = "no_owner"
    BLOCKED_CALLER = "blocked_caller"
    UNKNOWN_DEVICE = "unknown_device"

    @property
    def cause(self) -> str:
        """404 for numbers that do not exist, 480 for one without owner, 603 for blocked callers, 403 for strangers."""
        return {
            "unknown_number": "UNALLOCATED_NUMBER",
            "inactive_number": "UNALLOCATED_NUMBER",
            "ambiguous_number": "UNALLOCATED_NUMBER",
            "no_owner": "SUBSCRIBER_ABSENT",
            "blocked_caller": "CALL_REJECTED",
            "unknown_device": "OUTGOING_CALL_BARRED",
        }[self.value]


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
    """One phone to ring, with the employee it belongs to (for callee id and the record)."""

    sip_user: str
    employee: str
    name: str
    extension: str | None


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring all ``targets`` at once for ``seconds``; the first to answer talks. No targets: counts as offline."""

    owner: str
    targets: tuple[Target, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Let the owner's mailbox take a message, in ``language`` (de, en)."""

    owner: str
    language: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the call."""

    reason: RejectReason


@dataclass(frozen=True, slots=True)
class Release:
    """End the call with the answer that the last ring result gives (``RingResult.cause``)."""


Step = Ring | Voicemail | Reject | Release


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of why, as a code with fields; ``reasons.text`` says it in German or English."""

    code: str
    fields: tuple[tuple[str, str], ...] = ()


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
