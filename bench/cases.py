"""Cases for the bench: one of a hundred still waits, the others are done; half of them are of pools."""

from __future__ import annotations

import datetime as dt
import random

from sqlalchemy import insert, text

from callrouter.directory.database import Database
from callrouter.directory.records import TABLES

_BATCH = 5_000
_APART = dt.timedelta(minutes=5)


def add_cases(database: Database, count: int, now: dt.datetime) -> None:
    """Add *count* cases, each five minutes after the one before, up to *now*; the last hundredth waits."""
    chance = random.Random(6)
    with database.read() as session:
        owners = session.execute(text("SELECT id, kind, key FROM owners")).all()
    pools = [row.id for row in owners if row.kind == "pool"]
    people = [row.id for row in owners if row.kind == "employee"]
    busy = next(row.id for row in owners if row.key == "one")
    for first in range(1, count + 1, _BATCH):
        cases, changes = [], []
        for number in range(first, min(first + _BATCH, count + 1)):
            done, at = number <= count * 99 // 100, now - (count - number) * _APART
            owner = chance.choice(pools if chance.random() < 0.5 else people)
            by = chance.choice((busy, chance.choice(people))) if done and chance.random() < 0.7 else None
            cases.append(
                {
                    "id": number,
                    "owner_id": owner,
                    "caller_key": f"+4917604069{number:06}",
                    "caller": f"+4917604069{number:06}",
                    "state": "closed" if done else "open",
                    "opened_at": at,
                    "changed_at": at,
                    "calls": 1,
                    "claimed_by": by,
                    "claimed_at": at if by else None,
                    "closed_at": at + dt.timedelta(hours=1) if done else None,
                    "root_message_id": f"<{number}@pbx.muster.example>",
                }
            )
            if done:
                changes.append({"case_id": number, "at": at, "change": "close", "actor": "web:one", "note": ""})
        with database.write() as session:
            session.connection().execute(insert(TABLES["cases"]), cases)
            if changes:
                session.connection().execute(insert(TABLES["case_changes"]), changes)
