"""How long the deletion of what is old takes, and for how long anybody else waits for it.

``python -m bench.retention [--calls N] [--json FILE]``: 100,000 old calls with their steps and mails, every hundredth
with a message and a closed case, are deleted while somebody writes all the time; on SQLite and, where there is one, on
PostgreSQL. Everything is private and temporary.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from bench.lists import several_databases
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow
from callrouter.directory.records import TABLES, CallRow
from callrouter.ledger import retention

_NOW = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)
_OLD = _NOW - dt.timedelta(days=400)
_BATCH = 5_000
#: Thirty seconds of sound.
_SOUND = bytes(480_000)
#: No transaction is to take longer (milliseconds).
LIMIT = 100.0


class Timed(Database):
    """Notes how long each transaction that writes takes (milliseconds), from when it is its turn to its end."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.took: list[float] = []

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            began = time.perf_counter()
            yield session
        self.took.append((time.perf_counter() - began) * 1000)


def fill(database: Database, count: int) -> None:
    """Put *count* old calls into *database*, a minute apart."""
    with database.write() as session:
        values = {"name": "Muster", "language": "de", "timezone": "Europe/Berlin", "country": "DE", "sip_domain": "x"}
        session.add(CompanyRow(id=1, retention=dict.fromkeys(("calls", "messages", "cases", "mails"), 30), **values))
    for first in range(1, count + 1, _BATCH):
        rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("calls", "cases", "call_steps", "messages", "outbox")
        }
        for n in range(first, min(first + _BATCH, count + 1)):
            at, hundredth = _OLD + dt.timedelta(minutes=n % 100_000), n % 100 == 0
            caller = f"+4917604069{n % 100:03}"
            rows["calls"].append(
                {
                    "id": n,
                    "uuid": f"u{n}",
                    "direction": "inbound",
                    "caller": caller,
                    "outcome": "missed",
                    "started_at": at,
                }
            )
            if hundredth:
                rows["cases"].append(
                    {
                        "id": n,
                        "caller_key": f"k{n}",
                        "caller": caller,
                        "state": "closed",
                        "opened_at": at,
                        "changed_at": at,
                        "closed_at": at,
                        "calls": 1,
                        "root_message_id": f"<{n}@x>",
                    }
                )
                rows["messages"].append(
                    {
                        "id": n,
                        "call_id": n,
                        "n": "1",
                        "recorded_at": at,
                        "milliseconds": 30_000,
                        "audio": _SOUND,
                        "case_id": n,
                    }
                )
            rows["call_steps"].append(
                {
                    "call_id": n,
                    "n": "1",
                    "position": 1,
                    "kind": "ring",
                    "started_at": at,
                    "outcome": "missed",
                    "owner": "pool:sales",
                    "case_id": n if hundredth else None,
                }
            )
            rows["outbox"].append(
                {
                    "mail_id": f"<{n}@x>",
                    "kind": "missed",
                    "recipient": "a@muster.example",
                    "subject": "x",
                    "headers": {},
                    "text": "x" * 500,
                    "html": "x" * 3000,
                    "created_at": at,
                    "next_try_at": at,
                    "state": "sent",
                    "call_id": n,
                }
            )
        with database.write() as session:
            for name, some in rows.items():
                if some:
                    session.connection().execute(insert(TABLES[name]), some)


def measure(database: Timed) -> dict[str, Any]:
    """Delete all that, and write a row again and again meanwhile."""
    waits: list[float] = []
    done = threading.Event()
    other = Database(database.engine.url.render_as_string(hide_password=False))

    def write() -> None:
        while not done.wait(0.05):
            began = time.perf_counter()
            with other.write() as session:
                session.execute(update(CompanyRow).values(name="Muster"))
            waits.append((time.perf_counter() - began) * 1000)

    thread = threading.Thread(target=write)
    database.took.clear()
    thread.start()
    began = time.perf_counter()
    try:
        deleted = retention.run(database, _NOW, threading.Event())
    finally:
        done.set()
        thread.join(30)
        other.close()
    with database.read() as session:
        left = session.scalar(select(func.count()).select_from(CallRow))
    took = sorted(database.took)
    return {
        "deleted": sum(deleted.values()),
        "left": left,
        "seconds": round(time.perf_counter() - began, 1),
        "transactions": len(took),
        "median": round(took[len(took) // 2], 1),
        "p99": round(took[len(took) * 99 // 100], 1),
        "longest": round(took[-1], 1),
        "over": sum(one > LIMIT for one in took),
        "waited p99": round(sorted(waits)[len(waits) * 99 // 100], 1),
        "waited longest": round(max(waits), 1),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="bench.retention", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with several_databases() as urls:
        for name, address in urls.items():
            with _opened(address) as database:
                fill(database, given.calls)
                found[name] = measure(database)
    table = Table("", *found)
    for what in next(iter(found.values())):
        table.add_row(what, *(str(figures[what]) for figures in found.values()))
    Console().print(table)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


@contextmanager
def _opened(address: str) -> Iterator[Timed]:
    database = Timed(address)
    database.migrate()
    try:
        yield database
    finally:
        database.close()


if __name__ == "__main__":
    main()
