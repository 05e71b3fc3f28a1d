from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from callrouter.cases.rules import Change, State, after, caller_key
from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.directory.database import Database
from callrouter.directory.models import Base, PoolRow
from callrouter.directory.records import CaseRow
from callrouter.errors import RuleError
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

AT = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)
CALLER = "+4917604069001"


@pytest.mark.parametrize(
    ("state", "change", "expected"),
    [
        ("open", "called", "open"),
        ("open", "claim", "claimed"),
        ("open", "close", "closed"),
        ("claimed", "called", "claimed"),
        ("claimed", "release", "open"),
        ("claimed", "close", "closed"),
        ("closed", "reopen", "open"),
        ("claimed", "take_over", "claimed"),
        ("open", "note", "open"),
        ("closed", "note", "closed"),
        ("open", "attempted", "open"),
        ("claimed", "attempted", "claimed"),
        ("open", "called_back", "closed"),
        ("claimed", "called_again", "closed"),
    ],
)
def test_what_may_happen_to_a_case(state: str, change: str, expected: str) -> None:
    assert after(State(state), Change(change)) is State(expected)


@pytest.mark.parametrize(
    ("state", "change"), [("closed", "called"), ("closed", "claim"), ("open", "release"), ("claimed", "claim")]
)
def test_what_may_not(state: str, change: str) -> None:
    with pytest.raises(RuleError, match=f"{state} cannot be changed by {change}"):
        after(State(state), Change(change))


@given(st.lists(st.sampled_from(Change)))
def test_a_closed_case_is_opened_by_reopening_alone(changes: list[Change]) -> None:
    state = State.OPEN
    for change in changes:
        try:
            following = after(state, change)
        except RuleError:
            continue
        assert state is not State.CLOSED or following is State.CLOSED or change is Change.REOPEN
        state = following


def test_a_caller_is_his_number_and_an_anonymous_one_his_call() -> None:
    assert caller_key(CALLER, "u1") == CALLER
    assert caller_key("anonymous", "u1") == caller_key("", "u1") == "anonymous:u1"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'callrouter.db'}"
    made = Database(url if request.param == "sqlite" else request.getfixturevalue("postgresql_url"))
    Base.metadata.create_all(made.engine)
    with made.write() as session:
        session.add_all([PoolRow(id=1, key="sales", name="Vertrieb"), PoolRow(id=2, key="help", name="Hilfe")])
    yield made
    made.close()


def call(database: Database, owner: int | None = 1, *, minute: int = 0, messages: int = 0, root: str = "<1@x>") -> int:
    with database.write() as session:
        at = AT + dt.timedelta(minutes=minute)
        [case] = open_or_append(session, [Missed(owner, CALLER, "u1", at, messages, Thread(root, "Anruf"))])
        return case.id


def all_cases(database: Database) -> list[CaseRow]:
    with database.read() as session:
        return list(session.scalars(select(CaseRow).order_by(CaseRow.id)))


def test_further_calls_are_counted_in_the_open_case_and_keep_its_thread(database: Database) -> None:
    assert call(database) == call(database, minute=5, messages=1, root="<2@x>")
    [case] = all_cases(database)
    assert (case.calls, case.messages, case.root_message_id) == (2, 1, "<1@x>")
    assert (case.opened_at, case.changed_at) == (AT, AT + dt.timedelta(minutes=5))


@pytest.mark.parametrize("owner", [1, None])
def test_who_has_asked_to_be_called_back_has_not_taken_that_back_by_calling_again(
    database: Database, owner: int | None
) -> None:
    for asked, expected in ((False, False), (True, True), (False, True)):
        with database.write() as session:
            open_or_append(session, [Missed(owner, CALLER, "u1", AT, 0, Thread("<1@x>", "Anruf"), asked)])
        [case] = all_cases(database)
        assert case.call_back is expected


def test_another_owner_has_a_case_of_his_own(database: Database) -> None:
    assert len({call(database, 1), call(database, 2), call(database, None)}) == 3


def test_a_case_that_nobody_owns_takes_further_calls_too(database: Database) -> None:
    assert call(database, None) == call(database, None, minute=5, messages=1)
    [case] = all_cases(database)
    assert (case.calls, case.messages, case.changed_at) == (2, 1, AT + dt.timedelta(minutes=5))
    assert call(database, 1) != case.id


def test_many_at_once_are_as_one_after_the_other(database: Database) -> None:
    """Also the moment of the last change, when the calls come in another order than they were made."""
    claimed = call(database, 1)
    with database.write() as session:
        session.execute(update(CaseRow).values(state="claimed"))
        missed = [
            Missed(owner, CALLER, "u", AT + dt.timedelta(minutes=minute), 1, Thread(f"<{minute}@x>", "Anruf"))
            for owner, minute in ((2, 3), (1, -1), (None, 2), (2, 1), (1, -2))
        ]
        ids = [case.id for case in open_or_append(session, missed)]
    assert ids[1] == ids[4] == claimed
    assert ids[0] == ids[3]
    found = {case.owner_id: case for case in all_cases(database)}
    assert {owner: (case.calls, case.messages) for owner, case in found.items()} == {1: (3, 2), 2: (2, 2), None: (1, 1)}
    assert {owner: case.state for owner, case in found.items()} == {1: "claimed", 2: "open", None: "open"}
    assert (found[1].changed_at, found[2].changed_at) == (AT, AT + dt.timedelta(minutes=3))
    assert found[2].root_message_id == "<3@x>"


@pytest.mark.parametrize(("state", "count"), [("claimed", 1), ("closed", 2)])
def test_a_claimed_case_takes_further_calls_and_a_closed_one_does_not(
    database: Database, state: str, count: int
) -> None:
    call(database)
    with database.write() as session:
        session.execute(update(CaseRow).values(state=state))
    call(database)
    cases = all_cases(database)
    assert len(cases) == count
    assert cases[0].state == state


def test_workers_at_once_open_one_case(database: Database) -> None:
    start = threading.Barrier(4)

    def work() -> None:
        start.wait(10)
        for _ in range(5):
            call(database)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [case.calls for case in all_cases(database)] == [20]
