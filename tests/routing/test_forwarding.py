"""Where calls go instead: tables over decide(), and that no settings whatever make a loop."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.directory.digits import digit_rules
from callrouter.routing.decide import decide
from callrouter.routing.explain import describe, in_short
from callrouter.routing.forwarding import ON
from callrouter.routing.plan import Dial, Forward, Release, Ring, RingResult, RoutePlan, Step, Voicemail
from callrouter.routing.snapshot import Forwarding, Mailbox, Outside
from tests.routing.company import (
    ANNA,
    BEN,
    CARA,
    COMPANY,
    EVENING,
    OFFICE_HOURS,
    OFFICE_TIME,
    SALES,
    phone_call,
    trunk_call,
    with_owner,
)

BENS, SALES_NUMBER = "+493023125011", "+493023125000"
ANNAS = {"anna-desk", "anna-soft"}
MOBILE = "+4917604069007"
OUTSIDE = Outside(("carrier",), ("national", "mobile"), ("national",), OFFICE_HOURS)


def _phones(ring: Step) -> set[str]:
    assert isinstance(ring, Ring)
    return {target.sip_user for target in ring.targets}


def _ben(**fields: object):
    return replace(BEN, forwarding=Forwarding(**fields))


def test_all_calls_go_to_a_colleague_with_all_that_is_hers_but_her_own_forwarding() -> None:
    anna = replace(ANNA, forwarding=Forwarding(always="employee:ben"))
    [forward] = decide(trunk_call(BENS), with_owner(_ben(always="employee:anna"), anna), OFFICE_TIME).steps
    assert (forward.owner, forward.to, forward.on) == ("employee:ben", "employee:anna", ())
    assert _phones(forward.steps[0]) == ANNAS
    assert forward.steps[1:] == (Release(),)


@pytest.mark.parametrize(("field", "results"), ON.items())
def test_after_ringing_by_how_it_ended(field: str, results: tuple[RingResult, ...]) -> None:
    ring, forward, last = decide(trunk_call(BENS), with_owner(_ben(**{field: "pool:sales"})), OFFICE_TIME).steps
    assert _phones(ring) == {"ben-desk"}
    assert ring.seconds == (15 if field == "no_answer" else 25)
    assert forward.on == results
    assert _phones(forward.steps[0]) == ANNAS, "Ben was rung before"
    assert forward.steps[1] == Voicemail("pool:sales", "de")
    assert last == Release()


def test_who_is_not_to_be_disturbed_forwards_as_busy_and_who_has_no_phone_as_offline() -> None:
    ben = replace(_ben(busy="employee:anna"), do_not_disturb=True, mailbox=Mailbox(enabled=True))
    ring, forward = decide(trunk_call(BENS), with_owner(ben), OFFICE_TIME).steps
    assert ring == Ring("employee:ben", (), 0, RingResult.BUSY)
    assert _phones(forward.steps[0]) == ANNAS
    cara = replace(CARA, forwarding=Forwarding(offline="employee:anna"))
    ring, forward = decide(trunk_call("+493023125012"), with_owner(cara), OFFICE_TIME).steps
    assert ring.nobody is RingResult.OFFLINE
    assert forward.to == "employee:anna"


def test_to_a_mailbox_whatever_its_schedule_says_if_it_takes_calls_at_all() -> None:
    snapshot = with_owner(_ben(always="mailbox:employee:anna"))
    [forward] = decide(trunk_call(BENS), snapshot, OFFICE_TIME).steps
    assert forward.steps == (Voicemail("employee:anna", "de"),)
    off = with_owner(_ben(always="mailbox:employee:anna"), replace(ANNA, mailbox=Mailbox()))
    plan = decide(trunk_call(BENS), off, OFFICE_TIME)
    assert _phones(plan.steps[0]) == {"ben-desk"}
    assert "forwards_nowhere" in {reason.code for reason in plan.reasons}


def test_to_somebody_who_is_gone_rings_as_if_nothing_were_set() -> None:
    plan = decide(trunk_call(BENS), with_owner(_ben(always="employee:gone", busy="pool:gone")), OFFICE_TIME)
    assert [type(step) for step in plan.steps] == [Ring, Release]


def test_pools_ring_their_members_whatever_these_forward() -> None:
    members = (ANNA, _ben(always="employee:anna"))
    plan = decide(trunk_call(SALES_NUMBER), with_owner(replace(SALES, members=members)), OFFICE_TIME)
    assert _phones(plan.steps[0]) == ANNAS | {"ben-desk"}


def test_the_caller_to_whom_it_comes_back_is_not_rung_on_the_phone_in_hand() -> None:
    anna = replace(ANNA, forwarding=Forwarding(always="employee:ben"))
    [forward] = decide(phone_call("10", "ben-desk"), with_owner(anna), OFFICE_TIME).steps
    assert forward.steps == (Ring("employee:ben", (), 25), Release())


def test_it_is_told_step_by_step() -> None:
    plan = decide(trunk_call(BENS), with_owner(_ben(busy="employee:anna", no_answer="pool:sales")), OFFICE_TIME)
    assert [line.partition(" ")[0] for line in describe(plan, "de")] == [
        "1.", "2.", "2.1.", "2.2.", "3.", "3.1.", "3.2.", "4.",
    ]  # fmt: skip
    assert in_short(plan, "en") == (
        "rings",
        "Rings at Ben Yılmaz for 15 s; when nobody answers, it goes on to Vertrieb.",
    )
    busy = decide(trunk_call(BENS), with_owner(_ben(busy="employee:anna")), OFFICE_TIME)
    assert in_short(busy, "en") == ("rings", "Rings at Ben Yılmaz for 25 s, then the call ends.")
    mailbox = decide(trunk_call(BENS), with_owner(_ben(no_answer="mailbox:pool:sales")), OFFICE_TIME)
    told = "Rings at Ben Yılmaz for 15 s, then the mailbox answers."
    assert in_short(mailbox, "en") == ("rings_then_mailbox", told)
    always = decide(trunk_call(BENS), with_owner(_ben(always="mailbox:pool:sales")), OFFICE_TIME)
    assert in_short(always, "en") == ("mailbox", "The mailbox of Vertrieb answers at once.")


_TARGETS = st.none() | st.sampled_from(
    [prefix + owner for prefix in ("", "mailbox:") for owner in (*COMPANY.owners, "employee:gone")]
    + ["+4917604069007", "+493023125011"]
)
_FORWARDING = st.builds(Forwarding, always=_TARGETS, busy=_TARGETS, no_answer=_TARGETS, offline=_TARGETS)


def _depth(steps: tuple[Step, ...]) -> int:
    return max((1 + _depth(step.steps) for step in steps if isinstance(step, Forward)), default=0)


def _ends(steps: tuple[Step, ...]) -> bool:
    last = steps[-1]
    return _ends(last.steps) and not last.on if isinstance(last, Forward) else not isinstance(last, Ring)


@given(_FORWARDING, _FORWARDING, _FORWARDING, st.booleans())
def test_no_settings_make_a_loop_and_every_plan_ends_the_call(first, second, third, quiet) -> None:
    snapshot = with_owner(
        replace(ANNA, forwarding=first, do_not_disturb=quiet),
        replace(BEN, forwarding=second),
        replace(CARA, forwarding=third),
    )
    snapshot = replace(snapshot, digits=digit_rules("DE", "30"), outside=OUTSIDE)
    for number in ("10", "11", "12"):
        plan = decide(trunk_call(f"+4930231250{number}"), snapshot, OFFICE_TIME)
        assert _depth(plan.steps) <= 1
        assert _ends(plan.steps)


def _outside(owner: object, at: dt.datetime = OFFICE_TIME, outside: Outside = OUTSIDE) -> RoutePlan:
    snapshot = replace(with_owner(owner), digits=digit_rules("DE", "30"), outside=outside)
    return decide(trunk_call(BENS), snapshot, at)


def _codes(plan: RoutePlan) -> list[str]:
    return [reason.code for reason in plan.reasons]


def test_to_a_number_outside_as_a_call_of_ones_own_and_then_to_the_own_mailbox() -> None:
    ben = replace(_ben(always=MOBILE), mailbox=Mailbox(enabled=True), shown="+493023125000")
    plan = _outside(ben)
    [forward] = plan.steps
    assert (forward.outside, forward.to, forward.why, forward.on) == (True, MOBILE, "always", ())
    assert forward.steps == (Dial(MOBILE, "+493023125000", ("carrier",)), Voicemail("employee:ben", "de"))
    assert _codes(plan)[-5:] == ["forwards_now", "outside_mobile", "shown_number", "press_key", "mailbox_always"]


@pytest.mark.parametrize(("field", "results"), ON.items())
def test_outside_after_ringing(field: str, results: tuple[RingResult, ...]) -> None:
    ring, forward, last = _outside(_ben(**{field: MOBILE})).steps
    assert ring.seconds == (15 if field == "no_answer" else 25)
    assert (forward.why, forward.on) == (field, results)
    assert forward.steps == (Dial(MOBILE, BENS, ("carrier",)), Release())
    assert last == Release()


@pytest.mark.parametrize(
    ("target", "at", "outside", "code", "seconds"),
    [
        ("+441632960001", OFFICE_TIME, OUTSIDE, "forwards_nowhere", 25),
        ("+493023125014", OFFICE_TIME, OUTSIDE, "forwards_nowhere", 25),
        (MOBILE, EVENING, OUTSIDE, "not_allowed_closed", 15),
        (MOBILE, OFFICE_TIME, replace(OUTSIDE, trunks=()), "press_key", 15),
    ],
)
def test_outside_where_it_may_not_go_the_own_phones_ring(target, at, outside, code, seconds) -> None:
    """Nowhere for what the employee may never call, and for the company's own numbers."""
    plan = _outside(_ben(always=target, no_answer=target), at, outside)
    ring, last = plan.steps
    assert (_phones(ring), ring.seconds, last) == ({"ben-desk"}, seconds, Release())
    assert (code in _codes(plan)) is (code != "press_key")


def test_outside_is_told_step_by_step() -> None:
    plan = _outside(_ben(no_answer=MOBILE))
    assert [line.partition(" ")[0] for line in describe(plan, "de")] == ["1.", "2.", "2.1.", "2.2.", "3."]
    assert in_short(plan, "en") == (
        "rings",
        "Rings at Ben Yılmaz for 15 s; when nobody answers, it goes on to +4917604069007.",
    )
    always = _outside(_ben(always=MOBILE))
    assert in_short(always, "de") == ("outside", "Wird an +4917604069007 weitergeleitet.")
