"""Whether a pool is open: by its hours, or because somebody switched it by hand. While it is closed nobody is rung.

Router and rendered dialplan go by it alike. What was switched for a time ends by itself: from that moment on the hours
hold again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from callrouter.routing import hours
from callrouter.routing.plan import Reason, reason
from callrouter.routing.snapshot import Opening

#: The places of the switch.
SCHEDULED, OPEN, CLOSED = "scheduled", "open", "closed"


@dataclass(frozen=True, slots=True)
class State:
    """Whether a pool is open at a moment, ``by_hand`` or not, and why (nothing, where it is always open)."""

    open: bool
    by_hand: bool = False
    why: tuple[Reason, ...] = ()


def by_hand(opening: Opening, now: dt.datetime) -> bool:
    """Whether the pool is open or closed by hand at the aware moment *now*."""
    return opening.switch != SCHEDULED and (opening.until is None or now < opening.until)


def state(opening: Opening, pool: str, timezone: str, now: dt.datetime) -> State:
    """What holds of the pool named *pool* at the aware moment *now*; a switch's end is told in *timezone*."""
    if by_hand(opening, now):
        code, when = f"pool_{opening.switch}_by_hand", {}
        if opening.until is not None:
            local = opening.until.astimezone(ZoneInfo(timezone))
            code, when = f"{code}_until", {"date": local.date().isoformat(), "clock": f"{local:%H:%M}"}
        return State(opening.switch == OPEN, True, (reason(code, pool=pool, **when),))
    if opening.hours is None:
        return State(True)
    found = hours.state(opening.hours, now)
    return State(found.open, False, (found.why, reason("pool_open" if found.open else "pool_closed", pool=pool)))


def moments(opening: Opening, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """The instants (UTC) after *start* and before *end*, both aware, at which :func:`state` can change, in order."""
    found = set(hours.moments(opening.hours, start, end)) if opening.hours else set()
    if opening.switch != SCHEDULED and opening.until is not None and start < opening.until < end:
        found.add(opening.until.astimezone(dt.UTC))
    return sorted(found)


def until(opening: Opening, now: dt.datetime, end: dt.datetime) -> dt.datetime | None:
    """When what holds at *now* ends: a switch, or, before *end*, the hours; None: not foreseeably."""
    if by_hand(opening, now):
        return opening.until
    is_open = state(opening, "", "UTC", now).open
    changes = moments(opening, now, end)
    return next((moment for moment in changes if state(opening, "", "UTC", moment).open is not is_open), None)
