"""Callers who are refused: by number, by its beginning, or all without one; each with a note that says why."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callrouter.directory import audit, store
from callrouter.directory.models import BlockedCallerRow
from callrouter.directory.part_rules import check_refused
from callrouter.directory.services import refuse
from callrouter.errors import RuleError, say

_LONGEST_NOTE = 200


def block(session: Session, caller: str, *, note: str = "", at: dt.datetime | None = None) -> None:
    """Refuse calls of *caller* from now on; who is blocked already gets the new *note*.

    *caller* is a number (E.164), ``+4917604*`` (all that begin so), or ``anonymous``.
    """
    store.count_up(session)
    refuse(check_refused(caller))
    note = " ".join(note.split())
    if len(note) > _LONGEST_NOTE or not note.isprintable():
        text = say(
            "the note is longer than %(longest)s characters, or has some that cannot be shown", longest=_LONGEST_NOTE
        )
        raise RuleError(text, [("note", text)])
    row = session.scalar(select(BlockedCallerRow).where(BlockedCallerRow.caller == caller))
    before = None if row is None else {"note": row.note}
    if row is None:
        store.write_blocked(session, [caller], [], at=at or dt.datetime.now(dt.UTC), note=note)
    else:
        row.note = note
    audit.record(session, "blocked caller", caller, before, {"note": note})


def unblock(session: Session, caller: str) -> None:
    """Let calls of *caller* through again."""
    store.count_up(session)
    row = session.scalar(select(BlockedCallerRow).where(BlockedCallerRow.caller == caller))
    if row is not None:
        session.execute(delete(BlockedCallerRow).where(BlockedCallerRow.id == row.id))
        audit.record(session, "blocked caller", caller, {"note": row.note}, None)


def spelled(text: str) -> str:
    """*text* as people write a caller (``+49 176 04069001``, ``Anonymous``) as it is kept."""
    plain = re.sub(r"[\s()/.-]", "", text)
    return "anonymous" if plain.lower() == "anonymous" else plain
