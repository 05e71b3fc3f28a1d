"""What a phone does when it rings: the same words for the simulator's phones and for the SIP endpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Ring with ``ringing`` (180 or 183) and answer ``after`` seconds; hang up ``hang_up_after`` seconds of talk.

    ``early_media`` puts SDP into the ringing response; None: this side never hangs up.
    """

    after: float = 0.0
    ringing: int = 180
    early_media: bool = False
    hang_up_after: float | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Ring with ``ringing`` (180 or 183) until the other side gives up."""

    ringing: int = 180
    early_media: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with the final SIP ``status`` (486 busy, 603 decline, 480 …) ``after`` seconds of ringing."""

    status: int = 603
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Ignore:
    """Send nothing at all, as a phone whose network is gone."""


@dataclass(frozen=True, slots=True)
class Offline:
    """Not registered. The SIP endpoint itself does not know this one: it just does not register."""


Behaviour = Answer | NoAnswer | Refuse | Ignore | Offline

BUSY = Refuse(486)
DECLINE = Refuse(603)
