"""Who sees whose calls and who handled them: as a table, and the lists, which ask the database for the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import history, services, viewers
from callrouter.directory.changing import revised
from callrouter.directory.database import Database
from callrouter.directory.models import OwnerRow
from callrouter.directory.privacy import EVERYTHING, Viewer, Whose
from callrouter.directory.records import CallRow, CallStepRow
from callrouter.directory.timeline import call_detail
from callrouter.errors import RuleError, UnknownError

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
ANNA, BEN, SALES = "employee:anna", "employee:ben", "pool:sales"
OWN = frozenset((ANNA, SALES))

#: Calls by their steps: owner, outcome, the phone that answered.
CALLS: dict[str, list[tuple[str, str, str | None]]] = {
    "anna's, missed": [(ANNA, "missed", None)],
    "anna's, answered": [(ANNA, "answered", "anna-desk")],
    "anna's, answered by ben": [(ANNA, "answered", "ben-desk")],
    "ben's": [(BEN, "answered", "ben-desk")],
    "sales, missed": [(SALES, "missed", None)],
    "sales, message": [(SALES, "voicemail", None)],
    "sales, answered by anna": [(SALES, "answered", "anna-soft")],
    "sales, answered by ben": [(SALES, "answered", "ben-desk")],
    "sales, answered by nobody knows whom": [(SALES, "answered", None)],
    "sales missed, then ben's": [(SALES, "missed", None), (BEN, "answered", "ben-desk")],
    "nobody's": [],
}
NOT_MINE = {"sales, answered by ben", "sales, answered by nobody knows whom"}
NOT_OURS = {"ben's", "nobody's"}
SEEN = {
    Whose.ALL: set(CALLS),
    Whose.POOLS: set(CALLS) - NOT_OURS,
    Whose.OWN: set(CALLS) - NOT_OURS - NOT_MINE,
}


def anna(**values: Any) -> Viewer:
    given = {"employee": "anna", "own": OWN, "devices": frozenset(("anna-desk", "anna-soft")), "all_cases": False}
    return Viewer(**{**given, **values})


@pytest.mark.parametrize("whose", Whose)
def test_which_calls_are_there(whose: Whose) -> None:
    assert {name for name, steps in CALLS.items() if anna(whose=whose).sees_call(steps)} == SEEN[whose]


@pytest.mark.parametrize(
    ("viewer", "employee", "actor", "named"),
    [
        (anna(), "ben", "web:ben", True),
        (anna(handlers=False), "ben", "web:ben", False),
        (anna(handlers=False), "ben", "", False),
        (anna(handlers=False), "anna", "web:chefin", True),
        (anna(handlers=False), None, "web:chefin", False),
        (anna(handlers=False), None, "api:crm", True),
        (anna(handlers=False), None, "cli:root", True),
        (anna(handlers=False), None, "", True),
        (Viewer(actor="web:chefin", handlers=False), None, "web:chefin", True),
        (Viewer(handlers=False), None, "web:chefin", False),
        (EVERYTHING, "ben", "web:ben", True),
    ],
)
def test_who_is_named(viewer: Viewer, employee: str | None, actor: str, named: bool) -> None:
    assert viewer.names(employee, actor) is named


@pytest.mark.parametrize(
    ("values", "owner", "named"),
    [
        ({"handlers": False, "whose": Whose.POOLS}, BEN, False),
        ({"handlers": False, "whose": Whose.POOLS}, SALES, True),
        ({"handlers": False, "whose": Whose.POOLS}, ANNA, True),
        ({"handlers": False, "whose": Whose.ALL}, BEN, True),
        ({"handlers": True, "whose": Whose.POOLS}, BEN, True),
    ],
)
def test_an_owner_is_not_told_where_that_says_who_handled_it(values: Any, owner: str, named: bool) -> None:
    assert anna(**values).names_owner(owner) is named


def test_what_is_asked_for_never_widens_what_is_seen() -> None:
    for asked, seen in ((None, OWN), ((SALES,), {SALES}), ((BEN,), set()), ((), set())):
        assert anna(whose=Whose.POOLS).calls_of(asked) == seen
        assert anna().cases_of(asked) == seen
    assert EVERYTHING.calls_of(None) is None
    assert EVERYTHING.cases_of((BEN,)) == (BEN,)


@pytest.fixture
def calls(muster: Database) -> Database:
    with muster.write() as session:
        owners = {row.owner_key: row.id for row in session.scalars(select(OwnerRow))}
        for n, (name, steps) in enumerate(CALLS.items()):
            at = AT + dt.timedelta(minutes=n)
            outcome = steps[-1][1] if steps else "rejected"
            row = CallRow(uuid=name, direction="inbound", caller="+4917604069001", outcome=outcome, started_at=at)
            row.steps = [
                CallStepRow(n=str(i), position=i, kind="ring", owner=owner, owner_id=owners[owner], started_at=at,
                            outcome=became, device=device)
                for i, (owner, became, device) in enumerate(steps)
            ]  # fmt: skip
            session.add(row)
    return muster


def listed(session: Session, viewer: Viewer, search: str = "") -> set[str]:
    found = history.calls(session, search, viewer=viewer)
    assert found.total == len(found.rows)
    return {line.uuid for line in found.rows}


@pytest.mark.parametrize("sifted", [False, True])
@pytest.mark.parametrize("whose", Whose)
def test_the_list_and_the_page_have_what_the_rule_says(
    calls: Database, monkeypatch: pytest.MonkeyPatch, whose: Whose, sifted: bool
) -> None:
    if sifted:
        monkeypatch.setattr(history, "MOST_LOOKED_UP", 0)
    with calls.read() as session:
        assert listed(session, anna(whose=whose)) == SEEN[whose]
        assert listed(session, anna(whose=whose), "176 040") == SEEN[whose]
        for uuid in CALLS:
            if uuid in SEEN[whose]:
                assert call_detail(session, uuid, anna(whose=whose)).uuid == uuid
            else:
                with pytest.raises(UnknownError):
                    call_detail(session, uuid, anna(whose=whose))
        asked = history.calls(session, owner=BEN, viewer=anna(whose=whose)).rows
        assert {line.uuid for line in asked} == ({"ben's", "sales missed, then ben's"} if whose is Whose.ALL else set())


def test_pages_of_what_is_seen_have_no_gaps(calls: Database) -> None:
    found, before = [], ""
    with calls.read() as session:
        while True:
            page = history.calls(session, viewer=anna(whose=Whose.OWN), size=2, before=before)
            found += [line.uuid for line in page.rows]
            if not page.next:
                break
            assert len(page.rows) == 2
            before = page.next
    assert found == [uuid for uuid in reversed(CALLS) if uuid in SEEN[Whose.OWN]]


def test_a_colleague_has_no_name(calls: Database) -> None:
    viewer = anna(whose=Whose.POOLS, handlers=False)
    with calls.read() as session:
        lines = {line.uuid: line for line in history.calls(session, viewer=viewer).rows}
        forwarded = call_detail(session, "sales missed, then ben's", viewer).steps[1]
    told = {uuid: (line.owner, line.answered_by, line.device) for uuid, line in lines.items()}
    assert told["sales, answered by ben"] == (SALES, "", None)
    assert told["sales, answered by anna"] == (SALES, "Anna Schmidt", "Laptop")
    assert told["sales missed, then ben's"] == ("", "", None)
    assert (forwarded.owner, forwarded.owner_name, forwarded.answered_by, forwarded.device) == ("", "", "", None)


def change(database: Database, **privacy: Any) -> None:
    with database.write() as session:
        company = services.company(session)[0]
        services.save_company(session, revised(company, privacy=privacy))


def test_the_company_says_it_by_role(muster: Database) -> None:
    with muster.read() as session:
        now = {role: viewers.viewer(session, role, "anna", OWN) for role in ("employee", "admin", "api")}
    assert {role: (one.whose, one.all_cases, one.handlers, one.live) for role, one in now.items()} == {
        "employee": (Whose.POOLS, False, True, True),
        "admin": (Whose.ALL, True, True, True),
        "api": (Whose.ALL, True, True, True),
    }
    change(muster, employee={"whose_calls": "own", "handlers": "hidden"}, admin={"whose_calls": "pools"},
           api={"live": "hidden"})  # fmt: skip
    with muster.write() as session:  # a number outside to which all calls go is one of the phones
        row = session.scalars(select(OwnerRow).where(OwnerRow.key == "anna")).one()
        row.forwarding = {"always": "+4917604069007"}
    with muster.read() as session:
        now = {role: viewers.viewer(session, role, "anna", OWN) for role in ("employee", "admin", "api")}
    assert {role: (one.whose, one.all_cases, one.handlers, one.live) for role, one in now.items()} == {
        "employee": (Whose.OWN, False, False, True),
        "admin": (Whose.POOLS, False, True, True),
        "api": (Whose.ALL, True, True, False),
    }
    assert now["employee"].devices == {"anna-desk", "anna-soft", "+4917604069007"}


def test_a_word_that_there_is_not_is_refused(muster: Database) -> None:
    with pytest.raises(RuleError, match="handlers: 'sometimes' is none of 'shown' or 'hidden'"):
        change(muster, employee={"handlers": "sometimes"})
