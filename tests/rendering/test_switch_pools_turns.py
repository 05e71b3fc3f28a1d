"""Two calls at once and members of two pools, where pools ring in turn: real FreeSWITCH, no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.rendering.switch_world import World, marks, soon, switch_of
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

CALLER, OTHER, THIRD = "+4917604069001", "+4917604069002", "+4917604069003"
PEOPLE = ("anna", "ben", "cem", "dora", "emil", "fritz")
SEQUENTIAL, IDLE, ALL, PAIR = (f"+4930231250{n}" for n in range(20, 24))


def _company(port: int) -> dict[str, Any]:
    data = muster()
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] += [SEQUENTIAL, IDLE, ALL, PAIR]
    data["employees"] = [
        {
            "id": key,
            "name": key.title(),
            "extension": f"3{place}",
            "devices": [{"label": "Telefon", "sip_user": f"{key}-desk", "sip_password": "4f1bX2-desk"}],
        }
        for place, key in enumerate(PEOPLE)
    ]
    turns = {"strategy": "sequential", "member_seconds": 6, "ring_seconds": 40}
    pools = {
        SEQUENTIAL: {**turns, "members": [*PEOPLE[:4]]},
        IDLE: {**turns, "strategy": "longest-idle", "members": ["anna", "emil", "fritz"]},
        ALL: {"members": [*PEOPLE], "ring_seconds": 10},
        PAIR: {**turns, "members": ["anna", "ben"], "ring_seconds": 14},
    }
    data["pools"] = [
        {"id": f"p{number[-2:]}", "name": f"Pool {number[-2:]}", "numbers": [number], **pool}
        for number, pool in pools.items()
    ]
    return data


running = switch_of(_company)


def _phones(world: World, **behaviours: Any) -> dict[str, Phone]:
    """A registered phone of each of these; others are offline."""
    found = {key: world.phone(f"{key}-desk", behaviour, "4f1bX2-desk") for key, behaviour in behaviours.items()}
    assert all(phone.register() == 200 for phone in found.values())
    return found


def _all(world: World, behaviour: Any) -> dict[str, Phone]:
    return _phones(world, **dict.fromkeys(PEOPLE, behaviour))


def _callers(phone: Phone) -> list[str]:
    """Who called *phone*, in that order."""
    return [call.invite.get("From").partition("sip:")[2].partition("@")[0] for call in phone.calls if call.invite]


def _legs(world: World, call: PhoneCall) -> list[tuple[str, str]]:
    [part] = outcome(world.cdr(call), {}).parts
    return [(leg.device.partition("-")[0], leg.end.value) for leg in part.legs]


def test_the_second_call_rings_who_is_free_and_both_go_on_without_meeting(world: World) -> None:
    phones = _all(world, NoAnswer())
    first = world.trunk.call(SEQUENTIAL, CALLER)
    phones["anna"].wait_for("INVITE")
    second = world.trunk.call(SEQUENTIAL, OTHER)
    phones["ben"].wait_for("INVITE")
    assert _callers(phones["ben"]) == [OTHER]
    third = world.trunk.call(SEQUENTIAL, THIRD)
    phones["cem"].wait_for("INVITE")
    assert _callers(phones["cem"]) == [THIRD]
    phones["dora"].wait_for_call(1, 20)
    soon(lambda: len(_callers(phones["dora"])) == 3, 30)
    for call in (first, second, third):
        call.cancel()
    assert all(len(phone.calls) == len(set(_callers(phone))) for phone in phones.values()), "nobody twice for a call"
    assert _callers(phones["anna"])[0] == CALLER


def test_two_calls_in_the_same_moment_ring_two(world: World) -> None:
    phones = _all(world, NoAnswer())
    calls = [world.trunk.call(SEQUENTIAL, caller) for caller in (CALLER, OTHER)]
    phones["anna"].wait_for("INVITE")
    phones["ben"].wait_for("INVITE")
    assert [len(_callers(phones[key])) for key in ("anna", "ben")] == [1, 1]
    assert {*_callers(phones["anna"]), *_callers(phones["ben"])} == {CALLER, OTHER}
    for call in calls:
        call.cancel()


def test_who_rang_for_another_call_comes_last_and_once(world: World) -> None:
    phones = _phones(world, anna=NoAnswer(), ben=Refuse(486))
    first = world.trunk.call(PAIR, CALLER)
    phones["anna"].wait_for("INVITE")
    second = world.trunk.call(PAIR, OTHER)
    phones["ben"].wait_for_call(1)
    phones["anna"].wait_for_call(2)
    assert _callers(phones["anna"]) == [CALLER, OTHER]
    first.cancel()
    phones["anna"].behaviour = Answer()
    second.cancel()
    second.wait_for("ended")
    assert _legs(world, second) == [("ben", "busy"), ("anna", "abandoned")]
    assert marks(world.record(second)) == ["f-p23;ring;pool:p23"]


def test_who_answers_counts_as_ringing_no_more(world: World) -> None:
    """Whether she may have a second call is her own setting; her phone rings for it."""
    phones = _phones(world, anna=Answer(), ben=NoAnswer())
    first = world.trunk.call(PAIR, CALLER)
    first.wait_for("answered")
    second = world.trunk.call(PAIR, OTHER)
    second.wait_for("answered")
    assert (_callers(phones["anna"]), phones["ben"].calls) == ([CALLER, OTHER], [])
    assert world.switch.api("limit_usage hash callrouter rings-anna-desk").strip() == "0"
    first.hangup()
    second.hangup()


def test_a_member_of_two_pools_called_at_once_rings_for_one(world: World) -> None:
    phones = _all(world, NoAnswer())
    first = world.trunk.call(SEQUENTIAL, CALLER)
    phones["anna"].wait_for("INVITE")
    second = world.trunk.call(IDLE, OTHER)
    phones["emil"].wait_for("INVITE")
    assert _callers(phones["anna"]) == [CALLER]
    first.cancel()
    phones["anna"].wait_for("CANCEL")
    third = world.trunk.call(IDLE, THIRD)
    phones["anna"].wait_for_call(2)
    assert _callers(phones["anna"]) == [CALLER, THIRD]
    second.cancel()
    third.cancel()


def test_where_all_ring_for_other_calls_the_next_rings_all_in_their_order(world: World) -> None:
    phones = _phones(world, anna=NoAnswer(), ben=NoAnswer())
    calls = [world.trunk.call(PAIR, CALLER)]
    phones["anna"].wait_for("INVITE")
    calls.append(world.trunk.call(PAIR, OTHER))
    phones["ben"].wait_for("INVITE")
    calls.append(world.trunk.call(PAIR, THIRD))
    soon(lambda: THIRD in _callers(phones["anna"]), 3)
    calls[2].wait_for("ended", 30)
    assert calls[2].status == 480
    assert _legs(world, calls[2]) == [("anna", "no_answer"), ("ben", "no_answer")]
    assert marks(world.record(calls[2]))[-1].endswith(";no_answer")


def test_six_phones_ring_at_once_and_who_is_late_is_told_that_another_took_it(world: World) -> None:
    phones = _all(world, NoAnswer())
    phones["dora"].behaviour = Answer(after=0.5)
    call = world.trunk.call(ALL, CALLER)
    call.wait_for("answered", 10)
    for key, phone in phones.items():
        if key != "dora":
            assert "cause=200" in phone.wait_for("CANCEL").get("Reason"), key
    call.hangup()
    assert dict(_legs(world, call)) == {key: "answered" if key == "dora" else "elsewhere" for key in PEOPLE}
