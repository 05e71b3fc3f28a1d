"""Teams: what the pages and commands about a pool do, one call each.

All is as in ``directory.services``; *version* is the one the record must still be at (None: any). Mailbox and
notifications are changed by ``directory.owners``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from callrouter.directory import document, owners, services, store
from callrouter.directory.changing import made
from callrouter.directory.exporting import read_pools
from callrouter.errors import RuleError, say


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
    found = owners.change(session, f"pool:{key}", version=version, **values)
    assert isinstance(found, document.Pool)
    return found


def set_members(session: Session, key: str, members: Sequence[str], *, version: int | None = None) -> None:
    """Let exactly the employees *members* (ids, in their order) be called for the pool."""
    change(session, key, version=version, members=list(members))


def set_numbers(session: Session, key: str, e164s: Sequence[str], *, version: int | None = None) -> None:
    """Give the pool exactly these numbers; they are active and nobody else's. Others that it had become free."""
    change(session, key, version=version, numbers=list(e164s))
