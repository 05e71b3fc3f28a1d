"""What people do to cases, and what calls do, in both databases."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from callrouter.cases import changes, inbox
from callrouter.cases.rules import Change, Talk, change_by
from callrouter.cases.store import Missed, Thread, hold, open_or_append
from callrouter.cases.talks import settle
from callrouter.directory import asked, audit
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow, EmployeeRow, PoolMemberRow
from callrouter.directory.records import CallRow, CaseChangeRow, CaseRow
from callrouter.errors import RuleError, UnknownError
from tests.cases.test_cases import AT, CALLER, database, postgresql_server, postgresql_url
from tests.routing.company import trunk_call, with_owner

__all__ = ["database", "postgresql_server", "postgresql_url"]

Who = tuple[str, str | None]
ANNA, BEN, CARLA = ((f"web:{key}", key) for key in ("anna", "ben", "carla"))
#: Row ids: the pools are 1 and 2.
IDS = {"anna": 11, "ben": 12, "carla": 13}


@pytest.fixture
def team(database: Database) -> Database:
    """Anna and Ben are in pool 1; Carla is in no pool."""
    with database.write() as session:
        session.add(
            CompanyRow(
                name="Muster GmbH",
                language="de",
                timezone="Europe/Berlin",
                country="DE",
                sip_domain="pbx.muster.example",
            )
        )
        session.add_all([EmployeeRow(id=row_id, key=key, name=key.title()) for key, row_id in IDS.items()])
        session.flush()
        session.add_all([PoolMemberRow(pool_id=1, employee_id=IDS[key], position=0) for key in ("anna", "ben")])
        session.add_all(
            CallRow(id=n, uuid=f"c{n}", direction="inbound", caller=CALLER, outcome="answered", started_at=AT)
            for n in range(1, 6)
        )
    return database


def missed(database: Database, owner: int = 1, minute: int = 0) -> int:
    with database.write() as session:
        at = AT + dt.timedelta(minutes=minute)
        [case] = open_or_append(session, [Missed(owner, CALLER, "u1", at, 0, Thread("<1@x>", "Anruf"))])
        return case.id


def do(database: Database, case: int, what: str, by: Who, note: str = "") -> str:
    with database.write() as session:
        audit.act_as(session, by[0])
        return changes.change(session, case, Change(what), by[1], at=AT, note=note).state


def talk(
    call: int, *, back: bool = True, answered: bool = True, seconds: float = 60, minute: int = 5, **who: int
) -> Talk:
    at = AT + dt.timedelta(minutes=minute)
    return Talk(call, CALLER, who.get("employee", IDS["anna"]), who.get("owner"), back, answered, seconds, at)


def settled(database: Database, *talks: Talk) -> list[int]:
    with database.write() as session:
        return settle(session, talks, 15)


def told(database: Database, case: int) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(event.what, event.employee) for event in inbox.story(session, case).events]


def test_from_claim_to_close(team: Database) -> None:
    case = missed(team)
    assert do(team, case, "claim", ANNA) == "claimed"
    assert do(team, case, "claim", ANNA) == "claimed"
    assert do(team, case, "note", BEN, "ruft  um\nvier an") == "claimed"
    assert do(team, case, "close", ANNA) == "closed"
    assert do(team, case, "close", ANNA) == "closed"
    assert do(team, case, "reopen", BEN) == "open"
    assert told(team, case) == [
        ("claim", "Anna"), ("note", "Ben"), ("close", "Anna"), ("reopen", "Ben"),
    ]  # fmt: skip
    with team.read() as session:
        assert [event.note for event in inbox.story(session, case).events][1] == "ruft um vier an"
        line = inbox.story(session, case).line
    assert (line.owner, line.state, line.claimed_by, line.closed_at) == ("pool:sales", "open", None, None)


@pytest.mark.parametrize(
    ("before", "what", "by", "says"),
    [
        (("claim", ANNA), "claim", BEN, "Anna is on it already, since 2026-11-21 14:42 UTC"),
        (("close", ANNA), "close", BEN, "closed already, by Anna"),
        (("close", ("cli:root", None)), "close", BEN, "closed already, at 2026-11-21 14:42 UTC"),
        (("close", ANNA), "claim", BEN, "closed cannot be changed by claim"),
        (("claim", ANNA), "claim", CARLA, "Carla is not of the team"),
        (("claim", ANNA), "claim", ("web:chefin", None), "only an employee"),
        (("claim", ANNA), "note", BEN, "a note needs a text"),
        (("claim", ANNA), "reopen", BEN, "claimed cannot be changed by reopen"),
        (("claim", ANNA), "claim", ("x", "nobody"), "there is no employee nobody"),
    ],
)
def test_what_cannot_be_done_is_told(team: Database, before: tuple[str, Who], what: str, by: Who, says: str) -> None:
    case = missed(team)
    do(team, case, *before)
    with pytest.raises(RuleError, match=says):
        do(team, case, what, by)
    assert len(told(team, case)) == 1


@pytest.mark.parametrize("note", ["x" * 501, "a\x00b", "\u202e"])
def test_a_note_is_text(team: Database, note: str) -> None:
    with pytest.raises(RuleError, match="500 characters"):
        do(team, missed(team), "note", ANNA, note)


def test_a_case_is_taken_over_and_given_back(team: Database) -> None:
    case = missed(team)
    do(team, case, "claim", ANNA)
    assert do(team, case, "take_over", BEN) == "claimed"
    with team.read() as session:
        assert inbox.story(session, case).line.claimed_by == "ben"
    assert do(team, case, "release", ANNA) == "open"


def test_a_case_is_not_reopened_beside_the_next_of_its_caller(team: Database) -> None:
    case = missed(team)
    do(team, case, "close", ANNA)
    other = missed(team)
    with pytest.raises(RuleError, match=f"case {other} of the same caller is open"):
        do(team, case, "reopen", ANNA)
    with pytest.raises(UnknownError):
        do(team, 999, "close", ANNA)


def test_a_case_is_reopened_at_the_moment_at_which_its_caller_calls_again(team: Database) -> None:
    case, said = missed(team), list[str]()
    do(team, case, "close", ANNA)

    def reopen() -> None:
        try:
            with team.write() as session:
                try:
                    changes.change(session, case, Change.REOPEN, "ben", at=AT)
                except RuleError as error:
                    said.append(str(error))
                    changes.change(session, case, Change.NOTE, "ben", at=AT, note="not reopened")
        except DatabaseError as error:
            said.append(str(error))

    thread = threading.Thread(target=reopen)
    with team.write() as session:
        [again] = open_or_append(session, [Missed(1, CALLER, "u2", AT, 0, Thread("<2@x>", "Anruf"))])
        thread.start()
        deadline = time.monotonic() + 30
        while team.engine.dialect.name == "postgresql" and time.monotonic() < deadline:
            with team.read() as looking:
                if looking.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")):
                    break
    thread.join(60)
    assert said == [f"case {again.id} of the same caller is open; go on with that one"]
    assert [what for what, _ in told(team, case)] == ["close", "note"]


def test_cases_are_locked_in_the_order_of_their_ids_before_any_is_changed(team: Database) -> None:
    first, second = missed(team, 2), missed(team, 1)
    order = list[int]()
    with team.write() as session:
        hold(session, {CALLER})
        if team.engine.dialect.name == "postgresql":
            skipping = text("SELECT id FROM cases ORDER BY id FOR UPDATE SKIP LOCKED")
            with team.write() as other:
                order += other.scalars(skipping)
    assert (first < second, order) == (True, [])


def test_of_two_who_claim_at_once_one_wins_and_one_is_told(team: Database) -> None:
    for _ in range(5):
        case, start, said = missed(team), threading.Barrier(2), dict[str, str]()

        def claim(by: Who, case: int = case, start: threading.Barrier = start, said: dict[str, str] = said) -> None:
            start.wait(10)
            try:
                said[str(by[1])] = do(team, case, "claim", by)
            except RuleError as error:
                said[str(by[1])] = str(error)

        threads = [threading.Thread(target=claim, args=(by,)) for by in (ANNA, BEN)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        [winner] = [who for who, words in said.items() if words == "claimed"]
        [loser] = {"anna", "ben"} - {winner}
        assert said[loser].startswith(f"{winner.title()} is on it already")
        do(team, case, "close", ANNA)


@pytest.mark.parametrize(
    ("back", "answered", "seconds", "expected"),
    [
        (True, True, 15, Change.CALLED_BACK),
        (True, True, 14.9, Change.ATTEMPTED),
        (True, False, 0, Change.ATTEMPTED),
        (False, True, 0, Change.CALLED_AGAIN),
        (False, False, 0, None),
    ],
)
def test_what_a_call_does_to_a_case(back: bool, answered: bool, seconds: float, expected: Change | None) -> None:
    assert change_by(talk(1, back=back, answered=answered, seconds=seconds), 15) is expected


def test_a_member_who_calls_back_and_talks_closes_the_case(team: Database) -> None:
    case = missed(team)
    do(team, case, "claim", BEN)
    assert settled(team, talk(1, seconds=3), talk(2, answered=False), talk(3)) == [case]
    assert settled(team, talk(1, seconds=3), talk(3)) == []
    assert told(team, case) == [("claim", "Ben"), ("attempted", "Anna"), ("attempted", "Anna"), ("called_back", "Anna")]
    with team.read() as session:
        line = inbox.story(session, case).line
        assert inbox.listed(session).rows == []
        assert inbox.listed(session, closed=True).rows == [line]
    assert (line.state, line.attempts) == ("closed", 2)


def test_the_same_call_counts_once(team: Database) -> None:
    case = missed(team)
    settled(team, talk(1, answered=False))
    settled(team, talk(1, answered=False))
    with team.read() as session:
        assert inbox.story(session, case).line.attempts == 1


@pytest.mark.parametrize(
    ("heard", "closes"),
    [
        (talk(1, employee=IDS["carla"]), False),
        (talk(1, minute=-1), False),
        (talk(1, back=False, employee=IDS["carla"], owner=2), False),
        (talk(1, back=False, employee=IDS["ben"], owner=IDS["ben"]), True),
        (talk(1, back=False, employee=None, owner=1), True),
    ],
    ids=["no member", "before", "another owner", "a member's own number", "the pool's number"],
)
def test_whose_calls_end_the_wait(team: Database, heard: Talk, closes: bool) -> None:
    case = missed(team)
    assert settled(team, heard) == ([case] if closes else [])


def test_each_owner_that_waits_for_the_caller_is_served_by_its_members(team: Database) -> None:
    of_pool, own, others = missed(team, 1), missed(team, IDS["anna"]), missed(team, 2)
    assert settled(team, talk(1)) == [of_pool, own]
    with team.read() as session:
        assert [line.id for line in inbox.listed(session).rows] == [others]


def test_the_inbox_has_the_oldest_first_and_ones_own(team: Database) -> None:
    second, first = missed(team, 2, minute=3), missed(team, 1, minute=1)
    do(team, first, "claim", ANNA)
    with team.read() as session:
        assert [line.id for line in inbox.listed(session).rows] == [first, second]
        assert [line.id for line in inbox.listed(session, owner="pool:help").rows] == [second]
        assert [line.id for line in inbox.listed(session, owners=[]).rows] == []
        assert [line.id for line in inbox.listed(session, employee="anna").rows] == [first]
        assert session.scalars(select(CaseRow.id).where(CaseRow.claimed_by == IDS["anna"])).all() == [first]
        assert len(session.scalars(select(CaseChangeRow)).all()) == 1


def test_routing_is_told_who_has_claimed_the_caller_of_a_pool(team: Database) -> None:
    call = trunk_call("+493023125000", CALLER)
    snapshot = with_owner(claimer_seconds=8)
    case = missed(team)
    missed(team, IDS["anna"])
    told = []
    for what, by in (
        ("note", ANNA),
        ("claim", ANNA),
        ("take_over", BEN),
        ("release", BEN),
        ("claim", BEN),
        ("close", BEN),
    ):
        do(team, case, what, by, "x")
        told.append(dict(asked.with_ledger(team, call, snapshot).claimers))
    anna, ben = {"pool:sales": "employee:anna"}, {"pool:sales": "employee:ben"}
    assert told == [{}, anna, ben, {}, ben, {}]
