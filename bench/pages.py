"""How long the server works on every main page where 10,000 employees have 100,000 numbers and 1,000,000 calls.

``python -m bench.pages [--quick] [--json FILE]``: makes that company as ``bench.lists`` does, with 200,000 cases, signs
in as an administrator and asks every page and search, on SQLite and, where there is one, on PostgreSQL. The time is
that of the application from the request to the last byte of its answer, without a network; ``cpu`` is what this process
computed for it, which other work on the machine does not lengthen (SQLite is in this process, PostgreSQL is not).
Behind it what a finished call takes that closes a case, with the mail of it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from rich.console import Console
from rich.table import Table
from sqlalchemy import select, text

from bench.cases import add_cases, close_cases
from bench.lists import LIMIT, fill, large_company, several_databases
from callrouter.directory import accounts
from callrouter.directory.accounts import UserRow
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.directory.records import CallRow
from callrouter.settings import Settings, Smtp, Web
from callrouter.web.application import create_application
from callrouter.web.applying import Applying
from callrouter.web.live import Live
from callrouter.web.parts import Parts

#: The day after the last call of the bench.
_NOW = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
#: What closing a case may take of a finished call (milliseconds, the median: one that waited for the disk is no fault).
CLOSING_LIMIT = 20
#: Each page by its address; ``{call}``, ``{case}`` and the like stand for some of those there are. One that does not
#: exist in this version is left out, and said so.
PAGES = (
    "/",
    "/employees",
    "/employees?q=%C3%B6zt%C3%BCrk",
    "/employees?q=0+30+23125+12",
    "/employees?page=150",
    "/employees/e77",
    "/employees/e77/numbers",
    "/employees/e77/numbers?q=99",
    "/employees/e77/devices",
    "/employees/e77/mailbox",
    "/employees/e77/notifications",
    "/employees/e77/calls",
    "/employees/_add",
    "/numbers",
    "/numbers?q=12+34",
    "/numbers?q=Kr%C3%BCger",
    "/numbers?page=1500",
    "/numbers/{number}",
    "/numbers/blocks",
    "/pools",
    "/pools/team3",
    "/pools/team3/members",
    "/pools/team3/numbers",
    "/pools/team3/mailbox",
    "/pools/team3/calls",
    "/schedules",
    "/trunks",
    "/blocked",
    "/calls",
    "/calls?outcome=missed",
    "/calls?interrupted=yes",
    "/calls?direction=emergency&outcome=rejected",
    "/calls?owner=pool:team3",
    "/calls?owner=krüger",
    "/calls?since=2026-01-01&until=2026-01-31",
    "/calls?q=%2B49+30+23125",
    "/calls?q=12+345",
    "/calls?q=99999999999",
    "/calls?q=%C3%96zlem+Wei%C3%9F",
    "/calls?q=xyzxyz",
    "/calls?before={cursor}",
    "/calls/owners?owner=weiß",
    "/calls/{call}",
    "/inbox",
    "/inbox?page=30",
    "/inbox?state=closed",
    "/inbox?state=closed&page=100",
    "/inbox?of=pool:team3",
    "/inbox/{case}",
    "/messages",
    "/messages?state=new",
    "/messages?page=400",
    "/mails",
    "/settings",
    "/users",
    "/tokens",
    "/audit",
    "/audit?noun=employee&key=e77",
    "/account",
)
#: What an employee who is a member of the large pools opens, of the company's own.
OWN_PAGES = (
    "/calls",
    "/calls?q=xyzxyz",
    "/calls?outcome=missed",
    "/inbox",
    "/inbox?state=closed",
    "/inbox?of=mine",
    "/inbox?of=mine&state=closed",
    "/messages",
    "/messages?state=new",
    "/messages/{own}/audio",
)


class _Switch:
    """A switch that is not there: what FreeSWITCH takes to answer is no time of ours."""

    def live(self) -> Live:
        return Live(problem="the bench has none")


def application(database: Database, folder: Path) -> Flask:
    """The pages over *database*, with users ``boss`` (administrator) and ``one`` (an employee)."""
    with database.write() as session:
        accounts.add(session, "boss", accounts.new_password(), role="admin", at=_NOW)
        accounts.add(session, "one", accounts.new_password(), role="employee", at=_NOW, employee="one")
    made = create_application(
        Parts(
            settings=Settings(
                web=Web(secret_key="for the bench alone, 32 letters."),
                smtp=Smtp(sender="bench@muster.example"),
                base=folder,
            ),
            database=database,
            clock=lambda: _NOW,
            checks={},
            apply=Applying(lambda: (), lambda: _NOW),
            switch=_Switch(),
            send_test_mail=lambda _recipient: None,
            explain=Explainer(database),
        )
    )
    made.testing = True
    return made


def _some(database: Database) -> dict[str, str]:
    """What stands in the addresses' gaps."""
    of_team = "JOIN owners ON owners.id = owner_id WHERE owners.key = 'team3' LIMIT 1"
    queries = {
        "number": f"SELECT e164 FROM numbers {of_team}",
        "call": "SELECT uuid FROM calls WHERE outcome = 'voicemail' ORDER BY id DESC LIMIT 1",
        "case": "SELECT max(id) FROM cases",
        "own": f"SELECT messages.id FROM messages {of_team}",
    }
    with database.read() as session:
        found = {name: str(session.scalar(text(query))) for name, query in queries.items()}
        last = session.scalar(text("SELECT max(id) FROM calls")) or 0
        at = session.scalar(select(CallRow.started_at).where(CallRow.id == last // 2))
    return found | {"cursor": f"{round(at.timestamp() * 1_000_000)}-{last // 2}" if at else ""}


def measure(made: Flask, database: Database, rounds: int) -> tuple[dict[str, tuple[float, ...]], list[str]]:
    """Median and longest time, and median of CPU, of each page (milliseconds), and those that are not there."""
    some = _some(database)
    found: dict[str, tuple[float, ...]] = {}
    missing = []
    for login, pages in (("boss", PAGES), ("one", OWN_PAGES)):
        client = made.test_client()
        with database.read() as session:
            user = session.scalars(select(UserRow).where(UserRow.login == login)).one()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = f"{user.id}.{user.epoch}"
        for page in pages:
            name = page if login == "boss" else f"{page} (employee)"
            times, cpu = [], []
            for _ in range(rounds + 1):  # the first one compiles templates and statements
                start, computed = time.perf_counter(), time.process_time()
                answer = client.get(page.format(**some))
                answer.get_data()
                times.append((time.perf_counter() - start) * 1000)
                cpu.append((time.process_time() - computed) * 1000)
                if answer.status_code != 200:
                    missing.append(f"{name}: {answer.status_code}")
                    break
            else:
                found[name] = (sorted(times[1:])[rounds // 2], max(times[1:]), sorted(cpu[1:])[rounds // 2])
    return found, missing


@contextmanager
def _filled(address: str, size: tuple[int, int, int]) -> Iterator[Database]:
    database = Database(address)
    try:
        database.migrate()
        fill(database, large_company(*size[:2]), size[2])
        add_cases(database, size[2] // 5, _NOW)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE" if database.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))
        yield database
    finally:
        database.close()


def main() -> int:
    """Measure, print, and say by the exit code whether every page keeps the limit."""
    parser = argparse.ArgumentParser(prog="bench.pages")
    parser.add_argument("--quick", action="store_true", help="1,000 employees, 10,000 numbers, 50,000 calls.")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="Write the times here, too.")
    arguments = parser.parse_args()
    size = (1_000, 4, 50_000) if arguments.quick else (10_000, 5, 1_000_000)
    results: dict[str, dict[str, tuple[float, ...]]] = {}
    closing: dict[str, dict[str, list[float]]] = {}
    console = Console(width=140)
    with several_databases() as urls, tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        for kind, address in urls.items():
            if arguments.only not in (None, kind):
                continue
            with _filled(address, size) as database:
                results[kind], missing = measure(application(database, Path(folder)), database, arguments.rounds)
                for name, times in close_cases(database, 200, _NOW).items():
                    closing.setdefault(name, {})[kind] = times
            for one in missing:
                console.print(f"[yellow]{kind}: not measured: {one}[/yellow]")
    table = Table("ms", *(f"{kind} {what}" for kind in results for what in ("p50", "max", "cpu")))
    for name in next(iter(results.values())):
        times = [value for kind in results for value in results[kind].get(name, (0.0, 0.0, 0.0))]
        table.add_row(name, *(f"[red]{value:.0f}[/red]" if value > LIMIT else f"{value:.0f}" for value in times))
    console.print(table)
    late = False
    for name, found in closing.items():
        for kind, times in found.items():
            ordered = sorted(times)
            half, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
            late |= half > CLOSING_LIMIT
            tail = f"p99 {most:.1f}, longest {ordered[-1]:.1f} ms ({len(ordered)} calls)"
            console.print(f"{kind}: {name}: p50 {half:.1f}, {tail}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    return int(late or any(longest > LIMIT for found in results.values() for _, longest, _ in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
