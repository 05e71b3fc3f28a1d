"""Calls that go on elsewhere, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.rendering.switch_world import World, marks, soon, switch_of
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

CALLER = "+4917604069001"
#: id → what the employee has beyond a phone ID-desk with the number +4930231250NN.
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {},
    "always": {"forwarding": {"always": "employee:anna"}},
    "busy": {"forwarding": {"busy": "employee:anna"}},
    "late": {"forwarding": {"no_answer": "pool:sales", "after": 5}, "mailbox": {"enabled": True, "answer_after": 30}},
    "away": {"forwarding": {"offline": "mailbox:pool:sales"}},
    "quiet": {"forwarding": {"busy": "employee:anna"}, "ringing": {"do_not_disturb": True}},
    "one": {"forwarding": {"always": "employee:two"}},
    "two": {"forwarding": {"always": "employee:one"}},
}


def _number(id: str) -> str:
    return f"+49302312501{list(PEOPLE).index(id)}"


def _company(port: int) -> dict[str, Any]:
    data = muster()
    data["company"]["ring_seconds"] = 7
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] = ["+493023125000", *map(_number, PEOPLE)]
    data["employees"] = [
        {
            "id": id,
            "name": id.capitalize(),
            "personal_number": _number(id),
            "extension": f"1{number}",
            "devices": [{"label": "desk", "sip_user": f"{id}-desk", "sip_password": "4f1bX2-desk"}],
            **more,
        }
        for number, (id, more) in enumerate(PEOPLE.items())
    ]
    mailbox = {"enabled": True, "answer_after": 5}
    data["pools"][0] |= {"ring_seconds": 5, "mailbox": mailbox, "members": ["anna"]}
    return data


running = switch_of(_company)


def _registered(world: World, id: str, behaviour: Any) -> Phone:
    phone = world.phone(f"{id}-desk", behaviour, "4f1bX2-desk")
    assert phone.register() == 200
    return phone


def _parts(world: World, call: PhoneCall) -> list[tuple[str, str, str, set[str]]]:
    found = outcome(world.cdr(call), {}).parts
    return [(part.owner, part.outcome.value, part.detail, {leg.end.value for leg in part.legs}) for part in found]


def test_all_calls_go_to_a_colleague(world: World) -> None:
    own = _registered(world, "always", NoAnswer())
    anna = _registered(world, "anna", Answer(hang_up_after=0.3))
    call = world.trunk.call(_number("always"), CALLER)
    call.wait_for("ended")
    assert len(anna.calls) == 1
    assert own.calls == []
    assert _parts(world, call) == [("employee:anna", "answered", "", {"answered"})]
    assert world.record(call)["variables"][v.DEVICE] == "anna-desk"


@pytest.mark.parametrize("status", [486, 603])
def test_a_busy_or_declined_call_goes_on(world: World, status: int) -> None:
    _registered(world, "busy", Refuse(status))
    _registered(world, "anna", Answer(hang_up_after=0.3))
    call = world.trunk.call(_number("busy"), CALLER)
    call.wait_for("ended")
    assert [part[:3] for part in _parts(world, call)] == [
        ("employee:busy", "missed", "forwarded"),
        ("employee:anna", "answered", ""),
    ]


def test_who_is_not_to_be_disturbed_forwards_as_busy(world: World) -> None:
    quiet = _registered(world, "quiet", NoAnswer())
    _registered(world, "anna", Refuse(486))
    call = world.trunk.call(_number("quiet"), CALLER)
    call.wait_for("ended")
    assert call.status == 486
    assert quiet.calls == []
    assert [part[:3] for part in _parts(world, call)] == [
        ("employee:quiet", "missed", "forwarded"),
        ("employee:anna", "missed", "busy"),
    ]


def test_when_nobody_answers_it_goes_on_before_the_own_mailbox(world: World) -> None:
    late = _registered(world, "late", NoAnswer())
    anna = _registered(world, "anna", Answer(hang_up_after=0.3))
    call = world.trunk.call(_number("late"), CALLER)
    late.wait_for("CANCEL")
    anna.wait_for("INVITE")
    call.wait_for("ended")
    assert [part[:3] for part in _parts(world, call)] == [
        ("employee:late", "missed", "forwarded"),
        ("pool:sales", "answered", ""),
    ]


def test_a_call_that_is_declined_has_the_own_mailbox_where_only_no_answer_is_forwarded(world: World) -> None:
    _registered(world, "late", Refuse(603))
    call = world.trunk.call(_number("late"), CALLER)
    call.wait_for("answered")
    call.hangup()
    assert marks(world.record(call))[-1] == "f-late;voicemail;employee:late"


def test_offline_goes_to_a_mailbox(world: World) -> None:
    call = world.trunk.call(_number("away"), CALLER)
    call.wait_for("answered")
    path = soon(lambda: next(iter(world.switch.settings.spool.recordings.glob("*-f-sales.wav")), None), 20)
    soon(lambda: path.stat().st_size > 8000, 10)
    call.hangup()
    assert marks(world.record(call)) == [
        "f-away;ring;employee:away",
        "f-away;ring;employee:away;offline",
        "f-away;ring;employee:away;forwarded",
        "f-sales;voicemail;pool:sales",
    ]


def test_two_who_forward_to_each_other_make_no_loop(world: World) -> None:
    one, two = _registered(world, "one", NoAnswer()), _registered(world, "two", Refuse(486))
    call = world.trunk.call(_number("one"), CALLER)
    call.wait_for("ended")
    assert call.status == 486
    assert (len(one.calls), len(two.calls)) == (0, 1)


def test_a_transferred_call_may_be_forwarded_again(world: World) -> None:
    """It was answered: whoever transfers it asks for somebody anew."""
    anna = _registered(world, "anna", Answer())
    two = _registered(world, "two", NoAnswer())
    call = world.trunk.call(_number("always"), CALLER)
    call.wait_for("answered")
    assert anna.wait_for_call().request("REFER", (("Refer-To", f"<sip:16@{anna.domain}>"),)).status == 202
    two.wait_for("INVITE")
    call.hangup()
