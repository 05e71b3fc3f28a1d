"""What is older than the company keeps it is deleted, in both databases: that, and nothing else."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from callrouter.directory import audit
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow
from callrouter.directory.records import TABLES, CallRow, CallStepRow, CaseChangeRow, CaseRow, MessageRow, OutboxRow
from callrouter.ledger import filing, retention
from callrouter.ledger.upkeep import Retention
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import START, UUID, cdr_bytes, put_cdr, uuid, wav
from tests.ledger.company import put as put_file

NOW = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)
ALL = {"calls": 30, "messages": 30, "cases": 30, "mails": 30, "audit": 30}


def days(number: float) -> dt.datetime:
    return NOW - dt.timedelta(days=number)


def keep(database: Database, **kinds: int) -> None:
    with database.write() as session:
        session.execute(update(CompanyRow).values(retention=kinds))


def put(database: Database, *rows: Any) -> None:
    with database.write() as session:
        for row in rows:
            session.add(row)
            session.flush()


def call(number: int, age: float, **more: Any) -> CallRow:
    values = {"id": number, "uuid": uuid(number), "direction": "inbound", "caller": "+4917604069001"}
    return CallRow(**(values | {"outcome": "missed", "started_at": days(age)} | more))


def step(number: int, case: int | None = None) -> CallStepRow:
    return CallStepRow(
        call_id=number, n="1", position=0, kind="ring", outcome="missed", started_at=NOW, case_id=case, owner_id=1
    )


def case(number: int, age: float | None, state: str = "closed") -> CaseRow:
    """Closed so many days ago; opened long ago."""
    closed = None if age is None else days(age)
    return CaseRow(
        id=number, owner_id=1, caller_key=f"c{number}", caller="+4917604069001", state=state, opened_at=days(400),
        changed_at=days(400), closed_at=closed, root_message_id="<1@x>",
    )  # fmt: skip


def message(number: int, age: float, case: int | None = None) -> MessageRow:
    return MessageRow(
        id=number, call_id=number, n="1", owner_id=1, recorded_at=days(age), milliseconds=1, audio=b"RIFF", case_id=case
    )


def mail(number: int, age: float, state: str = "sent", **more: Any) -> OutboxRow:
    return OutboxRow(
        id=number, mail_id=f"<{number}@x>", kind="missed", recipient="a@muster.example", subject="x", headers={},
        text="x", html="x", created_at=days(age), next_try_at=days(age), state=state, **more,
    )  # fmt: skip


def left(database: Database) -> dict[str, list[int]]:
    """The ids of what there is, by kind."""
    with database.read() as session:
        return {
            kind.name: sorted(session.scalars(select(kind.table.c.id)))
            for kind in retention.KINDS
            if kind.name != "audit"
        }


def run(database: Database, **kinds: int) -> dict[str, int]:
    """Delete; what the dry run says before is what goes."""
    keep(database, **kinds)
    with database.read() as session:
        told = retention.count(session, NOW)
    done = retention.run(database, NOW, threading.Event())
    assert told == done
    with database.read() as session:
        assert set(retention.count(session, NOW).values()) <= {0}
    return done


def test_what_is_old_goes_and_what_is_not_stays(either_database: Database) -> None:
    put(either_database, *(call(n, age) for n, age in ((1, 31), (2, 29), (3, 400))))
    put(either_database, *(step(n) for n in (1, 2, 3)), case(1, 31), case(2, 29))
    put(either_database, CaseChangeRow(case_id=1, at=NOW, change="note", note="x"), mail(1, 31), mail(2, 29))
    assert run(either_database, **ALL) == {"messages": 0, "cases": 1, "calls": 2, "mails": 1, "audit": 0}
    assert left(either_database) == {"messages": [], "cases": [2], "calls": [2], "mails": [2]}
    with either_database.read() as session:
        assert session.scalars(select(CallStepRow.call_id)).all() == [2]
        assert session.scalars(select(CaseChangeRow)).all() == []


def test_everything_is_kept_until_somebody_says_otherwise(either_database: Database) -> None:
    put(either_database, call(1, 4000), case(1, 4000), message(1, 4000), mail(1, 4000))
    before = left(either_database)
    assert run(either_database) == {}
    assert left(either_database) == before


@pytest.mark.parametrize("state", ["open", "claimed"])
def test_what_a_case_that_is_not_closed_needs_stays(either_database: Database, state: str) -> None:
    """Its calls, messages, mails, and the calls by which colleagues tried to call back."""
    put(either_database, case(1, None, state), case(2, 100), *(call(n, 300) for n in (1, 2, 3, 4, 5)))
    put(either_database, step(1, case=1), step(2, case=2), message(3, 300, case=1), message(4, 300, case=2))
    put(either_database, CaseChangeRow(case_id=1, at=NOW, change="attempted", call_id=5))
    put(either_database, mail(1, 300, case_id=1), mail(2, 300, case_id=2))
    assert run(either_database, **ALL) == {"messages": 1, "cases": 1, "calls": 2, "mails": 1, "audit": 0}
    assert left(either_database) == {"messages": [3], "cases": [1], "calls": [1, 3, 5], "mails": [1]}


def test_calls_stay_as_long_as_their_messages(either_database: Database) -> None:
    put(either_database, *(call(n, 300) for n in (1, 2)), message(1, 300))
    assert run(either_database, calls=30) == {"calls": 1}
    assert run(either_database, calls=30, messages=301) == {"messages": 0, "calls": 0}
    assert left(either_database)["calls"] == [1]
    assert run(either_database, calls=30, messages=299) == {"messages": 1, "calls": 1}


def test_a_message_goes_and_its_call_stays(either_database: Database) -> None:
    put(either_database, call(1, 300), message(1, 300), mail(1, 1, message_id=1))
    assert run(either_database, messages=30) == {"messages": 1}
    assert left(either_database) == {"messages": [], "cases": [], "calls": [1], "mails": [1]}


def test_mails_that_have_yet_to_leave_stay_with_their_recording(either_database: Database) -> None:
    put(either_database, call(1, 300), message(1, 300))
    put(
        either_database,
        mail(1, 300, "waiting", message_id=1, audio="mp3"),
        mail(2, 300, "dead"),
        mail(3, 300, "dropped"),
    )
    assert run(either_database, **ALL) == {"messages": 0, "cases": 0, "calls": 0, "mails": 2, "audit": 0}
    assert left(either_database) == {"messages": [1], "cases": [], "calls": [1], "mails": [1]}


def test_the_audit_log_counts_a_day_in_one_entry_and_loses_its_own_old_ones(either_database: Database) -> None:
    put(either_database, *(call(n, 300) for n in range(1, 101)), mail(1, 300))
    with either_database.write() as session:
        for age in (31, 29):
            audit.record(session, "pool", f"p{age}", None, {"name": "x"}, at=days(age))
    assert run(either_database, **ALL)["calls"] == 100
    put(either_database, call(200, 300))
    run(either_database, **ALL)
    with either_database.read() as session:
        rows = list(session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.at)))
    assert [(row.noun, row.key, row.action) for row in rows] == [
        ("pool", "p29", "add"), ("retention", "2026-11-21", "remove"),
    ]  # fmt: skip
    assert rows[1].changes == {"deleted.calls": [101, None], "deleted.mails": [1, None], "deleted.audit": [1, None]}
    assert rows[1].actor == "system"


def test_before_there_is_a_company_nothing_is_deleted(tmp_path: Path) -> None:
    from callrouter.directory.models import Base

    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    Base.metadata.create_all(database.engine)
    assert retention.run(database, NOW, threading.Event()) == {}
    database.close()


_KILLED = """
import datetime as dt, os, sys, threading
from callrouter.directory.database import Database
from callrouter.ledger import retention
done = []
class Stop(threading.Event):
    def wait(self, timeout):
        done.append(timeout)
        if len(done) == 3:
            retention._note = lambda *a: os._exit(9)  # in the midst of a transaction
retention.run(Database(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2]), Stop())
"""


def test_a_worker_that_is_killed_goes_on_where_it_was(either_database: Database) -> None:
    put(either_database, *(call(n, 300) for n in range(1, 1001)))
    keep(either_database, calls=30)
    arguments = [sys.executable, "-c", _KILLED, either_database.url, NOW.isoformat()]
    assert subprocess.run(arguments, timeout=60, check=False).returncode == 9
    rest = len(left(either_database)["calls"])
    assert 0 < rest < 1000
    assert retention.run(either_database, NOW, threading.Event()) == {"calls": rest}
    with either_database.read() as session:
        [row] = session.scalars(select(audit.AuditRow))
        assert row.changes == {"deleted.calls": [1000, None]}


def test_two_workers_at_once_delete_each_once(either_database: Database) -> None:
    put(either_database, *(call(n, 300) for n in range(1, 301)))
    keep(either_database, calls=30)
    start, done = threading.Barrier(2), []

    def work() -> None:
        start.wait(20)
        done.append(retention.run(either_database, NOW, threading.Event())["calls"])

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (sum(done), len(done)) == (300, 2)


class Told(threading.Event):
    """Set after so many waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waits = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.waits -= 1
        if not self.waits:
            self.set()
        return self.is_set()


def test_a_batch_is_as_large_as_its_transaction_is_quick(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick ones grow; one that takes 62.5 ms is too long by far, and so the next is smaller, but not too small."""
    put(database, *(call(n, 300) for n in range(1, 400)))
    keep(database, calls=30)
    took = [1 / 1024, 1 / 1024, 1 / 1024, 1 / 16, 1 / 16, 1 / 16]
    clock = iter([moment for seconds in took for moment in (0.0, seconds)])
    sizes: list[int] = []
    delete = retention._delete
    monkeypatch.setattr(retention, "_delete", lambda *a: sizes.append(len(a[2])) or delete(*a))
    retention.run(database, NOW, Told(len(took)), timer=lambda: next(clock))
    assert sizes == [20, 40, 80, 160, 64, 25]


def test_nobody_waits_long_for_a_deletion(either_database: Database) -> None:
    """Somebody writes all the while; how long that takes with 100,000 calls tells ``python -m bench.retention``."""
    rows = [
        {
            "id": n, "uuid": uuid(n), "node": "", "source": "cdr", "direction": "inbound", "dialed": "",
            "caller": "+4917604069001", "caller_name": "", "outcome": "missed", "interrupted": False, "cause": "",
            "started_at": days(300), "reasons": [],
        }
        for n in range(1, 2001)
    ]  # fmt: skip
    with either_database.write() as session:
        session.connection().execute(insert(TABLES["calls"]), rows)
    keep(either_database, calls=30)
    thread = threading.Thread(target=retention.run, args=(either_database, NOW, threading.Event()))
    thread.start()
    longest = 0.0
    while thread.is_alive():
        began = time.monotonic()
        with either_database.write() as session:
            session.execute(update(CompanyRow).values(name="Muster"))
        longest = max(longest, time.monotonic() - began)
    thread.join(60)
    assert longest < 2
    assert left(either_database)["calls"] == []


def test_the_archive_goes_by_the_shorter_of_both(settings: Settings) -> None:
    spool = settings.spool
    cdr, wav = f"a_{uuid(1)}.cdr.json", f"{uuid(1)}-1.wav"
    for age in (5, 20, 50, 100):
        folder = spool.archive / f"{days(age):%Y-%m-%d}"
        folder.mkdir(parents=True)
        (folder / cdr).write_text("{}")
        (folder / wav).write_text("RIFF")

    def files() -> dict[int, set[str]]:
        ages = {f"{days(age):%Y-%m-%d}": age for age in (5, 20, 50, 100)}
        return {ages[folder.name]: {path.name for path in folder.iterdir()} for folder in spool.archive.iterdir()}

    filing.forget(spool, NOW.date(), cdrs=None, recordings=None)
    assert set(files()) == {5, 20, 50, 100}
    filing.forget(spool, NOW.date(), cdrs=90, recordings=90)
    assert set(files()) == {5, 20, 50}
    filing.forget(spool, NOW.date(), cdrs=90, recordings=30)
    assert files() == {5: {cdr, wav}, 20: {cdr, wav}, 50: {cdr}}
    filing.forget(spool, NOW.date(), cdrs=10, recordings=None)
    assert files() == {5: {cdr, wav}, 20: {wav}, 50: set()}


def test_the_worker_deletes_once_a_night_and_at_its_start(database: Database, settings: Settings) -> None:
    put(database, call(1, 300))
    keep(database, calls=30)
    clock = [dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)]
    loop = Retention(database, settings, clock=lambda: clock[0])
    stop = threading.Event()
    folder = settings.spool.archive / f"{days(40):%Y-%m-%d}"
    folder.mkdir(parents=True)
    (folder / f"a_{uuid(1)}.cdr.json").write_text("{}")
    assert loop.run_once(stop) == {"calls": 1}
    assert not list(folder.iterdir())  # it is within archive_days, but the company keeps no calls for so long
    put(database, call(2, 300))
    assert loop.run_once(stop) == {}
    clock[0] = dt.datetime(2026, 11, 22, 0, 59, tzinfo=dt.UTC)  # 1:59 in Berlin
    assert loop.run_once(stop) == {}
    clock[0] += dt.timedelta(minutes=1)
    assert loop.run_once(stop) == {"calls": 1}
    put(database, call(3, 300))
    clock[0] += dt.timedelta(days=1)
    stop.set()
    assert loop.run_once(stop) == {"calls": 0}
    stop.clear()
    assert loop.run_once(stop) == {"calls": 1}


@pytest.mark.parametrize(
    ("kept_days", "age", "entered"), [(30, 29, 1), (30, 31, 0), (1, 29, 1), (1, 31, 0), (None, 900, 1)]
)
def test_a_call_that_was_deleted_does_not_come_again(
    database: Database, settings: Settings, kept_days: int | None, age: float, entered: int
) -> None:
    with database.write() as session:
        session.execute(update(CompanyRow).values(retention={"calls": kept_days}))
    put_file(settings.spool.recording(UUID, "2"), wav(seconds=3))
    put_cdr(settings, cdr_bytes("1;ring;employee:anna", "1;ring;employee:anna;no_answer"))
    ledger = Ledger(database, settings, clock=lambda: START + dt.timedelta(days=age))
    assert ledger.run_once() == 1
    with database.read() as session:
        for row in (CallRow, CaseRow, OutboxRow):
            assert len(session.scalars(select(row)).all()) == entered
    assert ledger.pending() == 0
    assert not list(settings.spool.recordings.iterdir())
    assert not list(settings.spool.quarantine.rglob("*.json"))
    assert list(settings.spool.archive.rglob("*.cdr.json"))
