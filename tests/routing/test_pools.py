"""How the members of a pool are rung, by strategy: tables over decide()."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from callrouter.routing.decide import decide
from callrouter.routing.explain import describe
from callrouter.routing.members import counters
from callrouter.routing.plan import Release, Ring, RingResult, RoutePlan, Voicemail
from callrouter.routing.snapshot import Device, Employee, Forwarding, Mailbox, Pool, Snapshot
from tests.routing.company import ANNA, BEN, CARA, OFFICE_TIME, SALES, trunk_call, with_owner

NUMBER = "+493023125000"
CEM = Employee("employee:cem", "Cem Kaya", "12", None, (Device("cem-desk", "Telefon", "desk"),))
A, B, C = (member.key for member in (ANNA, BEN, CEM))


def _pool(**changed: Any) -> Pool:
    return replace(SALES, members=(ANNA, BEN, CEM), mailbox=Mailbox(), **changed)


def _plan(snapshot: Snapshot) -> RoutePlan:
    return decide(trunk_call(NUMBER), snapshot, OFFICE_TIME)


def _ring(pool: Pool, **known: Any) -> Ring:
    ring = _plan(replace(with_owner(pool), **known)).steps[0]
    assert isinstance(ring, Ring)
    return ring


def _turns(ring: Ring) -> list[list[tuple[str, int]]]:
    return [[(target.sip_user, target.delay) for target in turn] for turn in ring.turns]


def _codes(plan: RoutePlan) -> set[str]:
    return {reason.code for reason in plan.reasons}


ANNAS, BENS, CEMS = [("anna-desk", 0), ("anna-soft", 0)], [("ben-desk", 0)], [("cem-desk", 0)]


@pytest.mark.parametrize(
    ("changed", "each", "turns"),
    [
        ({}, 0, [[*ANNAS, *BENS, *CEMS]]),
        ({"delays": {B: 10}}, 0, [[*ANNAS, *BENS, *CEMS]]),
        ({"strategy": "sequential"}, 15, [ANNAS, BENS, CEMS]),
        ({"strategy": "sequential", "member_seconds": 20}, 20, [ANNAS, BENS, CEMS]),
        ({"strategy": "sequential", "members": (CEM, CARA, ANNA)}, 15, [CEMS, ANNAS]),
        ({"strategy": "sequential", "signed_out": frozenset({A})}, 15, [BENS, CEMS]),
        ({"strategy": "longest-idle"}, 15, [ANNAS, BENS, CEMS]),
        ({"strategy": "waves"}, 0, [[*ANNAS, *BENS, *CEMS]]),
        ({"strategy": "waves", "delays": {B: 10, C: 20}}, 0, [[*ANNAS, ("ben-desk", 10), ("cem-desk", 20)]]),
        (
            {"strategy": "waves", "delays": {B: 10, C: 20}, "signed_out": frozenset({A})},
            0,
            [[("ben-desk", 0), ("cem-desk", 10)]],
        ),
        ({"strategy": "waves", "delays": {C: 300}}, 0, [[*ANNAS, *BENS, ("cem-desk", 35)]]),
        ({"signed_out": frozenset({A, C})}, 0, [BENS]),
    ],
)
def test_who_is_rung_and_when(changed: dict[str, Any], each: int, turns: list[list[tuple[str, int]]]) -> None:
    ring = _ring(replace(_pool(), **changed))
    assert (ring.each, ring.seconds, _turns(ring)) == (each, 40, turns)


def test_a_phone_that_rings_later_does_so_within_its_members_turn() -> None:
    ben = replace(BEN, devices=(*BEN.devices, Device("ben-soft", "Laptop", "softclient", ring_delay=30)))
    ring = _ring(replace(_pool(strategy="sequential", member_seconds=12), members=(ANNA, ben)))
    assert _turns(ring) == [ANNAS, [("ben-desk", 0), ("ben-soft", 7)]]


NOON = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("talked", "order"),
    [
        ({}, [A, B, C]),
        ({A: 0}, [B, C, A]),
        ({A: 5, B: 3, C: 4}, [B, C, A]),
        ({A: 5, B: 5}, [C, A, B]),
        ({B: 9, C: 1}, [A, C, B]),
    ],
)
def test_who_has_talked_least_recently_comes_first(talked: dict[str, int], order: list[str]) -> None:
    known = {key: NOON + dt.timedelta(minutes=minutes) for key, minutes in talked.items()}
    ring = _ring(_pool(strategy="longest-idle"), talked=known)
    assert list(dict.fromkeys(target.employee for target in ring.targets)) == order


@pytest.mark.parametrize("strategy", ["simultaneous", "sequential", "longest-idle", "waves"])
@pytest.mark.parametrize(
    ("mailbox", "last"), [(Mailbox(), Release()), (Mailbox(enabled=True), Voicemail(SALES.key, "de"))]
)
@pytest.mark.parametrize("quiet", ["signed_out", "do_not_disturb", "talking", "none", "signed_out_and_quiet"])
def test_where_nobody_is_to_be_rung_it_goes_straight_on(strategy: str, mailbox: Mailbox, last: Any, quiet: str) -> None:
    members = () if quiet == "none" else (ANNA, BEN)
    out = frozenset({A, B}) if quiet.startswith("signed_out") else frozenset()
    changed = {"talking": {"calls_at_once": 1}}.get(quiet, {"do_not_disturb": quiet.endswith(("disturb", "quiet"))})
    pool = replace(
        SALES,
        strategy=strategy,
        mailbox=mailbox,
        signed_out=out,
        members=tuple(replace(member, **changed) for member in members),
    )
    plan = _plan(replace(with_owner(pool), counts={"talks-anna": 1, "talks-ben": 1}))
    if isinstance(last, Voicemail):
        assert plan.steps == (last,)
    else:
        nobody = RingResult.BUSY if quiet in ("do_not_disturb", "talking") else RingResult.OFFLINE
        assert isinstance(plan.steps[0], Ring)
        assert (plan.steps[0].targets, plan.steps[0].nobody, plan.steps[1:]) == ((), nobody, (Release(),))


@pytest.mark.parametrize(("strategy", "told"), [("sequential", True), ("longest-idle", True), ("waves", False)])
def test_who_is_passed_over_and_whose_forwarding_does_not_count(strategy: str, told: bool) -> None:
    anna = replace(ANNA, forwarding=Forwarding(always="employee:ben", after=20))
    plan = _plan(with_owner(replace(SALES, strategy=strategy, members=(anna, BEN))))
    assert ("pool_passed_over" in _codes(plan)) is told
    [reason] = [reason for reason in plan.reasons if reason.code == "pool_ignores_forwarding"]
    assert dict(reason.fields) == {"pool": "Vertrieb", "members": "Anna Schmidt"}
    plan = _plan(with_owner(replace(SALES, members=(replace(ANNA, forwarding=Forwarding(after=20)), BEN))))
    assert "pool_ignores_forwarding" not in _codes(plan)


def test_of_who_is_signed_out_the_switch_is_not_asked() -> None:
    pool = replace(SALES, signed_out=frozenset({A}), members=(replace(ANNA, calls_at_once=1),))
    assert counters(with_owner(pool)) == frozenset()


@pytest.mark.parametrize(
    ("changed", "code", "german", "english"),
    [
        (
            {"strategy": "sequential"},
            "pool_sequential",
            "1. Es klingeln nacheinander, je 15 s, zusammen höchstens 40 s: anna-desk (Anna Schmidt), anna-soft"
            " (Anna Schmidt) → ben-desk (Ben Yılmaz) → cem-desk (Cem Kaya).",
            "1. Ring one after the other, for 15 s each, 40 s in all at most: anna-desk (Anna Schmidt), anna-soft"
            " (Anna Schmidt) → ben-desk (Ben Yılmaz) → cem-desk (Cem Kaya).",
        ),
        (
            {"strategy": "waves", "delays": {B: 10}, "signed_out": frozenset({C})},
            "pool_waves",
            "1. Es klingeln gleichzeitig, 40 s lang: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt),"
            " ben-desk (Ben Yılmaz, +10 s).",
            "1. Ring at once, for 40 s: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt),"
            " ben-desk (Ben Yılmaz, +10 s).",
        ),
    ],
)
def test_it_is_said_in_both_languages(changed: dict[str, Any], code: str, german: str, english: str) -> None:
    plan = _plan(with_owner(replace(_pool(), **changed)))
    assert code in _codes(plan)
    assert ("signed_out" in _codes(plan)) == ("signed_out" in changed)
    assert describe(plan, "de")[0] == german
    assert describe(plan, "en")[0] == english
