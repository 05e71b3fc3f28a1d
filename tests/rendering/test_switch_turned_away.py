"""Callers who are refused by the rendered dialplan alone, on the real FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callrouter.ledger.outcome import Outcome, outcome
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.rendering.switch_world import World, marks, switch_and_trunk
from tests.switch import DOMAIN, RenderedSwitch, muster

pytestmark = pytest.mark.freeswitch

ANNA, BEN = "+493023125010", "+493023125011"
PRIVATE = (("Privacy", "id"),)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone]]:
    data = muster()
    data["blocked_callers"] = ["+4917604069012", "+491760406902*"]
    data["reject_anonymous"] = [ANNA]
    with switch_and_trunk(tmp_path_factory.mktemp("switch"), lambda _: data) as running:
        yield running


def _outcome(world: World, call: PhoneCall) -> tuple[str, str, list[str]]:
    found = outcome(world.cdr(call), {})
    return found.outcome, found.parts[-1].detail, marks(world.record(call))


@pytest.mark.parametrize("caller", ["+4917604069012", "017604069012", "+4917604069020", "004917604069021"])
def test_a_blocked_caller_gets_603_at_once(world: World, caller: str) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, caller)
    call.wait_for("ended")
    assert call.status == 603
    assert "183" not in [event.name for event in call.events]
    assert not desk.calls
    assert _outcome(world, call) == (Outcome.REJECTED, "blocked_caller", ["f-refused;reject;;blocked_caller"])


@pytest.mark.parametrize("caller", ["+4917604069013", "110", "anonymous"])
def test_anybody_else_rings(world: World, caller: str) -> None:
    desk = world.registered("ben-desk", NoAnswer())
    call = world.trunk.call(BEN, caller)
    desk.wait_for("INVITE")
    call.hangup()
    assert marks(world.record(call))[0] == "f-ben;ring;employee:ben"


@pytest.mark.parametrize(("caller", "headers"), [("anonymous", ()), ("+4917604069001", PRIVATE)])
def test_a_caller_without_a_number_hears_why_and_gets_433(world: World, caller: str, headers: Any) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, caller, headers=headers)
    assert call.wait_for("183").at < call.wait_for("ended", timeout=20).at
    assert call.status == 433
    assert len(loud_part(call.audio.heard)) > 8000 * 3  # the announcement, 8000 samples a second
    assert not desk.calls
    assert _outcome(world, call) == (Outcome.REJECTED, "anonymous_caller", ["f-refused;reject;;anonymous_caller"])


def test_who_hangs_up_during_the_announcement_was_refused_and_not_missed(world: World) -> None:
    call = world.trunk.call(ANNA, "anonymous")
    call.wait_for("183")
    call.cancel()
    assert _outcome(world, call)[:2] == (Outcome.REJECTED, "anonymous_caller")


def test_a_colleague_may_transfer_a_caller_without_a_number(world: World) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    ben = world.registered("ben-desk", Answer())
    call = world.trunk.call(BEN, "anonymous", headers=PRIVATE)
    call.wait_for("answered")
    assert ben.wait_for_call().request("REFER", (("Refer-To", f"<sip:{ANNA}@{DOMAIN}>"),)).status == 202
    anna.wait_for("INVITE")
    call.hangup()


def test_a_colleague_whose_phone_withholds_its_number_is_put_through(world: World) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    ben = world.registered("ben-desk", NoAnswer())
    call = ben.call(ANNA, "anonymous", headers=PRIVATE)
    anna.wait_for("INVITE")
    call.hangup()
