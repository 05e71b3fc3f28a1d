"""The strategies of pools, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.rendering.switch_world import World, marks, switch_of
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

CALLER, OTHER = "+4917604069001", "+4917604069002"
PEOPLE = ("anna", "ben", "cem", "dora", "emil")
SEQUENTIAL, WAVES, IDLE, SHORT, OUT, BOXED, ALL = (f"+4930231250{n}" for n in range(20, 27))


def _company(port: int) -> dict[str, Any]:
    """Five people with one phone each, Emil with two; Dora wants no second call; each pool has most of them."""
    data = muster()
    data["company"]["ring_seconds"] = 20
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] += [SEQUENTIAL, WAVES, IDLE, SHORT, OUT, BOXED, ALL]
    data["employees"] = [
        {
            "id": key,
            "name": key.title(),
            "extension": f"3{place}",
            "devices": [
                {"label": kind, "sip_user": f"{key}-{kind}", "sip_password": f"4f1bX2-{kind}"}
                for kind in (("desk", "soft") if key == "emil" else ("desk",))
            ],
            "ringing": {"calls_at_once": 1 if key == "dora" else None},
            "forwarding": {"no_answer": "pool:p26", "busy": "pool:p26", "after": 5} if key == "cem" else {},
        }
        for place, key in enumerate(PEOPLE)
    ]
    turns = {"strategy": "sequential", "member_seconds": 5, "ring_seconds": 30}
    pools: dict[str, dict[str, Any]] = {
        SEQUENTIAL: {**turns, "members": ["anna", "ben", "dora", "emil"]},
        WAVES: {
            "strategy": "waves",
            "members": ["anna", "ben", "emil"],
            "delays": {"ben": 2, "emil": 4},
            "ring_seconds": 15,
        },
        IDLE: {**turns, "strategy": "longest-idle", "members": ["ben", "anna"]},
        SHORT: {**turns, "members": ["anna", "ben", "cem"], "ring_seconds": 9},
        OUT: {**turns, "members": ["anna", "ben"], "signed_out": ["anna"]},
        BOXED: {**turns, "members": ["anna", "ben"], "mailbox": {"enabled": True, "answer_after": 30}},
        ALL: {"members": ["anna", "dora", "cem"], "ring_seconds": 10},
    }
    data["pools"] = [
        {"id": f"p{number[-2:]}", "name": f"Pool {number[-2:]}", "numbers": [number], **pool}
        for number, pool in pools.items()
    ]
    return data


running = switch_of(_company)


def _phone(world: World, user: str, behaviour: Any) -> Phone:
    phone = world.phone(user, behaviour, f"4f1bX2-{user.partition('-')[2]}")
    assert phone.register() == 200
    return phone


def _begun(phone: Phone) -> float:
    return phone.wait_for_call(timeout=20).events[0].at


def _ended(call: PhoneCall) -> int:
    call.wait_for("ended", 30)
    return call.status


def test_one_after_the_other_and_who_is_offline_or_busy_is_passed_over_at_once(world: World) -> None:
    """Anna does not answer, Ben is offline, Dora busy on her phone; Emil has two phones, one answers."""
    anna = _phone(world, "anna-desk", NoAnswer())
    _phone(world, "dora-desk", Refuse(486))
    soft = _phone(world, "emil-soft", NoAnswer())
    desk = _phone(world, "emil-desk", Answer(after=1))
    call = world.trunk.call(SEQUENTIAL, CALLER)
    first, second = _begun(anna), _begun(desk)
    assert 4 < second - first < 7
    assert abs(_begun(soft) - second) < 1
    anna.wait_for("CANCEL")
    call.wait_for("answered", 15)
    call.hangup()
    record = world.record(call)
    assert marks(record) == ["f-p20;ring;pool:p20"]
    assert record["variables"][v.DEVICE] == "emil-desk"
    [part] = outcome(world.cdr(call), {}).parts
    assert (part.outcome, part.device) == ("answered", "emil-desk")
    ends = {leg.device: leg.end.value for leg in part.legs}
    assert ends == {
        "anna-desk": "no_answer",
        "ben-desk": "offline",
        "dora-desk": "busy",
        "emil-desk": "answered",
        "emil-soft": "elsewhere",
    }
    assert [len(phone.calls) for phone in (anna, soft, desk)] == [1, 1, 1]


def test_who_talks_and_wants_no_second_call_is_passed_over(world: World) -> None:
    """Two calls at once: the second is Emil's, for Dora talks by then."""
    dora = _phone(world, "dora-desk", Answer())
    emil = _phone(world, "emil-desk", Answer())
    first, second = world.trunk.call(SEQUENTIAL, CALLER), None
    first.wait_for("answered", 10)
    second = world.trunk.call(SEQUENTIAL, OTHER)
    second.wait_for("answered", 10)
    assert (len(dora.calls), len(emil.calls)) == (1, 1)
    first.hangup()
    second.hangup()
    assert marks(world.record(second)) == ["f-p20;ring;pool:p20"]


def test_two_calls_at_once_ring_who_is_free(world: World) -> None:
    dora = _phone(world, "dora-desk", Answer())
    cem = _phone(world, "cem-desk", NoAnswer())
    anna = _phone(world, "anna-desk", NoAnswer())
    first = world.trunk.call(ALL, CALLER)
    first.wait_for("answered", 10)
    second = world.trunk.call(ALL, OTHER)
    anna.wait_for_call(2)
    cem.wait_for_call(2)
    assert len(dora.calls) == 1
    second.cancel()
    first.hangup()


def test_they_are_rung_no_longer_than_the_pool_in_all(world: World) -> None:
    anna, ben, cem = (_phone(world, f"{key}-desk", NoAnswer()) for key in ("anna", "ben", "cem"))
    call = world.trunk.call(SHORT, CALLER)
    begun = _begun(anna)
    assert _ended(call) == 480
    assert call.events[-1].at - begun < 13
    assert (len(ben.calls), len(cem.calls)) == (1, 0)
    assert marks(world.record(call)) == ["f-p23;ring;pool:p23", "f-p23;ring;pool:p23;no_answer"]
    again = world.trunk.call(SHORT, CALLER)
    anna.wait_for_call(2)
    again.cancel()


@pytest.mark.parametrize("number", [SEQUENTIAL, IDLE, WAVES])
def test_all_offline_or_all_busy_is_said_at_once(world: World, number: str) -> None:
    call = world.trunk.call(number, CALLER)
    assert _ended(call) == 480
    assert marks(world.record(call))[-1].endswith(";offline")
    for key in ("anna", "ben", "dora", "emil"):
        _phone(world, f"{key}-desk", Refuse(486))
    call = world.trunk.call(number, CALLER)
    assert _ended(call) == 486
    assert call.events[-1].at - call.events[0].at < 4
    assert marks(world.record(call))[-1].endswith(";busy")


def test_one_who_rang_to_the_end_is_no_answer_though_the_last_was_busy(world: World) -> None:
    _phone(world, "anna-desk", NoAnswer())
    _phone(world, "ben-desk", Refuse(486))
    call = world.trunk.call(BOXED, CALLER)
    call.wait_for("answered", 20)
    call.hangup()
    record = world.record(call)
    assert marks(record) == ["f-p25;ring;pool:p25", "f-p25;ring;pool:p25;no_answer", "f-p25;voicemail;pool:p25"]
    [part] = outcome(world.cdr(call), {}).parts
    assert (part.owner, part.outcome, part.detail) == ("pool:p25", "missed", "reached_mailbox")


def test_waves_begin_after_their_seconds(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    ben = _phone(world, "ben-desk", NoAnswer())
    emil = _phone(world, "emil-desk", Answer(after=0.5))
    call = world.trunk.call(WAVES, CALLER)
    first, second, third = _begun(anna), _begun(ben), _begun(emil)
    assert 1.5 < second - first < 4
    assert 3.5 < third - first < 6
    call.wait_for("answered", 10)
    anna.wait_for("CANCEL")
    ben.wait_for("CANCEL")
    call.hangup()
    assert world.record(call)["variables"][v.DEVICE] == "emil-desk"


def test_the_next_wave_begins_at_once_where_nobody_of_the_first_can_be_rung(world: World) -> None:
    _phone(world, "anna-desk", Refuse(486))
    ben = _phone(world, "ben-desk", Answer())
    call = world.trunk.call(WAVES, CALLER)
    call.wait_for("answered", 10)
    assert _begun(ben) - call.events[0].at < 1.9
    call.hangup()


def test_without_the_router_the_members_order_stands_for_who_is_idle_longest(world: World) -> None:
    anna = _phone(world, "anna-desk", Answer())
    ben = _phone(world, "ben-desk", NoAnswer())
    call = world.trunk.call(IDLE, CALLER)
    assert 4 < _begun(anna) - _begun(ben) < 7
    call.wait_for("answered", 10)
    call.hangup()


def test_who_is_signed_out_is_not_rung_for_the_pool(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    _phone(world, "ben-desk", Answer())
    call = world.trunk.call(OUT, CALLER)
    call.wait_for("answered", 5)
    call.hangup()
    assert anna.calls == []


def test_a_caller_who_gives_up_while_a_member_rings_rings_no_other(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    ben = _phone(world, "ben-desk", NoAnswer())
    call = world.trunk.call(SEQUENTIAL, CALLER)
    anna.wait_for("INVITE")
    call.cancel()
    call.wait_for("ended")
    assert marks(world.record(call)) == ["f-p20;ring;pool:p20"]
    assert ben.calls == []
    [part] = outcome(world.cdr(call), {}).parts
    assert (part.outcome, part.detail) == ("missed", "abandoned")


def test_a_call_picked_up_while_a_member_rings_rings_no_other(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    ben = _phone(world, "ben-desk", NoAnswer())
    cem = _phone(world, "cem-desk", Answer())
    call = world.trunk.call(SHORT, CALLER)
    anna.wait_for("INVITE")
    taken = cem.call("*8")
    taken.wait_for("answered", 10)
    call.wait_for("answered", 5)
    anna.wait_for("CANCEL")
    call.hangup()
    taken.wait_for("ended", 10)
    assert ben.calls == []


@pytest.mark.parametrize("behaviour", [NoAnswer(), Refuse(603)])
def test_who_was_rung_is_not_rung_again_by_the_pool_where_the_call_goes_on(world: World, behaviour: Any) -> None:
    cem = _phone(world, "cem-desk", behaviour)
    _phone(world, "anna-desk", Answer())
    ben = _phone(world, "ben-desk", NoAnswer())
    call = ben.call("32")
    call.wait_for("answered", 15)
    call.hangup()
    assert len(cem.calls) == 1
    record = world.record(call)
    assert record["variables"][v.DEVICE] == "anna-desk"
    direct = world.trunk.call(ALL, CALLER)
    cem.wait_for_call(2)
    direct.cancel()
