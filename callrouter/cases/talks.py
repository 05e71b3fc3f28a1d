"""Calls that close cases: a member called back and talked, or the caller called again and was answered by a member."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from callrouter.cases.rules import Change, State, Talk, after, change_by
from callrouter.cases.store import UNCLOSED
from callrouter.directory.database import insert_into
from callrouter.directory.records import TABLES

_CASES, _CHANGES, _MEMBERS = (TABLES[name] for name in ("cases", "case_changes", "pool_members"))


def settle(session: Session, talks: Sequence[Talk], least_seconds: int) -> list[int]:
    """Note *talks* (in their order) in the cases that they concern; returns the ids of those that they close.

    A case is concerned if it waits for that caller, and is of who talked, of a pool of theirs, or of the number that
    was called. Who was missed after that call had begun is still to be called back. Part of the caller's
    transaction; the same call again changes nothing.
    """
    callers = {talk.caller for talk in talks}
    if not callers:
        return []
    waiting = select(_CASES).where(_CASES.c.caller_key.in_(sorted(callers)), UNCLOSED).order_by(_CASES.c.id)
    rows = session.execute(waiting.with_for_update()).all()
    if not rows:
        return []
    teams = _teams(session, {talk.employee for talk in talks if talk.employee is not None})
    closed = []
    for row in rows:
        mine = [talk for talk in talks if talk.caller == row.caller_key and _concerns(talk, row, teams)]
        if _note(session, row, mine, least_seconds):
            closed.append(row.id)
    return closed


def _teams(session: Session, employees: Collection[int]) -> set[tuple[int, int]]:
    """Who of *employees* is in which pools."""
    pairs = select(_MEMBERS.c.pool_id, _MEMBERS.c.employee_id).where(_MEMBERS.c.employee_id.in_(sorted(employees)))
    return {(row.pool_id, row.employee_id) for row in session.execute(pairs)}


def _concerns(talk: Talk, row: Row[Any], teams: set[tuple[int, int]]) -> bool:
    if talk.at < row.changed_at or row.owner_id is None:
        return False
    return row.owner_id in (talk.owner, talk.employee) or (row.owner_id, talk.employee) in teams


def _note(session: Session, row: Row[Any], talks: Sequence[Talk], least_seconds: int) -> bool:
    """Whether one of *talks* closes the case."""
    state, attempts = State(row.state), row.attempts
    for talk in talks:
        change = change_by(talk, least_seconds)
        if change is None or state is State.CLOSED:
            continue
        made = {
            "case_id": row.id,
            "at": talk.at,
            "change": change,
            "actor": "",
            "employee_id": talk.employee,
            "call_id": talk.call_id,
            "note": "",
        }
        new = insert_into(session, _CHANGES).values(made).on_conflict_do_nothing().returning(_CHANGES.c.id)
        if session.execute(new).first() is None:
            continue  # this call has changed the case before
        state = after(state, change)
        attempts += change is Change.ATTEMPTED
        values: dict[str, Any] = {"state": state, "attempts": attempts}
        if state is State.CLOSED:
            values["closed_at"] = talk.at
        session.execute(_CASES.update().where(_CASES.c.id == row.id).values(values))
    return state is State.CLOSED
