"""The audit log: who changed what, from what to what, whichever way the change came.

The services call :func:`record` in the transaction of the change itself: no change without its entry, and no entry
without its change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Index, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from callrouter.directory.lists import MOST_COUNTED, PAGE, Page, count
from callrouter.directory.models import Base
from callrouter.directory.privacy import EVERYTHING, Viewer
from callrouter.errors import RuleError, say

#: Values of these keys are never written down; that they changed is.
_SECRET = frozenset(("password", "sip_password", "pin"))
_HIDDEN = "***"
_ACTOR = "actor"
#: What people do to these is the team's work, and no change of the company.
_HANDLED = "message"


class AuditRow(Base):
    """One change. ``changes`` maps a field's path to ``[from, to]``."""

    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    noun: Mapped[str]
    key: Mapped[str]
    changes: Mapped[dict[str, Any]]
    __table_args__ = (Index("audit_of", "noun", "key"),)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A change; ``changes`` maps a field's path to ``[from, to]``."""

    id: int
    at: dt.datetime
    actor: str
    action: str
    noun: str
    key: str
    changes: dict[str, Any]


def act_as(session: Session, actor: str) -> None:
    """Say who makes the changes of this session: ``web:LOGIN``, ``cli:USER``, ``api:TOKEN``."""
    session.info[_ACTOR] = actor


def actor(session: Session) -> str:
    """Who makes the changes of this session, as :func:`act_as` said; else the system itself."""
    return str(session.info.get(_ACTOR, "system"))


def _plain(part: BaseModel | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if part is None:
        return {}
    return part.model_dump(mode="json", by_alias=True) if isinstance(part, BaseModel) else part


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf by its path: ``mailbox.answer_after``, ``devices.anna-desk.label``."""
    if isinstance(value, Mapping):
        items = [(str(key), one) for key, one in value.items()]
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        items = [(str(one.get("sip_user") or one.get("name") or n), one) for n, one in enumerate(value)]
    else:
        return {path: value}
    flat: dict[str, Any] = {}
    for key, one in items:
        flat |= _flat(one, f"{path}.{key}" if path else key)
    return flat


def differences(
    before: BaseModel | Mapping[str, Any] | None, after: BaseModel | Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """What differs, by path, as ``[from, to]``; secrets are told as changed, never as what they are."""
    old, new = _flat(_plain(before)), _flat(_plain(after))
    changes: dict[str, list[Any]] = {}
    for path in [*new, *(path for path in old if path not in new)]:
        was, is_now = old.get(path), new.get(path)
        if was == is_now:
            continue
        if path.rpartition(".")[2] in _SECRET:
            was, is_now = (None if one is None else _HIDDEN for one in (was, is_now))
        changes[path] = [was, is_now]
    return changes


def record(
    session: Session,
    noun: str,
    key: str,
    before: BaseModel | Mapping[str, Any] | None,
    after: BaseModel | Mapping[str, Any] | None,
    *,
    at: dt.datetime | None = None,
) -> None:
    """Write down that *noun* *key* became *after*; None: it was not there, or is gone. Nothing when nothing changed."""
    changes = differences(before, after)
    if before is not None and after is not None and not changes:
        return
    action = "add" if before is None else "remove" if after is None else "change"
    at = at or dt.datetime.now(dt.UTC)
    session.add(AuditRow(at=at, actor=actor(session), action=action, noun=noun, key=key, changes=changes))


def listed(
    session: Session,
    *,
    noun: str = "",
    key: str = "",
    actor: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: str = "",
    size: int = PAGE,
    viewer: Viewer = EVERYTHING,
) -> Page[AuditLine]:
    """Changes, the latest first; *before* is the ``next`` of the page before this one.

    From *since* up to, not including *until*. Who listened to messages is told as *viewer* may know who handled what:
    else without an actor, and not found by one. Raises RuleError for a cursor that is none.
    """
    pairs = ((AuditRow.noun, noun), (AuditRow.key, key), (AuditRow.actor, actor))
    wanted = [column == value for column, value in pairs if value]
    wanted += [] if since is None else [AuditRow.at >= since]
    wanted += [] if until is None else [AuditRow.at < until]
    wanted += [AuditRow.noun != _HANDLED] if actor and not viewer.names(None, actor) else []
    if before and not (before.isdecimal() and len(before) < 10):
        raise RuleError(say("%(text)r is no page of this list; start again at the first", text=before[:80]))
    cut = [*wanted, AuditRow.id < int(before)] if before else wanted
    found = list(session.scalars(select(AuditRow).where(and_(True, *cut)).order_by(AuditRow.id.desc()).limit(size + 1)))
    following = str(found[size - 1].id) if len(found) > size else None
    query = select(AuditRow.id).where(and_(True, *wanted))
    total = 0 if before else len(found) if following is None else count(session, query)
    fields = AuditLine.__dataclass_fields__
    rows = [AuditLine(**{name: getattr(row, name) for name in fields}) for row in found[:size]]
    rows = [row if row.noun != _HANDLED or viewer.names(None, row.actor) else replace(row, actor="") for row in rows]
    return Page(rows, min(total, MOST_COUNTED), total > MOST_COUNTED, following)
