"""Calling out for a pool: who may show its number, for one call (``features.SHOW``) or as their own setting.

The rendered dialplan does it; what is said here is done there.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from callrouter.routing.plan import Reason, reason
from callrouter.routing.snapshot import Employee, Pool, Snapshot


class MayShow(StrEnum):
    """Who may show the numbers of a pool when they call outside."""

    NOBODY = "nobody"
    MEMBERS = "members"
    EVERYBODY = "everybody"


def may_show(who: str, *, member: bool) -> bool:
    """Whether a pool that lets *who* (a :class:`MayShow`) show its numbers lets one who is a *member* of it, or not."""
    return who == MayShow.EVERYBODY or (who == MayShow.MEMBERS and member)


def showing(extension: str, employee: Employee, snapshot: Snapshot, reasons: list[Reason]) -> Employee | None:
    """*employee* as one who shows the first number of the pool with that *extension*.

    None: that may not be; why goes behind *reasons*.
    """
    pool = snapshot.owners.get(snapshot.extensions.get(extension, ""))
    if not isinstance(pool, Pool):
        reasons.append(reason("for_pool_unknown", extension=extension))
        return None
    names = {"employee": employee.name, "pool": pool.name}
    if not may_show(pool.may_show, member=any(member.key == employee.key for member in pool.members)):
        why = "for_pool_nobody" if pool.may_show == MayShow.NOBODY else "for_pool_no_member"
        reasons.append(reason(why, **names))
        return None
    if pool.number is None:
        reasons.append(reason("for_pool_no_number", **names))
        return None
    reasons.append(reason("for_pool", **names))
    return replace(employee, shown=pool.number)
