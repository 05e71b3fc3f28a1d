"""How an employee's phones ring, and the phones' codes, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.rendering.switch_world import World, marks, soon, switch_of
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

ANNA, BEN, CARA, DORA, EMIL, FRITZ, SALES = (f"+4930231250{n}" for n in ("10", "11", "12", "13", "14", "15", "00"))
CALLER, OTHER = "+4917604069001", "+4917604069002"


def _company(port: int) -> dict[str, Any]:
    """Anna wants one call at a time and stops all by declining, Dora by busy, too; Ben's soft phone rings late; Cara is
    not to be disturbed; Emil lets one call wait, Fritz two, and who comes then is Dora's."""
    data = muster()
    data["company"]["ring_seconds"] = 7
    data["numbers"] += [DORA, EMIL, FRITZ]
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    anna, ben = data["employees"]
    anna |= {"ringing": {"calls_at_once": 1, "declining": "all"}, "mailbox": {"enabled": False}}
    ben["devices"].append({"label": "Laptop", "sip_user": "ben-soft", "sip_password": "9c7aQ1-soft", "ring_delay": 2})
    for key, name, number, extension, ringing in (
        ("cara", "Cara", CARA, None, {"do_not_disturb": True}),
        ("dora", "Dora", DORA, None, {"declining": "all-or-busy"}),
        ("emil", "Emil", EMIL, "14", {"calls_at_once": 2}),
        ("fritz", "Fritz", FRITZ, "15", {"calls_at_once": 3}),
    ):
        devices = [
            {"label": kind, "sip_user": f"{key}-{kind}", "sip_password": f"4f1bX2-{kind}"} for kind in ("desk", "soft")
        ]
        data["employees"].append(
            {
                "id": key, "name": name, "personal_number": number, "extension": extension, "devices": devices,
                "ringing": ringing,
            }
        )  # fmt: skip
    data["employees"][-1]["forwarding"] = {"busy": "employee:dora"}
    data["pools"][0] |= {"ring_seconds": 5, "mailbox": {"enabled": False}, "members": ["anna", "ben", "cara"]}
    return data


running = switch_of(_company)


def _registered(world: World, user: str, behaviour: Any) -> Phone:
    password = "9c7aQ1-soft" if user == "ben-soft" else f"4f1bX2-{user.partition('-')[2]}"
    phone = world.phone(user, behaviour, "9c7aQ1-desk" if user == "ben-desk" else password)
    assert phone.register() == 200
    return phone


def _talks(world: World, id: str = "anna") -> str:
    return _counts(world, f"talks-{id}")[0]


def _counts(world: World, *ids: str) -> list[str]:
    return [world.switch.api(f"limit_usage hash callrouter {id}").strip() for id in ids]


def _ended(call: PhoneCall) -> int:
    call.wait_for("ended", 15)
    return call.status


def test_while_somebody_talks_no_phone_rings(world: World) -> None:
    desk = _registered(world, "anna-desk", Answer())
    soft = _registered(world, "anna-soft", NoAnswer())
    first = world.trunk.call(ANNA, CALLER)
    first.wait_for("answered")
    soon(lambda: _talks(world) == "1", 5)
    second = world.trunk.call(ANNA, OTHER)
    assert _ended(second) == 486
    assert (len(desk.calls), len(soft.calls)) == (1, 1)
    record = world.record(second)
    assert marks(record) == ["f-anna;ring;employee:anna", "f-anna;ring;employee:anna;busy"]
    first.hangup()
    soon(lambda: _talks(world) == "0", 5)
    third = world.trunk.call(ANNA, CALLER)
    third.wait_for("answered")
    third.hangup()


EMILS = ("talks-emil", "rings-emil-desk", "rings-emil-soft")


def test_while_somebody_talks_one_call_waits_and_the_next_is_busy(world: World) -> None:
    desk = _registered(world, "emil-desk", Answer())
    soft = _registered(world, "emil-soft", NoAnswer())
    first = world.trunk.call(EMIL, CALLER)
    first.wait_for("answered")
    soon(lambda: _counts(world, *EMILS) == ["1", "0", "0"], 5)
    desk.behaviour = NoAnswer()
    second = world.trunk.call(EMIL, OTHER)
    soft.wait_for_call(2)
    soon(lambda: _counts(world, *EMILS) == ["1", "1", "1"], 5)
    third = world.trunk.call(EMIL, CALLER)
    assert _ended(third) == 486
    assert marks(world.record(third)) == ["f-emil;ring;employee:emil", "f-emil;ring;employee:emil;busy"]
    assert (len(desk.calls), len(soft.calls)) == (2, 2)
    second.cancel()
    second.wait_for("ended")
    soon(lambda: _counts(world, *EMILS) == ["1", "0", "0"], 5)
    desk.behaviour = Answer()
    fourth = world.trunk.call(EMIL, OTHER)
    fourth.wait_for("answered")
    soon(lambda: _counts(world, *EMILS) == ["2", "0", "0"], 5)
    assert _ended(world.trunk.call(EMIL, CALLER)) == 486
    for call in (first, fourth):
        call.hangup()
    soon(lambda: _counts(world, *EMILS) == ["0", "0", "0"], 5)


def test_two_calls_may_wait_and_the_next_goes_where_calls_go_when_busy(world: World) -> None:
    desk = _registered(world, "fritz-desk", NoAnswer())
    dora = _registered(world, "dora-desk", NoAnswer())
    _registered(world, "ben-desk", Answer())
    own = desk.call("11")
    own.wait_for("answered")
    waiting = []
    for n, caller in enumerate((CALLER, OTHER), 1):
        waiting.append(world.trunk.call(FRITZ, caller))
        desk.wait_for_call(n)
        soon(lambda n=n: _counts(world, "talks-fritz", "rings-fritz-desk") == ["1", str(n)], 5)
    last = world.trunk.call(FRITZ, CALLER)
    dora.wait_for("INVITE")
    last.cancel()
    last.wait_for("ended")
    assert len([request for request in desk.received if request.method == "INVITE"]) == 2
    assert "f-fritz;ring;employee:fritz;busy" in marks(world.record(last))
    for call in waiting:
        call.cancel()
        call.wait_for("ended")
    own.hangup()
    soon(lambda: _counts(world, "talks-fritz", "rings-fritz-desk") == ["0", "0"], 5)


def test_while_nobody_talks_every_call_rings(world: World) -> None:
    soft = _registered(world, "emil-soft", NoAnswer())
    calls = []
    for n in (1, 2, 3):
        calls.append(world.trunk.call(EMIL, CALLER))
        soft.wait_for_call(n)
    for call in calls:
        call.cancel()
        call.wait_for("ended")
    soon(lambda: _counts(world, *EMILS) == ["0", "0", "0"], 5)


def test_ones_own_call_to_oneself_is_no_other_call_and_goes_on_counting(world: World) -> None:
    desk = _registered(world, "anna-desk", NoAnswer())
    soft = _registered(world, "anna-soft", Answer())
    call = desk.call("10")
    call.wait_for("answered")
    assert len(soft.calls) == 1
    soon(lambda: _talks(world) == "2", 5)
    call.hangup()
    soon(lambda: _talks(world) == "0", 5)


def test_a_phone_that_calls_is_talking_until_it_hangs_up(world: World) -> None:
    desk = _registered(world, "anna-desk", NoAnswer())
    _registered(world, "ben-desk", Answer())
    call = desk.call("11")
    call.wait_for("answered")
    assert _talks(world) == "1"
    assert _ended(world.trunk.call(ANNA, OTHER)) == 486
    call.hangup()
    soon(lambda: _talks(world) == "0", 5)


def test_who_picks_up_a_call_is_talking(world: World) -> None:
    desk = _registered(world, "anna-desk", NoAnswer())
    ben = _registered(world, "ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    ben.wait_for("INVITE")
    taken = desk.call("**11")
    call.wait_for("answered")
    assert _ended(world.trunk.call(ANNA, OTHER)) == 486
    taken.hangup()
    soon(lambda: _talks(world) == "0", 5)


def test_one_who_is_transferred_away_is_not_talking_any_more_and_who_takes_over_is(world: World) -> None:
    desk = _registered(world, "anna-desk", Answer())
    _registered(world, "ben-desk", Answer())
    call = world.trunk.call(BEN, CALLER)
    call.wait_for("answered")
    assert _talks(world) == "0"
    ben = next(phone for phone in world.others if phone.user == "ben-desk")
    assert ben.wait_for_call().request("REFER", (("Refer-To", f"<sip:10@{ben.domain}>"),)).status == 202
    desk.wait_for("INVITE")
    soon(lambda: _talks(world) == "1", 5)
    call.hangup()
    soon(lambda: _talks(world) == "0", 5)


def test_one_to_whom_a_transferred_call_comes_back_is_talking_again(world: World) -> None:
    desk = _registered(world, "anna-desk", Answer())
    _registered(world, "ben-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    assert desk.wait_for_call().request("REFER", (("Refer-To", f"<sip:11@{desk.domain}>"),)).status == 202
    soon(lambda: _talks(world) == "0", 5)
    desk.wait_for_call(2, timeout=20)
    soon(lambda: _talks(world) == "1", 5)
    assert _ended(world.trunk.call(ANNA, OTHER)) == 486
    call.hangup()
    soon(lambda: _talks(world) == "0", 5)


def test_in_a_pool_only_the_one_who_talks_is_left_out(world: World) -> None:
    desk = _registered(world, "anna-desk", Answer())
    ben = _registered(world, "ben-desk", NoAnswer())
    cara = _registered(world, "cara-desk", NoAnswer())
    first = world.trunk.call(ANNA, CALLER)
    first.wait_for("answered")
    second = world.trunk.call(SALES, OTHER)
    ben.wait_for("INVITE")
    second.cancel()
    second.wait_for("ended")
    assert (len(desk.calls), len(cara.calls)) == (1, 0)
    parts = outcome(world.cdr(second), {}).parts
    assert {leg.device for part in parts for leg in part.legs} == {"ben-desk", "ben-soft"}
    first.hangup()


def test_declining_on_one_phone_stops_the_others(world: World) -> None:
    _registered(world, "anna-desk", Refuse(603, after=0.5))
    soft = _registered(world, "anna-soft", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    assert _ended(call) == 603
    soft.wait_for("CANCEL")
    assert marks(world.record(call))[-1] == "f-anna;ring;employee:anna;rejected"


def test_a_busy_phone_stops_the_others_only_where_it_is_to(world: World) -> None:
    _registered(world, "anna-desk", Refuse(486))
    soft = _registered(world, "anna-soft", Answer(after=1.5))
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    call.hangup()
    _registered(world, "dora-desk", Refuse(486, after=0.5))
    soft = _registered(world, "dora-soft", NoAnswer())
    call = world.trunk.call(DORA, CALLER)
    assert _ended(call) == 486
    soft.wait_for("CANCEL")
    assert marks(world.record(call))[-1] == "f-dora;ring;employee:dora;busy"


def test_a_phone_that_declines_in_a_pool_stops_nobody(world: World) -> None:
    _registered(world, "anna-desk", Refuse(603))
    _registered(world, "ben-desk", Answer(after=1))
    call = world.trunk.call(SALES, CALLER)
    call.wait_for("answered")
    call.hangup()
    assert world.record(call)["variables"][v.DEVICE] == "ben-desk"


def test_a_phone_rings_later_and_at_once_where_it_is_the_only_one(world: World) -> None:
    soft = _registered(world, "ben-soft", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    ringing = call.wait_for("180")
    assert soft.wait_for_call().events[0].at - ringing.at < 1.5
    call.cancel()
    call.wait_for("ended")
    desk = _registered(world, "ben-desk", NoAnswer())
    call = world.trunk.call(BEN, CALLER)
    begun = desk.wait_for_call().events[0].at
    assert 1.5 < soft.wait_for_call(2).events[0].at - begun < 4
    call.cancel()


def test_a_late_phone_that_never_rang_ends_with_the_call(world: World) -> None:
    soft = _registered(world, "ben-soft", NoAnswer())
    _registered(world, "ben-desk", Answer(after=0.2, hang_up_after=0.2))
    call = world.trunk.call(BEN, CALLER)
    call.wait_for("ended")
    assert world.record(call)["variables"][v.DEVICE] == "ben-desk"
    assert soft.calls == []


def test_who_is_not_to_be_disturbed_is_busy(world: World) -> None:
    desk = _registered(world, "cara-desk", NoAnswer())
    call = world.trunk.call(CARA, CALLER)
    assert _ended(call) == 486
    assert desk.calls == []
    assert marks(world.record(call)) == ["f-cara;ring;employee:cara", "f-cara;ring;employee:cara;busy"]


@pytest.mark.parametrize("code", ["*78", "*79", "*1", "**", "*78*78", "*#06#"])
def test_a_code_is_answered_in_words_even_without_the_router(world: World, code: str) -> None:
    call = _registered(world, "anna-desk", NoAnswer()).call(code)
    call.wait_for("answered")
    call.wait_for("ended", 15)
    assert len(loud_part(call.audio.heard)) > 8000  # a second


def test_nobody_else_dials_a_code(world: World) -> None:
    """Neither from outside, nor for somebody who is transferred to it, who has an account as well: that comes back."""
    assert _ended(world.trunk.call("*78", CALLER)) == 404
    ben = _registered(world, "ben-desk", NoAnswer())
    anna = _registered(world, "anna-desk", Answer())
    call = ben.call("10")
    call.wait_for("answered")
    assert anna.wait_for_call().request("REFER", (("Refer-To", f"<sip:*78@{anna.domain}>"),)).status == 202
    anna.wait_for_call(2, timeout=20)
    call.hangup()
    assert "d-refused;reject;employee:anna;unknown_number" in marks(world.record(call))
