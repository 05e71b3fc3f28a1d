"""What else is done with an employee in a real browser: added after a mistake, shown under a number, removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from callrouter.errors import UnknownError
from tests.browser.conftest import Desk
from tests.browser.steps import beside, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "add": "Mitarbeiter hinzufügen",
        "number": "Eingehende Rufnummer",
        "device": "Erstes Endgerät",
        "choose": "Bitte wählen",
        "needed": "Wählen Sie eine Rufnummer; wer ein Endgerät hat, braucht eine.",
        "login": "Benutzername",
        "once": "Wird nur dieses eine Mal gezeigt.",
        "to": "Zum Mitarbeiter",
        "numbers": "Rufnummern",
        "anonymous": "keine Rufnummer: anonym",
        "save": "Speichern",
        "shown": "Die Regeln für Anrufe nach außen sind geändert.",
        "remove": "Mitarbeiter entfernen",
        "removed": "Cara Öz ist entfernt.",
        "member": "Mitarbeiter ben ist Mitglied des Pools sales; beenden Sie zuerst die Mitgliedschaft",
    },
    "en-GB": {
        "add": "Add employee",
        "number": "Incoming number",
        "device": "First device",
        "choose": "Please choose",
        "needed": "Choose a number; who has a device needs one.",
        "login": "User name",
        "once": "Shown this once.",
        "to": "To the employee",
        "numbers": "Numbers",
        "anonymous": "no number: anonymous",
        "save": "Save",
        "shown": "The rules for calls out are changed.",
        "remove": "Remove employee",
        "removed": "Cara Öz is removed.",
        "member": "employee ben is a member of pool sales; remove the membership first",
    },
}


def cara(desk: Desk) -> document.Employee:
    with desk.world.database.read() as session:
        return services.employee(session, "cara-oez")[0]


@ways
def test_an_employee_is_added_shown_and_removed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/employees")
    page.get_by_role("link", name=words["add"]).click()
    page.get_by_label("Name", exact=True).fill("Cara Öz")
    page.get_by_label(words["device"]).fill("Tischtelefon")
    page.get_by_label(words["number"]).select_option(label=words["choose"])
    press(page, words["add"])
    expect(beside(page, words["number"])).to_have_text(words["needed"])
    expect(page.get_by_label("Name", exact=True)).to_have_value("Cara Öz")
    expect(page.get_by_label(words["device"])).to_have_value("Tischtelefon")
    page.get_by_label(words["number"]).select_option("+493023125012")
    press(page, words["add"])
    page.get_by_text(words["once"]).wait_for()
    added = cara(desk)
    assert (added.personal_number, [device.label for device in added.devices]) == ("+493023125012", ["Tischtelefon"])
    page.get_by_role("link", name=words["to"]).click()
    page.locator("nav.tabs").get_by_role("link", name=words["numbers"], exact=True).click()
    page.get_by_label(words["anonymous"]).check()
    page.get_by_role("button", name=words["save"]).last.click()
    page.get_by_text(words["shown"]).wait_for()
    assert cara(desk).outgoing_number == "anonymous"
    page.goto("/employees/cara-oez/remove")
    press(page, words["remove"])
    page.get_by_text(words["removed"]).wait_for()
    with pytest.raises(UnknownError):
        cara(desk)
    page.goto("/employees/ben/remove")
    press(page, words["remove"])
    page.get_by_text(words["member"]).wait_for()
