"""Calls that begin with a click, on the real FreeSWITCH with none of our processes but the one command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from callrouter.directory.clicks import click
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import Base
from callrouter.errors import RuleError
from callrouter.simulator.behaviour import NoAnswer, Refuse
from callrouter.simulator.message import SipTimeout
from callrouter.simulator.phone import Phone
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company, parts
from tests.rendering.switch_world import soon, switch_and_trunk
from tests.switch import DOMAIN, RenderedSwitch

pytestmark = pytest.mark.freeswitch


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RenderedSwitch, Phone, Database]]:
    folder = tmp_path_factory.mktemp("switch")
    database = Database(f"sqlite:///{folder / 'directory.db'}")
    Base.metadata.create_all(database.engine)

    def imported(trunk: int) -> dict[str, Any]:
        company = office_company(trunk)
        company["employees"][0]["ringing"] = {"calls_at_once": 1}
        company["employees"][2] |= {"destinations": [], "outgoing_number": "anonymous"}
        import_company(database, yaml.safe_dump(company, allow_unicode=True), "muster.yaml")
        return company

    with switch_and_trunk(folder, imported, TRUNK_TONE) as (switch, trunk):
        yield switch, trunk, database


class Desk(Office):
    """An office where one clicks."""

    database: Database

    def click(self, key: str, number: str, then: str = "") -> None:
        """Begin a call to *number*; *then* is called instead, as if it might be."""
        with self.database.read() as session:
            command = click(session, key, number)
        self.switch.api(f"bgapi {command.replace(number, then or number)}")


@pytest.fixture
def desk(running: tuple[RenderedSwitch, Phone, Database]) -> Iterator[Desk]:
    switch, trunk, database = running
    with Desk(switch, trunk) as desk:
        desk.database = database
        yield desk


def test_the_own_phones_ring_then_the_number_is_called(desk: Desk) -> None:
    laptop = desk.speaking("anna-soft", 700, NoAnswer())
    anna = desk.speaking("anna-desk", 600)
    desk.click("anna", "030 23125500")
    assert "<sip:03023125500@" in anna.wait_for("INVITE").get("From")
    laptop.wait_for("CANCEL")
    invite = desk.trunk.wait_for("INVITE")
    assert "<sip:+493023125000@" in invite.get("From")  # anna's outgoing number
    hears(anna.wait_for_call(), 400)
    hears(desk.trunk.wait_for_call(), 600)
    assert desk.switch.api("limit_usage hash callrouter talks-anna").strip() == "1", "it is one of her calls"
    anna.wait_for_call().hangup()
    [cdr] = [cdr for cdr in desk.cdrs(2) if cdr.ours]  # the laptop's leg has one that says nothing
    assert (cdr.direction, cdr.number, cdr.caller) == ("outbound", "+493023125500", "10")
    assert parts(cdr) == [("employee:anna", "answered", "")]


def test_a_colleague_is_called_by_extension(desk: Desk) -> None:
    anna, ben = desk.speaking("anna-desk", 600), desk.speaking("ben-desk", 800)
    desk.click("anna", "11")
    invite = ben.wait_for("INVITE")
    assert invite.get("From").startswith('"Anna Schmidt" <sip:10@')
    hears(anna.wait_for_call(), 800)
    ben.wait_for_call().hangup()
    [cdr] = desk.cdrs(1)
    assert cdr.direction == "internal"
    assert parts(cdr) == [("employee:ben", "answered", "ben-desk")]


def test_clicked_twice_it_rings_once_and_again_when_it_was_answered(desk: Desk) -> None:
    anna, ben = desk.speaking("anna-desk", 600, NoAnswer()), desk.speaking("ben-desk", 800, NoAnswer())
    for number in ("11", "11", "03023125500"):
        desk.click("anna", number)
    anna.wait_for_call().answer()
    ben.wait_for_call()
    desk.click("anna", "03023125500")
    anna.wait_for_call(2).answer()
    desk.trunk.wait_for_call()
    assert (len(anna.calls), len(ben.calls), len(desk.trunk.calls)) == (2, 1, 1)
    assert desk.switch.api("limit_usage hash callrouter talks-anna").strip() == "2"
    for call in anna.calls:
        call.hangup()


def test_what_may_not_be_called_is_not_by_a_click_either(desk: Desk) -> None:
    anna = desk.speaking("anna-desk", 600)
    with pytest.raises(RuleError, match="may not call"):
        desk.click("anna", "00441632960001")
    desk.click("anna", "03023125500", then="00441632960001")
    anna.wait_for_call().wait_for("ended", 20)
    assert [request.method for request in desk.trunk.received] == []
    [cdr] = desk.cdrs(1)
    assert parts(cdr) == [("employee:anna", "rejected", "not_allowed")]


def test_an_emergency_is_called_by_a_click_too(desk: Desk) -> None:
    cem = desk.speaking("cem-desk", 1000, NoAnswer())
    desk.click("cem", "11")
    cem.wait_for_call()
    desk.click("cem", "112")
    cem.wait_for_call(2).answer()
    invite = desk.trunk.wait_for("INVITE")
    assert invite.start.startswith("INVITE sip:112@")
    assert "<sip:+493023125012@" in invite.get("From")
    hears(cem.wait_for_call(2), 400)
    cem.wait_for_call(2).hangup()
    cem.wait_for_call().refuse(486)
    [cdr] = [cdr for cdr in desk.cdrs(2) if cdr.ours]
    assert cdr.direction == "emergency"
    assert parts(cdr) == [("employee:cem", "answered", "")]


def test_a_phone_that_rings_runs_nothing_by_replacing_its_leg(desk: Desk) -> None:
    anna = desk.speaking("anna-desk", 600, NoAnswer())
    desk.click("anna", "11")
    leg = (("Replaces", f"{anna.wait_for_call().id};to-tag=x;from-tag=y"),)
    anna.call("", headers=leg, uri=f"sip:set_global%3Ataken%3Dyes@{DOMAIN}").wait_for("ended", 20)
    assert desk.switch.api("global_getvar taken") != "yes"


def test_a_phone_does_not_choose_where_a_click_goes_instead(desk: Desk) -> None:
    """FreeSWITCH would follow each 302, for as long as the phones may ring."""
    anna = desk.speaking("anna-desk", 600, Refuse(302))
    desk.click("anna", "03023125500")
    anna.wait_for("ACK")
    with pytest.raises(SipTimeout):
        anna.wait_for("INVITE", 2, timeout=1)


def test_nobody_is_called_when_no_phone_answers(desk: Desk) -> None:
    anna = desk.speaking("anna-desk", 600, Refuse(486))
    desk.click("anna", "03023125500")
    anna.wait_for("ACK")
    soon(lambda: desk.switch.api("show channels count").strip().startswith("0 total"), 10)
    assert desk.trunk.received == []


def test_the_command_holds_nothing_that_was_typed_but_digits(tmp_path: Path, desk: Desk) -> None:
    for typed in ("11 XML public", "${system(id)}", "11}", "sofia/gateway/x/1", "", "*78"):
        with desk.database.read() as session, pytest.raises(RuleError, match="no number"):
            click(session, "anna", typed)
