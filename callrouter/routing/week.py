"""What a number does over a week: the plan between one instant at which it can change and the next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from callrouter.routing import hours, opening
from callrouter.routing.decide import decide
from callrouter.routing.plan import IncomingCall, Reason, RoutePlan, Step
from callrouter.routing.snapshot import Pool, Snapshot

#: What a reason says of the moment that was asked about, not of why.
_OF_THE_MOMENT = frozenset(("clock", "date", "weekday"))


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to, not including, ``end`` (UTC) a call is treated by ``plan``, that of its first moment.

    Later moments have the same steps for the same reasons; only date and time in the reasons' texts are theirs.
    """

    start: dt.datetime
    end: dt.datetime
    plan: RoutePlan


def spans(call: IncomingCall, snapshot: Snapshot, start: dt.datetime, end: dt.datetime) -> list[Span]:
    """Divide *start* to *end* (aware) by what is done with *call*; raises as ``decide`` does.

    A plan changes with the schedules of mailboxes, and with pools that open and close; only these instants are looked
    at.
    *snapshot* must know the holidays of all these days.
    """
    start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    schedules = [owner.mailbox.schedule for owner in snapshot.owners.values() if owner.mailbox.schedule]
    changes = {moment for schedule in schedules for moment in hours.moments(schedule, start, end)}
    pools = [owner for owner in snapshot.owners.values() if isinstance(owner, Pool)]
    changes |= {moment for pool in pools for moment in opening.moments(pool.opening, start, end)}
    edges = [start, *sorted(changes), end]
    found: list[Span] = []
    for first, last in pairwise(edges):
        plan = decide(call, snapshot, first)
        if found and _essence(found[-1].plan) == _essence(plan):
            found[-1] = Span(found[-1].start, last, found[-1].plan)
        else:
            found.append(Span(first, last, plan))
    return found


def _essence(plan: RoutePlan) -> tuple[tuple[Step, ...], list[Reason]]:
    """Steps and reasons without what they say of the moment."""
    return plan.steps, [
        Reason(reason.code, tuple((name, value) for name, value in reason.fields if name not in _OF_THE_MOMENT))
        for reason in plan.reasons
    ]
