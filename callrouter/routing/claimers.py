"""A caller whom somebody of a pool has claimed reaches that one first: whose phones begin, and what follows.

Only a plan can say so: who has claimed whom stands in the ledger, and the rendered dialplan rings the pool as always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callrouter.routing import ringing
from callrouter.routing.callers import caller_of
from callrouter.routing.calls_out import ANONYMOUS
from callrouter.routing.plan import IncomingCall, Reason, Ring, Target, reason
from callrouter.routing.snapshot import Pool, Snapshot


def asks(call: IncomingCall, snapshot: Snapshot) -> str | None:
    """The caller of whom routing must know who of which pool has claimed them (``Snapshot.claimers``); None: of nobody.

    A call that somebody of ours transferred goes where they sent it.
    """
    if not snapshot.claimer_seconds or call.transferred or call.feature:
        return None
    if not any(isinstance(owner, Pool) for owner in snapshot.owners.values()):
        return None
    caller = caller_of(call, snapshot)
    return None if caller == ANONYMOUS else caller


def first(pool: Pool, ring: Ring, snapshot: Snapshot, reasons: list[Reason], *, alone: bool) -> Ring | None:
    """*ring* of *pool* with the phones first, for so many seconds more, of who has claimed the caller.

    Then the others ring as always; where all ring at once, the claimer's ring on with them, and nobody is rung twice.
    *alone*: the others are not rung at all, because the caller waits for them. None: nobody comes first.
    """
    claimer = snapshot.claimers.get(pool.key)
    name = next((member.name for member in pool.members if member.key == claimer), None)
    if name is None:
        return None
    seconds = snapshot.claimer_seconds
    mine = [target for target in ring.targets if target.employee == claimer]
    others = [] if alone else [target for target in ring.targets if target.employee != claimer]
    if not mine:
        reasons.append(reason("claimer_not_there", employee=name, pool=pool.name))
        return None
    if not others and not alone:
        return None
    reasons.append(reason("claimer_first", employee=name, pool=pool.name, seconds=str(seconds)))
    if alone:
        return replace(ring, targets=_begin(mine, seconds), seconds=seconds, each=0)
    if ring.each:
        targets = (*_begin(mine, seconds), *others)
        return replace(ring, targets=targets, seconds=ring.seconds + seconds, first=seconds)
    earliest = min(target.delay for target in others)
    later = (replace(target, delay=seconds + target.delay - earliest) for target in others)
    return replace(ring, targets=(*_begin(mine, ring.seconds), *later), seconds=ring.seconds + seconds)


def _begin(targets: Sequence[Target], seconds: int) -> tuple[Target, ...]:
    """*targets* so that the first of them begins at once, and all in time."""
    delays = ringing.delays([target.delay for target in targets], seconds)
    return tuple(replace(target, delay=delay) for target, delay in zip(targets, delays, strict=True))
