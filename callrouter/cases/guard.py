"""Whether who calls somebody back is told first that somebody else is on it: nobody is to be called back twice.

Pure: what is known comes in, and what is to be said comes out, by names of prompts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from callrouter.variables import StepMark

#: The kind and number of the mark that a warning leaves in a call's steps.
MARK = "guard"
#: What a call that was given up at the warning ended of, in the ledger.
GIVEN_UP = "guard"
#: The longest that a call-back may be warned of (minutes).
LONGEST = 1440
#: After how many minutes there is a prompt for "so long ago".
_AGO = (*range(11), 15, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 720, 1440)


class What(StrEnum):
    """Why one had better not call: a colleague talks to them now, claims their case, or has ended it just now.

    It ended when a member called them back, when they called again and were answered, or by hand.
    """

    TALKING = "talking"
    CLAIMED = "claimed"
    CALLED_BACK = "called_back"
    CALLED_AGAIN = "called_again"
    CLOSED = "closed"


_DONE = (What.CALLED_BACK, What.CALLED_AGAIN, What.CLOSED)


@dataclass(frozen=True, slots=True)
class Known:
    """A case of the number that is called, and of ``owner`` (a row id): how far it is, by whom (row id), since when.

    ``what`` None: it waits, and nobody is on it.
    """

    owner: int
    what: What | None
    who: int | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Warn:
    """What is to be said, of whom (a row id, None: nobody knows), and since when."""

    what: What
    who: int | None
    at: dt.datetime | None = None

    def minutes(self, now: dt.datetime) -> int:
        """How long ago it began, in whole minutes."""
        return max(0, int((now - self.at).total_seconds() // 60)) if self.at else 0


def warn(cases: Collection[Known], talking: Sequence[int], caller: int, minutes: int, now: dt.datetime) -> Warn | None:
    """What *caller* (a row id), who may see *cases*, is told before the call goes out; None: nothing.

    *talking* is who of their teams talks to that number now. Of what was done the last *minutes* count; 0: there is no
    guard. Where somebody was missed again since, it is no matter who talked to them before. Who claims the case is
    never warned.
    """
    if not minutes or any(case.what is What.CLAIMED and case.who == caller for case in cases):
        return None
    waiting = [case for case in cases if case.what not in _DONE]
    owners = {case.owner for case in waiting}
    since = now - dt.timedelta(minutes=minutes)
    done = [case for case in cases if case.what in _DONE and case.owner not in owners and case.at and case.at >= since]
    if not waiting and not done:
        return None
    for who in talking:
        if who != caller:
            return Warn(What.TALKING, who)
    claimed = [case for case in waiting if case.what is What.CLAIMED and case.who is not None]
    told = claimed or [case for case in done if case.who != caller]
    latest = max(told, key=lambda case: case.at or since, default=None)
    return Warn(latest.what, latest.who, latest.at) if latest and latest.what else None


def prompts(said: Warn, extension: str | None, now: dt.datetime) -> list[str]:
    """The prompts that say it: what, who by the *extension*, when, and how to call anyway."""
    who = ["guard_extension", *(f"digit_{digit}" for digit in extension)] if extension else []
    ago = [f"ago_{max(step for step in _AGO if step <= said.minutes(now))}"] if said.at else []
    return [f"guard_{said.what}", *who, *ago, "guard_press"]


def mark(said: Warn, caller: str, who: str, now: dt.datetime) -> str:
    """The mark of a warning to the employee *caller* of *who* (ids), as it stands among the call's steps."""
    return StepMark(MARK, MARK, f"employee:{caller}", said.what, f"{who}@{said.minutes(now)}").text()


def told(steps: Sequence[StepMark]) -> tuple[What, str, str, bool] | None:
    """What the marks *steps* tell of a warning: what, who (an id or empty), minutes, and whether the call went on."""
    for position, step in enumerate(steps):
        if step.kind == MARK and step.result in set(What):
            who, _, minutes = step.device.partition("@")
            return What(step.result), who, minutes, position + 1 < len(steps)
    return None
