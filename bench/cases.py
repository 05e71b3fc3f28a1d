"""Cases for the bench: one of a hundred still waits, the others are done; half of them are of pools.

And what it takes to close one by a finished call.
"""

from __future__ import annotations

import datetime as dt
import random
import time

from sqlalchemy import insert, text

from callrouter.cases import mails, talks
from callrouter.cases.rules import Talk
from callrouter.directory.database import Database
from callrouter.directory.records import TABLES

_BATCH = 5_000
_APART = dt.timedelta(minutes=5)


def add_cases(database: Database, count: int, now: dt.datetime) -> None:
    """Add *count* cases of the calls that were missed; each opens five minutes after the one before, up to *now*.

    The last hundredth waits.
    """
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
    with database.write() as session:
        of_case = text("UPDATE call_steps SET case_id = 1 + id % :count WHERE outcome <> 'answered'")
        session.execute(of_case, {"count": count})


def close_cases(database: Database, rounds: int, now: dt.datetime) -> dict[str, list[float]]:
    """What a finished call takes (milliseconds, in a transaction of its own) that closes a case, and that closes none.

    Each closes by a call-back, and writes the mail of it; its owner wants such mails.
    """
    query = text(
        "SELECT c.id, c.caller, c.owner_id, m.employee_id, (SELECT max(id) FROM calls) AS call_id FROM cases c"
        " LEFT JOIN pool_members m ON m.pool_id = c.owner_id WHERE c.state = 'open' ORDER BY c.id, m.employee_id"
    )
    with database.write() as session:
        session.execute(
            text("UPDATE owners SET notify_about = 'all', handled_mail = true, notify_email = 'team@muster.example'")
        )
    with database.read() as session:
        waiting = {row.id: row for row in session.execute(query)}
    calls = [
        Talk(row.call_id, row.caller, row.employee_id or row.owner_id, None, True, True, 60.0, now)
        for row in list(waiting.values())[:rounds]
    ]
    others = [Talk(call.call_id, "+49301", call.employee, None, True, True, 60.0, now) for call in calls]
    found: dict[str, list[float]] = {}
    for name, finished in (("a finished call closes a case", calls), ("a finished call closes none", others)):
        times = found[name] = []
        for call in finished:
            start = time.perf_counter()
            with database.write() as session:
                closed = talks.settle(session, [call], least_seconds=15)
                told = mails.tell_done(session, closed, now)
            times.append((time.perf_counter() - start) * 1000)
            if (bool(closed), told) != (finished is calls, finished is calls):
                raise RuntimeError(f"{name}: closed {closed}, mail {told}")
    return found
