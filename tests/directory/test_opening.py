"""When pools are open: kept, switched by hand, and told."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callrouter.directory import opening, pools, services
from callrouter.directory.database import Database
from callrouter.directory.exporting import export_company, to_yaml
from callrouter.directory.importing import ImportFileError, import_company
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.errors import RuleError
from callrouter.routing import features
from callrouter.routing.plan import IncomingCall
from callrouter.routing.snapshot import Opening, Pool
from tests.directory.conftest import MUSTER

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=2)
OFFICE = {"open": [{"days": "mon-fri", "from": "08:00", "to": "17:00"}], "closed": [{"holidays": True}]}


def _change(database: Database, **values: Any) -> None:
    with database.write() as session:
        pools.change(session, "sales", **values)


def _opening(database: Database) -> Opening:
    snapshot = SnapshotLoader(database).load(IncomingCall("u", "+493023125000", trunk="carrier"), NOON.date())
    pool = snapshot.owners["pool:sales"]
    assert isinstance(pool, Pool)
    return pool.opening


def _switch(database: Database, place: str, until: dt.datetime | None = None) -> None:
    with database.write() as session:
        opening.switch(session, "sales", place, until=until, now=NOON)


def test_hours_of_its_own_and_named_ones_are_kept_and_come_back(muster: Database) -> None:
    assert _opening(muster) == Opening()
    _change(muster, hours=OFFICE)
    own = _opening(muster).hours
    assert own is not None
    assert own.windows
    assert dt.date(2026, 12, 25) in own.holidays
    _change(muster, hours={"name": "office hours"})
    named = _opening(muster).hours
    assert named is not None
    assert named.name == "office hours"
    with muster.read() as session:
        file = export_company(session)
    _switch(muster, "closed", LATER)
    assert import_company(muster, to_yaml(file, secrets=True), "x.yaml").changed
    assert _opening(muster) == Opening(named)
    assert not import_company(muster, to_yaml(file, secrets=True), "x.yaml").changed
    _change(muster, hours=None)
    assert _opening(muster).hours is None


def test_a_schedule_that_is_a_pools_hours_is_not_removed(muster: Database) -> None:
    _change(muster, hours={"name": "office hours"})
    with muster.write() as session:
        assert "pool:sales" in services.schedule_users(session, "office hours")
        with pytest.raises(RuleError, match="pool sales"):
            services.remove_schedule(session, "office hours")


def test_switched_by_hand_until_a_moment_or_until_it_is_changed(muster: Database) -> None:
    _switch(muster, "closed", LATER)
    assert _opening(muster) == Opening(None, "closed", LATER)
    _switch(muster, "open")
    assert _opening(muster) == Opening(None, "open")
    _switch(muster, "closed", LATER + dt.timedelta(microseconds=5))
    _switch(muster, "scheduled")
    assert _opening(muster) == Opening()
    with pytest.raises(RuleError, match="has passed"):
        _switch(muster, "closed", NOON)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("switch_until: 2026-12-01T08:00:00Z", "switch_until is of a switch"),
        ("switch: shut", "is none of"),
        ("hours: {name: lunch}", "pool sales: hours: there is no schedule 'lunch'"),
        ("hours: {open: []}", "it has no open times"),
        ("next: {closed: 'pool:sales'}", "forwards to itself"),
        ("next: {closed: 'announcement:lunch'}", "is not"),
    ],
)
def test_a_file_is_refused(database: Database, line: str, told: str) -> None:
    text = MUSTER.replace("    strategy: simultaneous", f"    {line}\n    strategy: simultaneous")
    assert text != MUSTER
    with pytest.raises(ImportFileError, match=told):
        import_company(database, text, "x.yaml")


def test_calls_never_come_back_by_what_follows_when_closed(muster: Database) -> None:
    with muster.write() as session:
        pools.create(session, name="Support", key="support", members=["ben"], next={"closed": "pool:sales"})
    with muster.write() as session, pytest.raises(RuleError, match="calls would come back"):
        pools.set_next(session, "sales", closed="pool:support")
    with muster.write() as session, pytest.raises(RuleError, match="calls would come back"):
        pools.set_next(session, "sales", busy="pool:support")
    with muster.write() as session:
        assert pools.set_next(session, "sales", closed="announcement:closed").next.closed == "announcement:closed"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("14:00", "2026-11-20 14:00 +0100"),
        ("13:00", "2026-11-21 13:00 +0100"),
        ("7:30", "2026-11-21 07:30 +0100"),
        ("2026-11-24 08:00", "2026-11-24 08:00 +0100"),
        ("2026-11-24T08:00", "2026-11-24 08:00 +0100"),
        ("2027-06-01T08:00+00:00", "2027-06-01 08:00 +0000"),
    ],
)
def test_moments_as_people_write_them(text: str, found: str) -> None:
    assert f"{opening.moment(text, 'Europe/Berlin', NOON):%Y-%m-%d %H:%M %z}" == found


@pytest.mark.parametrize("text", ["", "25:00", "soon", "2026-13-01 08:00", "９:00"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(RuleError, match="is no time"):
        opening.moment(text, "Europe/Berlin", NOON)


def test_codes_of_phones(muster: Database) -> None:
    def dial(feature: str) -> tuple[str, str]:
        with muster.write() as session:
            pool = services.pool(session, "sales")[0]
            return opening.dialled(session, pool, feature, NOON), services.pool(session, "sales")[0].switch

    assert dial(features.TOGGLE) == (features.POOL_CLOSED, "closed")
    assert dial(features.TOGGLE) == (features.POOL_SCHEDULED, "scheduled")
    assert dial(features.POOL_OPEN) == (features.POOL_OPEN, "open")
    assert dial(features.TOGGLE) == (features.POOL_CLOSED, "closed")
    assert dial(features.POOL_SCHEDULED) == (features.POOL_SCHEDULED, "scheduled")
    with muster.write() as session:
        session.connection().exec_driver_sql("UPDATE pools SET switch='closed', switch_until='2026-11-20 11:00:00'")
    assert dial(features.TOGGLE) == (features.POOL_CLOSED, "closed"), "what has ended is as scheduled"


def test_what_is_told_of_a_pool_and_by_lamps(muster: Database) -> None:
    _change(muster, extension="20", hours=OFFICE)
    by_hand, at_all = "*6320@pbx.muster.example", "*6420@pbx.muster.example"
    cases: list[tuple[str, dt.datetime | None, dt.datetime, tuple[bool, bool], str, str | None]] = [
        ("scheduled", None, NOON, (False, False), "scheduled", "2026-11-20 17:00"),
        ("scheduled", None, NOON + dt.timedelta(hours=6), (False, True), "scheduled", "2026-11-23 08:00"),
        ("closed", LATER, NOON, (True, True), "closed", "2026-11-20 15:00"),
        ("closed", LATER, LATER, (False, False), "scheduled", "2026-11-20 17:00"),
        ("open", None, NOON + dt.timedelta(hours=6), (False, False), "open", None),
    ]
    for place, until, at, lit, holds, ends in cases:
        _switch(muster, place, until)
        with muster.read() as session:
            assert opening.lamps(session, at) == {by_hand: lit[0], at_all: lit[1]}
            found = opening.pool_now(session, services.pool(session, "sales")[0], at)
        assert (found.state.open, found.place) == (not lit[1], holds)
        assert found.until == (ends and dt.datetime.fromisoformat(ends).replace(tzinfo=ZoneInfo("Europe/Berlin")))
