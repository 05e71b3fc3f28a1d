"""Calls that go on elsewhere, with the router alive, and killed in the middle."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import BUSY, Answer, NoAnswer
from tests.e2e.world import BEN, CALLER, World, final
from tests.rendering.switch_world import soon

pytestmark = pytest.mark.freeswitch

MOBILE = "+4917604069007"


def _world(world: World, **forwarding: object) -> World:
    anna, ben = world.company["employees"]
    anna["mailbox"] = {"enabled": False}
    ben["forwarding"] = forwarding
    world.create()
    world.scratch.start()
    return world


def test_a_busy_call_goes_on_and_nobody_has_missed_it(bare_world: World) -> None:
    world = _world(bare_world, busy="employee:anna")
    world.phone("ben-desk", BUSY)
    world.phone("anna-desk", Answer())
    call = world.trunk.call(BEN, CALLER)
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("answered", False)
    assert world.steps(record) == [("employee:ben", "missed", None), ("employee:anna", "answered", "anna-desk")]
    assert world.rung(record) == {"ben-desk": "busy", "anna-desk": "answered", "anna-soft": "offline"}
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_missed_there_too_it_is_missed_once_by_the_one_rung_last(bare_world: World) -> None:
    world = _world(bare_world, always="employee:anna")
    world.phone("ben-desk", NoAnswer())
    world.phone("anna-desk", BUSY)
    assert final(world.trunk.call(BEN, CALLER)) == 486
    [record] = world.calls(1)
    assert world.steps(record) == [("employee:anna", "missed", None)]
    [mail] = world.mails(1)
    assert mail["To"] == "anna@muster.example"
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1


def test_after_no_answer_the_message_is_taken_by_the_mailbox_that_is_named(bare_world: World) -> None:
    world = _world(bare_world, no_answer="mailbox:pool:sales", after=5)
    ben = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    ben.wait_for("CANCEL", timeout=15)
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert [owner for owner, _, _ in world.steps(record)] == ["employee:ben", "pool:sales"]
    [mail] = world.mails(1)
    assert mail["To"] == "vertrieb@muster.example"


def test_with_the_router_killed_while_it_rings_elsewhere_it_goes_on_from_there(bare_world: World) -> None:
    world = _world(bare_world, busy="employee:anna")
    ben = world.phone("ben-desk", BUSY)
    anna = world.phone("anna-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    anna.wait_for("INVITE")
    world.scratch.kill_role("router")
    assert final(call, 20) == 480
    assert (len(ben.calls), len(anna.calls)) == (1, 1)
    [record] = world.calls(1)
    assert record.interrupted
    assert [(owner, outcome) for owner, outcome, _ in world.steps(record)] == [
        ("employee:ben", "missed"),
        ("employee:anna", "missed"),
    ]


def test_outside_the_one_who_presses_the_key_is_told_as_who_answered(bare_world: World) -> None:
    world = _world(bare_world, busy=MOBILE)
    world.phone("ben-desk", BUSY)
    world.trunk.behaviour = Answer()
    call = world.trunk.call(BEN, CALLER)
    there = world.trunk.wait_for_call(2)
    there.wait_for("answered")
    soon(lambda: len(there.audio.heard) > 8000, 15)
    there.audio.send_digits("1")
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert (record.direction, record.outcome, record.interrupted) == ("inbound", "answered", False)
    assert world.steps(record) == [("employee:ben", "answered", MOBILE)]
    assert world.rung(record) == {"ben-desk": "busy", MOBILE: "answered"}
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_outside_without_a_key_it_is_a_message_for_the_one_who_forwards(bare_world: World) -> None:
    bare_world.company["employees"][1]["mailbox"] = {"enabled": True, "answer_after": 20}
    world = _world(bare_world, always=MOBILE)
    world.trunk.behaviour = Answer(hang_up_after=1)
    call = world.trunk.call(BEN, CALLER)
    assert final(call, 20) == 200
    call.hangup()
    [record] = world.calls(1)
    assert [(owner, outcome) for owner, outcome, _ in world.steps(record)] == [("employee:ben", "missed")]
    [mail] = world.mails(1)
    assert mail["To"] == "ben@muster.example"
