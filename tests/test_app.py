"""A ledger that fails or hangs costs a call nothing but what it would have told."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from structlog.testing import capture_logs

from callrouter import app
from callrouter.directory import asked
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.resources import prompts_dir
from callrouter.routing.plan import IncomingCall

CALL = IncomingCall("u", "+493023125000", trunk="carrier", caller_number="017604069001")
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def muster(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'callrouter.db'}")
    database.migrate()
    import_company(database, (prompts_dir().parent.parent / "simulator" / "muster.yaml").read_text("utf-8"), "muster")
    yield database
    database.close()


def test_where_the_cases_cannot_be_read_a_call_is_routed_all_the_same(muster: Database) -> None:
    with muster.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE cases RENAME COLUMN caller_key TO gone")
    with capture_logs() as said:
        snapshot = app.snapshot_source(muster)()(CALL, TODAY)
    assert snapshot.owners
    assert dict(snapshot.claimers) == {}
    assert [line["event"].startswith("nobody knows who has claimed") for line in said] == [True]


def test_a_ledger_that_hangs_holds_calls_for_a_second_and_keeps_no_thread_from_the_directory(
    muster: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(asked, "with_ledger", lambda *_: over.wait(30))
    snapshot = SnapshotLoader(muster).load(CALL, TODAY)
    add = app.ledger_source(muster)
    begun = time.monotonic()
    try:
        calls = [gevent.spawn(add, CALL, snapshot) for _ in range(20)]
        assert gevent.spawn(gevent.get_hub().threadpool.apply, time.monotonic).get(timeout=0.8) > begun
        gevent.joinall(calls, timeout=10, raise_error=True)
        assert 0.9 < time.monotonic() - begun < 5
        assert all(call.value is snapshot for call in calls)
    finally:
        over.set()
