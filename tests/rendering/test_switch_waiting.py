"""Callers who wait for a member of a pool, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.routing import waiting
from callrouter.simulator.behaviour import BUSY, Answer, NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import write_wav
from tests.rendering.heard import loudest, music, said
from tests.rendering.switch_world import World, marks, soon, switch_and_trunk
from tests.switch import RenderedSwitch, muster

pytestmark = pytest.mark.freeswitch

CALLERS = tuple(f"+491760406900{n}" for n in range(1, 6))
PEOPLE = ("anna", "ben", "cem", "dora")
ALL, TURNS, BOXED, ONE, SHORT = (f"+4930231250{n}" for n in range(20, 25))
PLAIN, DORA = "+493023125030", "+493023125033"
OTHER = "+4917604069009"
#: A member is left in peace for so many seconds here.
RESTS = 8


def _company(port: int) -> dict[str, Any]:
    data = muster()
    data["company"]["ring_seconds"] = 20
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] += [ALL, TURNS, BOXED, ONE, SHORT, PLAIN, DORA]
    data["employees"] = [
        {
            "id": key,
            "name": key.title(),
            "extension": f"3{place}",
            "personal_number": {"anna": PLAIN, "dora": DORA}.get(key),
            "devices": [{"label": "desk", "sip_user": f"{key}-desk", "sip_password": "4f1bX2-desk"}],
        }
        for place, key in enumerate(PEOPLE)
    ]
    wait = {"after": 2, "at_most": 120, "places": 3}
    pools: dict[str, dict[str, Any]] = {
        ALL: {"members": ["anna", "ben"], "ring_seconds": 6, "waiting": wait, "extension": "50"},
        TURNS: {
            "members": ["anna", "ben", "cem"],
            "strategy": "sequential",
            "member_seconds": 6,
            "waiting": {**wait, "after": 0},
        },
        BOXED: {"members": ["anna"], "mailbox": {"enabled": True, "answer_after": 30}, "waiting": wait},
        ONE: {"members": ["anna"], "waiting": {**wait, "places": 1}, "next": {"busy": "employee:dora"}},
        SHORT: {"members": ["anna"], "waiting": {**wait, "at_most": 30}, "ring_seconds": 10},
    }
    data["blocked_callers"] = []
    data["pools"] = [
        {"id": f"p{number[-2:]}", "name": f"Pool {number[-2:]}", "numbers": [number], **pool}
        for number, pool in pools.items()
    ]
    return data


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone]]:
    """A switch on which all of this takes a few seconds: its times are short, and of its greeting it says a second."""
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in {"LOOKS": 2, "RESTS": RESTS, "SAYS": 10}.items():
            patch.setattr(waiting, name, seconds)
        with switch_and_trunk(tmp_path_factory.mktemp("switch"), _company) as (switch, trunk):
            for name in ("waiting", "waiting_mailbox", "waiting_call_back"):
                write_wav(switch.settings.prompts_dir / "de" / f"{name}.wav", loudest(f"de/{name}", 8000))
            yield switch, trunk


def _phone(world: World, user: str, behaviour: Any) -> Phone:
    phone = world.phone(user, behaviour, "4f1bX2-desk")
    assert phone.register() == 200
    return phone


def _hears(call: PhoneCall, prompt: str, seconds: float = 15.0) -> None:
    soon(lambda: said(call, prompt), seconds)


def _count(world: World, id: str) -> int:
    return int(world.switch.api(f"limit_usage hash callrouter {id}"))


def _talking(world: World, user: str = "anna-desk") -> tuple[Phone, PhoneCall]:
    """Anna's phone, and the call that she is in."""
    phone = _phone(world, user, Answer())
    call = world.trunk.call(PLAIN, OTHER)
    call.wait_for("answered", 10)
    phone.behaviour = NoAnswer()
    return phone, call


def _waiting(world: World, number: str, caller: str) -> PhoneCall:
    call = world.trunk.call(number, caller)
    call.wait_for("answered", 10)
    return call


def _stands(world: World, pool: str, place: int) -> None:
    """Somebody stands at that place in the line: who comes now comes behind. Who comes in the same moment may not."""
    soon(lambda: _count(world, f"waits-{pool}-place-{place}") == 1, 20)


def test_it_rings_then_the_caller_is_greeted_hears_music_and_its_place_until_somebody_answers(world: World) -> None:
    anna, ben = _phone(world, "anna-desk", NoAnswer()), _phone(world, "ben-desk", NoAnswer())
    call = world.trunk.call(ALL, CALLERS[0])
    call.wait_for("180")
    call.wait_for("answered", 6)
    _hears(call, "waiting")
    _hears(call, "waiting_call_back")
    _hears(call, "place_1")
    assert not said(call, "waiting_mailbox")
    anna.behaviour = Answer()
    anna.wait_for_call(2)
    again = ben.wait_for_call(2)
    soon(lambda: anna.calls[-1].answered, 15)
    again.wait_for("CANCEL")
    soon(lambda: _count(world, "waits-p20") == 0, 3)
    assert [_count(world, f"waits-p20-{what}-1") for what in ("place", "offers")] == [0, 0]
    assert _count(world, "rings-ben-desk") == 0
    assert _count(world, "talks-anna") == 1
    call.audio.send_digits("12")
    soon(lambda: anna.calls[-1].audio.digits == "12", 5)
    call.hangup()
    record = world.record(call)
    assert marks(record) == ["f-p20;ring;pool:p20", "f-p20;ring;pool:p20;no_answer", "w-p20;ring;pool:p20"]
    assert record["variables"][v.DEVICE] == "anna-desk"


def test_key_2_asks_to_be_called_back_while_phones_ring(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    call = _waiting(world, TURNS, CALLERS[0])
    _hears(call, "place_1")
    anna.wait_for_call().wait_for("INVITE")
    soon(lambda: music(call), 5)
    call.audio.send_digits("2")
    anna.wait_for("CANCEL")
    _hears(call, "called_back")
    call.wait_for("ended", 10)
    assert marks(world.record(call)) == ["w-p21;ring;pool:p21", "w-p21;ring;pool:p21;wants_call_back"]
    assert len(anna.calls) == 1


def test_key_1_goes_to_the_mailbox_and_who_has_no_number_is_not_called_back(world: World) -> None:
    _anna, talk = _talking(world)
    call = _waiting(world, BOXED, "anonymous")
    call.audio.send_digits("2")
    _hears(call, "waiting_mailbox")
    _hears(call, "place_1")
    soon(lambda: music(call), 5)
    assert not said(call, "waiting_call_back")
    call.audio.send_digits("3")
    call.audio.send_digits("1")
    _hears(call, "greeting_pool")
    assert _count(world, "waits-p22") == 0
    call.hangup()
    talk.hangup()
    assert marks(world.record(call))[-2:] == ["w-p22;ring;pool:p22;waits_mailbox", "f-p22;voicemail;pool:p22"]


def test_who_waits_while_all_are_busy_is_put_through_as_soon_as_one_is_free(world: World) -> None:
    anna, talk = _talking(world)
    call = _waiting(world, BOXED, CALLERS[0])
    _hears(call, "place_1", 45)
    rung = len(anna.calls)
    gevent.sleep(5)
    assert len(anna.calls) == rung
    assert music(call)
    anna.behaviour = Answer()
    talk.hangup()
    soon(lambda: len(anna.calls) > rung and anna.calls[-1].answered, 10)
    call.hangup()


def test_two_who_wait_ring_at_different_members_and_nobody_has_two_calls(world: World) -> None:
    anna, ben, cem = (_phone(world, f"{key}-desk", NoAnswer()) for key in ("anna", "ben", "cem"))
    first = _waiting(world, TURNS, CALLERS[0])
    _stands(world, "p21", 1)
    second = _waiting(world, TURNS, CALLERS[1])
    soon(lambda: anna.calls and ben.calls, 25)
    soon(lambda: said(second, "place_2"), 15)
    gevent.sleep(1)
    ringing = [[call for call in phone.calls if not call.ended] for phone in (anna, ben, cem)]
    assert [len(calls) for calls in ringing] in ([1, 1, 0], [0, 1, 1], [1, 0, 1])
    anna.behaviour = ben.behaviour = cem.behaviour = Answer()
    talks = soon(lambda: [p for p in (anna, ben, cem) if any(c.answered and not c.ended for c in p.calls)], 20)
    soon(lambda: sum(any(c.answered for c in p.calls) for p in (anna, ben, cem)) == 2, 20)
    gevent.sleep(3)
    assert talks
    assert all(sum(not c.ended for c in p.calls) <= 1 for p in (anna, ben, cem))
    first.hangup()
    second.hangup()


def test_the_line_moves_up_and_whoever_comes_goes_to_its_end(world: World) -> None:
    anna, talk = _talking(world)
    calls = []
    for n, caller in enumerate(CALLERS[:3], 1):
        calls.append(_waiting(world, BOXED, caller))
        _stands(world, "p22", n)
    for n, call in enumerate(calls, 1):
        _hears(call, f"place_{n}", 45)
        assert not said(call, f"place_{n + 1}")
    calls[0].hangup()
    _hears(calls[1], "place_1", 40)
    _hears(calls[2], "place_2", 40)
    late = _waiting(world, BOXED, CALLERS[3])
    _hears(late, "place_3", 45)
    assert [_count(world, f"waits-p22-place-{n}") for n in range(1, 6)] == [1, 1, 1, 0, 0]
    anna.behaviour, rung = Answer(), len(anna.calls)
    talk.hangup()
    invite = anna.wait_for_call(rung + 1, 15).invite
    assert invite is not None
    assert CALLERS[1] in invite.get("From")
    for call in (*calls[1:], late):
        call.hangup()
    soon(lambda: _count(world, "waits-p22") == 0, 5)


def test_where_all_places_are_taken_it_goes_on_as_busy(world: World) -> None:
    _anna, talk = _talking(world)
    dora = _phone(world, "dora-desk", Answer())
    first = _waiting(world, ONE, CALLERS[0])
    second = world.trunk.call(ONE, CALLERS[1])
    soon(lambda: dora.calls and dora.calls[0].answered, 10)
    second.wait_for("answered")
    second.hangup()
    first.hangup()
    talk.hangup()
    found = marks(world.record(second))
    assert found[:2] == ["w-p23;ring;pool:p23;waits_full", "f-p23;ring;pool:p23;forwarded"]
    assert found[2].startswith("f-dora;ring;employee:dora")


def test_when_the_time_is_over_it_goes_on_as_nobody_answered(world: World) -> None:
    anna = _phone(world, "anna-desk", NoAnswer())
    call = _waiting(world, SHORT, CALLERS[0])
    begun = call.events[-1].at
    call.wait_for("ended", 60)
    assert 30 <= call.events[-1].at - begun < 45
    assert len(anna.calls) >= 2
    assert marks(world.record(call))[-1] == "w-p24;ring;pool:p24;no_answer"
    assert _count(world, "waits-p24") == 0


def test_nobody_waits_where_no_phone_can_be_reached(world: World) -> None:
    call = world.trunk.call(SHORT, CALLERS[0])
    call.wait_for("ended", 10)
    assert (call.status, marks(world.record(call))[-1]) == (480, "f-p24;ring;pool:p24;offline")


def test_a_waiting_call_can_be_picked_up_and_then_has_let_go_of_all(world: World) -> None:
    _anna, talk = _talking(world)
    call = _waiting(world, ALL, CALLERS[0])
    _hears(call, "place_1", 45)
    soon(lambda: music(call), 5)
    ben = _phone(world, "ben-desk", NoAnswer())
    taken = ben.call("**50")
    taken.wait_for("answered", 10)
    soon(lambda: _count(world, "waits-p20") == 0, 5)
    assert [_count(world, f"waits-p20-{what}-1") for what in ("place", "offers")] == [0, 0]
    call.audio.send_digits("2")
    soon(lambda: taken.audio.digits == "2", 5)
    assert not call.ended
    taken.hangup()
    call.wait_for("ended", 10)
    talk.hangup()


def test_an_employee_transfers_a_caller_into_a_pool_that_waits(world: World) -> None:
    dora = _phone(world, "dora-desk", Answer())
    _anna, talk = _talking(world)
    call = world.trunk.call(DORA, CALLERS[0])
    call.wait_for("answered", 10)
    assert dora.calls[0].transfer("50") == 202
    _hears(call, "place_1", 45)
    talk.hangup()
    _anna.behaviour = Answer()
    soon(lambda: len(_anna.calls) >= 2 and _anna.calls[-1].answered, 20)
    gevent.sleep(0.5)
    before, answered = len(call.audio.heard), _anna.calls[-1]
    _anna.behaviour = NoAnswer()
    assert answered.transfer("50") == 202
    soon(lambda: said(call, "waiting_call_back", since=before), 25)
    soon(lambda: music(call), 15)
    call.audio.send_digits("2")
    call.wait_for("ended", 20)
    found = [mark.split(";")[0] for mark in marks(world.record(call))]
    assert found == ["f-dora", "was", "f-p20", "f-p20", "w-p20", "was", "f-p20", "f-p20", "w-p20", "w-p20"]
    parts = outcome(world.cdr(call), {}).parts
    assert [(part.owner, part.outcome, part.detail, part.device) for part in parts] == [
        ("employee:dora", "answered", "", "dora-desk"),
        ("pool:p20", "answered", "", "anna-desk"),
        ("pool:p20", "missed", "wants_call_back", None),
    ]


def test_who_asks_the_pool_first_and_waits_transfers_the_caller_into_the_line(world: World) -> None:
    dora = _phone(world, "dora-desk", Answer())
    anna, talk = _talking(world)
    call = world.trunk.call(DORA, CALLERS[0])
    call.wait_for("answered", 10)
    asks = dora.call("50")
    asks.wait_for("answered", 10)
    _hears(asks, "waiting")
    assert dora.calls[0].transfer_to_call(asks) == 202
    asks.wait_for("ended", 5)
    _hears(call, "place_1", 45)
    assert [_count(world, f"waits-p20{what}") for what in ("", "-place-1")] == [1, 1]
    anna.behaviour = Answer()
    talk.hangup()
    soon(lambda: len(anna.calls) >= 2 and anna.calls[-1].answered, 20)
    soon(lambda: _count(world, "waits-p20") == 0, 5)
    gevent.sleep(0.5)
    call.audio.send_digits("2")
    soon(lambda: anna.calls[-1].audio.digits == "2", 5)
    call.hangup()
    parts = outcome(world.cdr(call), {}).parts
    assert [(part.owner, part.outcome, part.device) for part in parts] == [
        ("employee:dora", "answered", "dora-desk"),
        ("pool:p20", "answered", "anna-desk"),
    ]


def test_a_member_who_declines_is_left_in_peace_for_a_while(world: World) -> None:
    anna = _phone(world, "anna-desk", BUSY)
    call = _waiting(world, BOXED, CALLERS[0])
    soon(lambda: len(anna.calls) >= 3, 60)  # before it waits, and twice since
    _, first, again = (one.events[0].at for one in anna.calls[:3])
    assert again - first >= RESTS - 1
    call.hangup()
