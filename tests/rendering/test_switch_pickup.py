"""Lamp keys and picking up calls on the real FreeSWITCH, with none of our processes."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter import variables as v
from callrouter.simulator.behaviour import Answer, NoAnswer
from tests.lamps import dark, lamps, subscribe
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company, parts
from tests.rendering.switch_world import marks, soon, switch_of

pytestmark = pytest.mark.freeswitch

ANNA, BEN, SALES, CALLER = "+493023125010", "+493023125011", "+493023125000", "+4917604069001"


def _company(trunk: int) -> dict[str, Any]:
    company = office_company(trunk)
    company["pools"][0] |= {"extension": "20", "ring_seconds": 30}  # anna and ben; not cem
    company["company"]["ring_seconds"] = 30
    company["employees"][1]["mailbox"] = {"enabled": True, "answer_after": 3}
    return company


running = switch_of(_company, TRUNK_TONE)


def test_a_lamp_shows_a_colleague_ringing_talking_and_free(office: Office) -> None:
    ben = office.speaking("ben-desk", 800)
    assert subscribe(ben, "10") in (200, 202)
    office.speaking("anna-desk", 600, Answer(after=1.0))
    call = office.trunk.call(ANNA, CALLER)
    soon(lambda: "early" in lamps(ben, "10"), 10)
    soon(lambda: "confirmed" in lamps(ben, "10"), 10)
    call.hangup()
    soon(lambda: lamps(ben, "10")[-1] == "terminated", 10)


def test_a_lamp_shows_a_colleague_who_calls(office: Office) -> None:
    ben = office.speaking("ben-desk", 800)
    assert subscribe(ben, "10") in (200, 202)
    anna = office.speaking("anna-desk", 600)
    office.trunk.behaviour = Answer()
    call = anna.call("03023125500", "liar")
    soon(lambda: "confirmed" in lamps(ben, "10"), 10)
    call.hangup()
    soon(lambda: lamps(ben, "10")[-1] == "terminated", 10)


def test_a_lamp_of_a_pool(office: Office) -> None:
    ben = office.speaking("ben-desk", 800, NoAnswer())
    assert subscribe(ben, "20") in (200, 202)
    office.speaking("anna-desk", 600, Answer(after=1.0))
    call = office.trunk.call(SALES, CALLER)
    soon(lambda: "early" in lamps(ben, "20"), 10)
    soon(lambda: "confirmed" in lamps(ben, "20"), 10)
    call.hangup()
    soon(lambda: lamps(ben, "20")[-1] == "terminated", 10)


def test_a_pools_lamp_shows_colleagues_calls_to_its_extension(office: Office) -> None:
    ben, cem = office.speaking("ben-desk", 800, NoAnswer()), office.speaking("cem-desk", 1000)
    assert subscribe(ben, "20") in (200, 202)
    assert subscribe(ben, "12") in (200, 202)
    office.speaking("anna-desk", 600, Answer(after=1.0))
    call = cem.call("20")
    soon(lambda: lamps(ben, "20")[-1:] == ["early"], 10)
    soon(lambda: lamps(ben, "20")[-1] == lamps(ben, "12")[-1] == "confirmed", 10)
    call.hangup()
    soon(lambda: dark(ben, "20") and dark(ben, "12"), 10)


def test_a_pools_lamp_goes_out_when_the_colleague_is_transferred_elsewhere(office: Office) -> None:
    ben, cem = office.speaking("ben-desk", 800, NoAnswer()), office.speaking("cem-desk", 1000)
    assert subscribe(ben, "20") in (200, 202)
    anna = office.speaking("anna-desk", 600)
    call = cem.call("20")
    hears(call, 600)
    soon(lambda: lamps(ben, "20")[-1:] == ["confirmed"], 10)
    ben.behaviour = Answer()
    assert anna.wait_for_call().transfer("11") == 202
    hears(call, 800)
    assert dark(ben, "20")
    call.hangup()


@pytest.mark.parametrize("code", ["**10", "*8"])
@pytest.mark.parametrize("caller", ["outside", "a colleague"])
def test_who_picks_up_and_is_gone_at_once_leaves_nobody_waiting(office: Office, caller: str, code: str) -> None:
    anna, ben = office.speaking("anna-desk", 600, NoAnswer()), office.speaking("ben-desk", 800)
    call = office.trunk.call(ANNA, CALLER) if caller == "outside" else office.speaking("cem-desk", 1000).call("10")
    anna.wait_for("INVITE")
    picking = ben.call(code)
    picking.wait_for("answered")
    picking.hangup()
    call.wait_for("ended", 5)
    made = [part[:2] for cdr in office.cdrs(2) for part in parts(cdr)]  # with the device, if the two were connected
    assert sorted(made) == [("employee:anna", "answered"), ("employee:ben", "answered")]


@pytest.mark.parametrize(("number", "code"), [(ANNA, "**10"), (ANNA, "*8"), (SALES, "**20"), (SALES, "*8")])
def test_a_colleague_picks_a_call_up(office: Office, number: str, code: str) -> None:
    anna = office.speaking("anna-desk", 600, NoAnswer())
    ben = office.speaking("ben-desk", 800, NoAnswer())
    call = office.trunk.call(number, CALLER)
    anna.wait_for("INVITE")
    picking = ben.call(code)
    hears(call, 800)
    hears(picking, 400)
    anna.wait_for("CANCEL")
    call.hangup()
    picking.wait_for("ended")
    cdrs = office.cdrs(2)
    owner = "employee:anna" if number == ANNA else "pool:sales"
    assert sorted(map(parts, cdrs)) == sorted([[("employee:ben", "answered", "")], [(owner, "answered", "ben-desk")]])


def test_who_picked_a_call_up_transfers_it(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600, NoAnswer()), office.speaking("ben-desk", 800)
    office.speaking("cem-desk", 1000)
    call = office.trunk.call(ANNA, CALLER)
    anna.wait_for("INVITE")
    picking = ben.call("**10")
    hears(call, 800)
    assert picking.transfer("12") == 202
    hears(call, 1000)
    call.hangup()
    assert [
        ("employee:anna", "answered", "ben-desk"),
        ("employee:cem", "answered", "cem-desk"),
    ] in [parts(cdr) for cdr in office.cdrs(2)]


def test_a_colleagues_call_is_picked_up_and_its_caller_transfers_who_did(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600, NoAnswer()), office.speaking("ben-desk", 800)
    cem, laptop = office.speaking("cem-desk", 1000), office.speaking("anna-soft", 700, NoAnswer())
    call = cem.call("10")
    anna.wait_for("INVITE")
    picking = ben.call("**10")
    hears(call, 800)
    anna.behaviour = Answer()
    assert call.transfer("10") == 202
    hears(picking, 600)
    laptop.wait_for("CANCEL", 2)
    assert '"Ben Y' in anna.wait_for("INVITE", 2).get("From")
    picking.hangup()
    assert [("employee:anna", "answered", "ben-desk")] in [parts(cdr) for cdr in office.cdrs(2)]


def test_what_a_mailbox_has_stays_there(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800, NoAnswer())
    call = office.trunk.call(BEN, CALLER)
    ben.wait_for("CANCEL", timeout=20)
    call.wait_for("answered", 20)
    picking = anna.call("**11")
    picking.wait_for("ended", 20)
    assert not call.ended
    call.hangup()


def test_who_is_in_none_of_the_pools_picks_nothing_up(office: Office) -> None:
    anna = office.speaking("anna-desk", 600, NoAnswer())
    cem = office.speaking("cem-desk", 1000)
    call = office.trunk.call(ANNA, CALLER)
    anna.wait_for("INVITE")
    for code in ("**10", "*8", "**20"):
        picking = cem.call(code)
        picking.wait_for("ended", 20)
        assert not picking.answered
    assert not call.answered
    call.hangup()


def test_nothing_to_pick_up_is_told(office: Office) -> None:
    ben = office.speaking("ben-desk", 800)
    picking = ben.call("**10")
    picking.wait_for("183")
    picking.wait_for("ended", 20)
    assert marks(office.record(picking))[-1].startswith("pickup;dial;employee:ben;")


def test_a_talk_is_not_picked_up(office: Office) -> None:
    office.speaking("anna-desk", 600)
    ben = office.speaking("ben-desk", 800)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    picking = ben.call("**10")
    picking.wait_for("ended", 20)
    hears(call, 600)
    call.hangup()
    assert office.record(call)["variables"][v.DEVICE] == "anna-desk"
