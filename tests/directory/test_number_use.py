"""What numbers are used for, what each does, and what would be lost with them, before anything is changed."""

from __future__ import annotations

import datetime as dt

import pytest

from callrouter.directory import document, employees, lists, number_use, numbers
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer
from callrouter.errors import RuleError

BLOCK = document.Block(prefix="+4930231250", first="00", last="99")
#: Saturday, 15:42 in Berlin.
NOW = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)


def test_whose_a_number_is_and_who_shows_it(muster: Database):
    with muster.read() as session:
        pools = number_use.number_use(session, "+493023125000")
        annas = number_use.number_use(session, "+493023125010")
        assert number_use.number_use(session, "+493023125100") is None
    assert pools is not None
    assert annas is not None
    assert (pools.owner, pools.owner_name, pools.devices) == ("pool:sales", "Vertrieb", 0)
    assert pools.shown_by == (("anna", "Anna Schmidt"),)
    assert (annas.owner, annas.devices, annas.block, annas.shown_by) == ("employee:anna", 2, BLOCK, ())


def test_the_loss_told_before_is_the_loss_that_comes(muster: Database):
    with muster.read() as session:
        block, one = number_use.loss_of(session, BLOCK), number_use.loss_of(session, "+493023125000")
    assert block.owners == ("employee:anna", "employee:ben", "pool:sales")
    assert (one.owners, one.shown_by) == (("pool:sales",), ("employee:anna",))
    with muster.write() as session:
        assert numbers.port_away(session, "+493023125000") == one
    with muster.read() as session:
        rest = [number_use.loss_of(session, line.block) for line in number_use.blocks(session)]
    assert [loss.owners for loss in rest] == [("employee:anna", "employee:ben")]


def test_blocks_say_how_full_they_are(muster: Database):
    with muster.write() as session:
        numbers.add_block(session, document.Block(prefix="+493023125", first="500", last="509"))
    with muster.read() as session:
        found = [(line.size, line.active, line.owned) for line in number_use.blocks(session)]
    assert found == [(10, 0, 0), (100, 4, 3)]
    assert number_use.block_size(BLOCK) == 100


def test_a_free_number_goes_to_pools_and_to_who_has_none(muster: Database):
    with muster.write() as session:
        employees.create(session, name="Özil", key="oe")
    with muster.read() as session:
        assert [taker.owner for taker in number_use.takers(session).rows] == ["pool:sales", "employee:oe"]
        assert [taker.owner for taker in number_use.takers(session, "vertr").rows] == ["pool:sales"]
        page = number_use.takers(session, page=2, size=1)
        assert ([taker.owner for taker in page.rows], page.total) == (["employee:oe"], 2)


@pytest.mark.parametrize("typed", ["+49 30 23125010", "0049 30/23125-010", "030 23125010", " (030) 231 25 010"])
def test_any_spelling_is_one_number(muster: Database, typed: str):
    with muster.read() as session:
        assert number_use.spelled(session, typed) == "+493023125010"


@pytest.mark.parametrize("typed", ["", "Anna", "110", "+0", "12"])
def test_what_is_no_number_is_refused(muster: Database, typed: str):
    with muster.read() as session, pytest.raises(RuleError):
        number_use.spelled(session, typed)


@pytest.mark.parametrize(
    ("kind", "found"), [("employee", ["010", "011"]), ("pool", ["000"]), ("", ["000", "001", "002", "003", "004"])]
)
def test_numbers_of_employees_and_of_pools(muster: Database, kind: str, found: list[str]):
    with muster.read() as session:
        assert [row.e164[-3:] for row in lists.numbers(session, kind=kind, size=5).rows] == found


def test_what_each_number_of_a_list_does_now(muster: Database):
    found = Explainer(muster).in_short(
        ["+493023125000", "+493023125010", "+493023125011", "+493023125012", "+493023125013", "+493023125100"],
        NOW,
        "en",
    )
    assert [(said.kind, said.text) for said in found.values()] == [
        ("rings_then_mailbox", "Rings at Vertrieb for 30 s, then the mailbox answers."),
        ("rings_then_mailbox", "Rings at Anna Schmidt for 20 s, then the mailbox answers."),
        ("rings", "Rings at Ben Yılmaz for 30 s, then the call ends."),
        ("refused", "Refused (480): number without owner."),
        ("refused", "Refused (404): number not active."),
        ("refused", "Refused (404): unknown number."),
    ]
    monday = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    assert Explainer(muster).in_short(["+493023125010"], monday)["+493023125010"].text == (
        "Klingelt 30 s bei Anna Schmidt, danach endet der Anruf."
    )


def test_anybody_is_not_blocked(muster: Database):
    explain = Explainer(muster)
    assert explain("+493023125010", NOW, "de").refused
    told = explain("+493023125010", NOW, "de", anybody=True)
    assert not told.refused
    assert not any("ohne Rufnummer" in why for why in told.why)
