"""A caller whom somebody of a pool has claimed reaches that one first: tables over decide()."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callrouter.routing import claimers
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe
from callrouter.routing.plan import IncomingCall, Release, Ring, RoutePlan, Voicemail, Wait
from callrouter.routing.reasons import text
from callrouter.routing.snapshot import Device, Employee, Forwarding, Mailbox, Opening, Pool, Snapshot, Waiting
from tests.routing.company import ANNA, BEN, CARA, OFFICE_TIME, SALES, phone_call, trunk_call, with_owner

NUMBER = "+493023125000"
CEM = Employee("employee:cem", "Cem Kaya", "12", None, (Device("cem-desk", "Telefon", "desk"),))
A, B, C = (member.key for member in (ANNA, BEN, CEM))


def _pool(**changed: Any) -> Pool:
    return replace(SALES, **{"members": (ANNA, BEN, CEM), "mailbox": Mailbox(), **changed})


def _known(*owners: Pool | Employee, claimer: str = B, seconds: int = 8, **known: Any) -> Snapshot:
    claimed = {"pool:sales": claimer}
    return with_owner(*owners, **{"claimers": claimed, "claimer_seconds": seconds, **known})


def _plan(snapshot: Snapshot, call: IncomingCall | None = None) -> RoutePlan:
    return decide(call or trunk_call(NUMBER), snapshot, OFFICE_TIME)


def _ring(plan: RoutePlan) -> Ring:
    ring = plan.steps[0]
    assert isinstance(ring, Ring)
    return ring


def _rings(plan: RoutePlan) -> list[tuple[str, int]]:
    return [(target.sip_user, target.delay) for target in _ring(plan).targets]


def _said(plan: RoutePlan) -> list[str]:
    return [reason.code for reason in plan.reasons if reason.code.startswith("claimer_")]


@pytest.mark.parametrize(
    ("changed", "claimer", "rings"),
    [
        ({}, B, "ben-desk anna-desk+8 anna-soft+8 cem-desk+8"),
        ({}, A, "anna-desk anna-soft ben-desk+8 cem-desk+8"),
        ({"strategy": "waves", "delays": {B: 10, C: 20}}, A, "anna-desk anna-soft ben-desk+8 cem-desk+18"),
        ({"strategy": "waves", "delays": {B: 10, C: 20}}, C, "cem-desk anna-desk+8 anna-soft+8 ben-desk+18"),
        ({"strategy": "waves", "delays": {A: 5, B: 10}}, C, "cem-desk anna-desk+8 anna-soft+8 ben-desk+13"),
    ],
)
def test_the_others_begin_later_and_ring_as_long_as_always(changed: dict[str, Any], claimer: str, rings: str) -> None:
    plan = _plan(_known(_pool(**changed), claimer=claimer))
    assert _rings(plan) == [(user, int(later or 0)) for user, _, later in (one.partition("+") for one in rings.split())]
    ring = _ring(plan)
    assert (ring.seconds, ring.each, ring.first, plan.steps[1:]) == (48, 0, 0, (Release(),))
    assert _said(plan) == ["claimer_first"]


@pytest.mark.parametrize("strategy", ["sequential", "longest-idle"])
def test_in_turn_the_claimer_comes_first_and_once(strategy: str) -> None:
    plan = _plan(_known(_pool(strategy=strategy, mailbox=Mailbox(enabled=True, answer_after=30))))
    ring = _ring(plan)
    assert [[target.sip_user for target in turn] for turn in ring.turns] == [
        ["ben-desk"], ["anna-desk", "anna-soft"], ["cem-desk"],
    ]  # fmt: skip
    assert (ring.first, ring.each, ring.seconds) == (8, 15, 38)
    assert describe(plan, "de")[0] == (
        "1. Es klingeln nacheinander, je 15 s, zusammen höchstens 38 s: ben-desk (Ben Yılmaz) (8 s) → anna-desk (Anna"
        " Schmidt), anna-soft (Anna Schmidt) → cem-desk (Cem Kaya)."
    )
    assert plan.steps[1:] == (Voicemail("pool:sales", "de"),)


def test_all_phones_of_the_claimer_begin_in_time() -> None:
    ben = replace(BEN, devices=(Device("ben-soft", "Laptop", "softclient", ring_delay=30), *BEN.devices))
    turn = _ring(_plan(_known(_pool(strategy="sequential", members=(ANNA, ben))))).turns[0]
    assert [(target.sip_user, target.delay) for target in turn] == [("ben-soft", 3), ("ben-desk", 0)]


@pytest.mark.parametrize(
    ("changed", "known", "said"),
    [
        ({}, {"seconds": 0, "claimers": {}}, []),
        ({}, {"claimers": {"pool:other": B}}, []),
        ({}, {"claimer": CARA.key}, []),
        ({"members": (BEN, CARA)}, {}, []),
        ({"signed_out": frozenset({B})}, {}, ["claimer_not_there"]),
        ({"members": (ANNA, replace(BEN, do_not_disturb=True), CEM)}, {}, ["claimer_not_there"]),
        ({"members": (ANNA, replace(BEN, calls_at_once=1), CEM)}, {"counts": {"talks-ben": 1}}, ["claimer_not_there"]),
        ({"members": (ANNA, replace(BEN, devices=()), CEM)}, {}, ["claimer_not_there"]),
    ],
    ids=["off", "another pool", "no member", "the only one", "signed out", "not disturbed", "talks", "no phone"],
)
def test_else_the_pool_rings_as_always(changed: dict[str, Any], known: dict[str, Any], said: list[str]) -> None:
    plan, always = _plan(_known(_pool(**changed), **known)), _plan(_known(_pool(**changed), **known | {"claimers": {}}))
    assert plan.steps == always.steps
    assert _said(plan) == said


def test_who_talks_and_takes_a_second_call_is_rung_first() -> None:
    ben = replace(BEN, calls_at_once=2)
    plan = _plan(_known(_pool(members=(ANNA, ben)), counts={"talks-ben": 1}))
    assert _rings(plan)[0] == ("ben-desk", 0)
    assert _said(plan) == ["claimer_first"]


@pytest.mark.parametrize(
    "changed",
    [
        {"opening": Opening(switch="closed")},
        {"forwarding": Forwarding(always="employee:cara")},
        {"mailbox": Mailbox(enabled=True, answer_after=0)},
    ],
    ids=["closed", "forwarded", "the mailbox answers at once"],
)
def test_where_the_pool_is_not_rung_nobody_is(changed: dict[str, Any]) -> None:
    plan = _plan(_known(_pool(**changed)))
    assert (plan.steps, _said(plan)) == (_plan(with_owner(_pool(**changed))).steps, [])


def test_who_was_rung_for_the_call_already_is_not_rung_again() -> None:
    """Ben's own number forwards to the pool."""
    ben = replace(BEN, forwarding=Forwarding(no_answer="pool:sales"))
    steps = _plan(_known(_pool(members=(ANNA, ben, CEM)), ben), trunk_call("+493023125011")).steps
    assert [target.sip_user for target in steps[1].steps[0].targets] == ["anna-desk", "anna-soft", "cem-desk"]  # type: ignore[union-attr]


def test_an_own_number_rings_as_always() -> None:
    plan = _plan(_known(_pool(), claimers={"employee:anna": B}), trunk_call("+493023125010"))
    assert {user for user, _ in _rings(plan)} == {"anna-desk", "anna-soft"}


def _waits(after: int) -> Pool:
    return _pool(waiting=Waiting(after, 300, 5))


def test_who_would_wait_later_rings_the_claimer_first() -> None:
    ring, wait, _ = _plan(_known(_waits(15))).steps
    assert isinstance(ring, Ring)
    assert isinstance(wait, Wait)
    assert (ring.seconds, ring.targets[0].sip_user, ring.targets[1].delay, wait.on != ()) == (23, "ben-desk", 8, True)


@pytest.mark.parametrize(("after", "counts"), [(0, {}), (15, {"waits-sales": 2})])
def test_who_would_wait_at_once_rings_the_claimer_alone_before(after: int, counts: dict[str, int]) -> None:
    plan = _plan(_known(_waits(after), counts=counts))
    ring, wait, _ = plan.steps
    assert isinstance(ring, Ring)
    assert (_rings(plan), ring.seconds) == ([("ben-desk", 0)], 8)
    assert isinstance(wait, Wait)
    assert wait.on == ()
    away = _plan(_known(replace(_waits(after), signed_out=frozenset({B})), counts=counts))
    assert isinstance(away.steps[0], Wait)
    assert _said(away) == ["claimer_not_there"]


@pytest.mark.parametrize(
    ("call", "seconds", "asked"),
    [
        (trunk_call(NUMBER, "017604069002"), 8, "+4917604069002"),
        (trunk_call(NUMBER, "017604069002"), 0, None),
        (trunk_call(NUMBER, None), 8, None),
        (trunk_call(NUMBER, "017604069002", private=True), 8, None),
        (replace(trunk_call(NUMBER, "017604069002"), transferred=True), 8, None),
        (phone_call("20"), 8, "11"),
        (phone_call("20", "nobody's"), 8, None),
        (replace(phone_call("*6020"), feature="sign_out"), 8, None),
    ],
)
def test_of_whom_the_ledger_is_asked(call: IncomingCall, seconds: int, asked: str | None) -> None:
    assert claimers.asks(call, with_owner(claimer_seconds=seconds)) == asked


def test_of_a_call_to_no_pool_nothing_is_asked() -> None:
    snapshot = replace(with_owner(claimer_seconds=8), owners={ANNA.key: ANNA})
    assert claimers.asks(trunk_call("+493023125010"), snapshot) is None


@pytest.mark.parametrize(
    ("changed", "german", "english"),
    [
        (
            {},
            "Ben Yılmaz hat den Rückruf an diesen Anrufer für Vertrieb übernommen; dort klingelt es 8 s lang zuerst.",
            "Ben Yılmaz has claimed this caller’s call-back for Vertrieb; it rings there first, for 8 s.",
        ),
        (
            {"signed_out": frozenset({B})},
            "Ben Yılmaz hat den Rückruf an diesen Anrufer für Vertrieb übernommen, ist jetzt aber nicht zu erreichen;"
            " es klingelt gleich bei den anderen.",
            "Ben Yılmaz has claimed this caller’s call-back for Vertrieb, but cannot be reached now; the others are"
            " rung at once.",
        ),
    ],
)
def test_it_is_said_in_both_languages(changed: dict[str, Any], german: str, english: str) -> None:
    [said] = [reason for reason in _plan(_known(_pool(**changed))).reasons if reason.code.startswith("claimer_")]
    assert (text(said, "de"), text(said, "en")) == (german, english)
