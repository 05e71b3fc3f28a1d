"""Transfers and calls out with all of our roles at work: one story of a call, one mail for what was missed."""

from __future__ import annotations

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory.records import CallRow
from callrouter.directory.timeline import call_detail
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.rtp import loud_part, tone
from tests.e2e.world import ANNA, BEN, CALLER, World, final

pytestmark = pytest.mark.freeswitch

OUTSIDE = "+493023125500"


def story(world: World, call: CallRow) -> list[str]:
    """The UUIDs of the other calls of its story."""
    with world.scratch.database.read() as session:
        return [one.uuid for one in call_detail(session, call.uuid).linked]


def test_a_transferred_caller_whom_nobody_takes_comes_back_and_nobody_is_told(world: World) -> None:
    anna = world.phone("anna-desk", Answer())
    anna.says = tone(600, 60)
    ben = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    assert anna.wait_for_call().transfer("11") == 202
    assert f"<sip:{CALLER}@" in ben.wait_for("INVITE").get("From")
    heard = len(call.audio.heard)
    anna.wait_for_call(2, timeout=20).wait_for("answered")
    wait_until(lambda: len(loud_part(call.audio.heard[heard:])) > 2000, "anna's voice")
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [
        ("employee:anna", "answered", "anna-desk"),
        ("employee:ben", "missed", None),
        ("employee:anna", "answered", "anna-desk"),
    ]
    assert (record.outcome, record.interrupted) == ("answered", False)
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_when_nobody_takes_it_at_last_there_is_one_mail(world: World) -> None:
    anna = world.phone("anna-desk", Answer())
    world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    first = anna.wait_for_call()
    anna.behaviour = NoAnswer()
    assert first.transfer("11") == 202
    call.wait_for("ended", 25)
    [record] = world.calls(1)
    assert [outcome for _, outcome, _ in world.steps(record)] == ["answered", "missed", "missed"]
    [mail] = world.mails(1)
    assert mail["To"] == "anna@muster.example"
    told = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Anna Schmidt (030 23125010)" in told
    assert "23125011" not in told
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1


def test_somebody_called_outside_comes_back_and_the_mail_names_no_number_of_ours(world: World) -> None:
    anna = world.phone("anna-desk", Answer())
    world.phone("ben-desk", NoAnswer())
    call = anna.call("03023125500")
    assert final(call) == 200
    anna.behaviour = NoAnswer()
    assert call.transfer("11") == 202
    world.trunk.wait_for_call().wait_for("ended", 25)
    [mail] = world.mails(1)
    assert mail["To"] == "anna@muster.example"
    told = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Anrufer: 030 23125500" in told
    assert "Anna Schmidt (" not in told


def test_a_caller_put_through_to_a_mailbox_is_not_taken_for_a_disturbance(world: World) -> None:
    ben = world.phone("ben-desk", Answer())
    call = world.trunk.call(BEN, CALLER)
    assert final(call) == 200
    assert ben.wait_for_call().transfer("*910") == 202
    wait_until(lambda: len(loud_part(call.audio.heard)) > 8000, "the greeting")
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("employee:ben", "answered", "ben-desk"), ("employee:anna", "missed", None)]
    assert not record.interrupted


def test_a_call_out_is_a_call_of_the_employee(world: World) -> None:
    ben = world.phone("ben-desk", NoAnswer())
    call = ben.call("03023125500", "+4917604069099", "Somebody Else")
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert (record.direction, record.caller, record.caller_name) == ("outbound", "11", "Ben Yılmaz")
    assert (record.number, record.trunk, record.outcome) == (OUTSIDE, "carrier", "answered")
    assert world.steps(record) == [("employee:ben", "answered", None)]
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_somebody_called_outside_is_transferred_to_a_colleague_who_misses_it(world: World) -> None:
    anna = world.phone("anna-desk", Answer())
    ben = world.phone("ben-desk", NoAnswer())
    call = anna.call("03023125500")
    assert final(call) == 200
    anna.behaviour = NoAnswer()
    assert call.transfer("11") == 202
    assert f"<sip:{OUTSIDE}@" in ben.wait_for("INVITE").get("From")
    world.trunk.wait_for_call().hangup()
    first, second = world.calls(2)
    assert (first.direction, first.outcome, first.number) == ("outbound", "answered", OUTSIDE)
    assert (second.direction, second.outcome, second.caller, second.number) == ("inbound", "missed", OUTSIDE, BEN)
    assert second.caller_name == ""
    [mail] = world.mails(1)
    assert mail["To"] == "ben@muster.example"


@pytest.mark.parametrize(("target", "owner"), [("11", "employee:ben"), ("20", "pool:sales"), ("*910", "employee:anna")])
def test_a_call_out_and_what_became_of_it_are_one_story(bare_world: World, target: str, owner: str) -> None:
    world = bare_world
    world.company["pools"][0]["extension"] = "20"
    world.create()
    world.scratch.start()
    anna = world.phone("anna-desk", Answer())
    world.phone("ben-desk", Answer())
    call = anna.call("03023125500")
    assert final(call) == 200
    assert call.transfer(target) == 202
    outside = world.trunk.wait_for_call()
    wait_until(lambda: len(loud_part(outside.audio.heard)) > 2000 or world.phones["ben-desk"].calls, "the other end")
    wait_until(lambda: call.ended, "the transferring phone's end")
    outside.hangup()
    first, second = world.calls(2)
    assert (first.direction, first.number, first.outcome) == ("outbound", OUTSIDE, "answered")
    assert (second.direction, second.caller, second.caller_name) == ("inbound", OUTSIDE, "")
    assert [step[0] for step in world.steps(second)] == [owner]
    assert story(world, first) == [second.uuid]
    assert story(world, second) == [first.uuid]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_call_and_the_question_before_its_transfer_are_one_story(world: World, direction: str) -> None:
    anna = world.phone("anna-desk", Answer())
    ben = world.phone("ben-desk", Answer())
    ben.says = tone(800, 60)
    if direction == "inbound":
        outside = world.trunk.call(ANNA, CALLER)
        assert final(outside) == 200
        call = anna.wait_for_call()
    else:
        call = anna.call("03023125500")
        assert final(call) == 200
        outside = world.trunk.wait_for_call()
    assert call.hold() == 200
    question = anna.call("11")
    assert final(question) == 200
    heard = len(outside.audio.heard)
    assert call.transfer_to_call(question) == 202
    wait_until(lambda: len(loud_part(outside.audio.heard[heard:])) > 2000, "ben's voice")
    outside.hangup()
    first, second = world.calls(2)
    assert (first.direction, second.direction) == (direction, "internal")
    assert story(world, first) == [second.uuid]
    assert story(world, second) == [first.uuid]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_somebody_is_put_into_a_mailbox_after_its_greeting_was_heard(world: World, direction: str) -> None:
    ben = world.phone("ben-desk", Answer())
    if direction == "inbound":
        outside = world.trunk.call(BEN, CALLER)
        assert final(outside) == 200
        call = ben.wait_for_call()
    else:
        call = ben.call("03023125500")
        assert final(call) == 200
        outside = world.trunk.wait_for_call()
    assert call.hold() == 200
    listening = ben.call("*910")
    assert final(listening) == 200
    wait_until(lambda: len(loud_part(listening.audio.heard)) > 4000, "the greeting")
    assert call.transfer_to_call(listening) == 202
    wait_until(lambda: listening.ended, "the end of listening")
    heard = len(outside.audio.heard)
    wait_until(lambda: len(loud_part(outside.audio.heard[heard:])) > 4000, "the greeting")
    outside.hangup()
    inbound = [record for record in world.calls(3 if direction == "outbound" else 2) if record.direction == "inbound"]
    [record] = inbound
    assert world.steps(record)[-1] == ("employee:anna", "missed", None)
    assert world.details(record)[-1] == "reached_mailbox"
    if direction == "outbound":
        [out] = [record for record in world.calls(3) if record.direction == "outbound"]
        assert (story(world, out), story(world, record)) == ([record.uuid], [out.uuid])
