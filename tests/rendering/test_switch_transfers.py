"""Hold and transfers by the phones' own keys on the real FreeSWITCH, with none of our processes."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import NoAnswer, Refuse
from callrouter.simulator.rtp import frequency_of, loud_part
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company, parts
from tests.rendering.switch_world import soon, switch_of

pytestmark = pytest.mark.freeswitch

ANNA, BEN = "+493023125010", "+493023125011"
CALLER, OUTSIDE = "+4917604069001", "03023125500"


running = switch_of(office_company, TRUNK_TONE)


def test_hold_plays_music_and_the_talk_goes_on(office: Office) -> None:
    anna = office.speaking("anna-desk", 600)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    mine = anna.wait_for_call()
    hears(mine, 400)
    assert mine.hold() == 200
    before = len(call.audio.heard)
    soon(lambda: len(loud_part(call.audio.heard[before + 8000 :])) > 8000, 8)
    assert abs(frequency_of(call.audio.heard[-8000:]) - 600) > 30
    assert mine.hold(on=False) == 200
    hears(call, 600)
    call.hangup()


def test_blind_transfer_inside(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    assert anna.wait_for_call().transfer("11") == 202
    hears(call, 800)
    assert f"<sip:{CALLER}@" in ben.wait_for("INVITE").get("From")
    call.hangup()
    [cdr] = office.cdrs(1)
    assert parts(cdr) == [("employee:anna", "answered", "anna-desk"), ("employee:ben", "answered", "ben-desk")]


def test_blind_transfer_out_goes_on_the_account_of_who_transfers(office: Office) -> None:
    anna = office.speaking("anna-desk", 600)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    assert anna.wait_for_call().transfer(OUTSIDE) == 202
    invite = office.trunk.wait_for("INVITE")
    assert "<sip:+493023125000@" in invite.get("From")  # anna's outgoing number
    office.trunk.wait_for_call(2).wait_for("answered")
    hears(call, 400)
    call.hangup()
    [cdr] = office.cdrs(1)
    assert parts(cdr) == [("employee:anna", "answered", "anna-desk"), ("employee:anna", "answered", "")]
    assert cdr.direction == "inbound"


def test_the_caller_transfers_a_colleague(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800)
    cem = office.speaking("cem-desk", 1000)
    call = anna.call("11")
    hears(call, 800)
    assert call.transfer("12") == 202
    hears(ben.wait_for_call(), 1000)
    shown = cem.wait_for("INVITE").get("From")
    assert '"Ben Y' in shown
    assert "<sip:11@" in shown
    call.wait_for("ended")
    ben.wait_for_call().hangup()
    assert sorted(map(parts, office.cdrs(2))) == [
        [("employee:ben", "answered", "ben-desk")],
        [("employee:cem", "answered", "cem-desk")],
    ]


def test_the_caller_transfers_somebody_outside_to_a_colleague(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800)
    call = anna.call(OUTSIDE)
    hears(call, 400)
    assert call.transfer("11") == 202
    outside = office.trunk.wait_for_call()
    hears(outside, 800)
    shown = ben.wait_for("INVITE").get("From")
    assert "<sip:+493023125500@" in shown
    call.wait_for("ended")
    outside.hangup()
    first, second = office.cdrs(2)
    assert first.links == (second.uuid,)
    assert sorted(map(parts, (first, second))) == [
        [("employee:anna", "answered", "")],
        [("employee:ben", "answered", "ben-desk")],
    ]


def test_attended_transfer(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    mine = anna.wait_for_call()
    assert mine.hold() == 200
    question = anna.call("11")
    hears(question, 800)
    assert mine.transfer_to_call(question) == 202
    hears(call, 800)
    hears(ben.wait_for_call(), 400)
    call.hangup()
    made = office.cdrs(2)
    assert ("employee:anna", "answered", "anna-desk") in [part for cdr in made for part in parts(cdr)]
    assert all(outcome != "missed" for cdr in made for _, outcome, _ in parts(cdr))
    assert made[0].links == made[1].links != ()


def test_transfer_into_a_mailbox(office: Office) -> None:
    ben = office.speaking("ben-desk", 800)
    call = office.trunk.call(BEN, CALLER)
    hears(call, 800)
    assert ben.wait_for_call().transfer("*910") == 202
    path = soon(lambda: next(office.switch.settings.spool.recordings.glob("*.wav"), None), 20)
    call.hangup()
    [cdr] = office.cdrs(1)
    assert parts(cdr)[0] == ("employee:ben", "answered", "ben-desk")
    assert cdr.steps[-1].kind == "voicemail"
    assert cdr.steps[-1].owner == "employee:anna"
    path.unlink()


@pytest.mark.parametrize("target", ["12", "99", "00441632960001"])
def test_a_transfer_that_nobody_takes_comes_back(office: Office, target: str) -> None:
    anna = office.speaking("anna-desk", 600)
    office.speaking("cem-desk", 1000, NoAnswer())
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    anna.wait_for_call().transfer(target)
    anna.wait_for_call(2, timeout=20)
    hears(call, 600, 10)
    call.hangup()
    [cdr] = office.cdrs(1)
    assert parts(cdr)[0] == ("employee:anna", "answered", "anna-desk")
    assert parts(cdr)[-1] == ("employee:anna", "answered", "anna-desk")


def test_a_transfer_out_that_fails_comes_back_as_the_call_it_was(office: Office) -> None:
    anna = office.speaking("anna-desk", 600)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    office.trunk.behaviour = Refuse(404)
    assert anna.wait_for_call().transfer(OUTSIDE) == 202
    back = anna.wait_for_call(2, timeout=20).invite
    hears(call, 600, 10)
    counted = [office.switch.api(f"limit_usage hash callrouter {id}").strip() for id in ("company", "calls-anna")]
    call.hangup()
    assert counted == ["0", "0"]
    assert back
    assert f"<sip:{CALLER}@" in back.get("From")
    assert (back.get("P-Asserted-Identity"), back.get("Privacy")) == ("", "")
    [cdr] = office.cdrs(1)
    assert parts(cdr)[-1] == ("employee:anna", "answered", "anna-desk")
