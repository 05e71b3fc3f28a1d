"""Who has claimed a caller is read from the ledger, by one indexed query, and only where it matters."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select

from callrouter.directory import asked, services
from callrouter.directory.changing import revised
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CaseRow
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.routing.plan import IncomingCall

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CALLER, SALES = "+4917604069001", "+493023125000"
CALL = IncomingCall("u", SALES, trunk="carrier", caller_number="017604069001")


def _case(database: Database, owner: str = "sales", claimer: str | None = "ben", state: str = "claimed") -> None:
    with database.write() as session:
        ids = {row.key: row.id for row in session.scalars(select(OwnerRow))}
        session.add(
            CaseRow(
                owner_id=ids[owner],
                caller_key=CALLER,
                caller=CALLER,
                state=state,
                opened_at=NOON,
                changed_at=NOON,
                claimed_by=ids[claimer] if claimer else None,
                root_message_id="<1@x>",
            )
        )


def _claimers(database: Database, call: IncomingCall = CALL) -> dict[str, str]:
    snapshot = SnapshotLoader(database).load(call, NOON.date())
    return dict(asked.with_ledger(database, call, snapshot).claimers)


@pytest.mark.parametrize(
    ("owner", "claimer", "state", "found"),
    [
        ("sales", "ben", "claimed", {"pool:sales": "employee:ben"}),
        ("sales", None, "open", {}),
        ("sales", "ben", "closed", {}),
        ("anna", "ben", "claimed", {}),
    ],
)
def test_of_pools_cases_that_somebody_is_on(
    muster: Database, owner: str, claimer: str | None, state: str, found: dict[str, str]
) -> None:
    _case(muster, owner, claimer, state)
    assert _claimers(muster) == found


def test_it_is_another_callers(muster: Database) -> None:
    _case(muster)
    assert _claimers(muster, IncomingCall("u", SALES, trunk="carrier", caller_number="017604069002")) == {}


def test_one_indexed_query_or_none(muster: Database) -> None:
    _case(muster)
    loader = SnapshotLoader(muster)
    snapshot = loader.load(CALL, NOON.date())
    statements: list[str] = []
    event.listen(muster.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert asked.with_ledger(muster, CALL, snapshot).claimers
    assert [text.split()[0] for text in statements] == ["BEGIN", "SELECT"]
    with muster.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[1]}", (CALLER, "pool")).all()
    assert "cases_of_caller" in str(plan[0])
    with muster.write() as session:
        company, _ = services.company(session)
        services.save_company(session, revised(company, cases={"claimer_seconds": 0}))
    off = loader.load(CALL, NOON.date())
    assert not asked.wanted(CALL, off)
    assert asked.with_ledger(muster, CALL, off) is off


def test_explain_says_it(muster: Database) -> None:
    _case(muster)
    explain = Explainer(muster)
    told = explain(SALES, NOON, "de", caller=CALLER)
    assert any(
        "hat den Rückruf an diesen Anrufer für Vertrieb übernommen; dort klingelt es 8 s" in why for why in told.why
    )
    assert "ben-desk (Ben Yılmaz), anna-desk (Anna Schmidt, +8 s)" in told.steps[0]
    other = explain(SALES, NOON, "de", caller="+4917604069002")
    assert not any("übernommen" in why for why in other.why)
