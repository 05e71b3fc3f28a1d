"""Named schedules as people handle them: listed with who uses them, added, changed and renamed.

Rules and versions are those of ``directory.services``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session

from callrouter.directory import audit, document, services, store
from callrouter.directory.lists import PAGE, Page
from callrouter.directory.models import MailboxRow, OwnerRow, PoolRow, ScheduleRow
from callrouter.directory.versions import check_version
from callrouter.errors import RuleError, say


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A schedule in the list; ``users`` is how many mailboxes and pools go by it."""

    name: str
    rules: document.ScheduleRules
    users: int


@dataclass(frozen=True, slots=True)
class ScheduleUser:
    """An owner (``employee:anna``) whose mailbox takes calls ``when`` the schedule is open, or closed.

    ``hours``: a pool whose hours it is.
    """

    key: str
    name: str
    when: str


def schedules(session: Session) -> list[ScheduleLine]:
    """All schedules, by name."""
    mailboxes = select(func.count()).where(MailboxRow.schedule_id == ScheduleRow.id).correlate(ScheduleRow)
    pools = select(func.count()).where(PoolRow.hours_id == ScheduleRow.id).correlate(ScheduleRow)
    users = mailboxes.scalar_subquery() + pools.scalar_subquery()
    query = select(ScheduleRow.name, ScheduleRow.rules, users).order_by(func.lower(ScheduleRow.name))
    return [
        ScheduleLine(name, document.ScheduleRules.model_validate(rules), count)
        for name, rules, count in session.execute(query)
    ]


def names(session: Session) -> list[str]:
    """The names of all schedules, in order."""
    return list(session.scalars(select(ScheduleRow.name).order_by(func.lower(ScheduleRow.name))))


def users(session: Session, name: str, *, page: int = 1, size: int = PAGE) -> Page[ScheduleUser]:
    """Whose mailboxes go by the schedule *name*, and whose hours it is: pools first, then people, by name."""
    mailboxes = (
        select(OwnerRow.kind, OwnerRow.key, OwnerRow.name, MailboxRow.active_when)
        .join(MailboxRow, MailboxRow.owner_id == OwnerRow.id)
        .join(ScheduleRow, ScheduleRow.id == MailboxRow.schedule_id)
        .where(ScheduleRow.name == name)
    )
    pools = select(PoolRow.kind, PoolRow.key, PoolRow.name, literal("hours"))
    pools = pools.join(ScheduleRow, ScheduleRow.id == PoolRow.hours_id).where(ScheduleRow.name == name)
    found = mailboxes.union_all(pools).subquery()
    total = session.scalar(select(func.count()).select_from(found)) or 0
    ordered = select(found).order_by(found.c.kind.desc(), func.lower(found.c.name), found.c.key, found.c.active_when)
    rows = session.execute(ordered.limit(size).offset(max(page - 1, 0) * size))
    return Page([ScheduleUser(f"{kind}:{key}", called, when) for kind, key, called, when in rows], total)


def _refuse_taken(session: Session, name: str) -> None:
    if session.scalar(select(ScheduleRow.id).where(ScheduleRow.name == name)) is not None:
        text = say("there is a schedule %(name)s already; take another name, or change that one", name=name)
        raise RuleError(text, [("name", text)])


def create(session: Session, schedule: document.Schedule) -> None:
    """Add *schedule*; its name is nobody else's."""
    store.count_up(session)
    _refuse_taken(session, schedule.name)
    services.save_schedule(session, schedule)


def change(session: Session, name: str, schedule: document.Schedule, *, version: int | None = None) -> None:
    """Make the schedule *name* what *schedule* says, its name too; mailboxes that go by it still do."""
    store.count_up(session)
    if schedule.name != name:
        known, found = services.schedule(session, name)
        check_version(session, "schedule", name, found, version)
        _refuse_taken(session, schedule.name)
        session.execute(update(ScheduleRow).where(ScheduleRow.name == name).values(name=schedule.name))
        audit.record(session, "schedule", name, known, known.model_copy(update={"name": schedule.name}))
    services.save_schedule(session, schedule, expected_version=version)
