"""How phones ring and where calls go on, with and without JavaScript, on a wide and on a narrow screen."""

from __future__ import annotations

import pytest

from callrouter.directory import document, services
from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium


def _anna(desk: Desk) -> document.Employee:
    with desk.world.database.read() as session:
        return services.employee(session, "anna")[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_employee_sets_how_the_phones_ring(desk: Desk, scripts: bool):
    page = desk.open("employee", scripts=scripts)
    page.get_by_role("link", name="Klingeln").first.click()
    page.get_by_label("Nicht stören").check()
    page.get_by_label("hören alle auf zu klingeln", exact=True).check()
    page.get_by_label("Gleichzeitige Anrufe").select_option(label="2")
    page.get_by_label("Laptop").fill("10")
    page.get_by_role("button", name="Speichern").click()
    page.get_by_text("Es ist geändert, wie die Telefone klingeln.").wait_for()
    anna = _anna(desk)
    assert anna.ringing == document.Ringing(do_not_disturb=True, calls_at_once=2, declining="all")
    assert [device.ring_delay for device in anna.devices] == [0, 10]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_employee_forwards_calls(desk: Desk, scripts: bool):
    page = desk.open("employee", language="en-GB", scripts=scripts, width=390, height=844)
    page.goto("/employees/anna/forwarding")
    page.get_by_label("When busy or declined").select_option(label="to the mailbox of")
    page.get_by_label("Name, extension or number").nth(1).fill("Vertrieb")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The forwarding is changed.").wait_for()
    assert _anna(desk).forwarding == document.Forwarding(busy="mailbox:pool:sales")


def test_the_number_that_calls_go_on_to_is_read_whole_on_a_phone(desk: Desk):
    page = desk.open("employee", width=390, height=844)
    page.goto("/employees/anna/forwarding")
    page.get_by_label("Name, Nebenstelle oder Rufnummer").first.fill("+4917604069002")
    whole = "[...document.querySelectorAll('input')].every(field => field.scrollWidth <= field.clientWidth)"
    assert page.evaluate(whole)
