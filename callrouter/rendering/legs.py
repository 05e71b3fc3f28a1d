"""Which phones ring together, and when, as the templates see it: for any call, and for callers who wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from callrouter.directory import document
from callrouter.routing import ringing


@dataclass(frozen=True, slots=True)
class Leg:
    """A phone to ring, with what it is shown as to other phones.

    It begins ``delay`` seconds after the first. ``calls_at_once`` is that of the ``employee`` (an id), or None.
    ``again``: calls may come here for which the employee was rung before. ``outside``: the ``device`` is a number in
    the public network, of that kind. ``counted``: FreeSWITCH counts the calls.
    """

    device: str
    name: str
    extension: str | None
    delay: int
    employee: str
    calls_at_once: int | None
    again: bool = False
    outside: str = ""
    counted: bool = False

    @property
    def place(self) -> str:
        """The phone's account, or what stands for a number outside, in the names of variables and counters."""
        return f"outside-{self.employee}" if self.outside else self.device

    @property
    def in_doubt(self) -> bool:
        """Whether each call is asked if it may ring."""
        return self.calls_at_once is not None or self.again


@dataclass(frozen=True, slots=True)
class WaitingView:
    """How callers wait: as it is ``set``; members ring in ``turns``, each for ``seconds``, again and again.

    ``mailbox``: there is one to go to.
    """

    set: document.Waiting
    seconds: int
    turns: tuple[tuple[Leg, ...], ...]
    mailbox: bool

    @property
    def members(self) -> tuple[tuple[tuple[Leg, ...], ...], ...]:
        """Of each turn the phones of each employee together."""
        return tuple(
            tuple(tuple(legs) for _, legs in groupby(turn, key=lambda leg: leg.employee)) for turn in self.turns
        )


def turns_of(legs: Sequence[Leg], each: int) -> tuple[tuple[Leg, ...], ...]:
    """The *legs* that ring together: all, or with *each* one member's after the other's."""
    if not each:
        return (tuple(legs),)
    return tuple(tuple(turn) for _, turn in groupby(legs, key=lambda leg: leg.employee))


def in_time(legs: Sequence[Leg], seconds: int) -> tuple[Leg, ...]:
    """*legs* with the delays that leave time to answer while they ring for *seconds*."""
    begin = ringing.delays([leg.delay for leg in legs], seconds)
    return tuple(replace(leg, delay=delay) for leg, delay in zip(legs, begin, strict=True))
