"""Talks that were filed before the missed call which they followed: whoever was talked to afterwards waits for nobody.

So it is when FreeSWITCH died while phones rang, and the call's record is made of the router's note after the caller
has reached somebody; and when a caller gives up on one line who talks on another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callrouter.cases.rules import ANONYMOUS, Talk
from callrouter.directory.records import TABLES

_CALLS, _STEPS, _DEVICES = (TABLES[name] for name in ("calls", "call_steps", "devices"))
_ANSWERED = "answered"
#: By the index that lists of calls have: from that moment on, whose they are.
_TALKS = (
    select(
        _CALLS.c.id,
        _CALLS.c.direction,
        _CALLS.c.caller,
        _CALLS.c.number,
        _CALLS.c.started_at,
        _CALLS.c.answered_at,
        _CALLS.c.ended_at,
        _STEPS.c.owner_id,
        _DEVICES.c.employee_id,
    )
    .join(_STEPS, _STEPS.c.call_id == _CALLS.c.id)
    .outerjoin(_DEVICES, _DEVICES.c.sip_user == _STEPS.c.device)
    .where(_CALLS.c.outcome == _ANSWERED, _STEPS.c.outcome == _ANSWERED)
    .order_by(_CALLS.c.started_at, _CALLS.c.id, _STEPS.c.position)
)


def talks(session: Session, missed: Mapping[str, dt.datetime], but: Collection[int]) -> list[Talk]:
    """The talks in the ledger with callers who were *missed*, and when, that began later than that, in their order.

    Callers are E.164 or, who called again, an extension. *but*: the ids of calls to leave out.
    """
    callers = sorted(caller for caller in missed if caller != ANONYMOUS)
    if not callers:
        return []
    theirs = or_(_CALLS.c.caller.in_(callers), _CALLS.c.number.in_(callers))
    rows = session.execute(_TALKS.where(_CALLS.c.started_at > min(missed.values()), theirs))
    found = [_talk(row) for row in rows if row.id not in but]
    return [talk for talk in found if talk.caller in missed and talk.at > missed[talk.caller]]


def _talk(row: Any) -> Talk:
    back = row.direction == "outbound"
    talked = row.ended_at - row.answered_at if row.ended_at and row.answered_at else dt.timedelta()
    return Talk(
        row.id,
        caller=(row.number or "") if back else row.caller,
        employee=row.owner_id if back else row.employee_id,
        owner=None if back else row.owner_id,
        back=back,
        answered=True,
        seconds=talked.total_seconds(),
        at=row.started_at,
    )
