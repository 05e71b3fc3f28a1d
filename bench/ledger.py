"""How fast the ledger takes calls out of the spool, and how soon after a call's end its mail is at the mail server.

``python -m bench.ledger [--cdrs 20000] [--json FILE]``: a spool that has piled up, on SQLite and on PostgreSQL, with
a small company and a large one, taken by the ledger alone and by a worker process that sends the mails meanwhile; then
10 calls a second against a worker process. Everything is private and temporary.
"""

from __future__ import annotations

import argparse
import email
import json
import resource
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from bench import cdrs
from callrouter import app
from callrouter.cli.scratch import Scratch
from callrouter.ledger.worker import Ledger
from tests.needs import find_postgresql
from tests.postgresql_server import running, url

_COMPANIES = {"small": cdrs.muster, "large": cdrs.large_company}
#: Longest wait for a worker's start, and for the last mail.
_SECONDS = 60.0
_say = Console(stderr=True).print


class Databases:
    """The databases there are on this machine; each ``scratch`` gets an empty one of its own."""

    def __init__(self, server: Path | None) -> None:
        self._server = server
        self.kinds = ["sqlite", "postgresql"] if server else ["sqlite"]

    @contextmanager
    def scratch(self, kind: str, company: dict[str, Any]) -> Iterator[Scratch]:
        """A callrouter with *company* in it, in a folder of its own."""
        overrides: dict[str, dict[str, Any]] = {"log": {"level": "warning"}}
        if self._server and kind == "postgresql":
            name = f"bench_{uuid.uuid4().hex}"
            with psycopg.connect(host=str(self._server), user="postgres", autocommit=True) as admin:
                admin.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
            overrides["database"] = {"url": url(self._server, name)}
        with tempfile.TemporaryDirectory(prefix="bench-ledger-") as folder:
            scratch = Scratch(Path(folder), company, **overrides)
            try:
                scratch.create()
                yield scratch
            finally:
                scratch.stop()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _message(folder: Path) -> bytes:
    path = folder / "message.wav"
    cdrs.write_message(path)
    return path.read_bytes()


def _pile_up(scratch: Scratch, count: int) -> None:
    wav = _message(scratch.folder)
    for call in cdrs.calls(scratch.company, count):
        cdrs.put(scratch.settings.spool, call, wav)


def _check(scratch: Scratch, count: int) -> None:
    with scratch.database.read() as session:
        entered = session.connection().exec_driver_sql("SELECT count(*) FROM calls").scalar()
    assert entered == count, f"{entered} of {count} calls are in the ledger"
    assert not any(scratch.settings.spool.quarantine.iterdir()), "there are files in quarantine"


def catch_up(scratch: Scratch, count: int) -> dict[str, float]:
    """Time and CPU (of this process) to take *count* CDRs that wait; raises AssertionError if one is missing."""
    _pile_up(scratch, count)
    ledger = Ledger(scratch.database, scratch.settings, clock=app.now)
    start, cpu = time.perf_counter(), _cpu()
    ledger.run_once()
    seconds, cpu = time.perf_counter() - start, _cpu() - cpu
    _check(scratch, count)
    return {"cdrs_per_second": count / seconds, "cpu_ms_per_cdr": cpu * 1000 / count}


def catch_up_and_mail(scratch: Scratch, count: int) -> dict[str, float]:
    """The same by a worker process that sends the mails meanwhile; its start counts."""
    _pile_up(scratch, count)
    scratch.mails.start()
    start = time.perf_counter()
    scratch.start_role("worker")
    _wait(lambda: not any(scratch.settings.spool.cdr.iterdir()), "catching up", count / 20)
    seconds = time.perf_counter() - start
    _check(scratch, count)
    return {"worker_cdrs_per_second": count / seconds}


def mail_delays(scratch: Scratch, rate: float, seconds: float) -> list[float]:
    """Seconds from each CDR's file to its mail at the mail server, with *rate* calls a second for *seconds*."""
    spool = scratch.settings.spool
    wav = _message(scratch.folder)
    scratch.mails.start()
    scratch.start_role("worker")
    ready = spool.cdr / "a_nobody.cdr.json"
    ready.write_bytes(b"{}\n")
    _wait(lambda: not ready.exists(), "the worker's start", _SECONDS)
    written: dict[str, float] = {}
    begin = time.time()
    for number, call in enumerate(cdrs.calls(scratch.company, int(rate * seconds))):
        time.sleep(max(0.0, begin + number / rate - time.time()))
        cdrs.put(spool, call, wav)
        if call.mailed:
            written[call.uuid] = time.time()
    scratch.mails.wait_for(len(written), _SECONDS)
    delays = []
    for path in scratch.mails.folder.glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes())
        delays.append(path.stat().st_mtime - written.pop(mail["X-Callrouter-Call"]))
    assert not written, f"{len(written)} mails did not come"
    return sorted(delays)


def _wait(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} took more than {seconds:g} s"
        time.sleep(0.05)


def _at(delays: list[float], share: float) -> float:
    return delays[min(len(delays) - 1, int(len(delays) * share))]


def measure(databases: Databases, count: int, rate: float, seconds: float) -> list[dict[str, Any]]:
    """All figures, a dictionary for each database and company."""
    results = []
    for name, company in _COMPANIES.items():
        for kind in databases.kinds:
            result: dict[str, Any] = {"database": kind, "company": name, "cdrs": count}
            _say(f"{kind}, {name} company: {count} CDRs wait")
            with databases.scratch(kind, company()) as scratch:
                result |= catch_up(scratch, count)
            _say(f"  {result['cdrs_per_second']:.0f} a second alone")
            with databases.scratch(kind, company()) as scratch:
                result |= catch_up_and_mail(scratch, count)
            _say(f"  {result['worker_cdrs_per_second']:.0f} a second while mailing")
            if seconds:
                with databases.scratch(kind, company()) as scratch:
                    delays = mail_delays(scratch, rate, seconds)
                result |= {f"mail_p{round(share * 100)}_ms": _at(delays, share) * 1000 for share in (0.5, 0.95, 0.99)}
                result["mails"] = len(delays)
                _say(f"  mails at {rate:g} calls a second: p99 {result['mail_p99_ms']:.0f} ms")
            results.append(result)
    return results


def _print(results: list[dict[str, Any]], rate: float) -> None:
    table = Table(title=f"The ledger; mails at {rate:g} calls/s, from the CDR's file to SMTP")
    columns = {
        "database": "database",
        "company": "company",
        "cdrs_per_second": "CDRs/s",
        "cpu_ms_per_cdr": "CPU ms/CDR",
        "worker_cdrs_per_second": "CDRs/s while mailing",
        "mail_p50_ms": "mail p50 ms",
        "mail_p95_ms": "p95",
        "mail_p99_ms": "p99",
    }
    for title in columns.values():
        table.add_column(title)
    for result in results:
        values = [result.get(key, "") for key in columns]
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values))
    Console().print(table)


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--cdrs", type=int, default=20_000, help="how many wait in the spool")
    parser.add_argument("--rate", type=float, default=10, help="calls a second while mails are timed")
    parser.add_argument("--seconds", type=float, default=30, help="how long mails are timed; 0: not at all")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        programs = find_postgresql()
        server = stack.enter_context(running(programs)) if programs else None
        results = measure(Databases(server), arguments.cdrs, arguments.rate, arguments.seconds)
    _print(results, arguments.rate)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
