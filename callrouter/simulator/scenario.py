"""What the simulator plays, as values: one call, what the phones do with it, and the timeline that came of it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from callrouter.simulator.behaviour import Behaviour
from callrouter.simulator.rtp import tone


@dataclass(frozen=True, slots=True)
class Call:
    """One call that comes in. All times are seconds of the scenario.

    ``to`` and ``from_`` are what the SIP request carries. ``device`` is the authenticated account of a calling
    phone; without it the call comes from ``trunk``. ``phones`` tells what each device dialled does (absent:
    offline). ``variables`` are what the rendered dialplan sets before ``socket`` (callrouter_owner and so on), over
    those the simulator knows itself. ``says`` is what the caller says into a mailbox; ``digits`` what the caller
    types, in order, each time the switch listens for digits (``""``: nothing that time).
    """

    to: str
    from_: str = "+4917604069001"
    name: str = ""
    trunk: str = "carrier"
    device: str = ""
    phones: Mapping[str, Behaviour] = field(default_factory=lambda: MappingProxyType({}))
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    says: array[int] = field(default_factory=lambda: tone(440, 4))
    digits: tuple[str, ...] = ()
    hang_up_after: float | None = None
    hang_up_after_answer: float | None = None
    hang_up_after_message: bool = False
    fallback_mailbox: bool = True


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline: ``at`` seconds after the INVITE, who or what, and what happened."""

    at: float
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.at:6.1f} s  {self.who}: {self.what}"
