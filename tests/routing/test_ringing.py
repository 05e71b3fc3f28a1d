"""Which phones of one person ring, and when: tables over decide()."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.routing import features, ringing
from callrouter.routing.decide import decide
from callrouter.routing.members import counters
from callrouter.routing.plan import IncomingCall, Release, Ring, RingResult, RoutePlan, Switch, Voicemail
from callrouter.routing.snapshot import Device, Mailbox, Snapshot
from tests.routing.company import ANNA, BEN, COMPANY, EVENING, OFFICE_TIME, SALES, phone_call, trunk_call, with_owner

ANNAS, BENS, SALES_NUMBER = "+493023125010", "+493023125011", "+493023125000"


def _codes(plan: RoutePlan) -> set[str]:
    return {reason.code for reason in plan.reasons}


def _in_pool(**changed: object) -> Snapshot:
    members = tuple(replace(member, **changed) if member is ANNA else member for member in SALES.members)
    return with_owner(replace(SALES, members=members))


def test_who_is_not_to_be_disturbed_is_busy_or_has_the_mailbox_answer() -> None:
    snapshot = with_owner(replace(ANNA, do_not_disturb=True))
    by_day = decide(trunk_call(ANNAS), snapshot, OFFICE_TIME)
    assert by_day.steps == (Ring(ANNA.key, (), 25, RingResult.BUSY), Release())
    assert {"do_not_disturb", "ends_busy"} <= _codes(by_day)
    at_night = decide(trunk_call(ANNAS), snapshot, EVENING)
    assert at_night.steps == (Voicemail(ANNA.key, "de"),)
    colleague = decide(phone_call("10"), snapshot, OFFICE_TIME)
    assert colleague.steps[0].targets == ()


ALL = {"anna-desk", "anna-soft", "ben-desk"}


@pytest.mark.parametrize(
    ("changed", "counts", "rings"),
    [
        ({"do_not_disturb": True}, {}, {"ben-desk"}),
        ({"calls_at_once": 1}, {"talks-anna": 1}, {"ben-desk"}),
        ({"calls_at_once": 1}, {"talks-ben": 1}, ALL),
        ({"calls_at_once": 1}, {}, ALL),
        ({"calls_at_once": 2}, {"talks-anna": 1, "rings-anna-soft": 1}, {"ben-desk"}),
        ({}, {"talks-anna": 9, "talks-ben": 1}, ALL),
    ],
)
def test_members_who_are_not_to_be_rung_are_left_out_of_their_pool(changed, counts, rings) -> None:
    snapshot = replace(_in_pool(**changed), counts=counts)
    plan = decide(trunk_call(SALES_NUMBER), snapshot, OFFICE_TIME)
    assert {target.sip_user for target in plan.steps[0].targets} == rings


@pytest.mark.parametrize(
    ("most", "talking", "at_the_desk", "at_the_laptop", "rings"),
    [
        (1, 0, 0, 0, True),
        (1, 0, 3, 3, True),  # nobody talks: they may choose whom to answer
        (1, 1, 0, 0, False),
        (2, 1, 0, 0, True),
        (2, 1, 1, 1, False),
        (2, 1, 0, 1, False),  # the desk phone declined, or is not there: one waits all the same
        (2, 2, 0, 0, False),
        (3, 1, 1, 1, True),  # one call at two phones is one
        (3, 1, 2, 1, False),
        (3, 2, 1, 0, False),
        (10, 9, 0, 0, True),
        (10, 9, 1, 1, False),
        (None, 9, 9, 9, True),
    ],
)
def test_while_one_talks_only_so_many_calls_may_wait(most, talking, at_the_desk, at_the_laptop, rings) -> None:
    counts = {"talks-anna": talking, "rings-anna-desk": at_the_desk, "rings-anna-soft": at_the_laptop}
    snapshot = replace(with_owner(replace(ANNA, calls_at_once=most)), counts=counts)
    plan = decide(trunk_call(ANNAS), snapshot, OFFICE_TIME)
    assert bool(plan.steps[0].targets) is rings
    assert all(target.counted is (most is not None) for target in plan.steps[0].targets)
    if not rings:
        assert plan.steps == (Ring(ANNA.key, (), 25, RingResult.BUSY), Release())
        assert {"talking", "ends_busy"} <= _codes(plan)


def test_a_pool_of_which_nobody_is_to_be_rung_is_busy() -> None:
    members = tuple(replace(member, do_not_disturb=True) for member in SALES.members)
    snapshot = with_owner(replace(SALES, members=members, mailbox=Mailbox()))
    plan = decide(trunk_call(SALES_NUMBER), snapshot, OFFICE_TIME)
    assert plan.steps == (Ring(SALES.key, (), 40, RingResult.BUSY), Release())


def test_one_phone_stops_all_for_its_owner_alone() -> None:
    stops = ringing.DECLINED_OR_BUSY
    anna = replace(ANNA, stops_all=stops)
    assert decide(trunk_call(ANNAS), with_owner(anna), OFFICE_TIME).steps[0].stops == stops
    snapshot = with_owner(replace(SALES, members=(anna, BEN)))
    assert decide(trunk_call(SALES_NUMBER), snapshot, OFFICE_TIME).steps[0].stops == ()


@pytest.mark.parametrize(
    ("mailbox_after", "wanted", "begin"),
    [
        (20, (0, 10), (0, 10)),
        (20, (5, 10), (0, 5)),
        (20, (0, 60), (0, 15)),
        (0, (0, 60), (0, 20)),
        (4, (0, 60), (0, 0)),
    ],
)
@pytest.mark.parametrize("now", [OFFICE_TIME, EVENING])
def test_a_late_phone_begins_in_time_at_any_time_of_day(mailbox_after, wanted, begin, now) -> None:
    devices = tuple(Device(f"d{n}", "d", "desk", ring_delay=delay) for n, delay in enumerate(wanted))
    box = replace(ANNA.mailbox, answer_after=mailbox_after)
    first = decide(trunk_call(ANNAS), with_owner(replace(ANNA, devices=devices, mailbox=box)), now).steps[0]
    if isinstance(first, Ring):
        assert tuple(target.delay for target in first.targets) == begin
    else:
        assert mailbox_after == 0


@given(st.lists(st.integers(0, 60)), st.integers(5, 300), st.none() | st.integers(0, 300))
def test_there_is_always_time_to_answer(wanted: list[int], ring_seconds: int, mailbox_after: int | None) -> None:
    seconds = ringing.shortest(ring_seconds, mailbox_after)
    begin = ringing.delays(wanted, seconds)
    assert len(begin) == len(wanted)
    assert all(0 <= delay <= max(0, seconds - ringing.LEAST_SECONDS) for delay in begin)
    assert not begin or 0 in begin


def test_the_switch_is_asked_only_about_those_whose_setting_needs_it() -> None:
    assert counters(COMPANY) == frozenset()
    assert counters(_in_pool(calls_at_once=2)) == {"talks-anna", "rings-anna-desk", "rings-anna-soft"}
    assert counters(_in_pool(calls_at_once=2, do_not_disturb=True)) == frozenset()


@pytest.mark.parametrize("feature", features.CODES.values())
def test_a_code_is_carried_out_for_whoever_has_the_account(feature: str) -> None:
    call = IncomingCall("u", "*78", device="anna-soft", caller_number="11", feature=feature)
    plan = decide(call, COMPANY, OFFICE_TIME)
    assert plan.steps == (Switch(feature, "employee:anna", "anna-soft", "de"),)
    assert (plan.owner, plan.number) == (None, None)


def test_a_code_of_an_account_that_is_nobodys_is_refused() -> None:
    call = IncomingCall("u", "*78", device="stranger", feature=features.DND_ON)
    assert "device_unknown" in _codes(decide(call, COMPANY, OFFICE_TIME))
