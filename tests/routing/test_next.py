"""What comes next where a pool's call was not taken: tables over decide()."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.directory.digits import digit_rules
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe
from callrouter.routing.forwarding import ON
from callrouter.routing.plan import Dial, Forward, Release, Ring, RingResult, RoutePlan, Step, Voicemail
from callrouter.routing.snapshot import Device, Forwarding, Mailbox, Outside, Pool
from tests.routing.company import ANNA, BEN, CARA, OFFICE_TIME, SALES, trunk_call, with_owner

SALES_NUMBER, MOBILE = "+493023125000", "+4917604069007"
DORA = replace(BEN, key="employee:dora", name="Dora", devices=(Device("dora-desk", "Tischtelefon", "desk"),))
#: Ben is rung by Sales before.
SUPPORT = Pool("pool:support", "Support", "21", (CARA, BEN, DORA), ring_seconds=20)


def _plan(*pools: Pool, **more: Any) -> RoutePlan:
    snapshot = replace(
        with_owner(*pools),
        digits=digit_rules("DE", "30"),
        outside=Outside(("carrier",), ("national", "mobile")),
        **more,
    )
    return decide(trunk_call(SALES_NUMBER), snapshot, OFFICE_TIME)


def _sales(**targets: str) -> Pool:
    return replace(SALES, mailbox=Mailbox(enabled=True, answer_after=10), forwarding=Forwarding(**targets, after=40))


@pytest.mark.parametrize(("field", "results"), ON.items())
def test_another_pool_with_all_that_is_its_own(field: str, results: tuple[RingResult, ...]) -> None:
    support = replace(SUPPORT, forwarding=Forwarding(no_answer="employee:anna"))
    ring, forward, last = _plan(_sales(**{field: "pool:support"}), support).steps
    assert isinstance(ring, Ring)
    assert ring.seconds == (40 if field == "no_answer" else 10)
    assert isinstance(forward, Forward)
    assert (forward.to, forward.on) == ("pool:support", results)
    rings, then, end = forward.steps
    assert isinstance(rings, Ring)
    assert [target.sip_user for target in rings.targets] == ["dora-desk"]
    assert isinstance(then, Forward)
    assert (then.to, then.on) == ("employee:anna", (RingResult.NO_ANSWER,))
    assert end == Release()
    assert last == Voicemail("pool:sales", "de")


def test_all_busy_or_offline_goes_straight_on() -> None:
    quiet = tuple(replace(member, do_not_disturb=True) for member in (ANNA, BEN))
    plan = _plan(replace(_sales(busy="employee:cara", offline="mailbox:employee:anna"), members=quiet))
    assert plan.steps[0] == Ring("pool:sales", (), 0, RingResult.BUSY)
    assert isinstance(plan.steps[1], Forward)
    assert plan.steps[1].to == "employee:cara"
    offline = _plan(replace(_sales(offline="mailbox:employee:anna"), members=(CARA,)))
    assert isinstance(offline.steps[1], Forward)
    assert offline.steps[1].steps == (Voicemail("employee:anna", "de"),)


def test_a_number_outside_shows_the_pools_number_and_leads_back_to_its_mailbox() -> None:
    sales = replace(_sales(no_answer=MOBILE), number=SALES_NUMBER)
    _, forward, _ = _plan(sales).steps
    assert isinstance(forward, Forward)
    assert forward.steps == (Dial(MOBILE, SALES_NUMBER, ("carrier",)), Voicemail("pool:sales", "de"))


def test_an_employee_who_comes_next_forwards_no_further() -> None:
    anna = replace(ANNA, forwarding=Forwarding(always="employee:ben"), mailbox=Mailbox())
    snapshot = replace(with_owner(anna, _sales(no_answer="employee:anna")), digits=digit_rules("DE", "30"))
    _, forward, _ = decide(trunk_call(SALES_NUMBER), snapshot, OFFICE_TIME).steps
    assert isinstance(forward, Forward)
    assert [type(step) for step in forward.steps] == [Ring, Release]


def test_it_is_told_step_by_step() -> None:
    said = describe(_plan(_sales(no_answer="pool:support"), SUPPORT), "de")
    assert [line.partition(" ")[0] for line in said] == ["1.", "2.", "2.1.", "2.2.", "3."]


_PLACES = st.none() | st.sampled_from(["pool:sales", "pool:support", "employee:anna", "mailbox:pool:sales", MOBILE])
_NEXT = st.builds(Forwarding, busy=_PLACES, no_answer=_PLACES, offline=_PLACES)


def _ends(steps: tuple[Step, ...]) -> bool:
    last = steps[-1]
    return _ends(last.steps) and not last.on if isinstance(last, Forward) else not isinstance(last, Ring)


@given(_NEXT, _NEXT, _NEXT)
def test_whatever_is_set_there_is_no_loop(first: Forwarding, second: Forwarding, third: Forwarding) -> None:
    plan = _plan(replace(SALES, forwarding=first), replace(SUPPORT, forwarding=second), replace(ANNA, forwarding=third))
    assert _ends(plan.steps)
