"""Pools: what is kept of single members, who is signed in, and who has talked when."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event

from callrouter.directory import asked as ledger
from callrouter.directory import pools, services
from callrouter.directory.database import Database
from callrouter.directory.exporting import export_company, to_yaml
from callrouter.directory.importing import ImportFileError, import_company
from callrouter.directory.records import CallRow, CallStepRow
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import RuleError
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Pool, Snapshot, Waiting
from tests.directory.conftest import MUSTER

ANYBODY = IncomingCall("u", "+493023125000", trunk="carrier")
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def _load(database: Database) -> Snapshot:
    return SnapshotLoader(database).load(ANYBODY, NOON.date())


def _pool(database: Database) -> Pool:
    found = _load(database).owners["pool:sales"]
    assert isinstance(found, Pool)
    return found


def test_members_sign_in_and_out(muster: Database) -> None:
    with muster.write() as session:
        pools.sign(session, "sales", "ben", signed_in=False)
        version = services.pool(session, "sales")[1]
        pools.sign(session, "sales", "ben", signed_in=False)
        assert services.pool(session, "sales")[1] == version, "what is so already stays"
    assert _pool(muster).signed_out == {"employee:ben"}
    with muster.write() as session:
        assert pools.sign(session, "sales", "ben", signed_in=True).signed_out == []
    assert _pool(muster).signed_out == frozenset()
    with muster.write() as session, pytest.raises(RuleError, match="no member"):
        pools.sign(session, "sales", "cara", signed_in=False)


def test_whoever_leaves_takes_nothing_along(muster: Database) -> None:
    with muster.write() as session:
        pools.change(session, "sales", strategy="waves", delays={"ben": 10}, signed_out=["ben", "anna"])
    assert (_pool(muster).delays, _pool(muster).member_seconds) == ({"employee:ben": 10}, 15)
    with muster.write() as session:
        pools.set_members(session, "sales", ["anna"])
        left = services.pool(session, "sales")[0]
        assert (left.delays, left.signed_out) == ({}, ["anna"])


def test_members_of_pools_that_wait_are_counted(muster: Database) -> None:
    assert not any(member.counted for member in _pool(muster).members)
    with muster.write() as session:
        pools.change(session, "sales", waiting={"after": 0})
    assert _pool(muster).waiting == Waiting(0, 300, 5)
    assert [member.counted for member in _pool(muster).members] == [True, True]
    with muster.write() as session:
        pools.change(session, "sales", waiting=None)
    assert _pool(muster).waiting is None


@pytest.mark.parametrize("line", ["signed_out: [cara]", "delays: {cara: 5}", "signed_out: [anna, anna]"])
def test_a_file_that_names_others_is_refused(database: Database, line: str) -> None:
    text = MUSTER.replace("    strategy: simultaneous", f"    {line}\n    strategy: simultaneous")
    with pytest.raises(ImportFileError, match=r"is no member|again"):
        import_company(database, text, "muster.yaml")


def test_a_file_that_was_exported_changes_nothing(muster: Database) -> None:
    with muster.write() as session:
        pools.change(session, "sales", strategy="waves", delays={"ben": 10}, signed_out=["anna"], member_seconds=20)
        pools.change(session, "sales", waiting={"places": 3})
    with muster.read() as session:
        text = to_yaml(export_company(session), secrets=True)
    assert "ben: 10" in text
    assert "places: 3" in text
    version = _load(muster).version
    import_company(muster, text, "again.yaml")
    assert _load(muster).version == version


def _talk(session, number: int, device: str, ended: dt.datetime | None) -> None:
    started = NOON + dt.timedelta(minutes=number)
    call = CallRow(
        uuid=f"u{number}",
        direction="inbound",
        caller="anonymous",
        outcome="answered",
        started_at=started,
        ended_at=ended,
    )
    call.steps = [
        CallStepRow(
            n="1", position=0, kind="ring", owner="pool:sales", outcome="answered", device=device, started_at=started
        )
    ]
    session.add(call)


def test_who_talked_when_is_asked_only_where_it_matters_and_at_once(muster: Database) -> None:
    with muster.write() as session:
        for number, device in enumerate(("anna-desk", "anna-soft", "anna-desk"), 1):
            _talk(session, number, device, NOON + dt.timedelta(minutes=number * 10))
    asked: list[str] = []
    event.listen(muster.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    plain = _load(muster)
    asked.clear()
    assert ledger.with_ledger(muster, ANYBODY, plain) is plain
    assert asked == []
    with muster.write() as session:
        pools.change(session, "sales", strategy="longest-idle")
    snapshot = _load(muster)
    asked.clear()
    assert ledger.with_ledger(muster, ANYBODY, snapshot).talked == {"employee:anna": NOON + dt.timedelta(minutes=30)}
    assert len([text for text in asked if text.startswith("SELECT")]) == 1
    with muster.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT call_id FROM call_steps WHERE device = 'x' ORDER BY started_at DESC LIMIT 1"
        )
        assert "steps_answered" in str(plan.all())


def test_calls_never_come_back_to_a_pool_that_they_have_left(muster: Database) -> None:
    with muster.write() as session:
        for key in ("second", "third"):
            pools.create(session, name=key.title(), key=key)
        pools.set_next(session, "sales", busy="pool:second")
        pools.set_next(session, "second", no_answer="pool:third", busy="mailbox:pool:sales")
    for target in ("pool:sales", "pool:second"):
        with pytest.raises(RuleError, match="come back"), muster.write() as session:
            pools.set_next(session, "third", offline=target)
    with muster.write() as session:
        pools.set_next(session, "third", offline="mailbox:pool:second", busy="employee:anna")
    with pytest.raises(RuleError, match="forwarded there by sales, third"), muster.write() as session:
        services.remove_pool(session, "second")
