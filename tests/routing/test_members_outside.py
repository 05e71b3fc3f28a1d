"""Members of pools who are rung outside as well: whom the router asks the dialplan for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callrouter.routing.decide import decide
from callrouter.routing.plan import Release, Ring, RingResult, RoutePlan
from callrouter.routing.snapshot import DigitRules, Forwarding, Mailbox, Outside, Pool, Schedule
from tests.routing.company import ANNA, BEN, OFFICE_TIME, SALES, trunk_call, with_owner

NUMBER, MOBILE = "+493023125000", "+4917604069007"
OUT = Outside(("carrier",), ("national", "mobile"), ("national",))
AWAY = replace(ANNA, forwarding=Forwarding(always=MOBILE), destinations=("mobile",))
DIGITS = DigitRules(area_code="30", mobile="1[567]")
NEVER = Schedule("never", "Europe/Berlin")


def _plan(pool: Pool, outside: Outside = OUT, **known: Any) -> RoutePlan:
    return decide(trunk_call(NUMBER), replace(with_owner(pool), outside=outside, digits=DIGITS, **known), OFFICE_TIME)


def _pool(**changed: Any) -> Pool:
    values: dict[str, Any] = {"members": (AWAY, BEN), "mailbox": Mailbox(), "members_outside": True, "number": NUMBER}
    return replace(SALES, **(values | changed))


def _rung(plan: RoutePlan) -> list[tuple[str, int]]:
    ring = plan.steps[0]
    assert isinstance(ring, Ring)
    return [(target.sip_user, target.delay) for target in ring.targets if target.outside]


@pytest.mark.parametrize(
    ("changed", "outside", "rung"),
    [
        ({}, OUT, [(MOBILE, 0)]),
        ({"members_outside": False}, OUT, []),
        ({"signed_out": frozenset({AWAY.key})}, OUT, []),
        ({"strategy": "waves", "delays": {AWAY.key: 10}}, OUT, [(MOBILE, 10)]),
        ({"members": (replace(AWAY, do_not_disturb=True), BEN)}, OUT, []),
        ({"members": (replace(AWAY, destinations=("national",)), BEN)}, OUT, []),
        ({"members": (replace(AWAY, forwarding=Forwarding(busy=MOBILE, no_answer=MOBILE)), BEN)}, OUT, []),
        ({"members": (replace(AWAY, forwarding=Forwarding(always="pool:other")), BEN)}, OUT, []),
        ({}, replace(OUT, destinations=("national",)), []),
        ({}, replace(OUT, schedule=NEVER), []),
        ({}, replace(OUT, schedule=NEVER, closed_destinations=("mobile",)), [(MOBILE, 0)]),
        ({}, replace(OUT, trunks=()), []),
    ],
)
def test_who_is_rung_outside(changed: dict[str, Any], outside: Outside, rung: list[tuple[str, int]]) -> None:
    plan = _plan(_pool(**changed), outside)
    assert _rung(plan) == rung
    assert ("member_outside" in {reason.code for reason in plan.reasons}) is bool(rung)


def test_it_rings_in_its_members_turn() -> None:
    ring = _plan(_pool(strategy="sequential", members=(BEN, AWAY))).steps[0]
    assert isinstance(ring, Ring)
    assert [[target.sip_user for target in turn] for turn in ring.turns] == [
        ["ben-desk"], ["anna-desk", "anna-soft", MOBILE],
    ]  # fmt: skip


def test_one_who_talks_and_wants_no_second_call_is_not_rung_there_either() -> None:
    pool = _pool(members=(replace(AWAY, calls_at_once=1), BEN))
    assert _rung(_plan(pool, counts={"talks-anna": 1})) == []


def test_a_pool_of_mobiles_alone_rings() -> None:
    plan = _plan(_pool(members=(replace(AWAY, devices=()),)))
    assert _rung(plan) == [(MOBILE, 0)]
    plan = _plan(_pool(members=(replace(AWAY, devices=()),)), replace(OUT, schedule=NEVER))
    assert plan.steps == (Ring(SALES.key, (), 40, RingResult.OFFLINE), Release())
