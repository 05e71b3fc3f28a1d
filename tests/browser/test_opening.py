"""A pool's hours and its switch in a real browser, with and without JavaScript, on a wide and on a narrow screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium


def _pool(desk: Desk) -> document.Pool:
    with desk.world.database.read() as session:
        return services.pool(session, "sales")[0]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_member_closes_and_opens_the_pool(desk: Desk, scripts: bool):
    page = desk.open("employee", width=390, height=844, scripts=scripts)
    page.goto("/employees/anna")
    page.get_by_role("button", name="Schließen").click()
    page.get_by_text("Vertrieb: Von Hand geschlossen, bis wieder umgeschaltet wird.").wait_for()
    assert _pool(desk).switch == "closed"
    page.goto("/pools/sales")
    page.get_by_label("Von Hand geöffnet oder geschlossen bis").fill("2099-12-31T17:00")
    page.get_by_role("button", name="Öffnen").click()
    page.get_by_text("Vertrieb: Von Hand geöffnet bis 31.12.2099, 17:00.").wait_for()
    expect(page.get_by_role("button", name="Öffnen")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
    page.get_by_role("button", name="Nach Zeiten").click()
    page.get_by_text("Vertrieb: Zu jeder Zeit geöffnet.").wait_for()
    assert (_pool(desk).switch, _pool(desk).switch_until) == ("scheduled", None)


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)])
def test_an_administrator_sets_hours_and_what_comes_next_while_closed(desk: Desk, scripts: bool, width: int):
    page = desk.open("admin", language="en-GB", scripts=scripts, width=width, height=844)
    page.goto("/pools/sales/hours")
    if scripts:
        expect(page.get_by_label("Monday, from")).to_be_hidden()
    page.get_by_label("during hours of its own").check()
    page.get_by_label("Monday, from").fill("7:30")
    page.get_by_label("Closed on public holidays").check()
    page.get_by_role("button", name="Save").last.click()
    page.get_by_text("The opening hours are changed.").wait_for()
    hours = _pool(desk).hours
    assert hours is not None
    assert (hours.open[0].days, hours.open[0].from_) == ("mon", "07:30")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="What comes next").click()
    page.get_by_label("While it is closed").select_option(label="announcement: closed now")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("What comes next is changed.").wait_for()
    assert _pool(desk).next.closed == "announcement:closed"
