"""Writes numbers and their blocks; the rules were checked before.

Every number of a block has a row, inactive until activated. A number without a block is a ported single one: it is
active, or gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from callrouter.directory import document
from callrouter.directory.models import Base
from callrouter.directory.part_rules import span
from callrouter.directory.store import chunks

_BLOCKS = Base.metadata.tables["number_blocks"]
_NUMBERS = Base.metadata.tables["numbers"]
_COMPANY = Base.metadata.tables["company"]


def numbers_of(block: document.Block) -> list[str]:
    """Every number of *block*, E.164, ascending."""
    _, first, last = span(block)
    return [f"+{value}" for value in range(first, last + 1)]


def _block_id(session: Session, block: document.Block) -> int:
    columns = _BLOCKS.c
    same = (columns.prefix == block.prefix, columns.first == block.first, columns.last == block.last)
    return int(session.scalars(select(columns.id).where(*same)).one())


def _add_block(session: Session, block: document.Block) -> None:
    session.execute(insert(_BLOCKS).values(**block.model_dump()))
    block_id = _block_id(session, block)
    known: set[str] = set()
    wanted = numbers_of(block)
    for some in chunks(wanted):
        here = _NUMBERS.c.e164.in_(some)
        found = session.scalars(select(_NUMBERS.c.e164).where(here)).all()
        if found:
            session.execute(update(_NUMBERS).where(here).values(block_id=block_id))
            known.update(found)
    rows = [
        {"e164": e164, "state": "inactive", "block_id": block_id, "personal": False}
        for e164 in wanted
        if e164 not in known
    ]
    if rows:
        session.execute(insert(_NUMBERS), rows)


def write_blocks(session: Session, added: Sequence[document.Block], removed: Sequence[document.Block]) -> None:
    """Replace *removed* blocks by *added* ones.

    A number that is in both keeps its state and its owner; one that is in no block any more stays as a single number
    if it is active, to be dropped by the caller if it is gone.
    """
    for block in removed:
        block_id = _block_id(session, block)
        session.execute(update(_NUMBERS).where(_NUMBERS.c.block_id == block_id).values(block_id=None))
        session.execute(delete(_BLOCKS).where(_BLOCKS.c.id == block_id))
    for block in added:
        _add_block(session, block)
    session.execute(delete(_NUMBERS).where(_NUMBERS.c.block_id.is_(None), _NUMBERS.c.state == "inactive"))


def activate(session: Session, numbers: Iterable[str]) -> None:
    """Make *numbers* active: those that have rows, and as single numbers those that have none."""
    wanted = list(numbers)
    known: set[str] = set()
    for some in chunks(wanted):
        here = _NUMBERS.c.e164.in_(some)
        known.update(session.scalars(select(_NUMBERS.c.e164).where(here)))
        session.execute(update(_NUMBERS).where(here).values(state="active"))
    rows = [{"e164": e164, "state": "active", "personal": False} for e164 in wanted if e164 not in known]
    if rows:
        session.execute(insert(_NUMBERS), rows)


def deactivate(session: Session, numbers: Iterable[str]) -> None:
    """Make *numbers* inactive and ownerless; a single number is gone with that. None is shown on emergency calls."""
    free = {"state": "inactive", "owner_id": None, "personal": False, "reject_anonymous": False, "notify": None}
    for some in chunks(numbers):
        session.execute(update(_NUMBERS).where(_NUMBERS.c.e164.in_(some)).values(**free))
        session.execute(update(_COMPANY).where(_COMPANY.c.location_number.in_(some)).values(location_number=None))
        single = _NUMBERS.c.block_id.is_(None)
        session.execute(delete(_NUMBERS).where(_NUMBERS.c.e164.in_(some), single))


def reject_anonymous(session: Session, numbers: Iterable[str], *, reject: bool) -> None:
    """Let active *numbers* turn callers without a number away, or not."""
    for some in chunks(numbers):
        here = _NUMBERS.c.e164.in_(some) & (_NUMBERS.c.state == "active")
        session.execute(update(_NUMBERS).where(here).values(reject_anonymous=reject))


def write_notify(session: Session, notify: Mapping[str, document.NumberNotify | None]) -> None:
    """Say what is mailed of the calls by these numbers; None: as their owners say."""
    for e164, wishes in notify.items():
        values = wishes.model_dump(exclude_none=True) if wishes else None
        session.execute(update(_NUMBERS).where(_NUMBERS.c.e164 == e164).values(notify=values or None))
