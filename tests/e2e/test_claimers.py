"""A caller whose call-back a member of a pool has claimed rings there first: phones, what the ledger says, the case."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from callrouter.cases import changes
from callrouter.cases.rules import Change
from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.cli.scratch import wait_until
from callrouter.directory import employees, pools, services
from callrouter.directory.changing import revised
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallRow, CaseChangeRow, CaseRow
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.phone import Phone
from tests.e2e.world import SALES, World, final

pytestmark = pytest.mark.freeswitch

#: Of callers, by their last digits.
_NUMBERS = itertools.count(10)
#: Of the pool in which callers wait at once.
HELP = "+493023125020"
#: So late would the others ring, if it were not at once.
LATE = 30


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Anna and Ben are in two pools."""
    with World(tmp_path_factory.mktemp("world")) as world:
        world.company["numbers"].append(HELP)
        sales = world.company["pools"][0]
        sales |= {"members": ["anna", "ben"], "ring_seconds": 20, "mailbox": {"enabled": False}}
        world.company["blocked_callers"] = []
        waits = {"after": 0, "at_most": 60, "places": 2}
        world.company["pools"].append(
            {"id": "help", "name": "Hilfe", "numbers": [HELP], "members": ["anna", "ben"], "waiting": waits}
        )
        world.create()
        world.scratch.start()
        yield world


class Team:
    """Anna's and Ben's phone; whose callers are claimed."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.caller = f"+49176040690{number:02}"
        self.anna = world.phone("anna-desk", NoAnswer())
        self.ben = world.phone("ben-desk", NoAnswer())

    def first_for(self, seconds: int) -> None:
        with self.world.scratch.database.write() as session:
            company, _ = services.company(session)
            cases = company.cases.model_dump() | {"claimer_seconds": seconds}
            services.save_company(session, revised(company, cases=cases))

    def claim(self, by: str = "ben", pool: str = "sales") -> int:
        """The caller was missed, and *by* is on it."""
        before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
        with self.world.scratch.database.write() as session:
            owner = session.scalar(select(OwnerRow.id).where(OwnerRow.kind == "pool", OwnerRow.key == pool))
            thread = Thread(f"<{self.caller}@pbx.muster.example>", "Anruf")
            [case] = open_or_append(session, [Missed(owner, self.caller, self.caller, before, 0, thread)])
            changes.change(session, case.id, Change.CLAIM, by, at=before)
        return case.id

    def record(self) -> CallRow:
        """The one call of the caller."""

        def found() -> CallRow | None:
            with self.world.scratch.database.read() as session:
                return session.scalar(select(CallRow).where(CallRow.caller == self.caller))

        record: CallRow = wait_until(found, "the call in the ledger")
        return record

    def how(self, case: int) -> tuple[str, str | None, str | None]:
        """What closed the case, and who, once it is so."""

        def closed() -> Any:
            with self.world.scratch.database.read() as session:
                by = OwnerRow.id == CaseChangeRow.employee_id
                query = select(CaseRow.state, CaseChangeRow.change, OwnerRow.key).join(CaseRow.changes)
                ordered = query.outerjoin(OwnerRow, by).where(CaseRow.id == case).order_by(CaseChangeRow.id.desc())
                last = session.execute(ordered).first()
            return tuple(last) if last and last[0] == "closed" else None

        return wait_until(closed, "a closed case")  # type: ignore[no-any-return]


@pytest.fixture
def team(running: World) -> Iterator[Team]:
    team = Team(running, next(_NUMBERS))
    yield team
    for phone in (team.anna, team.ben):
        phone.close()


def _began(phone: Phone) -> float:
    return phone.wait_for_call().events[0].at


def _reasons(record: CallRow) -> dict[str, dict[str, str]]:
    return {code: dict(fields) for code, fields in record.reasons if code.startswith("claimer_")}


def test_the_claimer_rings_alone_then_the_others_too(team: Team) -> None:
    team.first_for(3)
    case = team.claim()
    team.anna.behaviour = Answer(after=0.5)
    call = team.world.trunk.call(SALES, team.caller)
    assert final(call) == 200
    assert _began(team.anna) - _began(team.ben) > 2
    [ringing] = team.ben.calls
    assert "cause=200" in team.ben.wait_for("CANCEL").get("Reason"), "it rang on until somebody answered"
    assert [event.name for event in ringing.events].count("CANCEL") == 1
    call.hangup()
    record = team.record()
    assert team.world.steps(record) == [("pool:sales", "answered", "anna-desk")]
    assert team.world.rung(record) == {"ben-desk": "elsewhere", "anna-desk": "answered", "anna-soft": "offline"}
    assert _reasons(record) == {"claimer_first": {"employee": "Ben Yılmaz", "pool": "Vertrieb", "seconds": "3"}}
    assert team.how(case) == ("closed", "called_again", "anna")


def test_the_claimer_answers_and_nobody_else_is_rung(team: Team) -> None:
    team.first_for(LATE)
    case = team.claim()
    team.ben.behaviour = Answer()
    call = team.world.trunk.call(SALES, team.caller)
    assert final(call) == 200
    call.hangup()
    record = team.record()
    assert team.world.steps(record) == [("pool:sales", "answered", "ben-desk")]
    assert team.anna.calls == []
    assert team.how(case) == ("closed", "called_again", "ben")


@pytest.mark.parametrize("why", ["busy", "declines", "offline"])
def test_who_cannot_take_it_leaves_it_to_the_pool_at_once(team: Team, why: str) -> None:
    team.first_for(LATE)
    team.claim()
    team.anna.behaviour = Answer()
    team.ben.behaviour = Refuse(486 if why == "busy" else 603)
    if why == "offline":
        assert team.ben.unregister() == 200
    call = team.world.trunk.call(SALES, team.caller)
    assert final(call) == 200
    call.hangup()
    record = team.record()
    assert team.world.steps(record) == [("pool:sales", "answered", "anna-desk")]
    assert len(team.ben.calls) == (why != "offline")


def test_who_talks_already_leaves_it_to_the_pool_at_once(team: Team) -> None:
    """As the calls that one may be in at once say."""
    team.first_for(LATE)
    team.claim()
    team.anna.behaviour = team.ben.behaviour = Answer()
    with team.world.scratch.database.write() as session:
        employees.change(session, "ben", ringing={"calls_at_once": 1})
    own = team.world.trunk.call("+493023125011", "+4917604069009")
    assert final(own) == 200
    call = team.world.trunk.call(SALES, team.caller)
    assert final(call) == 200
    call.hangup()
    assert _reasons(team.record()) == {"claimer_not_there": {"employee": "Ben Yılmaz", "pool": "Vertrieb"}}
    assert (len(team.anna.calls), len(team.ben.calls)) == (1, 1)
    own.hangup()


def test_in_turn_the_claimer_is_rung_first_and_once(team: Team) -> None:
    team.first_for(3)
    team.claim()
    with team.world.scratch.database.write() as session:
        pools.change(session, "sales", strategy="sequential")
    try:
        team.anna.behaviour = Answer()
        call = team.world.trunk.call(SALES, team.caller)
        assert final(call) == 200
        call.hangup()
        team.ben.wait_for("CANCEL")
        assert _began(team.anna) - _began(team.ben) > 1.5
        record = team.record()
        assert team.world.rung(record)["ben-desk"] == "no_answer"
        assert team.world.steps(record) == [("pool:sales", "answered", "anna-desk")]
        assert len(team.ben.calls) == 1
    finally:
        with team.world.scratch.database.write() as session:
            pools.change(session, "sales", strategy="simultaneous")


def test_who_would_wait_rings_the_claimer_alone_before(team: Team) -> None:
    team.first_for(3)
    team.claim(pool="help")
    call = team.world.trunk.call(HELP, team.caller)
    began = _began(team.ben)
    call.wait_for("answered", 20)  # it waits, to music
    assert len(team.ben.calls) == 1
    answered = next(event.at for event in call.events if event.name == "answered")
    assert answered - began > 1.5
    assert [phone.calls == [] for phone in (team.anna, team.ben)] == [True, False]
    call.hangup()
    record = team.record()
    assert (team.world.details(record), team.world.rung(record)) == (["waited"], {"ben-desk": "no_answer"})
    assert "claimer_first" in _reasons(record)


def test_with_the_router_dead_the_pool_rings_as_always(team: Team) -> None:
    """Where it dies while the claimer rings, FreeSWITCH rings the others later all the same."""
    team.first_for(3)
    team.claim()
    call = team.world.trunk.call(SALES, team.caller)
    team.ben.wait_for_call()
    team.world.scratch.kill_role("router")
    team.anna.wait_for_call()
    assert team.ben.calls[0].status == 0
    call.cancel()
    try:
        again = team.world.trunk.call(SALES, team.caller)
        started = _second(team.ben), _second(team.anna)
        assert abs(started[0] - started[1]) < 1.5
        again.cancel()
    finally:
        team.world.scratch.start_role("router")


def _second(phone: Phone) -> float:
    return phone.wait_for_call(2).events[0].at
