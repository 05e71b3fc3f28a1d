"""Two people change one record at once, each in a browser: the second is told, and nothing of either gets lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from callrouter.directory import document, services
from tests.browser.conftest import Desk
from tests.browser.steps import press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "save": "Speichern",
        "extension": "Nebenstelle",
        "address": "Mailadresse",
        "changed": "Der Mitarbeiter ist geändert.",
        "meanwhile": "Das wurde inzwischen geändert; von Ihren Angaben ist noch nichts gespeichert.",
        "by": "Geändert von chefin am",
        "now": "Jetzt: {}",
        "take": "übernehmen Sie die jetzigen Werte",
        "hours": "Montag: 06:00–17:30",
        "notifications": "Die Benachrichtigungen sind geändert.",
        "to": "An die Mailadresse",
        "internal": "Auch über verpasste Anrufe von Kollegen",
    },
    "en-GB": {
        "save": "Save",
        "extension": "Extension",
        "address": "Mail address",
        "changed": "The employee is changed.",
        "meanwhile": "This was changed meanwhile; nothing of yours is saved yet.",
        "by": "Changed by chefin at",
        "now": "Now: {}",
        "take": "take the present values",
        "hours": "Monday: 06:00–17:30",
        "notifications": "The notifications are changed.",
        "to": "To the mail address",
        "internal": "Also about missed calls from colleagues",
    },
}


def anna(desk: Desk) -> document.Employee:
    with desk.world.database.read() as session:
        return services.employee(session, "anna")[0]


def field(page: Page, label: str) -> Locator:
    """The field *label* with all that stands below it."""
    return page.locator(".field", has=page.get_by_label(label, exact=True))


@ways
def test_two_administrators_change_an_employee(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    first = desk.open("admin", language=language, scripts=scripts)
    second = desk.open("admin", language=language, scripts=scripts)
    for page in (first, second):
        page.goto("/employees/anna")
    first.get_by_label(words["extension"], exact=True).fill("33")
    press(first, words["save"])
    first.get_by_text(words["changed"]).wait_for()
    second.get_by_label(words["address"], exact=True).fill("neu@muster.example")
    press(second, words["save"])
    second.get_by_text(words["meanwhile"]).wait_for()
    expect(second.locator("[role=alert]")).to_contain_text(words["by"])
    expect(second.get_by_label(words["address"], exact=True)).to_have_value("neu@muster.example")
    expect(field(second, words["extension"]).locator(".now")).to_have_text(words["now"].format("33"))
    assert (anna(desk).extension, anna(desk).email) == ("33", "anna@muster.example")
    second.get_by_label(words["extension"], exact=True).fill("33")
    press(second, words["save"])
    second.get_by_text(words["changed"]).wait_for()
    assert (anna(desk).extension, anna(desk).email) == ("33", "neu@muster.example")


@ways
def test_an_employee_and_an_administrator_change_the_notifications(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    admin = desk.open("admin", language=language, scripts=scripts)
    own = desk.open("employee", language=language, scripts=scripts)
    for page in (admin, own):
        page.goto("/employees/anna/notifications")
    admin.get_by_label(words["internal"]).check()
    press(admin, words["save"])
    admin.get_by_text(words["notifications"]).wait_for()
    own.get_by_label(words["to"]).fill("privat@muster.example")
    press(own, words["save"])
    expect(own.locator("[role=alert]")).to_contain_text(words["by"])
    expect(own.get_by_label(words["to"])).to_have_value("privat@muster.example")
    own.get_by_role("link", name=words["take"]).click()
    expect(own.get_by_label(words["to"])).to_have_value("anna@muster.example")
    expect(own.get_by_label(words["internal"])).to_be_checked()
    own.get_by_label(words["to"]).fill("privat@muster.example")
    press(own, words["save"])
    own.get_by_text(words["notifications"]).wait_for()
    assert (anna(desk).notify.email, anna(desk).notify.internal) == ("privat@muster.example", True)


@ways
def test_two_administrators_change_a_schedule(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    first = desk.open("admin", language=language, scripts=scripts)
    second = desk.open("admin", language=language, scripts=scripts)
    for page in (first, second):
        page.goto("/schedules/edit?name=office+hours")
    first.locator("#hours-mon-0-from").fill("6")
    press(first, words["save"])
    first.wait_for_url("**/schedules/show?*")
    second.locator("#hours-fri-0-to").fill("14")
    press(second, words["save"])
    second.get_by_text(words["meanwhile"]).wait_for()
    expect(second.locator("#hours-fri-0-to")).to_have_value("14")
    now = second.locator("#hours-week .now + .week svg").first
    expect(now).to_have_attribute("aria-label", words["hours"])
    second.locator("#hours-mon-0-from").fill("06:00")
    press(second, words["save"])
    second.wait_for_url("**/schedules/show?*")
    with desk.world.database.read() as session:
        found = services.schedule(session, "office hours")[0]
    assert [(one.days, one.from_, one.to) for one in found.open] == [
        ("mon", "06:00", "17:30"),
        ("tue-thu", "08:00", "17:30"),
        ("fri", "08:00", "14:00"),
    ]
