"""Pools that open and close with the router alive, and with it dead: by code, with lamps, recorded and mailed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory import services
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.e2e.world import CALLER, SALES, World, final
from tests.lamps import lamps, subscribe

pytestmark = pytest.mark.freeswitch

BY_HAND, AT_ALL = "*6320", "*6420"


def _world(world: World, **pool: Any) -> World:
    world.company["pools"][0] |= {
        "extension": "20",
        "members": ["anna"],
        "mailbox": {"enabled": False},
        "ring_seconds": 20,
        **pool,
    }
    world.create()
    world.scratch.start()
    world.scratch.start_role("web")
    return world


def _switch(world: World) -> str:
    with world.scratch.database.read() as session:
        return services.pool(session, "sales")[0].switch


def _dial(phone: Phone, code: str) -> None:
    """Dial *code* and hear the answer."""
    call = phone.call(code)
    call.wait_for("answered")
    call.wait_for("ended", 15)
    assert len(loud_part(call.audio.heard)) > 4000


def _rendered(world: World) -> str:
    return (world.scratch.settings.conf_dir / "dialplan" / "opening.xml").read_text("utf-8")


def test_a_member_closes_it_by_code_and_lamps_show_it_and_nothing_is_forgotten(bare_world: World) -> None:
    world = _world(bare_world)
    anna, ben = world.phone("anna-desk", Answer(hang_up_after=0.3)), world.phone("ben-desk", NoAnswer())
    for code in (BY_HAND, AT_ALL):
        assert subscribe(anna, code) in (200, 202)
        wait_until(lambda code=code: lamps(anna, code)[-1:] == ["terminated"], "a dark lamp", 10)  # type: ignore[misc]
    _dial(ben, BY_HAND)
    assert _switch(world) == "scheduled", "Ben is no member"
    _dial(anna, BY_HAND)
    assert _switch(world) == "closed"
    for code in (BY_HAND, AT_ALL):
        wait_until(lambda code=code: lamps(anna, code)[-1] == "confirmed", "a lit lamp", 15)  # type: ignore[misc]
    call = world.trunk.call(SALES, CALLER)
    call.wait_for("183")
    assert final(call, 20) == 480
    assert len(loud_part(call.audio.heard)) > 8000 * 2
    assert len(anna.calls) == 1, "but for the one that she made"
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted, world.details(record)) == ("missed", False, ["closed"])
    [mail] = world.mails(1)
    assert "Es war geschlossen" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]

    wait_until(lambda: "closed by hand" in _rendered(world), "the rendered switch", 15)
    world.scratch.kill_role("router")
    again = world.trunk.call(SALES, CALLER)
    again.wait_for("183")
    again.cancel()
    second = world.calls(2)[0]
    assert (second.outcome, world.details(second)) == ("missed", ["closed"])
    assert len(anna.calls) == 1, "but for the one that she made"


def test_a_switch_ends_by_itself_and_its_lamps_go_out(bare_world: World) -> None:
    until = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=60)
    world = _world(bare_world, switch="closed", switch_until=until.isoformat())
    anna = world.phone("anna-desk", Answer(hang_up_after=0.3))
    assert subscribe(anna, BY_HAND) in (200, 202)
    if dt.datetime.now(dt.UTC) < until - dt.timedelta(seconds=8):
        wait_until(lambda: lamps(anna, BY_HAND)[-1:] == ["confirmed"], "a lit lamp", 8)
    wait_until(lambda: dt.datetime.now(dt.UTC) > until, "the end of the switch", 65)
    call = world.trunk.call(SALES, CALLER)
    assert final(call, 20) == 200
    wait_until(lambda: lamps(anna, BY_HAND)[-1:] == ["terminated"], "a dark lamp", 10)


def test_what_comes_next_while_closed_with_the_router_alive(bare_world: World) -> None:
    world = _world(bare_world, switch="closed", next={"closed": "employee:ben"})
    anna, ben = world.phone("anna-desk", Answer()), world.phone("ben-desk", Answer(hang_up_after=0.3))
    assert final(world.trunk.call(SALES, CALLER), 20) == 200
    assert (len(anna.calls), len(ben.calls)) == (0, 1)
    [record] = world.calls(1)
    assert world.steps(record)[-1][:2] == ("employee:ben", "answered")
