"""The phone book in a real browser: an entry by hand, and a file that is looked at before it is imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from callrouter.directory import contacts
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, search, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "book": "Telefonbuch",
        "add": "Eintrag hinzufügen",
        "numbers": "Rufnummern",
        "save": "Speichern",
        "wrong": "'Anna' ist keine Rufnummer",
        "added": "Erika Muster steht im Telefonbuch.",
        "import": "Kontakte importieren",
        "file": "Datei",
        "look": "Vorschau ansehen",
        "counts": "Neu: 1, geändert: 1, unverändert: 0, ausgelassen: 1.",
        "now": "Jetzt importieren",
        "done": "Hinzugefügt: 1, geändert: 1.",
    },
    "en-GB": {
        "book": "Phone book",
        "add": "Add an entry",
        "numbers": "Numbers",
        "save": "Save",
        "wrong": "'Anna' is no telephone number",
        "added": "Erika Muster is in the phone book.",
        "import": "Import contacts",
        "file": "File",
        "look": "Look at it first",
        "counts": "New: 1, changed: 1, unchanged: 0, left out: 1.",
        "now": "Import now",
        "done": "Added: 1, changed: 1.",
    },
}


def book(desk: Desk) -> dict[str, list[str]]:
    with desk.world.database.read() as session:
        return {one.name: [number.number for number in one.numbers] for one in contacts.everything(session)}


@ways
def test_an_entry_by_hand_and_a_file(desk: Desk, language: str, scripts: bool, tmp_path: Path):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["book"])
    page.get_by_role("link", name=words["add"]).click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Erika Muster")
    page.get_by_label(words["numbers"], exact=True).fill("Anna")
    press(page, words["save"])
    expect(beside(page, words["numbers"])).to_have_text(words["wrong"])
    page.get_by_label(words["numbers"], exact=True).fill("0176 04069001 mobil\n030 23125099")
    press(page, words["save"])
    page.get_by_text(words["added"]).wait_for()
    assert book(desk) == {"Erika Muster": ["+4917604069001", "+493023125099"]}

    file = tmp_path / "contacts.csv"
    file.write_bytes("Name;Rufnummer\nErika Muster;0176 04069002\nJürgen;0176 04069003\nX;1\n".encode("cp1252"))
    page.get_by_role("link", name=words["import"], exact=True).click()
    page.get_by_label(words["file"], exact=True).set_input_files(file)
    press(page, words["look"])
    page.get_by_text(words["counts"]).wait_for()
    expect(page.locator("tbody tr")).to_have_count(3)
    press(page, words["now"])
    page.get_by_text(words["done"]).wait_for()
    assert book(desk)["Jürgen"] == ["+4917604069003"]
    search(page, "jürg", scripts=scripts)
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_kind_of_a_number_is_read_whole_on_a_phone(desk: Desk):
    with desk.world.database.write() as session:
        number = contacts.ContactNumber(number="+493023125600", label="Telefon geschäftlich (Zentrale)")
        contacts.add(session, contacts.Contact(name="Erika Muster", numbers=[number]))
    page = desk.open("employee", width=390, height=844)
    page.goto("/phonebook")
    assert page.evaluate("[...document.querySelectorAll('td')].every(cell => cell.scrollWidth <= cell.clientWidth)")
