"""Calls that a colleague picks up, with all of our roles at work: who has the call is told, and nobody missed it."""

from __future__ import annotations

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory.timeline import call_detail
from callrouter.simulator.behaviour import NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.rtp import frequency_of, tone
from tests.e2e.world import ANNA, CALLER, SALES, World

pytestmark = pytest.mark.freeswitch


def _hears(call: PhoneCall, frequency: float) -> None:
    wait_until(lambda: abs(frequency_of(call.audio.heard[-4000:]) - frequency) < 20, f"{frequency:g} Hz", 10)


@pytest.mark.parametrize("number", [ANNA, SALES])
def test_who_picked_a_call_up_has_it(world: World, number: str) -> None:
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    world.trunk.says, ben.says = tone(400, 60), tone(800, 60)
    call = world.trunk.call(number, CALLER)
    anna.wait_for("INVITE")
    picking = ben.call("*8")
    _hears(call, 800)
    _hears(picking, 400)
    call.hangup()
    [record] = [record for record in world.calls(2) if record.direction == "inbound"]
    owner = "employee:anna" if number == ANNA else "pool:sales"
    assert world.steps(record) == [(owner, "answered", "ben-desk")]
    assert not record.interrupted
    with world.scratch.database.read() as session:
        [picked] = call_detail(session, record.uuid).linked
    assert [step.owner for step in picked.steps] == ["employee:ben"]
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_what_a_mailbox_has_stays_there(world: World) -> None:
    world.phone("anna-desk", NoAnswer())
    ben = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered", 15)
    picking = ben.call("**10")
    picking.wait_for("ended", 20)
    assert not call.ended
    call.hangup()
    [record] = [record for record in world.calls(2) if record.direction == "inbound"]
    assert world.steps(record) == [("employee:anna", "missed", None)]


@pytest.mark.parametrize("code", ["**10", "*8"])
def test_who_picks_up_and_is_gone_at_once_leaves_nobody_waiting(world: World, code: str) -> None:
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    anna.wait_for("INVITE")
    picking = ben.call(code)
    picking.wait_for("answered")
    picking.hangup()
    call.wait_for("ended", 5)
