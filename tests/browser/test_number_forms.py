"""What is done with numbers and blocks in a real browser: added, given, taken, ported away; and any time explained."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import number_use
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, open_tab, press, ways

pytestmark = pytest.mark.chromium

SINGLE = "+493023125555"
WORDS = {
    "de-DE": {
        "numbers": "Rufnummern",
        "add single": "Einzelne Rufnummer hinzufügen",
        "number": "Rufnummer",
        "add": "Hinzufügen",
        "none": "Das ist keine Rufnummer; schreiben Sie zum Beispiel +49 30 23125010 oder 030 23125010.",
        "active": "+49 30 23125555 ist aktiv.",
        "assign": "Zuweisen",
        "assigned": "+49 30 23125555 gehört jetzt Vertrieb.",
        "take": "Wegnehmen",
        "free": "+49 30 23125555 ist frei.",
        "port": "Wegportieren",
        "ported": "+49 30 23125555 ist keine Rufnummer des Unternehmens mehr.",
        "blocks": "Rufnummernblöcke",
        "add block": "Rufnummernblock hinzufügen",
        "prefix": "Alle Rufnummern beginnen mit",
        "first": "Erste",
        "last": "Letzte",
        "digits": "Geben Sie nur Ziffern ein, zum Beispiel 00 oder 99.",
        "overlap": "überschneidet sich mit +493023125000–99; jede Rufnummer darf nur einmal vorkommen",
        "block added": "+49 30 23125500 bis +49 30 23125549: 50 Rufnummern",
        "remove": "Entfernen",
        "remove block": "Rufnummernblock entfernen",
        "block removed": "Der Rufnummernblock ist entfernt:",
        "date": "Datum",
        "time": "Uhrzeit",
        "caller": "Anrufer",
        "then": "Was geschieht dann?",
        "steps": [
            "1. Es klingeln gleichzeitig, 20 s lang: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt).",
            "2. Die Mailbox von Anna Schmidt nimmt eine Nachricht auf (Ansage: Deutsch).",
        ],
        "why": "am 24. Dezember 2026 ganztägig geschlossen",
        "refused": "Abgewiesen (603): gesperrter Anrufer.",
    },
    "en-GB": {
        "numbers": "Numbers",
        "add single": "Add single number",
        "number": "Number",
        "add": "Add",
        "none": "This is no number; write for example +49 30 23125010, or 030 23125010.",
        "active": "+49 30 23125555 is active.",
        "assign": "Assign",
        "assigned": "+49 30 23125555 belongs to Vertrieb.",
        "take": "Take it away",
        "free": "+49 30 23125555 is free.",
        "port": "Port away",
        "ported": "+49 30 23125555 is no longer a number of the company.",
        "blocks": "Blocks",
        "add block": "Add block",
        "prefix": "All numbers begin with",
        "first": "First",
        "last": "Last",
        "digits": "Enter digits only, for example 00 or 99.",
        "overlap": "overlaps +493023125000–99; number each once",
        "block added": "+49 30 23125500 to +49 30 23125549: 50 numbers",
        "remove": "Remove",
        "remove block": "Remove block",
        "block removed": "The block is removed:",
        "date": "Date",
        "time": "Time",
        "caller": "Caller",
        "then": "What happens then?",
        "steps": [
            "1. Ring at once, for 20 s: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt).",
            "2. The mailbox of Anna Schmidt takes a message (greeting in German).",
        ],
        "why": "closed all day on 24 December 2026",
        "refused": "Refused (603): blocked caller.",
    },
}


def use(desk: Desk, e164: str) -> number_use.NumberUse | None:
    with desk.world.database.read() as session:
        return number_use.number_use(session, e164)


def blocks(desk: Desk) -> list[int]:
    with desk.world.database.read() as session:
        return [line.size for line in number_use.blocks(session)]


@ways
def test_a_single_number_comes_is_given_taken_and_goes(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["numbers"])
    page.get_by_role("link", name=words["add single"]).click()
    number = page.get_by_label(words["number"], exact=True)
    expect(number).to_be_focused()
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")
    expect(beside(page, words["number"])).to_have_count(1)
    expect(number).to_have_value("Anna")
    number.fill("030 23125-555")
    press(page, words["add"])
    page.get_by_text(words["active"]).wait_for()
    page.get_by_role("link", name=words["assign"], exact=True).click()
    page.locator("tbody tr", has_text="Vertrieb").get_by_role("button", name=words["assign"]).click()
    page.get_by_text(words["assigned"]).wait_for()
    given = use(desk, SINGLE)
    assert given is not None
    assert (given.state, given.owner) == ("active", "pool:sales")
    page.get_by_role("link", name=words["take"]).click()
    press(page, words["take"])
    page.get_by_text(words["free"]).wait_for()
    free = use(desk, SINGLE)
    assert free is not None
    assert free.owner is None
    page.get_by_role("link", name=words["port"]).click()
    press(page, words["port"])
    page.get_by_text(words["ported"]).wait_for()
    assert use(desk, SINGLE) is None


@ways
def test_a_block_comes_and_goes(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/numbers")
    open_tab(page, words["blocks"])
    page.get_by_role("link", name=words["add block"]).click()
    page.get_by_label(words["prefix"]).fill("030 23125")
    page.get_by_label(words["first"], exact=True).fill("5x")
    page.get_by_label(words["last"], exact=True).fill("549")
    press(page, words["add"])
    expect(beside(page, words["first"])).to_have_text(words["digits"])
    page.get_by_label(words["first"], exact=True).fill("000")
    press(page, words["add"])
    page.get_by_text(words["overlap"]).wait_for()
    expect(page.get_by_label(words["last"], exact=True)).to_have_value("549")
    page.get_by_label(words["first"], exact=True).fill("500")
    press(page, words["add"])
    page.get_by_text(words["block added"]).wait_for()
    assert sorted(blocks(desk)) == [50, 100]
    page.locator("tbody tr", has_text="+49 30 23125000").get_by_role("link", name=words["remove"]).click()
    for name in ("Anna Schmidt", "Ben Yılmaz", "Vertrieb"):
        expect(page.locator(".notice.warn").first).to_contain_text(name)
    press(page, words["remove block"])
    page.get_by_text(words["block removed"]).wait_for()
    assert blocks(desk) == [50]
    assert use(desk, "+493023125010") is None


@ways
def test_any_time_is_explained(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/numbers/+493023125010")
    page.get_by_label(words["date"], exact=True).fill("2026-12-24")
    page.get_by_label(words["time"], exact=True).fill("10:00")
    page.get_by_label(words["caller"], exact=True).fill("Carla")
    press(page, words["then"])
    expect(beside(page, words["caller"])).to_have_text(words["none"])
    page.get_by_label(words["caller"], exact=True).fill("0176 04069001")
    press(page, words["then"])
    steps = page.locator(".effects-steps")
    for step in words["steps"]:
        expect(steps).to_contain_text(step)
    expect(page.locator(".effects-why")).to_contain_text(words["why"])
    expect(page.get_by_label(words["date"], exact=True)).to_have_value("2026-12-24")
    page.get_by_label(words["caller"], exact=True).fill("0176 04069012")
    press(page, words["then"])
    expect(steps).to_contain_text(words["refused"])
