"""Where calls to a pool go on that nobody took, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.rendering.office import TRUNK_TONE, Office, hears
from tests.rendering.switch_world import marks, soon, switch_of
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

CALLER, MOBILE = "+4917604069001", "+4917604069007"
FIRST, SECOND, THIRD, BOXED, OUTSIDE = (f"+4930231250{n}" for n in range(20, 25))
PEOPLE = ("anna", "ben", "cem")


def _company(port: int) -> dict[str, Any]:
    """Pools of one each, one after the other; Cem forwards all calls of his own."""
    data = muster()
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] += [FIRST, SECOND, THIRD, BOXED, OUTSIDE]
    data["employees"] = [
        {
            "id": key,
            "name": key.title(),
            "extension": f"3{place}",
            "devices": [{"label": "desk", "sip_user": f"{key}-desk", "sip_password": "4f1bX2-desk"}],
            "forwarding": {"always": "employee:anna"} if key == "cem" else {},
        }
        for place, key in enumerate(PEOPLE)
    ]
    everywhere = dict.fromkeys(("busy", "no_answer", "offline"), "pool:second")
    mailbox = {"enabled": True, "answer_after": 30}
    pools = {
        "first": {"numbers": [FIRST], "members": ["anna"], "next": everywhere, "mailbox": mailbox},
        "second": {
            "numbers": [SECOND],
            "members": ["ben"],
            "strategy": "sequential",
            "member_seconds": 5,
            "next": {"busy": "employee:cem", "offline": "mailbox:pool:first", "no_answer": MOBILE},
        },
        "outside": {"numbers": [OUTSIDE], "members": ["anna"], "next": {"offline": MOBILE}, "mailbox": mailbox},
    }
    data["pools"] = [{"id": id, "name": id.title(), "ring_seconds": 5, **pool} for id, pool in pools.items()]
    return data


running = switch_of(_company, TRUNK_TONE)


def _phone(office: Office, user: str, behaviour: Any) -> Phone:
    phone = office.phone(f"{user}-desk", behaviour, "4f1bX2-desk")
    assert phone.register() == 200
    return phone


def _parts(office: Office, call: PhoneCall) -> list[tuple[str, str, str]]:
    found = outcome(office.cdr(call), {}).parts
    return [(part.owner, part.outcome.value, part.device or part.detail) for part in found]


def test_busy_goes_on_from_pool_to_pool_and_to_an_employee_whose_own_forwarding_does_not_count(office: Office) -> None:
    anna, ben = _phone(office, "anna", Refuse(486)), _phone(office, "ben", Refuse(603))
    cem = _phone(office, "cem", Answer(hang_up_after=0.3))
    call = office.trunk.call(FIRST, CALLER)
    call.wait_for("ended", 20)
    assert [len(phone.calls) for phone in (anna, ben, cem)] == [1, 1, 1]
    assert _parts(office, call) == [
        ("pool:first", "missed", "forwarded"),
        ("pool:second", "missed", "forwarded"),
        ("employee:cem", "answered", "cem-desk"),
    ]


def test_offline_goes_straight_on_to_a_mailbox(office: Office) -> None:
    call = office.trunk.call(FIRST, CALLER)
    call.wait_for("answered")
    call.hangup()
    assert marks(office.record(call)) == [
        "f-first;ring;pool:first",
        "f-first;ring;pool:first;offline",
        "f-first;ring;pool:first;forwarded",
        "f-second;ring;pool:second",
        "f-second;ring;pool:second;offline",
        "f-second;ring;pool:second;forwarded",
        "f-first;voicemail;pool:first",
    ]


def test_nobody_answers_anywhere_and_a_number_outside_takes_it_with_a_key(office: Office) -> None:
    anna, ben = _phone(office, "anna", NoAnswer()), _phone(office, "ben", NoAnswer())
    call = office.trunk.call(FIRST, CALLER)
    anna.wait_for("CANCEL", timeout=15)
    ben.wait_for("CANCEL", timeout=15)
    there = office.trunk.wait_for_call(2)
    assert there.invite
    assert f"sip:{MOBILE}@" in there.invite.start
    assert SECOND in there.invite.get("From")
    soon(lambda: len(there.audio.heard) > 8000, 10)
    there.audio.send_digits("1")
    call.wait_for("answered")
    hears(there, 400)
    call.hangup()
    assert _parts(office, call) == [("pool:first", "missed", "forwarded"), ("pool:second", "answered", MOBILE)]


def test_outside_nobody_takes_it_and_it_comes_to_the_pools_mailbox_and_no_further(office: Office) -> None:
    office.trunk.behaviour = Refuse(486)
    call = office.trunk.call(OUTSIDE, CALLER)
    call.wait_for("answered")
    call.hangup()
    assert len(office.trunk.calls) == 2
    assert marks(office.record(call))[-2:] == [
        "o-pool-outside;ring;pool:outside;busy",
        "f-outside;voicemail;pool:outside",
    ]
