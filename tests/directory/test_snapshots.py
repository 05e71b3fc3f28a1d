"""What one call is given of the directory: its number, owner, phones, mailbox and schedule, and no more."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from callrouter.directory import employees, numbers, services, snapshots
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_company, read_pools
from callrouter.directory.importing import import_company
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import RuleError
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Device, Employee, Number, NumberBlock, NumberState, Pool
from tests.directory.conftest import MUSTER

TODAY = dt.date(2026, 11, 21)


def inbound(dialed: str, caller: str | None = None) -> IncomingCall:
    return IncomingCall("uuid", dialed, trunk="carrier", caller_number=caller)


def test_a_call_to_a_personal_number(muster: Database):
    snapshot = SnapshotLoader(muster).load(inbound("+493023125010"), TODAY)
    assert (snapshot.version, snapshot.company, snapshot.timezone) == (1, "Muster GmbH", "Europe/Berlin")
    assert (snapshot.language, snapshot.sip_domain, snapshot.ring_seconds) == ("de", "pbx.muster.example", 30)
    assert snapshot.digits.area_code == "30"
    assert snapshot.blocks == (NumberBlock("+4930231250", "00", "99"),)
    assert snapshot.blocked == {"+4917604069012", "anonymous"}
    assert snapshot.numbers == {"+493023125010": Number("+493023125010", NumberState.ACTIVE, "employee:anna")}
    assert list(snapshot.owners) == ["employee:anna"]
    anna = snapshot.owners["employee:anna"]
    assert isinstance(anna, Employee)
    assert (anna.name, anna.extension, anna.number) == ("Anna Schmidt", "10", "+493023125010")
    assert anna.devices == (
        Device("anna-desk", "Tischtelefon", "desk"),
        Device("anna-soft", "Laptop", "softclient"),
    )
    mailbox = anna.mailbox
    assert (mailbox.enabled, mailbox.answer_calls, mailbox.answer_after) == (True, True, 20)
    assert (mailbox.active_when, mailbox.language) == ("closed", "de")
    assert mailbox.schedule is not None
    assert mailbox.schedule.name == "office hours"
    assert {day.year for day in mailbox.schedule.holidays} == {2025, 2026, 2027}
    assert mailbox.schedule.holidays[dt.date(2026, 3, 8)] == "Frauentag"


@pytest.mark.parametrize("dialed", ["00493023125000", "030 23125000", "23125000", "00"])
def test_a_pool_by_every_way_of_writing_its_number(muster: Database, dialed: str):
    snapshot = SnapshotLoader(muster).load(inbound(dialed), TODAY)
    pool = snapshot.owners["pool:sales"]
    assert isinstance(pool, Pool)
    assert [member.key for member in pool.members] == ["employee:anna", "employee:ben"]
    assert [device.sip_user for device in pool.members[1].devices] == ["ben-desk"]
    assert (pool.strategy, pool.ring_seconds, pool.mailbox.answer_after) == ("simultaneous", 30, 30)


def test_the_members_keep_their_order(muster: Database):
    with muster.write() as session:
        (sales,) = read_pools(session, ["sales"])
        services.save_pool(session, sales.model_copy(update={"members": ["ben", "anna"]}))
    pool = SnapshotLoader(muster).load(inbound("+493023125000"), TODAY).owners["pool:sales"]
    assert isinstance(pool, Pool)
    assert [member.key for member in pool.members] == ["employee:ben", "employee:anna"]


def test_an_inactive_and_an_unknown_number(muster: Database):
    loader = SnapshotLoader(muster)
    inactive = loader.load(inbound("+493023125050"), TODAY)
    assert inactive.numbers == {"+493023125050": Number("+493023125050", NumberState.INACTIVE, None)}
    assert inactive.owners == {}
    assert loader.load(inbound("+493023125999"), TODAY).numbers == {}
    assert loader.load(inbound("${hangup}'; DROP TABLE numbers"), TODAY).numbers == {}


def test_an_internal_call_knows_its_phone_and_the_extension(muster: Database):
    snapshot = SnapshotLoader(muster).load(IncomingCall("uuid", "11", device="anna-soft"), TODAY)
    assert snapshot.extensions == {"11": "employee:ben"}
    assert snapshot.devices["anna-soft"].key == "employee:anna"
    assert "employee:ben" in snapshot.owners
    stranger = SnapshotLoader(muster).load(IncomingCall("uuid", "11", device="nobody"), TODAY)
    assert stranger.devices == {}


@pytest.mark.parametrize("caller", ["+493023125011", "03023125011", "00493023125011"])
def test_a_colleague_who_calls_from_outside_is_known(muster: Database, caller: str):
    loader = SnapshotLoader(muster)
    snapshot = loader.load(inbound("+493023125010", caller), TODAY)
    assert snapshot.known_callers == {"+493023125011": "Ben Yılmaz"}
    assert "+493023125011" not in snapshot.numbers
    assert loader.load(inbound("+493023125010", "+493023125000"), TODAY).known_callers == {}
    assert loader.load(inbound("+493023125010", "+4917604069001"), TODAY).known_callers == {}


def test_an_inline_schedule(muster: Database):
    text = MUSTER.replace(
        "schedule: {name: office hours, when: closed}",
        "schedule: {open: [{days: sat, from: 08:00, to: 12:00}], when: open}",
    )
    import_company(muster, text, "x.yaml")
    mailbox = SnapshotLoader(muster).load(inbound("+493023125010"), TODAY).owners["employee:anna"].mailbox
    assert mailbox.schedule is not None
    assert mailbox.schedule.windows[0].weekdays == {5}
    assert mailbox.schedule.holidays == {}
    assert mailbox.active_when == "open"


def test_where_calls_are_forwarded_to_is_read_too(muster: Database):
    with muster.write() as session:
        employees.set_forwarding(session, "anna", always="+4917604069007", busy="mailbox:pool:sales")
    snapshot = SnapshotLoader(muster).load(inbound("+493023125010"), TODAY)
    assert {"employee:anna", "pool:sales"} <= set(snapshot.owners)
    assert snapshot.owners["employee:anna"].forwarding.always == "+4917604069007"
    assert snapshot.outside.trunks == ("carrier",)


def test_a_change_is_seen_by_the_next_call(muster: Database):
    loader = SnapshotLoader(muster)
    assert loader.load(inbound("+493023125012"), TODAY).version == 1
    with muster.write() as session:
        services.save_company(session, read_company(session).model_copy(update={"ring_seconds": 45}))
        numbers.deactivate(session, "+493023125012")
    snapshot = loader.load(inbound("+493023125012"), TODAY)
    assert (snapshot.version, snapshot.ring_seconds) == (3, 45)
    assert snapshot.numbers["+493023125012"].state is NumberState.INACTIVE


def test_what_was_read_is_known_until_the_directory_changes(muster: Database):
    loader = SnapshotLoader(muster)
    call = inbound("+493023125010", "+4917604069001")
    assert loader.known(call, TODAY, loader.version()) is None
    snapshot = loader.load(call, TODAY)
    assert loader.known(call, TODAY, loader.version()) is snapshot
    assert loader.known(inbound("+493023125010", "+493023125011"), TODAY, loader.version()) is None
    assert loader.known(call, TODAY.replace(year=TODAY.year + 1), loader.version()) is None
    assert loader.known(call, TODAY, None) is None
    with muster.write() as session:
        numbers.deactivate(session, "+493023125012")
    assert loader.known(call, TODAY, loader.version()) is None


def test_a_call_needs_few_statements(muster: Database):
    loader = SnapshotLoader(muster)
    loader.load(inbound("+493023125000"), TODAY)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(muster.engine, "before_cursor_execute", note)
    loader.load(inbound("+493023125000", "+493023125011"), TODAY)
    assert 1 < len([one for one in statements if one.startswith("SELECT")]) <= 7
    for caller in ("+493023125011", "+4917604069001", "+4917604069002"):
        statements.clear()
        loader.load(inbound("+493023125000", caller), TODAY)
        assert len([one for one in statements if one.startswith("SELECT")]) == 1


def test_what_is_kept_of_one_call_is_not_taken_for_another(muster: Database):
    loader = SnapshotLoader(muster)
    calls = [
        inbound("+493023125010"),
        inbound("+493023125000"),
        inbound("+493023125010", "+493023125011"),
        IncomingCall("uuid", "+493023125010", device="anna-soft"),
        IncomingCall("uuid", "+493023125010", device="ben-desk"),
    ]
    kept = [loader.load(call, day) for _ in range(2) for call in calls for day in (TODAY, TODAY.replace(year=2030))]
    fresh = [
        SnapshotLoader(muster).load(call, day)
        for _ in range(2)
        for call in calls
        for day in (TODAY, TODAY.replace(year=2030))
    ]
    assert kept == fresh
    assert len({repr(snapshot) for snapshot in fresh}) == 2 * len(calls)


def test_no_more_is_kept_than_a_bound(muster: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshots, "_KEPT", 3)
    loader = SnapshotLoader(muster)
    for number in range(10):
        loader.load(inbound(f"+49302312505{number}"), TODAY)
        assert loader._company is not None
        assert len(loader._company.calls) <= 3


def test_several_threads_may_load_at_once(muster: Database):
    loader = SnapshotLoader(muster)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: loader.load(inbound("+493023125000"), TODAY), range(40)))
    assert all(snapshot == found[0] for snapshot in found)


def test_before_the_first_company(database: Database):
    with pytest.raises(RuleError, match="there is no company yet"):
        SnapshotLoader(database).load(inbound("+493023125000"), TODAY)


@pytest.mark.postgresql
def test_postgresql_gives_the_same(muster: Database, postgresql_url: str):
    other = Database(postgresql_url)
    try:
        other.migrate()
        import_company(other, MUSTER, "muster.yaml")
        with other.write() as session:
            services.save_pool(session, read_pools(session)[0].model_copy(update={"extension": "20"}))
        with muster.write() as session:
            services.save_pool(session, read_pools(session)[0].model_copy(update={"extension": "20"}))
        for dialed in ("+493023125010", "+493023125000", "20", "+493023125050"):
            call = inbound(dialed, "+493023125011")
            assert SnapshotLoader(other).load(call, TODAY) == SnapshotLoader(muster).load(call, TODAY)
        with other.write() as session:
            assert numbers.port_away(session, "+493023125010").owners == ("employee:anna",)
            assert numbers.employees_without_number(session) == ["anna"]
    finally:
        other.close()
