"""Who shows which number outside, and who can no longer: then it is the personal one again."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callrouter.directory import audit, store
from callrouter.directory.models import EmployeeRow


def clear(session: Session, e164s: Collection[str], *which: ColumnElement[bool]) -> dict[int, str]:
    """Let those of the employees *which* (None: all) who show one of *e164s* show their own; their ids by row id.

    Their versions are the caller's to count up.
    """
    query = select(EmployeeRow.id, EmployeeRow.key, EmployeeRow.outgoing_number)
    found: dict[int, str] = {}
    for some in store.chunks(list(e164s)):
        for row in session.execute(query.where(EmployeeRow.outgoing_number.in_(some), *which)):
            audit.record(
                session, "employee", row.key, {"outgoing_number": row.outgoing_number}, {"outgoing_number": None}
            )
            found[row.id] = row.key
    store.clear_outgoing(session, found)
    return found
