"""What callers still get, and what is still recorded, when a part dies at the worst moment."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.rtp import frequency_of, loud_part, tone
from tests.e2e.test_voicemail import leave_message, recorded, samples_of, wait_for_beep, wait_until_recorded
from tests.e2e.world import ANNA, BEN, CALLER, World, final

pytestmark = pytest.mark.freeswitch


def test_router_dead_before_the_call_phones_ring(world: World) -> None:
    world.scratch.kill_role("router")
    world.phone("ben-desk", Answer(after=0.2))
    call = world.trunk.call(BEN, CALLER, "Carla")
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("answered", True)
    assert world.steps(record) == [("employee:ben", "answered", "ben-desk")]
    assert world.rung(record) == {"ben-desk": "answered"}


def test_router_dead_before_the_call_the_fallback_takes_the_message(world: World) -> None:
    world.scratch.kill_role("router")
    world.phone("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    leave_message(world, call)
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("voicemail", True)
    [(_, audio)] = world.messages()
    assert abs(frequency_of(loud_part(samples_of(audio))) - 440) < 5
    assert len(world.mails(1)) == 1


def test_router_killed_while_ringing(world: World) -> None:
    phone = world.phone("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    phone.wait_for("INVITE")
    world.scratch.kill_role("router")
    leave_message(world, call)
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("voicemail", True)
    assert len([request for request in phone.received if request.method == "INVITE"]) == 1
    world.quiet()
    assert len(world.mails(1)) == 1


def test_router_killed_while_ringing_and_then_answered(world: World) -> None:
    phone = world.phone("anna-desk", Answer(after=1))
    call = world.trunk.call(ANNA, CALLER)
    phone.wait_for("INVITE")
    world.scratch.kill_role("router")
    assert final(call) == 200
    call.hangup()
    [record] = world.calls(1)
    assert record.outcome == "answered"
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_router_killed_during_a_conversation_nobody_notices(world: World) -> None:
    phone = world.phone("anna-desk", Answer())
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    world.scratch.kill_role("router")
    call.audio.play(tone(600, 1.0))
    wait_until(lambda: len(loud_part(phone.calls[0].audio.heard)) > 6000, "the caller's voice at the phone")
    call.hangup()
    phone.wait_for("BYE")
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("answered", False)


def test_router_killed_during_the_greeting(world: World) -> None:
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    wait_until(lambda: len(loud_part(call.audio.heard)) > 8000, "a second of the greeting")
    world.scratch.kill_role("router")
    leave_message(world, call)
    call.hangup()
    [record] = world.calls(1)
    assert record.outcome == "voicemail"
    [(_, audio)] = world.messages()
    assert abs(frequency_of(loud_part(samples_of(audio))) - 440) < 5
    world.quiet()
    assert len(world.mails(1)) == 1


def test_router_killed_while_recording(world: World) -> None:
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    wait_for_beep(call)
    before = recorded(world)
    call.audio.play(tone(440, 2.0))
    wait_until(lambda: list(world.scratch.settings.spool.recordings.glob("*.wav")), "a recording")
    world.scratch.kill_role("router")
    wait_until(lambda: not call.audio.playing, "the end of what the caller says")
    wait_until_recorded(world, before, 2.0)
    call.hangup()
    [record] = world.calls(1)
    assert record.outcome == "voicemail"
    [(_, audio)] = world.messages()
    assert len(loud_part(samples_of(audio))) / 8000 > 1.7
    world.quiet()
    assert len(world.mails(1)) == 1


def router_of(world: World) -> int | None:
    """The process id of the router that ``serve`` started; None while it has none."""
    parent = world.scratch.roles["serve"].pid
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if b"router" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
            return int(child)
    return None


def test_a_hung_router_is_ended_and_its_callers_go_on(bare_world: World) -> None:
    bare_world.create()
    bare_world.scratch.mails.start()
    bare_world.scratch.serve()
    phone = bare_world.phone("ben-desk", NoAnswer())
    hung = router_of(bare_world)
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    call = bare_world.trunk.call(BEN, CALLER)  # its socket is accepted by the kernel, and nothing would ever come
    phone.wait_for("INVITE")
    wait_until(lambda: router_of(bare_world) not in (None, hung), "a new router")
    call.cancel()
    [record] = bare_world.calls(1)
    assert (record.outcome, record.interrupted) == ("missed", True)


def test_a_clean_stop_leaves_calls_alone(bare_world: World) -> None:
    bare_world.create()
    bare_world.scratch.mails.start()
    bare_world.scratch.serve()
    ben, anna = bare_world.phone("ben-desk", Answer()), bare_world.phone("anna-desk", NoAnswer())
    talking = bare_world.trunk.call(BEN, CALLER)
    assert final(talking) == 200
    ringing = bare_world.trunk.call(ANNA, "+4917604069002")
    anna.wait_for("INVITE")
    bare_world.scratch.kill_role("serve", signal.SIGTERM)
    talking.audio.play(tone(600, 1.0))
    wait_until(lambda: len(loud_part(ben.calls[0].audio.heard)) > 6000, "the caller's voice at the phone")
    leave_message(bare_world, ringing)
    talking.hangup()
    ringing.hangup()
    bare_world.scratch.start_role("worker")
    first, second = bare_world.calls(2)
    assert (first.outcome, second.outcome) == ("answered", "voicemail")


def test_worker_killed_before_it_sends_the_mail_comes_after_its_restart(world: World) -> None:
    world.scratch.mails.answer = "451 4.3.0 not now"
    phone = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    phone.wait_for("INVITE")
    world.scratch.kill_role("worker")
    call.cancel()
    wait_until(lambda: list(world.scratch.settings.spool.cdr.glob("*.json")), "a CDR in the spool")
    world.scratch.mails.answer = ""
    world.scratch.start_role("worker")
    [record] = world.calls(1)
    assert record.outcome == "missed"
    assert len(world.mails(1)) == 1


def test_worker_killed_after_it_sent_sends_nothing_again(world: World) -> None:
    phone = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    phone.wait_for("INVITE")
    call.cancel()
    world.mails(1)
    world.quiet()
    world.scratch.kill_role("worker")
    world.scratch.start_role("worker")
    phone.behaviour = NoAnswer()
    second = world.trunk.call(BEN, "+4917604069002")
    phone.wait_for("INVITE", 2)
    second.cancel()
    mails = world.mails(2)
    world.quiet()
    assert len({mail["Message-ID"] for mail in mails}) == len(world.scratch.mails.mails()) == 2


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_freeswitch_ends_during_a_recording_the_message_is_kept(world: World, how: str) -> None:
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    wait_for_beep(call)
    call.audio.play(tone(440, 12.0))
    recordings = world.scratch.settings.spool.recordings
    wait_until(
        lambda: any(path.stat().st_size > 2.6 * 16000 for path in recordings.glob("*.wav")), "2.6 s of the message"
    )
    if how == "killed":
        world.switch.kill9()
    else:
        world.switch.terminate()
    world.start_switch()
    [record] = world.calls(1, 30)
    assert (record.outcome, record.interrupted) == ("voicemail", how == "killed")
    [(milliseconds, audio)] = world.messages()
    assert milliseconds > 2500
    assert abs(frequency_of(loud_part(samples_of(audio))) - 440) < 5
    world.quiet()
    assert len(world.mails(1)) == 1


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_freeswitch_ends_while_ringing_the_missed_call_is_kept(world: World, how: str) -> None:
    phone = world.phone("ben-desk", NoAnswer())
    world.trunk.call(BEN, CALLER)
    phone.wait_for("INVITE")
    if how == "killed":
        world.switch.kill9()
    else:
        world.switch.terminate()
    world.start_switch()
    [record] = world.calls(1, 30)
    assert (record.outcome, record.caller) == ("missed", CALLER)
    world.quiet()
    assert len(world.mails(1)) == 1


def test_an_unreachable_mail_server_delays_no_call(world: World) -> None:
    port = world.scratch.mails.port
    world.scratch.mails.stop()
    phone = world.phone("ben-desk", NoAnswer())
    with socket.create_server(("127.0.0.1", port)) as silent:  # accepts, and holds the worker for half a minute
        for number in ("+4917604069001", "+4917604069002"):
            call = world.trunk.call(BEN, number)
            call.wait_for("180")
            call.cancel()
            phone.wait_for("CANCEL", len(world.trunk.calls))
        world.calls(2)
        silent.settimeout(10)
        silent.accept()[0].close()
