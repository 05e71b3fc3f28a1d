"""What belongs to a case beside its story: the messages the caller left, and the mails that tell of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.models import OwnerRow
from callrouter.directory.records import MessageRow, OutboxRow
from callrouter.directory.timeline import MailOfCall, MessageOfCall, mail_of, message_of

#: A caller who goes on for weeks makes no endless page.
MOST = 100


def messages(session: Session, number: int) -> list[MessageOfCall]:
    """The latest messages of the case with the id *number*, the oldest first."""
    rows = session.execute(
        select(MessageRow, OwnerRow)
        .outerjoin(OwnerRow, OwnerRow.id == MessageRow.owner_id)
        .where(MessageRow.case_id == number)
        .order_by(MessageRow.id.desc())
        .limit(MOST)
    )
    return [message_of(row, owner) for row, owner in rows][::-1]


def mails(session: Session, number: int, owner: str) -> list[MailOfCall]:
    """The latest mails about the case with the id *number*, which is *owner*'s (a key), the oldest first."""
    query = select(OutboxRow).where(OutboxRow.case_id == number).order_by(OutboxRow.id.desc()).limit(MOST)
    return [mail_of(row, owner) for row in session.scalars(query)][::-1]
