"""Callers who wait for a member of a pool: the router begins, FreeSWITCH goes on alone, the ledger tells of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from callrouter.cli.scratch import wait_until
from callrouter.directory.records import CaseRow
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.rtp import tone
from tests.e2e.world import CALLER, SALES, World
from tests.rendering.heard import music, said

pytestmark = pytest.mark.freeswitch

OTHER = "+4917604069002"


@pytest.fixture
def waiting(bare_world: World) -> World:
    sales = bare_world.company["pools"][0]
    sales |= {
        "members": ["anna", "ben"],
        "ring_seconds": 8,
        "waiting": {"after": 2, "at_most": 60, "places": 2},
        "mailbox": {"enabled": True, "answer_after": 30},
    }
    bare_world.create()
    bare_world.scratch.start()
    return bare_world


def _waits(world: World, caller: str = CALLER) -> PhoneCall:
    """A caller who hears music."""
    call = world.trunk.call(SALES, caller)
    call.wait_for("answered", 10)
    wait_until(lambda: said(call, "waiting_call_back"), "the greeting", 25)
    wait_until(lambda: music(call), "music", 10)
    return call


def test_who_asks_to_be_called_back_has_a_case_and_the_team_a_mail(waiting: World) -> None:
    world = waiting
    anna = world.phone("anna-desk", NoAnswer())
    call = _waits(world)
    anna.wait_for_call(2)
    call.audio.send_digits("2")
    anna.wait_for("CANCEL", 2)
    wait_until(lambda: said(call, "called_back"), "the promise", 10)
    call.wait_for("ended", 10)
    [record] = world.calls(1)
    assert (record.outcome, record.answered_at, record.interrupted) == ("missed", None, False)
    assert world.details(record) == ["wants_call_back"]
    assert world.rung(record)["anna-desk"] == "abandoned"
    [mail] = world.mails(1)
    assert mail["Subject"] == "Anruf von 0176 04069001 für Vertrieb"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.splitlines()[0] == "Rückruf erbeten"
    assert "Grund: Der Anrufer hat gewartet und dann um Rückruf gebeten" in text
    again = world.trunk.call(SALES, CALLER)
    again.wait_for("180", 10)
    again.cancel()
    second = world.mails(2)[1]
    assert second["Subject"] == "Anruf von 0176 04069001 für Vertrieb"
    with world.scratch.database.read() as session:
        [case] = session.scalars(select(CaseRow)).all()
    assert (case.calls, case.call_back, case.state) == (2, True, "open")


def test_the_call_begins_with_who_answers_and_with_the_mailbox_for_who_goes_there(waiting: World) -> None:
    world = waiting
    ben = world.phone("ben-desk", NoAnswer())
    first = _waits(world)
    second = world.trunk.call(SALES, OTHER)
    second.wait_for("answered", 3)
    wait_until(lambda: said(second, "place_2"), "the second place", 25)
    second.audio.send_digits("1")
    wait_until(lambda: said(second, "greeting_pool"), "the mailbox", 20)
    second.audio.play(tone(440, 4))
    ben.behaviour = Answer()
    wait_until(lambda: ben.calls[-1].answered, "Ben", 20)
    wait_until(lambda: len(ben.calls[-1].audio.heard) > 2000, "a talk", 10)
    first.hangup()
    wait_until(lambda: not second.audio.playing, "the message", 20)
    second.hangup()
    rows = {row.caller: row for row in world.calls(2)}
    answered, message = rows[CALLER], rows[OTHER]
    assert world.steps(answered) == [("pool:sales", "answered", "ben-desk")]
    assert answered.answered_at is not None
    assert (answered.answered_at - answered.started_at).total_seconds() > 10
    assert world.steps(message) == [("pool:sales", "voicemail", None)]
    assert not answered.interrupted
    assert len(world.messages()) == 1


def test_who_gives_up_has_waited_and_all_have_missed_the_call(waiting: World) -> None:
    world = waiting
    world.phone("anna-desk", NoAnswer())
    call = _waits(world)
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, world.details(record)) == ("missed", ["waited"])
    [mail] = world.mails(1)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Der Anrufer hat gewartet und nach " in text


@pytest.mark.parametrize("when", ["ringing", "greeting", "music"])
def test_the_router_dies_and_the_caller_waits_on(waiting: World, when: str) -> None:
    world = waiting
    ben = world.phone("ben-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER)
    ben.wait_for("INVITE")
    if when == "ringing":
        world.scratch.kill_role("router")
    call.wait_for("answered", 10)
    if when == "greeting":
        world.scratch.kill_role("router")
    wait_until(lambda: said(call, "place_1"), "the place", 25)
    wait_until(lambda: music(call), "music", 10)
    if when == "music":
        world.scratch.kill_role("router")
    ben.behaviour = Answer()
    wait_until(lambda: ben.calls[-1].answered, "Ben", 25)
    wait_until(lambda: len(ben.calls[-1].audio.heard) > 2000, "a talk", 10)
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("pool:sales", "answered", "ben-desk")]
    assert record.interrupted is (when == "ringing")
