"""What a decision needs of the ledger, asked call by call: who talked when, and who has claimed the caller."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from callrouter.directory import idle
from callrouter.directory.database import Database
from callrouter.directory.records import TABLES
from callrouter.routing import claimers
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Snapshot

_CASES, _OWNERS = TABLES["cases"], TABLES["owners"]
_CLAIMERS = _OWNERS.alias("claimers")
#: By the index of the cases that are not closed.
_CLAIMED = (
    select(_OWNERS.c.key, _CLAIMERS.c.key)
    .select_from(_CASES)
    .join(_OWNERS, _OWNERS.c.id == _CASES.c.owner_id)
    .join(_CLAIMERS, _CLAIMERS.c.id == _CASES.c.claimed_by)
    .where(_CASES.c.caller_key == bindparam("caller"), text("cases.state <> 'closed'"), _OWNERS.c.kind == "pool")
)


def wanted(call: IncomingCall, snapshot: Snapshot) -> bool:
    """Whether the decision on *call* needs anything of the ledger."""
    return claimers.asks(call, snapshot) is not None or bool(idle.wanted(snapshot))


def with_ledger(database: Database, call: IncomingCall, snapshot: Snapshot) -> Snapshot:
    """*snapshot* with what its rules need of the ledger for *call*: an indexed query each, or none.

    Raises what SQLAlchemy raises.
    """
    caller, keys = claimers.asks(call, snapshot), idle.wanted(snapshot)
    if caller is None and not keys:
        return snapshot
    with database.read() as session:
        talked = idle.talked(session, keys) if keys else snapshot.talked
        claimed = _claimers(session, caller) if caller else snapshot.claimers
    return replace(snapshot, talked=talked, claimers=claimed)


def _claimers(session: Session, caller: str) -> MappingProxyType[str, str]:
    """Who has claimed *caller*, by the pools whose case that is."""
    rows = session.connection().execute(_CLAIMED, {"caller": caller})
    return MappingProxyType({f"pool:{pool}": f"employee:{claimer}" for pool, claimer in rows})
