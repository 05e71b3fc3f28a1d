"""Who of a pool has talked when, for pools that ring first who is idle longest: asked of the ledger, call by call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.models import DeviceRow, EmployeeRow
from callrouter.directory.records import CallRow, CallStepRow
from callrouter.routing.snapshot import Pool, Snapshot


def wanted(snapshot: Snapshot) -> frozenset[str]:
    """The keys of those in *snapshot* of whom routing asks when they last talked."""
    return frozenset(
        member.key
        for owner in snapshot.owners.values()
        if isinstance(owner, Pool) and owner.strategy == "longest-idle"
        for member in owner.present
    )


def talked(session: Session, keys: Collection[str]) -> dict[str, dt.datetime]:
    """When each employee last ended a call that a phone of theirs had answered, of those who ever did."""
    latest = (
        select(CallRow.ended_at)
        .join(CallStepRow, CallStepRow.call_id == CallRow.id)
        .where(CallStepRow.device == DeviceRow.sip_user)
        .order_by(CallStepRow.started_at.desc())
        .limit(1)
        .correlate(DeviceRow)
        .scalar_subquery()
    )
    ids = [key.removeprefix("employee:") for key in keys]
    query = select(EmployeeRow.key, latest).join(EmployeeRow.devices).where(EmployeeRow.key.in_(ids))
    found: dict[str, dt.datetime] = {}
    for key, ended in session.execute(query):
        if ended is not None:
            found[f"employee:{key}"] = max(ended, found.get(f"employee:{key}", ended))
    return found
