"""Teams: what the pages and commands about a pool do, one call each.

All is as in ``directory.services``; *version* is the one the record must still be at (None: any). Mailbox and
notifications are changed by ``directory.owners``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from callrouter.directory import document, outside, owners, services, store
from callrouter.directory.changing import made
from callrouter.directory.exporting import read_pools
from callrouter.directory.models import CompanyRow, EmployeeRow, PoolMemberRow, PoolRow
from callrouter.errors import RuleError, say
from callrouter.routing import features


def create(session: Session, *, name: str, key: str | None = None, **values: Any) -> document.Pool:
    """Add a pool; *key* None: made of the name. *values* are its other fields: numbers, members, extension …"""
    store.hold(session)
    if key is not None and read_pools(session, [key]):
        text = say("there is a pool %(key)s already; take another id, or change that one", key=key)
        raise RuleError(text, [("id", text)])
    new = made(document.Pool, id=key or owners.new_id(session, "pool", name), name=name, **values)
    services.save_pool(session, new)
    return new


def change(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Pool:
    """Change fields of a pool: name, extension, strategy, ring_seconds …; the others stay."""
    if "next" in values:
        values["next"] = outside.written(session, key, None, "next", values["next"])
    if "members" in values:
        store.hold(session)
        values = kept(services.pool(session, key)[0], values["members"]) | values
    found = owners.change(session, f"pool:{key}", version=version, **values)
    assert isinstance(found, document.Pool)
    return found


def kept(pool: document.Pool, members: Sequence[str]) -> dict[str, Any]:
    """What of the fields about single members stays, where exactly *members* (ids) are in the *pool*."""
    return {
        "delays": {member: delay for member, delay in pool.delays.items() if member in members},
        "signed_out": [member for member in pool.signed_out if member in members],
    }


def sign(session: Session, key: str, member: str, *, signed_in: bool) -> document.Pool:
    """Sign *member* (an employee's id) in to the pool or out of it; what is so already stays. Raises RuleError."""
    store.hold(session)
    known = services.pool(session, key)[0]
    if member not in known.members:
        raise RuleError(say("%(employee)s is no member of pool %(pool)s", employee=member, pool=key))
    if (member not in known.signed_out) is signed_in:
        return known
    others = [one for one in known.signed_out if one != member]
    return change(session, key, signed_out=others if signed_in else [*others, member])


def lamps(session: Session) -> dict[str, bool]:
    """Who is signed in to which pool, by the address (``NAME@DOMAIN``) that shows it, where both have extensions."""
    domain = session.scalar(select(CompanyRow.sip_domain))
    pool = aliased(PoolRow, flat=True)
    query = (
        select(pool.extension, EmployeeRow.extension, PoolMemberRow.signed_in)
        .join(pool, pool.id == PoolMemberRow.pool_id)
        .join(EmployeeRow, EmployeeRow.id == PoolMemberRow.employee_id)
        .where(pool.extension.is_not(None), EmployeeRow.extension.is_not(None))
    )
    rows = session.execute(query)
    return {f"{features.lamp(str(its), str(own))}@{domain}": signed_in for its, own, signed_in in rows}


def of_extension(session: Session, extension: str) -> document.Pool | None:
    """The pool that is reached by *extension*."""
    key = session.scalar(select(PoolRow.key).where(PoolRow.extension == extension))
    return services.pool(session, key)[0] if key else None


def set_next(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Pool:
    """Change where calls go that nobody took: busy, no_answer, offline, closed (None: nowhere).

    A number outside may be written as people dial it; the company must allow such numbers.
    """
    store.hold(session)
    known = services.pool(session, key)[0].next.model_dump()
    return change(session, key, version=version, next=known | values)


def set_members(session: Session, key: str, members: Sequence[str], *, version: int | None = None) -> None:
    """Let exactly the employees *members* (ids, in their order) be called for the pool."""
    change(session, key, version=version, members=list(members))


def set_numbers(session: Session, key: str, e164s: Sequence[str], *, version: int | None = None) -> None:
    """Give the pool exactly these numbers; they are active and nobody else's. Others that it had become free."""
    change(session, key, version=version, numbers=list(e164s))
