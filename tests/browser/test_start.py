"""The start page and the pools in a real browser: a call appears by itself, and members change places by keyboard."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from callrouter.web.live import Channel, Gateway, Live, Registration
from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium

SINCE = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)
GOOD = Live(
    registrations={"anna-desk": Registration("anna-desk", "192.0.2.7:5060", None)},
    gateways={"trunk-carrier": Gateway("trunk-carrier", True, "NOREG")},
)
INBOUND = Channel("a", "a", "inbound", SINCE, "+4917604069001", "Carla Beispiel", "+493023125010", "RINGING")
PHONE = replace(INBOUND, uuid="b", direction="outbound", called="anna-desk%pbx.muster.example")
RINGING = replace(GOOD, channels=(INBOUND, PHONE))


def test_a_call_appears_and_goes_by_itself(desk: Desk):
    desk.world.switch.now = GOOD
    page = desk.open("admin")
    page.get_by_text("Mit der Telefonie ist alles in Ordnung").wait_for()
    page.get_by_text("Live", exact=True).wait_for()
    desk.world.switch.now = RINGING
    page.get_by_text("Anna Schmidt, Tischtelefon").wait_for()
    assert "klingelt" in page.locator("[data-part=calls-now]").inner_text()
    desk.world.switch.now = replace(GOOD, gateways={})
    page.get_by_text("Der Trunk carrier funktioniert nicht").wait_for()
    page.get_by_text("Niemand telefoniert.").wait_for()


def test_what_is_looked_at_elsewhere_keeps_no_connection(desk: Desk):
    desk.world.switch.now = GOOD
    page = desk.open("admin")
    page.get_by_text("Live", exact=True).wait_for()
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", {value: true, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
        Object.defineProperty(document, "hidden", {value: false, configurable: true});
    }""")
    desk.world.switch.now = RINGING
    assert page.get_by_text("Anna Schmidt, Tischtelefon").count() == 0
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_text("Anna Schmidt, Tischtelefon").wait_for()


def test_without_scripts_the_page_says_when_it_was_true(desk: Desk):
    page = desk.open("admin")
    state = page.context.storage_state()
    context = desk.chromium.new_context(
        base_url=desk.url, locale="de-DE", java_script_enabled=False, storage_state=state
    )
    plain = context.new_page()
    plain.goto("/")
    plain.get_by_text("Laden Sie die Seite neu").wait_for()
    assert not plain.get_by_text("Live", exact=True).is_visible()


def test_a_pool_is_set_up_with_the_keyboard(desk: Desk):
    page = desk.open("admin")
    page.goto("/pools/new")
    page.locator("input:focus").wait_for()
    page.keyboard.type("Lager")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pools/lager/members")
    page.get_by_role("searchbox").press_sequentially("yıl")
    page.wait_for_url("**/pools/lager/members?q=*")
    page.get_by_role("button", name="Ben Yılmaz hinzufügen").press("Enter")
    page.get_by_role("button", name="Ben Yılmaz entfernen").wait_for()
    page.goto("/pools/lager/members")
    page.get_by_role("button", name="Anna Schmidt hinzufügen").click()
    page.get_by_role("button", name="Anna Schmidt nach oben schieben").click()
    page.locator("form.form tbody tr").first.get_by_text("Anna Schmidt").wait_for()
    page.goto("/pools/lager")
    assert "+49 30 23125012" in page.locator(".pairs").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    desk.world.switch.now = RINGING
    page = desk.open("admin", width=390, height=844, dark=dark)
    pools = (
        "/pools",
        "/pools/new",
        *(f"/pools/sales{tab}" for tab in ("", "/members", "/numbers", "/calls", "/remove")),
    )
    for path in ("/", "/mails", *pools, "/settings", "/settings/file"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    own = desk.open("employee", width=390, height=844, dark=dark)
    assert own.evaluate("document.documentElement.scrollWidth") <= 390
