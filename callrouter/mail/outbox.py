"""The outbox: mails wait in the database until the mail server has taken them.

A worker leases a mail by one conditional update, so that two never send the same one at a time. A mail is sent again
only when its lease ran out, or its worker died, before "sent" was written.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from callrouter.directory.database import Database, insert_into
from callrouter.directory.records import TABLES, MessageRow, OutboxRow
from callrouter.mail.compose import Mail

_OUTBOX = TABLES["outbox"]

WAITING, SENT, DEAD, DROPPED = "waiting", "sent", "dead", "dropped"
#: Waits after the first, second… failed attempt; the last one repeats.
BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240))
#: A mail that could not be delivered for so long is given up and shown to an admin.
GIVE_UP_AFTER = dt.timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Posting:
    """A mail, whom it goes to, and what it is about; ``audio`` (mp3, wav, none) of the message is attached."""

    mail: Mail
    kind: str
    recipient: str
    call_id: int | None
    case_id: int | None
    message_id: int | None
    audio: str


@dataclass(frozen=True, slots=True)
class Leased:
    """A mail that this worker may deliver until its lease ends; ``wav`` is the message's audio, if it is attached."""

    id: int
    recipient: str
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    audio: str
    wav: bytes | None


def add(session: Session, postings: Sequence[Posting], now: dt.datetime) -> None:
    """Put mails into the outbox in the caller's transaction, but for those that are there (whatever became of them)."""
    if not postings:
        return
    rows = [
        {
            "mail_id": posting.mail.mail_id,
            "kind": posting.kind,
            "recipient": posting.recipient,
            "subject": posting.mail.subject,
            "headers": posting.mail.headers,
            "text": posting.mail.text,
            "html": posting.mail.html,
            "message_id": posting.message_id,
            "audio": posting.audio,
            "call_id": posting.call_id,
            "case_id": posting.case_id,
            "created_at": now,
            "next_try_at": now,
        }
        for posting in postings
    ]
    session.connection().execute(insert_into(session, _OUTBOX).on_conflict_do_nothing(), rows)


def lease(database: Database, owner: str, now: dt.datetime, duration: dt.timedelta, limit: int = 1) -> list[Leased]:
    """Take the *limit* mails that have been due longest, for *duration*; fewer, or none, when no more are due."""
    free = or_(OutboxRow.lease_until.is_(None), OutboxRow.lease_until < now)
    due = (OutboxRow.state == WAITING) & (OutboxRow.next_try_at <= now) & free
    first = select(OutboxRow.id).where(due).order_by(OutboxRow.next_try_at, OutboxRow.id).limit(limit)
    with database.read() as session:
        if session.scalar(first.limit(1)) is None:
            return []
    with database.write() as session:
        # One statement: on PostgreSQL the inner lock, on SQLite the only writer keeps two workers from the same mail.
        taken = session.scalars(
            update(OutboxRow)
            .where(OutboxRow.id.in_(first.with_for_update(skip_locked=True)))
            .values(lease_until=now + duration, lease_owner=owner)
            .returning(OutboxRow)
            .execution_options(synchronize_session=False)
        ).all()
        wanted = [row.message_id for row in taken if row.message_id is not None and row.audio != "none"]
        sounds = select(MessageRow.id, MessageRow.audio).where(MessageRow.id.in_(wanted))
        audio: dict[int | None, bytes] = {row.id: row.audio for row in session.execute(sounds)} if wanted else {}
        return [
            Leased(
                id=row.id,
                recipient=row.recipient,
                subject=row.subject,
                headers=dict(row.headers),
                text=row.text,
                html=row.html,
                audio=row.audio,
                wav=audio.get(row.message_id) if row.audio != "none" else None,
            )
            for row in sorted(taken, key=lambda row: (row.next_try_at, row.id))
        ]


def holds(database: Database, mail: Leased, owner: str, now: dt.datetime) -> bool:
    """Whether *owner* may still deliver *mail*."""
    held = (OutboxRow.lease_owner == owner) & (OutboxRow.lease_until > now) & (OutboxRow.state == WAITING)
    return database.value(select(OutboxRow.id).where(OutboxRow.id == mail.id, held)) is not None


def give_back(database: Database, mails: Sequence[Leased], owner: str) -> None:
    """Free mails that were leased and not tried."""
    with database.write() as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id.in_([mail.id for mail in mails]), OutboxRow.lease_owner == owner)
            .values(lease_until=None, lease_owner=None)
        )


def mark_sent(database: Database, mail_id: int, now: dt.datetime) -> None:
    """The mail server has taken the mail: it never leaves again."""
    with database.write() as session:
        session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == mail_id)
            .values(state=SENT, sent_at=now, lease_until=None, lease_owner=None, attempts=OutboxRow.attempts + 1)
        )


def mark_failed(database: Database, mail_id: int, owner: str, now: dt.datetime, error: str, *, permanent: bool) -> bool:
    """Note a failed attempt and when to try again; True when the mail was given up (dead)."""
    with database.write() as session:
        row = session.get(OutboxRow, mail_id)
        if row is None or row.lease_owner != owner:
            return False
        wait = BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)]
        row.attempts += 1
        row.error = error[:500]
        row.lease_until = row.lease_owner = None
        row.next_try_at = now + wait
        dead = permanent or row.next_try_at > row.created_at + GIVE_UP_AFTER
        row.state = DEAD if dead else WAITING
        return dead


def _start_time(pid: int) -> str | None:
    """When process *pid* started, in clock ticks since boot (proc(5), stat field 22); None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def lease_owner() -> str:
    """This process as a lease names it: ``host:pid:starttime``."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_time(os.getpid()) or 0}"


def is_dead(owner: str) -> bool:
    """Whether the process that ``lease_owner`` named so was one of this host, and is no more."""
    where, _, process = owner.partition(":")
    pid, _, started = process.partition(":")
    return where == socket.gethostname() and pid.isdigit() and _start_time(int(pid)) != started


def free_dead_leases(database: Database) -> int:
    """Free what processes of this host leased that are no more, so that a restart need not wait; returns how many."""
    freed = 0
    with database.write() as session:
        owners = session.scalars(
            select(OutboxRow.lease_owner).where(OutboxRow.state == WAITING, OutboxRow.lease_owner.is_not(None))
        )
        for owner in set(owners):
            if not is_dead(owner or ""):
                continue
            result = session.execute(
                update(OutboxRow)
                .where(OutboxRow.lease_owner == owner, OutboxRow.state == WAITING)
                .values(lease_until=None, lease_owner=None)
                .returning(OutboxRow.id)
            )
            freed += len(result.all())
    return freed


def waiting_or_dead(session: Session, limit: int) -> list[OutboxRow]:
    """Mails that have not left, those given up first, then the oldest."""
    order = (OutboxRow.state, OutboxRow.created_at)
    unsent = OutboxRow.state.in_((DEAD, WAITING))
    return list(session.scalars(select(OutboxRow).where(unsent).order_by(*order).limit(limit)))


def revive(session: Session, number: int, now: dt.datetime) -> bool:
    """Try a mail that was given up again from now on; False: there is no such mail."""
    row = session.get(OutboxRow, number)
    if row is None or row.state != DEAD:
        return False
    row.state, row.attempts, row.created_at, row.next_try_at = WAITING, 0, now, now
    return True


def drop(session: Session, number: int) -> bool:
    """Never send a mail that was given up; its row stays, so that it is not made again. False: there is no such."""
    row = session.get(OutboxRow, number)
    if row is None or row.state != DEAD:
        return False
    row.state = DROPPED
    return True
