"""What is said of a call that a phone makes into the public network; the dialplan does it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from callrouter.directory.digits import digit_rules
from callrouter.routing.decide import decide
from callrouter.routing.plan import Dial, IncomingCall, Reject, RejectReason, RoutePlan
from callrouter.routing.snapshot import Employee, Outside
from tests.routing.company import ANNA, COMPANY, EVENING, OFFICE_HOURS, OFFICE_TIME

OUTSIDE = Outside(("carrier", "second"), ("national", "mobile"), ("national",), OFFICE_HOURS)
TOWN, MOBILE, ABROAD = "+493023125500", "+4917604069001", "+441632960001"


def _plan(
    dialed: str,
    at: dt.datetime = OFFICE_TIME,
    caller: Employee = ANNA,
    outside: Outside = OUTSIDE,
    device: str = "anna-desk",
) -> RoutePlan:
    snapshot = replace(COMPANY, digits=digit_rules("DE", "30"), outside=outside, devices={"anna-desk": caller})
    return decide(IncomingCall("u", dialed, device=device), snapshot, at)


def _codes(plan: RoutePlan) -> list[str]:
    return [reason.code for reason in plan.reasons]


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (ANNA, "+493023125010"),
        (replace(ANNA, shown="+493023125000"), "+493023125000"),
        (replace(ANNA, shown="anonymous"), "anonymous"),
        (replace(ANNA, number=None), "anonymous"),
    ],
)
def test_it_goes_by_the_trunks_in_their_order_and_shows_what_is_set(caller: Employee, shown: str) -> None:
    plan = _plan("03023125500", caller=caller)
    assert plan.steps == (Dial(TOWN, shown, ("carrier", "second")),)
    assert (plan.number, plan.owner, plan.caller) == (TOWN, None, "10")
    assert _codes(plan)[-1] == ("shown_nothing" if shown == "anonymous" else "shown_number")


@pytest.mark.parametrize(
    ("dialed", "own", "at", "refused", "why"),
    [
        (MOBILE, None, OFFICE_TIME, None, "shown_number"),
        (MOBILE, None, EVENING, RejectReason.NOT_NOW, "not_allowed_closed"),
        (TOWN, None, EVENING, None, "shown_number"),
        (ABROAD, None, OFFICE_TIME, RejectReason.NOT_ALLOWED, "not_allowed_company"),
        (ABROAD, ("international",), OFFICE_TIME, None, "shown_number"),
        (ABROAD, ("international",), EVENING, RejectReason.NOT_NOW, "not_allowed_closed"),
        (TOWN, ("international",), OFFICE_TIME, RejectReason.NOT_ALLOWED, "not_allowed_employee"),
        (TOWN, (), OFFICE_TIME, RejectReason.NOT_ALLOWED, "not_allowed_employee"),
    ],
)
def test_what_an_employee_may_call_and_when(
    dialed: str, own: tuple[str, ...] | None, at: dt.datetime, refused: RejectReason | None, why: str
) -> None:
    plan = _plan(dialed, at, replace(ANNA, destinations=own))
    [step] = plan.steps
    assert (step.reason if isinstance(step, Reject) else None) is refused
    assert _codes(plan)[-1] == why


def test_without_a_trunk_nothing_goes_out() -> None:
    assert _plan(TOWN, outside=replace(OUTSIDE, trunks=())).steps == (Reject(RejectReason.NO_TRUNK),)


@pytest.mark.parametrize("dialed", ["03023125099", "99", "0", "*21"])
def test_a_number_of_ours_that_nobody_has_and_no_number_stay_unknown(dialed: str) -> None:
    assert _plan(dialed).steps == (Reject(RejectReason.UNKNOWN_NUMBER),)


def test_a_stranger_calls_nobody() -> None:
    assert _plan(TOWN, device="someone").steps == (Reject(RejectReason.UNKNOWN_DEVICE),)


def test_a_call_from_a_trunk_never_goes_out() -> None:
    snapshot = replace(COMPANY, digits=digit_rules("DE", "30"), outside=OUTSIDE)
    plan = decide(IncomingCall("u", TOWN, trunk="carrier", caller_number=MOBILE), snapshot, OFFICE_TIME)
    assert plan.steps == (Reject(RejectReason.UNKNOWN_NUMBER),)
