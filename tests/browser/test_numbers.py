"""Numbers in a real browser, in German and English: one is activated, one in use is not given up, a week is read."""

from __future__ import annotations

import pytest

from callrouter.directory import number_use
from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "numbers": "Rufnummern",
        "activate": "Aktivieren",
        "is active": "+49 30 23125013 ist aktiv.",
        "deactivate": "Deaktivieren",
        "not now": "Sie lässt sich nicht deaktivieren, solange jemand sie benutzt.",
        "why": "Sie ist die persönliche Rufnummer von Anna Schmidt.",
        "way out": "Zu den Rufnummern von Anna Schmidt",
        "table": "Dasselbe als Tabelle",
        "why?": "Warum?",
        "reason": "Zeitsteuerung „office hours“: Montag, 16. November 2026, 08:00 Uhr, geöffnet",
    },
    "en-GB": {
        "numbers": "Numbers",
        "activate": "Activate",
        "is active": "+49 30 23125013 is active.",
        "deactivate": "Deactivate",
        "not now": "It cannot be deactivated as long as somebody uses it.",
        "why": "It is the personal number of Anna Schmidt.",
        "way out": "To the numbers of Anna Schmidt",
        "table": "The same as a table",
        "why?": "Why?",
        "reason": "Schedule “office hours”: Monday, 16 November 2026, 08:00, open",
    },
}


@pytest.mark.parametrize("language", WORDS)
def test_a_number_is_activated(desk: Desk, language: str):
    words = WORDS[language]
    page = desk.open("admin", language=language)
    page.locator("nav.side").get_by_role("link", name=words["numbers"], exact=True).click()
    page.get_by_role("searchbox").press_sequentially("030 23125 013")
    page.wait_for_url("**/numbers?q=*")
    page.locator("tbody tr").nth(1).wait_for(state="detached")
    page.get_by_role("button", name=words["activate"], exact=True).click()
    page.get_by_text(words["is active"]).wait_for()
    assert page.get_by_role("searchbox").input_value() == "030 23125 013"
    with desk.world.database.read() as session:
        found = number_use.number_use(session, "+493023125013")
    assert found is not None
    assert found.state == "active"


@pytest.mark.parametrize("language", WORDS)
def test_a_number_in_use_stays_and_its_page_says_why(desk: Desk, language: str):
    words = WORDS[language]
    page = desk.open("admin", language=language)
    page.goto("/numbers?q=anna")
    page.get_by_role("link", name=words["deactivate"], exact=True).click()
    page.get_by_text(words["not now"]).wait_for()
    page.get_by_text(words["why"]).wait_for()
    page.get_by_role("link", name=words["way out"]).click()
    page.wait_for_url("**/employees/anna/numbers")


@pytest.mark.parametrize("language", WORDS)
def test_a_week_is_read_and_each_part_of_it_explained(desk: Desk, language: str):
    words = WORDS[language]
    page = desk.open("admin", language=language)
    page.goto("/numbers/+493023125010")
    assert page.locator("svg[role=img]").count() == 7
    page.get_by_text(words["table"]).click()
    page.get_by_role("link", name=words["why?"]).nth(1).click()
    page.get_by_text(words["reason"]).wait_for()


def test_how_many_numbers_a_block_has_is_told_while_it_is_typed(desk: Desk):
    page = desk.open("admin")
    page.goto("/numbers/blocks/new")
    page.keyboard.type("030 23125")
    for digits in ("500", "549"):
        page.keyboard.press("Tab")
        page.keyboard.type(digits)
    page.get_by_text("+49 30 23125500 bis +49 30 23125549: 50 Rufnummern").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/numbers/blocks")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    page = desk.open("admin", width=390, height=844, dark=dark)
    number = "/numbers/+493023125010"
    for path in (
        "/numbers",
        f"{number}?date=2026-12-24&time=10:00",
        f"{number}/deactivate",
        "/numbers/+493023125012/assign",
        "/numbers/blocks",
        "/numbers/blocks/new",
        "/numbers/blocks/+4930231250/00/99/remove",
        "/trunks",
        "/trunks/carrier",
        "/blocked",
        "/blocked/new",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
