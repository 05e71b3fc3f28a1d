"""What the database knows of a team's mailbox: who looks into it, which mails are ours, and how they were marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, TextClause, delete, func, select, text, update
from sqlalchemy.orm import Session

from callrouter.cases.inbox import WAITING
from callrouter.cases.rules import State
from callrouter.directory.database import insert_into
from callrouter.directory.records import CaseRow, MailSyncMailRow, MailSyncRow, OutboxRow
from callrouter.errors import CallrouterError
from callrouter.mail.outbox import DEAD, DROPPED, is_dead

#: For so long after a case was closed its mails are watched: then nobody opens it again by a mark.
WATCHED = dt.timedelta(days=30)
#: A mailbox that is new to us is looked through no further back.
_FURTHEST = dt.timedelta(days=400)
#: So many mails are watched, the latest; so many are marked at a time.
_MOST_WATCHED, MOST_MARKED = 20_000, 200
#: What is leased for so much longer than we would was leased by a clock that was wrong.
_CLOCKS_DIFFER = dt.timedelta(hours=1)
#: For so long a mail may be on its way into the mailbox.
_ON_ITS_WAY = dt.timedelta(hours=1)
#: As its index has it.
_NOT_DONE = text("NOT mail_sync_mails.done")
_CALLS = ("missed", "voicemail")


class Lost(CallrouterError):
    """Another worker looks into the mailbox now."""


@dataclass(frozen=True, slots=True)
class Ours:
    """A mail of ours that is in a mailbox: about which case."""

    outbox: int
    case: int


def take(
    session: Session, name: str, place: str, owner: str, now: dt.datetime, until: dt.datetime
) -> Mapping[str, Any] | None:
    """Lease the mailbox *name* for *owner* *until* then; returns its cursor. None: another worker has it."""
    made = {"name": name, "place": place, "cursor": {}, "error": ""}
    session.execute(insert_into(session, MailSyncRow.__table__).values(made).on_conflict_do_nothing())  # type: ignore[arg-type]
    row = session.scalars(select(MailSyncRow).where(MailSyncRow.name == name).with_for_update()).one()
    held = row.lease_until is not None and now < row.lease_until < until + _CLOCKS_DIFFER
    if row.lease_owner and row.lease_owner != owner and held and not is_dead(row.lease_owner):
        return None
    row.lease_owner, row.lease_until = owner, until
    if row.place != place:
        row.place, row.cursor = place, {}
        session.execute(delete(MailSyncMailRow).where(MailSyncMailRow.mailbox == name))
    return row.cursor


def keep(session: Session, name: str, owner: str, until: dt.datetime) -> MailSyncRow:
    """The mailbox's row, leased by *owner* for longer; raises Lost when it is not any more."""
    row = session.scalar(select(MailSyncRow).where(MailSyncRow.name == name).with_for_update())
    if row is None or row.lease_owner != owner:
        raise Lost(f"another worker looks into the mailbox {name}")
    row.lease_until = until
    return row


def release(session: Session, name: str, owner: str) -> None:
    """Let another worker look into the mailbox at once."""
    mine = (MailSyncRow.name == name) & (MailSyncRow.lease_owner == owner)
    session.execute(update(MailSyncRow).where(mine).values(lease_owner=None, lease_until=None))


def failed(session: Session, name: str, error: str, now: dt.datetime) -> None:
    """Note why the mailbox cannot be used."""
    since = func.coalesce(MailSyncRow.failing_since, now)
    session.execute(update(MailSyncRow).where(MailSyncRow.name == name).values(failing_since=since, error=error[:500]))


def since(session: Session, now: dt.datetime) -> dt.date:
    """From which day on mails matter: that of the case that waits longest, or of those that are watched."""
    oldest = session.scalar(select(func.min(CaseRow.opened_at)).where(WAITING)) or now
    return max(min(oldest, now - WATCHED), now - _FURTHEST).date() - dt.timedelta(days=1)


def watched(session: Session, name: str, now: dt.datetime) -> list[str]:
    """The places of mails about cases that are not closed, or not for long."""
    found: list[str] = []
    for of in (WAITING, CaseRow.closed_at > now - WATCHED):
        query = select(MailSyncMailRow.place).where(MailSyncMailRow.mailbox == name, _about(of))
        found += session.scalars(query.order_by(MailSyncMailRow.id.desc()).limit(_MOST_WATCHED))
    return found


def ours(session: Session, mail_ids: Iterable[str]) -> dict[str, Ours]:
    """Those of *mail_ids* (Message-IDs) that we have written ourselves, about a case."""
    wanted = sorted({mail_id for mail_id in mail_ids if mail_id})
    query = select(OutboxRow.mail_id, OutboxRow.id, OutboxRow.case_id).where(OutboxRow.mail_id.in_(wanted))
    return {mail_id: Ours(outbox, case) for mail_id, outbox, case in session.execute(query) if case is not None}


def rows_of(session: Session, name: str, mails: Collection[Ours]) -> list[MailSyncMailRow]:
    """What is known of *mails* in the mailbox, the oldest first."""
    mine = MailSyncMailRow.outbox_id.in_({mail.outbox for mail in mails}) & (MailSyncMailRow.mailbox == name)
    return list(session.scalars(select(MailSyncMailRow).where(mine).order_by(MailSyncMailRow.id)))


def rows_at(session: Session, name: str, places: Collection[str]) -> list[tuple[MailSyncMailRow, int]]:
    """What is known of the mails at *places*, each with its case."""
    query = (
        select(MailSyncMailRow, OutboxRow.case_id)
        .join(OutboxRow, OutboxRow.id == MailSyncMailRow.outbox_id)
        .where(MailSyncMailRow.mailbox == name, MailSyncMailRow.place.in_(places))
    )
    return [(row, case) for row, case in session.execute(query) if case is not None]


def has_newer(
    session: Session, name: str, case: int, done: Collection[int], new: Collection[int], now: dt.datetime
) -> bool:
    """Whether a mail about a later call of *case* than those of *done* (outbox ids) goes to the same address.

    One that is *new* in the mailbox, or still on its way: nobody can have known of that call.
    """
    mine = (MailSyncMailRow.mailbox == name) & (MailSyncMailRow.outbox_id.not_in(new))
    query = select(OutboxRow.id).where(
        OutboxRow.case_id == case,
        OutboxRow.kind.in_(_CALLS),
        OutboxRow.id > max(done),
        OutboxRow.id.not_in(select(MailSyncMailRow.outbox_id).where(mine)),
        OutboxRow.recipient.in_(select(OutboxRow.recipient).where(OutboxRow.id.in_(done))),
        OutboxRow.state.not_in((DEAD, DROPPED)),
        OutboxRow.created_at > now - _ON_ITS_WAY,
    )
    return session.scalar(query.limit(1)) is not None


def differing(session: Session, name: str, *, done: bool) -> dict[str, int]:
    """Places with row ids of mails that are to be marked as *done*, or no longer: as their cases are now."""
    query = select(MailSyncMailRow.place, MailSyncMailRow.id).where(MailSyncMailRow.mailbox == name)
    if done:  # few mails of many cases; else it is the other way round
        case = select(OutboxRow.id).join(CaseRow, CaseRow.id == OutboxRow.case_id)
        closed = case.where(OutboxRow.id == MailSyncMailRow.outbox_id, CaseRow.state == State.CLOSED).exists()
        query = query.where(_NOT_DONE, closed)
    else:
        query = query.where(MailSyncMailRow.done, _about(WAITING))
    return {row.place: row.id for row in session.execute(query.limit(MOST_MARKED))}


def marked(session: Session, rows: Collection[int], *, done: bool) -> None:
    """Note that the mails *rows* are marked so."""
    session.execute(update(MailSyncMailRow).where(MailSyncMailRow.id.in_(rows)).values(done=done))


def _about(cases: ColumnElement[bool] | TextClause) -> ColumnElement[bool]:
    """That a mail is about one of *cases*: few, so that they are looked for first."""
    mails = select(OutboxRow.id).join(CaseRow, CaseRow.id == OutboxRow.case_id).where(cases)
    return MailSyncMailRow.outbox_id.in_(mails)
