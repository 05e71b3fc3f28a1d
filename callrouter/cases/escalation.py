"""When callers have waited too long, and when somebody is told so: business time and nothing else. No I/O, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

#: An address gets at most one digest in so long.
INTERVAL = dt.timedelta(minutes=60)
#: Who was told is told again on another day, but not earlier than this: in the morning, where there are hours.
REMIND_AFTER = dt.timedelta(hours=12)
#: The same where it is always open.
REMIND_ALWAYS_OPEN = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Team:
    """How many callers of a team wait too long: ``new`` ones, and those that were ``told`` of before.

    ``always``: it has no hours, so it is always ``open``.
    """

    open: bool
    always: bool
    new: int
    told: int


def limit(
    spans: Sequence[tuple[dt.datetime, dt.datetime]] | None, minutes: int, now: dt.datetime, furthest: dt.timedelta
) -> dt.datetime:
    """Who began to wait at that moment or earlier has waited for *minutes* of open time at *now*.

    *spans* are when it was open before *now*, in their order; None: always. They go no further back than *furthest*:
    who waits longer than that has waited too long, however short the hours.
    """
    left = dt.timedelta(minutes=minutes)
    if spans is None:
        return now - left
    for start, end in reversed(spans):
        if end - start >= left:
            return end - left
        left -= end - start
    return now - furthest


def due(teams: Collection[Team], last: dt.datetime | None, now: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether an address, which was told *last* (None: never), is to be told at *now* of the callers of *teams*.

    It is when one newly waits too long, and once on every other day (of *zone*) as long as there are any. Teams that
    are closed are no reason to tell: their callers wait no longer until they open. A *last* that is yet to come is of a
    clock that was wrong.
    """
    if last is None or last - now > INTERVAL:
        return any(team.open and team.new + team.told for team in teams)
    rest = now - last
    if rest >= INTERVAL and any(team.open and team.new for team in teams):
        return True
    if now.astimezone(zone).date() <= last.astimezone(zone).date():
        return False
    return any(
        team.open and team.new + team.told and rest >= (REMIND_ALWAYS_OPEN if team.always else REMIND_AFTER)
        for team in teams
    )
