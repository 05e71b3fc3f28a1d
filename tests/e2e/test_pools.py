"""Pools with the router alive: strategies, signing in and out by code, and what the ledger makes of it."""

from __future__ import annotations

import re
import signal
from typing import Any

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.directory import audit, services
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.e2e.world import CALLER, SALES, World, final
from tests.lamps import lamps, subscribe

pytestmark = pytest.mark.freeswitch

OTHER = "+4917604069002"


def _world(world: World, **pool: Any) -> World:
    """The pool has Anna, Ben, Cem and Dora with a phone each, and the extension 20."""
    for key, extension in (("cem", "31"), ("dora", "32")):
        number = f"+4930231250{extension}"
        world.company["numbers"].append(number)
        devices = [{"label": "Telefon", "sip_user": f"{key}-desk", "sip_password": f"7d2kQ9-{key}"}]
        world.company["employees"].append(
            {
                "id": key,
                "name": key.title(),
                "extension": extension,
                "personal_number": number,
                "devices": devices,
            }
        )
    world.company["pools"][0] |= {
        "members": ["anna", "ben", "cem", "dora"],
        "extension": "20",
        "member_seconds": 5,
        "ring_seconds": 20,
        "mailbox": {"enabled": False},
        **pool,
    }
    world.create()
    world.scratch.start()
    return world


def _dial(phone: Phone, code: str) -> None:
    """Dial *code* and hear the answer."""
    call = phone.call(code)
    call.wait_for("answered")
    call.wait_for("ended", 15)
    assert len(loud_part(call.audio.heard)) > 4000


def _signed_out(world: World) -> list[str]:
    with world.scratch.database.read() as session:
        return services.pool(session, "sales")[0].signed_out


def _rung(world: World) -> set[str]:
    """Whose phones the rendered dialplan rings for the pool."""
    fallback = (world.scratch.settings.conf_dir / "dialplan" / "fallback.xml").read_text("utf-8")
    context = fallback.partition('<context name="owner-pool-sales">')[2].partition("</context>")[0]
    return set(re.findall(r"sofia/phones/([a-z]+)-", context))


def test_one_after_the_other_passing_over_who_is_busy_or_offline(bare_world: World) -> None:
    """Anna rings in vain, Ben is busy, Cem offline, Dora answers: one part of the call, and no mail."""
    world = _world(bare_world, strategy="sequential")
    anna = world.phone("anna-desk", NoAnswer())
    ben = world.phone("ben-desk", Refuse(486))
    dora = world.phone("dora-desk", Answer())
    call = world.trunk.call(SALES, CALLER)
    assert final(call, 20) == 200
    assert 4 < dora.calls[0].events[0].at - anna.calls[0].events[0].at < 8
    call.hangup()
    [record] = world.calls(1)
    assert world.steps(record) == [("pool:sales", "answered", "dora-desk")]
    assert not record.interrupted
    assert world.rung(record) == {
        "anna-desk": "no_answer",
        "anna-soft": "offline",
        "ben-desk": "busy",
        "cem-desk": "offline",
        "dora-desk": "answered",
    }
    assert (len(anna.calls), len(ben.calls)) == (1, 1)
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_all_busy_is_one_missed_call_and_one_mail(bare_world: World) -> None:
    world = _world(bare_world, strategy="sequential")
    for key in ("anna", "ben", "cem"):
        world.phone(f"{key}-desk", Refuse(486))
    assert final(world.trunk.call(SALES, CALLER)) == 486
    [record] = world.calls(1)
    assert (record.outcome, world.details(record)) == ("missed", ["busy"])
    assert len(world.mails(1)) == 1
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1


def test_the_limit_of_the_pool_ends_it(bare_world: World) -> None:
    world = _world(bare_world, strategy="sequential", ring_seconds=8)
    phones = [world.phone(f"{key}-desk", NoAnswer()) for key in ("anna", "ben", "cem")]
    call = world.trunk.call(SALES, CALLER)
    assert final(call, 20) == 480
    assert call.events[-1].at - call.events[0].at < 11
    assert [len(phone.calls) for phone in phones] == [1, 1, 0]
    [record] = world.calls(1)
    assert world.details(record) == ["no_answer"]


def test_when_the_router_dies_the_one_who_rings_may_still_answer(bare_world: World) -> None:
    world = _world(bare_world, strategy="sequential", mailbox={"enabled": True, "answer_after": 20})
    anna = world.phone("anna-desk", Answer(after=3))
    call = world.trunk.call(SALES, CALLER)
    anna.wait_for("INVITE")
    world.scratch.kill_role("router", signal.SIGKILL)
    assert final(call, 15) == 200
    assert anna.calls[0].answered
    call.hangup()
    world.phone("anna-desk", NoAnswer())
    world.scratch.start_role("router")
    call = world.trunk.call(SALES, OTHER)
    anna = world.phones["anna-desk"]
    anna.wait_for_call()
    world.scratch.kill_role("router", signal.SIGKILL)
    assert final(call, 15) == 200, "the mailbox takes it"
    call.wait_for("answered")
    call.hangup()
    lost = next(record for record in world.calls(2) if record.caller == OTHER)
    assert world.details(lost) == ["reached_mailbox"]
    assert lost.interrupted


def test_who_is_idle_longest_is_rung_first(bare_world: World) -> None:
    world = _world(bare_world, strategy="longest-idle")
    phones = {key: world.phone(f"{key}-desk", Answer()) for key in ("anna", "ben", "cem")}
    taken = []
    for count in range(1, 6):
        call = world.trunk.call(SALES, CALLER)
        assert final(call) == 200
        call.hangup()
        record = world.calls(count)[-1]
        taken.append(world.steps(record)[0][2])
    assert taken == ["anna-desk", "ben-desk", "cem-desk", "anna-desk", "ben-desk"]
    assert [len(phone.calls) for phone in phones.values()] == [2, 2, 1]


def test_waves(bare_world: World) -> None:
    world = _world(bare_world, strategy="waves", delays={"cem": 3, "dora": 10})
    anna, ben = (world.phone(f"{key}-desk", NoAnswer()) for key in ("anna", "ben"))
    cem, dora = world.phone("cem-desk", Answer(after=1)), world.phone("dora-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER)
    assert final(call) == 200
    assert 2 < cem.calls[0].events[0].at - anna.calls[0].events[0].at < 5
    ben.wait_for("CANCEL")
    assert dora.calls == []
    call.hangup()


def test_two_calls_at_once_go_to_two_members(bare_world: World) -> None:
    bare_world.company["employees"][0]["ringing"] = {"calls_at_once": 1}
    world = _world(bare_world, strategy="sequential")
    anna, ben = world.phone("anna-desk", Answer()), world.phone("ben-desk", Answer())
    first = world.trunk.call(SALES, CALLER)
    assert final(first) == 200
    second = world.trunk.call(SALES, OTHER)
    assert final(second) == 200
    assert (len(anna.calls), len(ben.calls)) == (1, 1)
    first.hangup()
    second.hangup()
    records = world.calls(2)
    assert sorted(str(world.steps(record)[0][2]) for record in records) == ["anna-desk", "ben-desk"]


def test_while_one_rings_the_next_call_rings_another(bare_world: World) -> None:
    """Anna rings for the first, Ben for the second; she comes last for that one, and once."""
    world = _world(bare_world, strategy="sequential", members=["anna", "ben"])
    anna, ben = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())
    first = world.trunk.call(SALES, CALLER)
    anna.wait_for("INVITE")
    second = world.trunk.call(SALES, OTHER)
    ben.wait_for("INVITE")
    assert len(anna.calls) == 1
    assert (final(first, 20), final(second, 25)) == (480, 480)
    assert [len(phone.calls) for phone in (anna, ben)] == [2, 2]
    records = world.calls(2)
    ends = {"anna-desk": "no_answer", "ben-desk": "no_answer", "anna-soft": "offline"}
    assert [world.rung(record) for record in records] == [ends, ends]
    assert len(world.mails(2)) == 2
    world.quiet()
    assert len(world.scratch.mails.mails()) == 2, "one for each missed call, however many were rung"


def test_what_one_takes_is_no_missed_call_for_the_others(bare_world: World) -> None:
    """Anna has two phones, Ben answers; then Cem picks up what rings at the others: no mail of either."""
    world = _world(bare_world)
    others = [world.phone(user, NoAnswer()) for user in ("anna-desk", "anna-soft", "dora-desk")]
    ben, cem = world.phone("ben-desk", Answer(after=0.5)), world.phone("cem-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER)
    assert final(call) == 200
    for phone in (*others, cem):
        assert "cause=200" in phone.wait_for("CANCEL").get("Reason"), phone.user
    call.hangup()
    ben.behaviour = NoAnswer()
    call = world.trunk.call(SALES, OTHER)
    for phone in (*others, ben, cem):
        phone.wait_for_call(2)
    taken = cem.call("*8")
    assert final(call) == 200
    taken.hangup()
    records = world.calls(2)
    assert [record.outcome for record in records if record.direction == "inbound"] == ["answered", "answered"]
    world.quiet()
    assert world.scratch.mails.mails() == []


def test_signing_out_and_in_by_code_during_a_call(bare_world: World) -> None:
    world = _world(bare_world)
    world.scratch.start_role("web")
    anna, ben = world.phone("anna-desk", Answer()), world.phone("ben-desk", NoAnswer())
    assert subscribe(ben, "*6020*11") in (200, 202)
    wait_until(lambda: lamps(ben, "*6020*11")[-1:] == ["confirmed"], "a lamp that is lit")
    talk = world.trunk.call(SALES, CALLER)
    assert final(talk) == 200
    _dial(ben, "*6220")
    assert _signed_out(world) == ["ben"]
    wait_until(lambda: lamps(ben, "*6020*11")[-1:] == ["terminated"], "a dark lamp")
    _dial(ben, "*6020*11")
    assert _signed_out(world) == []
    wait_until(lambda: lamps(ben, "*6020*11")[-1:] == ["confirmed"], "a lamp that is lit again")
    _dial(anna, "*6020*11")
    assert _signed_out(world) == [], "it is another's key"
    _dial(ben, "*6220")
    _dial(anna, "*6020")
    assert sorted(_signed_out(world)) == ["anna", "ben"]
    assert not any(event.name == "ended" for event in anna.calls[0].events), "the talk goes on"
    wait_until(lambda: not {"anna", "ben"} & _rung(world), "the rendered dialplan")
    assert final(world.trunk.call(SALES, OTHER)) == 480
    talk.hangup()
    own = world.trunk.call("+493023125011", OTHER)
    ben.wait_for_call(2)
    own.cancel()
    world.scratch.kill_role("router", signal.SIGKILL)
    assert final(world.trunk.call(SALES, OTHER)) == 480
    _dial(ben, "*6120")
    assert sorted(_signed_out(world)) == ["anna", "ben"], "nobody was there to change it"
    world.scratch.start_role("router")
    _dial(ben, "*6120")
    assert _signed_out(world) == ["anna"]
    again = world.trunk.call(SALES, OTHER)
    ben.wait_for_call(3)
    again.cancel()
    for code in ("*6199", "*6110"):
        _dial(ben, code)
    with world.scratch.database.read() as session:
        changes = [line.changes for line in audit.listed(session, actor="phone:ben-desk").rows]
    assert len(changes) == 4
