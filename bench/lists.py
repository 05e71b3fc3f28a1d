"""How fast every list is in a company of 10,000 employees, 100,000 numbers and 1,000,000 calls.

``python -m bench.lists [--quick] [--json FILE]``: imports that company, adds its calls, and asks every list and search
as the pages do, on SQLite and, where there is one, on PostgreSQL. Everything is private and temporary.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from bench.company import company
from callrouter.directory import audit, history, lists, messages, number_use, overview, services
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.records import TABLES, CallRow
from callrouter.directory.timeline import call_detail
from tests.needs import find_postgresql
from tests.postgresql_server import running, url

_START = dt.datetime(2023, 11, 1, tzinfo=dt.UTC)
_BATCH = 5_000
_FIRST = ("Anna", "Ben", "Cara", "David", "Emine", "Felix", "Greta", "Hans", "Ida", "Jonas", "Özlem", "Zoë")
_LAST = ("Schmidt", "Yılmaz", "Weiß", "Müller", "Fischer", "Krüger", "Öztürk", "Becker", "Schäfer", "Koch", "Bauer")
#: No page may take longer (milliseconds).
LIMIT = 300.0


def large_company(employees: int, digits: int) -> dict[str, Any]:
    """The benchmark's company with *employees* more people, each with a number, a phone and a mailbox."""
    made = company(digits)
    free = [number for pool in made["pools"] for number in pool["numbers"]]
    own = free[::2][:employees]
    taken = set(own)
    for pool in made["pools"]:
        pool["numbers"] = [number for number in pool["numbers"] if number not in taken][:200]
        pool["members"] = ["one", "three"]
    made["numbers"] = made["numbers"][: 9 * len(made["numbers"]) // 10]
    active = set(made["numbers"])
    own = [number for number in own if number in active]
    for pool in made["pools"]:
        pool["numbers"] = [number for number in pool["numbers"] if number in active]
    chance = random.Random(4)
    made["employees"] += [
        {
            "id": f"e{i}",
            "name": f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {i}",
            "email": f"e{i}@muster.example",
            "personal_number": number,
            "extension": str(200_000 + i),
            "devices": [{"label": "Tischtelefon", "kind": "desk", "sip_user": f"e{i}-desk"}],
            "mailbox": {"enabled": True},
            "notify": {"about": "all", "email": f"e{i}@muster.example"},
        }
        for i, number in enumerate(own)
    ]
    return made


def _calls(made: dict[str, Any], count: int, ids: dict[str, int]) -> Iterator[tuple[dict[str, Any], ...]]:
    """*count* calls, each with its step, and for some a message: four of five to employees, the rest to pools."""
    chance = random.Random(5)
    people, teams = made["employees"], made["pools"]
    step = dt.timedelta(days=1096) / count
    for i in range(count):
        at = _START + i * step
        pool = chance.random() < 0.2
        owner = chance.choice(teams if pool else people)
        key = f"{'pool' if pool else 'employee'}:{owner['id']}"
        number = chance.choice(owner["numbers"]) if pool else owner["personal_number"]
        outcome = chance.choices(("answered", "missed", "voicemail", "rejected"), (60, 29, 10, 1))[0]
        person = chance.choice(people) if pool else owner
        call = {
            "id": i + 1,
            "uuid": f"{i:032x}",
            "direction": chance.choices(("inbound", "internal", "emergency"), (800, 199, 1))[0],
            "number": number,
            "dialed": number,
            "caller": f"+49176{chance.randrange(4_069_000, 4_269_000):08}" if chance.random() < 0.9 else "anonymous",
            "caller_name": f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" if chance.random() < 0.3 else "",
            "trunk": "carrier",
            "outcome": outcome,
            "started_at": at,
            "answered_at": at + dt.timedelta(seconds=9),
            "ended_at": at + dt.timedelta(seconds=99),
        }
        part = {
            "call_id": i + 1,
            "n": "1",
            "position": 0,
            "kind": "ring",
            "owner_id": ids[key],
            "owner": key,
            "started_at": at,
            "outcome": outcome,
            "device": person["devices"][0]["sip_user"] if outcome == "answered" else None,
        }
        message = {
            "call_id": i + 1,
            "n": "1",
            "owner_id": ids[key],
            "recorded_at": at,
            "milliseconds": 4000,
            "heard_at": at if chance.random() < 0.9 else None,
            "audio": b"RIFF" * 2000,
        }
        yield call, part, *([message] if outcome == "voicemail" and i % 4 == 0 else [])


def fill(database: Database, made: dict[str, Any], count: int) -> float:
    """Import the company and add *count* calls; returns the import's time (seconds)."""
    said = yaml.dump(made, Dumper=yaml.CSafeDumper, allow_unicode=True)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        stages: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            stages.setdefault(stage, bars.add_task(stage, total=total))
            bars.update(stages[stage], completed=done)

        start = time.perf_counter()
        import_company(database, said, "company.yaml", progress=show)
        seconds = time.perf_counter() - start
        with database.read() as session:
            ids = {f"{kind}:{key}": i for i, kind, key in session.execute(text("SELECT id, kind, key FROM owners"))}
        source = _calls(made, count, ids)
        for done in range(0, count, _BATCH):
            show("calls", done, count)
            some = [next(source) for _ in range(min(_BATCH, count - done))]
            with database.write() as session:
                run = session.connection().execute
                run(insert(TABLES["calls"]), [one[0] for one in some])
                run(insert(TABLES["call_steps"]), [one[1] for one in some])
                messages = [one[2] for one in some if len(one) > 2]
                if messages:
                    run(insert(TABLES["messages"]), messages)
        with database.write() as session:
            for i in range(1, 20_001):
                session.add(
                    audit.AuditRow(
                        at=_START, actor="web:boss", action="change", noun="employee", key=f"e{i % 10_000}", changes={}
                    )
                )
    return seconds


Query = Callable[[Session], object]


def _deep(session: Session, pages: int) -> str:
    """The cursor of a page far behind: that of the call *pages* pages back."""
    row = session.execute(text("SELECT id FROM calls ORDER BY id DESC LIMIT 1")).scalar() or 0
    found = history.calls(session, until=session.get_one(CallRow, max(row - 50 * pages, 1)).started_at)
    return found.next or ""


def queries(session: Session) -> dict[str, Query]:
    """Each list and search by what it is."""
    deep = _deep(session, 10_000)
    recent = dt.timedelta(days=30)
    end = _START + dt.timedelta(days=1096)
    uuid = session.execute(text("SELECT uuid FROM calls WHERE id = 777")).scalar() or f"{776:032x}"
    return {
        "employees": lists.employees,
        "employees, page 150": lambda s: lists.employees(s, page=150),
        "employees, a name": lambda s: lists.employees(s, "öztürk"),
        "employees, digits": lambda s: lists.employees(s, "0 30 23125 12"),
        "employees, nothing found": lambda s: lists.employees(s, "xyzxyz"),
        "employees without number": lambda s: lists.employees(s, without_number=True),
        "numbers": lists.numbers,
        "numbers, page 1,500": lambda s: lists.numbers(s, page=1500),
        "numbers, digits": lambda s: lists.numbers(s, "12 34"),
        "numbers, a name": lambda s: lists.numbers(s, "Krüger"),
        "numbers, free": lambda s: lists.numbers(s, free=True),
        "numbers, inactive": lambda s: lists.numbers(s, state="inactive"),
        "numbers, of employees, page 150": lambda s: lists.numbers(s, kind="employee", page=150),
        "numbers, of pools": lambda s: lists.numbers(s, kind="pool"),
        "number blocks": number_use.blocks,
        "who loses a number with a block": lambda s: number_use.loss_of(s, number_use.blocks(s)[0].block),
        "who can be given a number": number_use.takers,
        "numbers to assign": lambda s: lists.assignable_numbers(s, for_owner="employee:e5"),
        "numbers to assign, digits": lambda s: lists.assignable_numbers(s, "99", for_owner="employee:e5"),
        "numbers to assign, a name": lambda s: lists.assignable_numbers(s, "Krüger", for_owner="employee:e5"),
        "numbers to assign, page 1,800": lambda s: lists.assignable_numbers(s, page=1800),
        "pools": lists.pools,
        "pools, digits": lambda s: lists.pools(s, "123"),
        "blocked callers": lists.blocked_callers,
        "one employee": lambda s: services.employee(s, "e77"),
        "one pool": lambda s: services.pool(s, "team3"),
        "start page": overview.facts,
        "start page of an employee": lambda s: overview.own(s, "e77", since=end - recent),
        "calls": history.calls,
        "calls, 10,000 pages on": lambda s: history.calls(s, before=deep),
        "calls, missed": lambda s: history.calls(s, outcome="missed"),
        "calls, rejected emergencies": lambda s: history.calls(s, outcome="rejected", direction="emergency"),
        "calls, 30 days": lambda s: history.calls(s, since=end - recent, until=end),
        "calls, 30 days long ago": lambda s: history.calls(s, since=_START, until=_START + recent),
        "calls, the end of a number": lambda s: history.calls(s, "12 345"),
        "calls, a national number": lambda s: history.calls(s, "0176 041"),
        "calls, a frequent number": lambda s: history.calls(s, "+49 30 23125"),
        "calls, a name": lambda s: history.calls(s, "Özlem Weiß"),
        "calls, digits not found": lambda s: history.calls(s, "99999999999"),
        "calls, a name not found": lambda s: history.calls(s, "xyzxyz"),
        "calls, a name, rejected": lambda s: history.calls(s, "koch", outcome="rejected"),
        "calls of an employee": lambda s: history.calls(s, owner="employee:e77"),
        "calls of a pool": lambda s: history.calls(s, owner="pool:team3"),
        "calls of a pool, a name": lambda s: history.calls(s, "koch", owner="pool:team3"),
        "calls of a pool, nothing found": lambda s: history.calls(s, "xyzxyz", owner="pool:team3"),
        "one call": lambda s: call_detail(s, uuid),
        "messages": messages.listed,
        "messages, unheard": lambda s: messages.listed(s, unheard=True),
        "messages of a pool": lambda s: messages.listed(s, owner="pool:team3"),
        "messages, page 400": lambda s: messages.listed(s, page=400),
        "audit log": audit.listed,
        "audit log of one": lambda s: audit.listed(s, noun="employee", key="e77"),
        "audit log, somebody else's": lambda s: audit.listed(s, actor="web:nobody"),
    }


def measure(database: Database, rounds: int) -> dict[str, tuple[float, float]]:
    """Median and longest time of each query (milliseconds), each in a transaction of its own."""
    with database.read() as session:
        asked = queries(session)
    found = {}
    with Progress(console=Console(stderr=True), transient=True) as bars:
        for name, query in bars.track(asked.items(), total=len(asked), description="lists"):
            times = []
            for _ in range(rounds):
                start = time.perf_counter()
                with database.read() as session:
                    query(session)
                times.append((time.perf_counter() - start) * 1000)
            found[name] = (sorted(times)[len(times) // 2], max(times))
    return found


@contextmanager
def several_databases() -> Iterator[dict[str, str]]:
    """The URLs of an empty database of each kind there is."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-lists-"))
        urls = {"sqlite": f"sqlite:///{folder}/lists.db"}
        if programs := find_postgresql():
            server: Path = stack.enter_context(running(programs, "-c", "fsync=off"))
            with psycopg.connect(host=str(server), user="postgres", autocommit=True) as admin:
                admin.execute("CREATE DATABASE lists")
            urls["postgresql"] = url(server, "lists")
        yield urls


def main() -> int:
    """Measure, print, and say by the exit code whether every list keeps the limit."""
    parser = argparse.ArgumentParser(prog="bench.lists")
    parser.add_argument("--quick", action="store_true", help="1,000 employees, 10,000 numbers, 50,000 calls.")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="Write the times here, too.")
    arguments = parser.parse_args()
    size = (1_000, 4, 50_000) if arguments.quick else (10_000, 5, 1_000_000)
    made = large_company(*size[:2])
    results: dict[str, dict[str, tuple[float, float]]] = {}
    console = Console()
    with several_databases() as urls:
        for kind, address in urls.items():
            if arguments.only not in (None, kind):
                continue
            database = Database(address)
            try:
                database.migrate()
                start = time.perf_counter()
                imported = fill(database, made, size[2])
                filled = time.perf_counter() - start
                with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE"))
                console.print(f"{kind}: import {imported:.1f} s; with {size[2]:,} calls {filled:.0f} s")
                results[kind] = measure(database, arguments.rounds)
            finally:
                database.close()
    table = Table("ms", *(f"{kind} {what}" for kind in results for what in ("p50", "max")))
    for name in next(iter(results.values())):
        times = [value for kind in results for value in results[kind][name]]
        table.add_row(name, *(f"[red]{value:.0f}[/red]" if value > LIMIT else f"{value:.0f}" for value in times))
    console.print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    return int(any(longest > LIMIT for found in results.values() for _, longest in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
