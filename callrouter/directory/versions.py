"""Two people edit one record: whoever saves second is told, and nothing is overwritten unseen."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.audit import AuditRow
from callrouter.errors import ConflictError


def check_version(session: Session, noun: str, key: str, found: int | None, expected: int | None) -> None:
    """Raise ConflictError unless the record is still at version *expected* (None: whatever it is at).

    *found* is its version now, None: it is gone. *noun* and *key* are those of the audit log.
    """
    if expected is None or found == expected:
        return
    query = select(AuditRow).where(AuditRow.noun == noun, AuditRow.key == key).order_by(AuditRow.id.desc()).limit(1)
    last = session.scalar(query)
    what = f"{noun} {key}".rstrip()
    done = "removed" if found is None else "changed"
    who = f" by {last.actor} at {last.at:%Y-%m-%d %H:%M:%S} UTC" if last else ""
    raise ConflictError(
        f"{what} was {done} meanwhile{who}; look at it again, nothing was saved",
        version=found,
        changed_by=last.actor if last else None,
        changed_at=last.at if last else None,
    )
