"""One person with several phones, with the router alive: codes change the directory, and everything follows."""

from __future__ import annotations

import datetime as dt
import signal
from typing import Any

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory import audit, services, tokens
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.e2e.world import ANNA, BEN, CALLER, SALES, World, final
from tests.web.api_server import Program

pytestmark = pytest.mark.freeswitch


def _dial(phone: Phone, code: str) -> None:
    """Dial *code* and hear the answer."""
    call = phone.call(code)
    call.wait_for("answered")
    call.wait_for("ended", 15)
    assert len(loud_part(call.audio.heard)) > 8000


def _ben(world: World) -> Any:
    with world.scratch.database.read() as session:
        return services.employee(session, "ben")[0].ringing


def test_a_code_holds_for_all_phones_at_once_and_with_the_router_dead(world: World) -> None:
    world.scratch.start_role("web")
    desk = world.phone("ben-desk", NoAnswer())
    _dial(desk, "*78")
    assert _ben(world).do_not_disturb
    assert final(world.trunk.call(BEN, CALLER)) == 486
    assert desk.calls[1:] == []
    fallback = world.scratch.settings.conf_dir / "dialplan" / "fallback.xml"
    wait_until(lambda: "sofia/phones/ben-desk" not in fallback.read_text(), "the rendered dialplan")
    world.scratch.kill_role("router", signal.SIGKILL)
    assert final(world.trunk.call(BEN, CALLER)) == 486
    _dial(desk, "*79")
    assert _ben(world).do_not_disturb, "nobody was there to change it"
    world.scratch.start_role("router")
    _dial(desk, "*79")
    call = world.trunk.call(BEN, CALLER)
    desk.wait_for("INVITE")
    call.cancel()
    with world.scratch.database.read() as session:
        changes = [line.changes for line in audit.listed(session, actor="phone:ben-desk").rows]
    assert changes == [{"ringing.do_not_disturb": [True, False]}, {"ringing.do_not_disturb": [False, True]}]
    calls = world.calls(3)
    assert [(call.outcome, call.caller) for call in calls] == [("missed", CALLER)] * 3
    world.quiet()
    assert len(world.calls(3)) == 3, "a code is no call"


def test_a_code_that_cannot_be_carried_out_is_told(world: World) -> None:
    desk = world.phone("ben-desk", NoAnswer())
    holder = world.scratch.database.engine.raw_connection()
    holder.cursor().execute("BEGIN IMMEDIATE")
    try:
        _dial(desk, "*78")
    finally:
        holder.rollback()
        holder.close()
    assert not _ben(world).do_not_disturb


def test_while_somebody_talks_the_router_knows_it_too(bare_world: World) -> None:
    world = bare_world
    anna = world.company["employees"][0]
    anna["ringing"] = {"calls_at_once": 1}
    anna["mailbox"] = {"enabled": False}
    world.create()
    world.scratch.start()
    desk = world.phone("anna-desk", Answer())
    soft = world.phone("anna-soft", NoAnswer())
    ben = world.phone("ben-desk", NoAnswer())
    first = world.trunk.call(ANNA, CALLER)
    assert final(first) == 200
    assert final(world.trunk.call(ANNA, CALLER)) == 486
    pool = world.trunk.call(SALES, CALLER)
    ben.wait_for("INVITE")
    pool.cancel()
    pool.wait_for("ended")
    assert (len(desk.calls), len(soft.calls)) == (1, 1)
    first.hangup()
    first.wait_for("ended")
    records = world.calls(3)
    busy = next(record for record in records if "talking" in {code for code, _ in record.reasons})
    assert busy.outcome == "missed"
    assert not any(record.interrupted for record in records)
    again = world.trunk.call(ANNA, CALLER)
    assert final(again) == 200
    again.hangup()


def test_one_call_waits_and_the_next_has_the_mailbox_with_the_router_alive(bare_world: World) -> None:
    world = bare_world
    anna = world.company["employees"][0]
    world.company["company"]["ring_seconds"] = 20
    anna["ringing"] = {"calls_at_once": 2}
    anna["mailbox"]["answer_after"] = 15
    world.create()
    world.scratch.start()
    desk = world.phone("anna-desk", Answer())
    soft = world.phone("anna-soft", NoAnswer())
    first = world.trunk.call(ANNA, CALLER)
    assert final(first) == 200
    desk.behaviour = NoAnswer()
    second = world.trunk.call(ANNA, CALLER)
    desk.wait_for_call(2)
    soft.wait_for_call(2)
    third = world.trunk.call(ANNA, CALLER)
    assert final(third, 8) == 200, "the mailbox, long before its time"
    assert (len(desk.calls), len(soft.calls)) == (2, 2)
    second.cancel()
    second.wait_for("ended")
    for call in (third, first):
        call.hangup()
        call.wait_for("ended")
    records = world.calls(3)
    assert ["talking" in {code for code, _ in record.reasons} for record in records] == [False, False, True]
    assert not any(record.interrupted for record in records)


def test_a_program_has_an_employees_phone_call_a_number(world: World) -> None:
    world.scratch.start_role("web")
    with world.scratch.database.write() as session:
        token = tokens.create(session, "crm", ["write"], at=dt.datetime.now(dt.UTC), created_by="cli:test")[1]
    desk = world.phone("ben-desk", Answer())
    program = Program(int(world.scratch.settings.web.listen.rpartition(":")[2]), token)
    assert program("POST", "/employees/ben/calls", {"number": "030 23125500"}).status == 204
    desk.wait_for("INVITE")
    invite = world.trunk.wait_for("INVITE")
    assert "<sip:+493023125500@" in invite.get("To")
    desk.wait_for_call().hangup()
    [call] = world.calls(1)
    assert (call.direction, call.number) == ("outbound", "+493023125500")


def test_declining_stops_all_and_the_mailbox_answers(bare_world: World) -> None:
    world = bare_world
    anna = world.company["employees"][0]
    world.company["company"]["ring_seconds"] = 20
    anna["ringing"] = {"declining": "all"}
    anna["mailbox"]["answer_after"] = 30
    anna["devices"][1]["ring_delay"] = 1
    world.create()
    world.scratch.start()
    world.phone("anna-desk", Refuse(603, after=3))
    soft = world.phone("anna-soft", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    assert final(call, 10) == 200, "the mailbox, long before its time"
    soft.wait_for("CANCEL")
    assert soft.calls[0].events[0].at - call.events[0].at > 0.9
    call.hangup()
    [record] = world.calls(1)
    assert world.rung(record)["anna-desk"] == "rejected"
