"""Members of pools who are rung outside as well, with the router alive, and when it dies."""

from __future__ import annotations

import signal

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory import history
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from tests.e2e.world import CALLER, SALES, World, final

pytestmark = pytest.mark.freeswitch

OTHER, MOBILE = "+4917604069002", "+4917604069007"


def _world(world: World) -> World:
    world.company["employees"][0]["forwarding"] = {"always": MOBILE}
    world.company["blocked_callers"] = []
    world.company["pools"][0] |= {
        "members": ["anna", "ben"],
        "members_outside": True,
        "ring_seconds": 40,
        "mailbox": {"enabled": False},
    }
    world.create()
    world.scratch.start()
    return world


def _prompted(world: World, count: int) -> PhoneCall:
    there = world.trunk.wait_for_call(count)
    assert there.invite
    assert f"sip:{MOBILE}@" in there.invite.start
    there.wait_for("answered")
    wait_until(lambda: len(there.audio.heard) > 8000, "the prompt")
    return there


def test_with_and_without_the_router(bare_world: World) -> None:
    """The key takes it; a mobile without a key leaves it to the phones; what is declined there is told."""
    world = _world(bare_world)
    world.trunk.behaviour = Answer()
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER)
    there = _prompted(world, 2)
    assert not call.answered
    there.audio.send_digits("1")
    assert final(call) == 200
    for phone in (anna, ben):
        assert "cause=200" in phone.wait_for("CANCEL").get("Reason")
    there.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("pool:sales", "answered", MOBILE)]
    assert (record.interrupted, world.rung(record)[MOBILE]) == (False, "answered")
    with world.scratch.database.read() as session:
        [line] = history.calls(session).rows
    assert (line.device, line.answered_by) == (MOBILE, "Anna Schmidt")

    ben.behaviour = Answer(after=5)
    call = world.trunk.call(SALES, OTHER)
    _prompted(world, 4).wait_for("ended", 20)
    assert final(call) == 200
    call.hangup()
    record = world.calls(2)[-1]
    assert world.steps(record) == [("pool:sales", "answered", "ben-desk")]
    assert world.rung(record)[MOBILE] == "elsewhere"

    world.trunk.behaviour = anna.behaviour = ben.behaviour = Refuse(486)
    assert final(world.trunk.call(SALES, CALLER)) == 486
    record = world.calls(3)[-1]
    assert (world.details(record), world.rung(record)[MOBILE]) == (["busy"], "busy")
    world.mails(1)
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1, "one of the missed call, none for members"

    world.scratch.kill_role("router", signal.SIGKILL)
    world.trunk.behaviour, ben.behaviour = Answer(), NoAnswer()
    call = world.trunk.call(SALES, OTHER)
    there = _prompted(world, 8)
    there.audio.send_digits("1")
    assert final(call) == 200
    call.hangup()
    record = world.calls(4)[-1]
    assert world.steps(record) == [("pool:sales", "answered", MOBILE)]
    assert record.interrupted
