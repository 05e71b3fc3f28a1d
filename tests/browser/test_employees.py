"""The procedures that users know, step by step in a real browser: set up a number, change it, replace a lost one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from callrouter.directory import numbers, services
from tests.browser.conftest import Desk
from tests.web.world import LOGINS, PASSWORD

pytestmark = pytest.mark.chromium

BENS = "+493023125011"


@dataclass(frozen=True)
class Words:
    """What stands on the pages in one language."""

    locale: str
    employees: str = "Mitarbeiter"
    number: str = "Eingehende Rufnummer"
    missing: str = "fehlende Rufnummer"
    save: str = "Speichern"
    has_number: str = "{} hat die Rufnummer {}."
    add: str = "Mitarbeiter hinzufügen"
    device: str = "Erstes Endgerät"
    login: str = "Benutzername"
    once: str = "Wird nur dieses eine Mal gezeigt."
    code: str = "QR-Code mit Server, Benutzername und Passwort"
    activate: str = "Aktivieren"
    other: str = "Ben Yılmaz eine andere Rufnummer geben"


GERMAN = Words("de-DE")
ENGLISH = Words(
    "en-GB",
    "Employees",
    "Incoming number",
    "missing number",
    "Save",
    "{} has the number {}.",
    "Add employee",
    "First device",
    "User name",
    "Shown this once.",
    "QR code with server, user name and password",
    "Activate",
    "Give Ben Yılmaz another number",
)
both = pytest.mark.parametrize("words", [GERMAN, ENGLISH], ids=["de", "en"])


def employees_page(page: Page, words: Words) -> None:
    page.locator("nav.side").get_by_role("link", name=words.employees, exact=True).click()
    page.get_by_role("heading", name=words.employees, exact=True).wait_for()


def search(page: Page, text: str, rows: int) -> None:
    page.get_by_role("searchbox").press_sequentially(text)
    expect(page.locator("#list tbody tr")).to_have_count(rows)


@both
def test_change_the_number(desk: Desk, words: Words):
    page = desk.open("admin", language=words.locale)
    employees_page(page, words)
    search(page, "schmidt", 1)
    page.get_by_role("link", name="+49 30 23125010").click()
    dropdown = page.get_by_label(words.number)
    expect(dropdown).to_be_focused()
    dropdown.select_option(label="+49 30 23125012")
    page.get_by_role("button", name=words.save).first.click()
    page.get_by_text(words.has_number.format("Anna Schmidt", "+49 30 23125012")).wait_for()
    employees_page(page, words)
    assert page.get_by_role("link", name="+49 30 23125012").count() == 1


@both
def test_replace_a_missing_number(desk: Desk, words: Words):
    with desk.world.database.write() as session:
        numbers.port_away(session, BENS)
    page = desk.open("admin", language=words.locale)
    employees_page(page, words)
    assert page.locator("tbody tr").first.get_attribute("class") == "alarm"
    page.get_by_role("link", name=words.missing).click()
    page.get_by_label(words.number).select_option(label="+49 30 23125012")
    page.get_by_role("button", name=words.save).first.click()
    page.get_by_text(words.has_number.format("Ben Yılmaz", "+49 30 23125012")).wait_for()
    employees_page(page, words)
    assert page.locator("tr.alarm").count() == 0


@both
def test_set_up_the_number_with_a_new_employee(desk: Desk, words: Words):
    page = desk.open("admin", language=words.locale)
    employees_page(page, words)
    page.get_by_role("link", name=words.add).click()
    page.get_by_label("Name", exact=True).fill("Cara Öz")
    page.get_by_label(words.number).select_option(label="+49 30 23125012")
    page.get_by_label(words.device).fill("Tischtelefon")
    page.get_by_label(words.login).fill("cara@muster.example")
    page.get_by_role("button", name=words.add).click()
    page.get_by_text(words.once).wait_for()
    drawn = page.get_by_role("img", name=words.code).locator("svg").bounding_box()
    assert drawn is not None
    assert drawn["width"] > 150
    with desk.world.database.read() as session:
        cara, _version = services.employee(session, "cara-oez")
    assert cara.personal_number == "+493023125012"
    secret = cara.devices[0].sip_password or ""
    assert secret in page.locator("main").inner_text()
    page.locator("main a.button.main").click()
    page.wait_for_url("**/employees/cara-oez")
    assert secret not in page.content()


@both
def test_an_inactive_number_and_one_of_somebody_else(desk: Desk, words: Words):
    page = desk.open("admin", language=words.locale)
    page.goto("/employees/anna/numbers")
    search(page, "125 050", 1)
    page.get_by_role("button", name=words.activate).click()
    page.wait_for_url(re.compile(r"number=%2B493023125050"))
    expect(page.get_by_label(words.number)).to_have_value("+493023125050")
    page.get_by_role("button", name=words.save).first.click()
    page.get_by_text(words.has_number.format("Anna Schmidt", "+49 30 23125050")).wait_for()
    search(page, "Ben", 1)
    page.get_by_role("link", name=words.other).click()
    page.get_by_label(words.number).select_option(label="+49 30 23125012")
    page.get_by_role("button", name=words.save).first.click()
    page.get_by_text(words.has_number.format("Ben Yılmaz", "+49 30 23125012")).wait_for()
    expect(page.get_by_label(words.number)).to_have_value(BENS)
    page.get_by_role("button", name=words.save).first.click()
    page.get_by_text(words.has_number.format("Anna Schmidt", "+49 30 23125011")).wait_for()


def test_the_number_is_changed_without_javascript(desk: Desk):
    context = desk.chromium.new_context(base_url=desk.url, locale="de-DE", java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#login", LOGINS["admin"])
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.goto("/employees/anna/numbers")
    page.get_by_role("searchbox").fill("050")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("button", name="Aktivieren").click()
    page.get_by_role("button", name="Speichern").first.click()
    page.get_by_text("Anna Schmidt hat die Rufnummer +49 30 23125050.").wait_for()


def test_an_employee_makes_a_new_password_for_the_phone(desk: Desk):
    page = desk.open("employee", width=390, height=844)
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="Endgeräte").click()
    page.get_by_role("link", name="Neues Passwort").first.click()
    page.get_by_role("button", name="Neues Passwort erzeugen").click()
    page.get_by_text(GERMAN.once).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with desk.world.database.read() as session:
        anna, _version = services.employee(session, "anna")
    assert (anna.devices[0].sip_password or "") in page.locator("main").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    with desk.world.database.write() as session:
        numbers.port_away(session, BENS)
    page = desk.open("admin", width=390, height=844, dark=dark)
    for path in ("", "/_add", "/anna", "/ben/numbers", "/anna/devices", "/anna/notifications", "/anna/calls"):
        page.goto(f"/employees{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
