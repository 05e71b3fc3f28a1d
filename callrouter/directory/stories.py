"""Which calls are one story: those that transfers have made of one, and what was asked about it on the way.

The ledger notes by which legs each call hangs together with others (``records.CallLinkRow``).
"""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from callrouter.directory.records import CallLinkRow, CallRow

#: No story is told further than this.
MOST = 20


def linked(session: Session, call: CallRow) -> list[CallRow]:
    """The other calls of the story of *call*, the oldest first, with their steps."""
    found, names = {call.id: call}, {call.uuid}
    while len(found) <= MOST:
        names |= set(session.scalars(select(CallLinkRow.leg).where(CallLinkRow.call_id.in_(found))))
        named = select(CallLinkRow.call_id).where(CallLinkRow.leg.in_(names))
        more = session.scalars(
            select(CallRow)
            .where(or_(CallRow.uuid.in_(names), CallRow.id.in_(named)), CallRow.id.not_in(found))
            .options(selectinload(CallRow.steps))
            .order_by(CallRow.id)
            .limit(MOST)
        ).all()
        if not more:
            break
        found |= {one.id: one for one in more}
        names |= {one.uuid for one in more}
    others = [one for one in found.values() if one is not call]
    return sorted(others, key=lambda one: (one.started_at, one.id))[:MOST]
