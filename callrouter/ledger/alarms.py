"""Tells an administrator when an employee calls out more often than people do: a password may be stolen.

Calls that they transfer or forward out count alike: they cost the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory.records import TABLES
from callrouter.ledger.parties import Owner
from callrouter.mail import compose, outbox

_STEPS, _CALLS = TABLES["call_steps"], TABLES["calls"]

#: Calls within so long are a burst.
WINDOW = dt.timedelta(minutes=10)
#: So many of the numbers called are named in the mail.
_NAMED = 10


def outside(devices: Iterable[str]) -> list[str]:
    """The numbers in the public network among what a call rang."""
    return [device for device in devices if device.startswith("+")]


def _called(direction: str, dialed: str, kind: str, legs: Iterable[Mapping[str, str]]) -> list[str]:
    if direction == "emergency":
        return []
    if direction == "outbound" or kind == "dial":
        return [dialed]
    return outside(leg["device"] for leg in legs)


def alarms(
    session: Session,
    company: compose.Company,
    limits: Mapping[str, Any],
    callers: Iterable[Owner],
    language: str,
    now: dt.datetime,
) -> list[outbox.Posting]:
    """The mails about those of *callers*, who called or forwarded out just now, that did so too often.

    One an hour for each.

    *limits* is ``document.Limits`` as the company's row has it; what is missing there has the default of nobody told.
    """
    recipient, most = limits.get("alarm_email"), limits.get("alarm_calls")
    if not recipient or not most:
        return []
    postings = []
    for owner in {owner.id: owner for owner in callers}.values():
        burst = (_STEPS.c.owner == owner.owner_key) & (_STEPS.c.started_at > now - WINDOW)
        rows = session.execute(
            select(_CALLS.c.direction, _CALLS.c.dialed, _STEPS.c.kind, _STEPS.c.legs)
            .where(burst, _CALLS.c.id == _STEPS.c.call_id)
            .order_by(_STEPS.c.started_at.desc())
        )
        numbers = [number for row in rows for number in _called(*row)]
        if len(numbers) <= most:
            continue
        latest = list(dict.fromkeys(numbers))[:_NAMED]
        mail = compose.alarm(owner.name, owner.id, len(numbers), latest, now, company, language)
        postings.append(outbox.Posting(mail, "alarm", str(recipient), None, None, None, audio="none"))
    return postings
