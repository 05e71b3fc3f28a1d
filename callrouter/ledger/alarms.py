"""Tells an administrator when an employee's phones call out more often than people do: a password may be stolen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callrouter.directory.records import TABLES
from callrouter.ledger.parties import Owner
from callrouter.mail import compose, outbox

_STEPS, _CALLS = TABLES["call_steps"], TABLES["calls"]

#: Calls within so long are a burst.
WINDOW = dt.timedelta(minutes=10)
#: So many of the numbers called are named in the mail.
_NAMED = 10


def alarms(
    session: Session,
    company: compose.Company,
    limits: Mapping[str, Any],
    callers: Iterable[Owner],
    language: str,
    now: dt.datetime,
) -> list[outbox.Posting]:
    """The mails about those of *callers*, who called out just now, that did so too often; one an hour for each.

    *limits* is ``document.Limits`` as the company's row has it; what is missing there has the default of nobody told.
    """
    recipient, most = limits.get("alarm_email"), limits.get("alarm_calls")
    if not recipient or not most:
        return []
    postings = []
    for owner in {owner.id: owner for owner in callers}.values():
        burst = (_STEPS.c.owner == owner.owner_key) & (_STEPS.c.started_at > now - WINDOW)
        outgoing = burst & (_CALLS.c.direction == "outbound") & (_CALLS.c.id == _STEPS.c.call_id)
        amount = session.scalar(select(func.count()).where(outgoing)) or 0
        if amount <= most:
            continue
        latest = select(_CALLS.c.dialed).where(outgoing).order_by(_STEPS.c.started_at.desc()).limit(_NAMED)
        numbers = list(dict.fromkeys(session.scalars(latest)))
        mail = compose.alarm(owner.name, owner.id, amount, numbers, now, company, language)
        postings.append(outbox.Posting(mail, "alarm", str(recipient), None, None, None, audio="none"))
    return postings
