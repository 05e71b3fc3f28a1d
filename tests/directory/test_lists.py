"""Lists find what people type, in their order, page by page, and say how much there is."""

from __future__ import annotations

import pytest

from callrouter.directory import callers, employees, lists, numbers, pools
from callrouter.directory.database import Database
from callrouter.directory.searching import Digits, read_digits
from callrouter.errors import RuleError
from callrouter.routing.snapshot import DigitRules


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+49 30 / 23125-010", Digits("+493023125010", "")),
        ("0049 (30) 231", Digits("+4930231", "004930231")),
        ("030 231", Digits("+4930231", "030231")),
        ("012", Digits("+4912", "012")),
        ("12 34", Digits("", "1234")),
        ("0", Digits("", "0")),
        ("Anna 2", None),
        ("", None),
        ("+", None),
        ("+49+30", None),
        ("%", None),
    ],
)
def test_numbers_in_any_spelling(typed: str, meant: Digits | None):
    assert read_digits(typed, DigitRules()) == meant


@pytest.mark.parametrize("typed", ["anna", "ANNA", "030 23125010", "+49 30 23125 010", "125 010", "schmidt"])
def test_an_employee_is_found_by_name_and_number(muster: Database, typed: str):
    with muster.read() as session:
        found = lists.employees(session, typed)
    assert [(row.id, found.total) for row in found.rows] == [("anna", 1)]


@pytest.mark.parametrize("typed", ["özil", "ÖZIL", "Özil", "özi"])
def test_an_umlaut_has_two_cases(muster: Database, typed: str):
    with muster.write() as session:
        employees.create(session, name="Özil", key="oe")
    with muster.read() as session:
        assert [row.id for row in lists.employees(session, typed).rows] == ["oe"]


def test_wildcards_are_taken_as_they_are(muster: Database):
    with muster.read() as session:
        assert [lists.employees(session, typed).total for typed in ("%", "_", "\\")] == [0, 0, 0]


def test_numbers_to_assign_free_ones_first_then_why_not(muster: Database):
    with muster.read() as session:
        page = lists.assignable_numbers(session, for_owner="employee:ben", size=4)
        assert [(row.e164[-3:], row.reason, row.owner) for row in page.rows] == [
            ("011", "", "employee:ben"),
            ("012", "", None),
            ("000", "belongs", "pool:sales"),
            ("001", "inactive", None),
        ]
        assert page.total == 100
        seen = [row.e164 for n in range(1, 27) for row in lists.assignable_numbers(session, page=n, size=4).rows]
        assert len(seen) == len(set(seen)) == 100
        found = lists.assignable_numbers(session, "anna", for_owner="employee:ben")
        assert [(row.reason, row.owner, row.owner_name) for row in found.rows] == [
            ("belongs", "employee:anna", "Anna Schmidt")
        ]
        found = lists.assignable_numbers(session, "0 30 23125-012")
        assert [row.e164 for row in found.rows] == ["+493023125012"]


def test_a_number_that_is_used_says_by_whom_when_it_is_to_go(muster: Database):
    told = "belongs to employee anna; give them another number first"
    with pytest.raises(RuleError, match=told), muster.write() as session:
        numbers.deactivate(session, "+493023125010")


def test_numbers_by_digits_state_and_owner(muster: Database):
    with muster.read() as session:
        assert lists.numbers(session, "0 30 23125 09").total == 10
        assert lists.numbers(session, state="active").total == 4
        assert [row.e164 for row in lists.numbers(session, free=True).rows] == ["+493023125012"]
        assert [row.owner for row in lists.numbers(session, "vertrieb").rows] == ["pool:sales"]
        assert lists.numbers(session, page=3).rows == []
        assert lists.numbers(session, page=3).total == 100


def test_pools_with_the_first_of_their_numbers(muster: Database):
    with muster.write() as session:
        for e164 in (own := [f"+4930231250{n}" for n in range(20, 27)]):
            numbers.activate(session, e164)
        pools.create(session, name="Zentrale", numbers=own)
    with muster.read() as session:
        (line,) = lists.pools(session, "25 026").rows
        assert (line.id, line.numbers, line.number_count) == ("zentrale", own[:5], 7)
        assert [row.id for row in lists.pools(session).rows] == ["sales", "zentrale"]


def test_blocked_callers(muster: Database):
    with muster.write() as session:
        callers.block(session, "+4917604069099", note="Werbung")
    with muster.read() as session:
        for typed in ("werb", "0176 04069 099"):
            (line,) = lists.blocked_callers(session, typed).rows
            assert (line.caller, line.note) == ("+4917604069099", "Werbung")
            assert line.created_at
