"""A schedule in a real browser: its week and closed dates, a new name, and that one in use is not removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services, timetables
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "schedules": "Zeitsteuerungen",
        "add schedule": "Zeitsteuerung hinzufügen",
        "zone": "Zeitzone",
        "holidays": "An Feiertagen geschlossen",
        "copy": "Zeitfenster des Montags für Montag bis Freitag übernehmen",
        "add saturday": "Samstag: Zeitfenster hinzufügen",
        "add date": "+ Geschlossener Zeitraum",
        "date": "Geschlossener Zeitraum {}",
        "no longer": "Geschlossenen Zeitraum 1 entfernen",
        "last": "bis (einschließlich)",
        "reason": "Grund",
        "yearly": "jedes Jahr",
        "add": "Hinzufügen",
        "backwards": "Der letzte Tag liegt vor dem ersten.",
        "no name": "Geben Sie einen Namen ein.",
        "no zone": "Zeitsteuerung 'Lager': 'Mond/Krater' ist keine Zeitzone; schreiben Sie Europe/Berlin",
        "added": "Die Zeitsteuerung ist hinzugefügt.",
        "list": ["Feiertage (Berlin)", "24. Dezember, jedes Jahr (Heiligabend)", "04.01.2027 – 08.01.2027 (Inventur)"],
        "next": "Nächster Monat",
        "month": "Dezember 2026",
        "christmas": "Erster Weihnachtstag",
        "change": "Ändern",
        "taken": "Die Zeitsteuerung nights gibt es schon; nehmen Sie einen anderen Namen, oder ändern Sie jene.",
        "save": "Speichern",
        "changed": "Die Zeitsteuerung ist geändert.",
        "remove": "Zeitsteuerung entfernen",
        "removed": "Die Zeitsteuerung ist entfernt.",
        "used": "Diese Zeitsteuerung wird verwendet",
    },
    "en-GB": {
        "schedules": "Schedules",
        "add schedule": "Add schedule",
        "zone": "Time zone",
        "holidays": "Closed on public holidays",
        "copy": "Copy Monday's windows to Monday to Friday",
        "add saturday": "Saturday: add a window",
        "add date": "+ Closed date",
        "date": "Closed date {}",
        "no longer": "Remove closed date 1",
        "last": "until (inclusive)",
        "reason": "Reason",
        "yearly": "every year",
        "add": "Add",
        "backwards": "The last day is before the first.",
        "no name": "Enter a name.",
        "no zone": "schedule 'Lager': 'Mond/Krater' is no time zone; write Europe/Berlin",
        "added": "The schedule is added.",
        "list": [
            "Public holidays (Berlin)",
            "24 December, every year (Heiligabend)",
            "4 Jan 2027 – 8 Jan 2027 (Inventur)",
        ],
        "next": "Next month",
        "month": "December 2026",
        "christmas": "Christmas Day",
        "change": "Change",
        "taken": "there is a schedule nights already; take another name, or change that one",
        "save": "Save",
        "changed": "The schedule is changed.",
        "remove": "Remove schedule",
        "removed": "The schedule is removed.",
        "used": "This schedule is in use",
    },
}


def schedule(desk: Desk, name: str) -> document.Schedule:
    with desk.world.database.read() as session:
        return services.schedule(session, name)[0]


@ways
def test_a_schedule_is_added(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["schedules"])
    page.get_by_role("link", name=words["add schedule"]).click()
    page.get_by_label(words["zone"]).fill("Mond/Krater")
    page.get_by_label(words["holidays"]).check()
    page.locator("#hours-mon-0-from").fill("7")
    page.locator("#hours-mon-0-to").fill("1530")
    press(page, words["copy"])
    expect(page.locator("#hours-fri-0-to")).to_have_value("1530")
    press(page, words["add saturday"])
    expect(page.locator("#hours-sat-0-from")).to_be_focused()
    page.keyboard.type("22")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    press(page, words["add date"])
    expect(page.locator("#closed-0-first")).to_be_focused()
    page.locator("#closed-0-first").fill("2026-12-24")
    christmas_eve = page.get_by_role("group", name=words["date"].format(1))
    christmas_eve.get_by_label(words["reason"]).fill("Heiligabend")
    christmas_eve.get_by_label(words["yearly"]).check()
    press(page, words["add date"])
    expect(page.locator("#closed-1-first")).to_be_focused()
    page.locator("#closed-1-first").fill("2027-01-04")
    stocktaking = page.get_by_role("group", name=words["date"].format(2))
    stocktaking.get_by_label(words["last"]).fill("2027-01-01")
    stocktaking.get_by_label(words["reason"]).fill("Inventur")
    press(page, words["add"])
    expect(beside(page, "Name")).to_have_text(words["no name"])
    expect(stocktaking.locator(".error")).to_have_text(words["backwards"])
    expect(christmas_eve.get_by_label(words["yearly"])).to_be_checked()
    page.get_by_label("Name", exact=True).fill("Lager")
    stocktaking.get_by_label(words["last"]).fill("2027-01-08")
    press(page, words["add"])
    expect(beside(page, words["zone"])).to_have_text(words["no zone"])
    page.get_by_label(words["zone"]).fill("")
    press(page, words["add"])
    page.get_by_text(words["added"]).wait_for()
    expect(page.locator("ul.plain").first.locator("li")).to_have_text(words["list"])
    page.get_by_role("link", name=words["next"]).click()
    expect(page.locator("#calendar h2")).to_have_text(words["month"])
    expect(page.locator("#calendar")).to_contain_text(words["christmas"])
    assert schedule(desk, "Lager") == document.Schedule.model_validate(
        {
            "name": "Lager",
            "open": [
                {"days": "mon-fri", "from": "07:00", "to": "15:30"},
                {"days": "sat", "from": "22:00", "to": "02:00"},
            ],
            "closed": [
                {"holidays": True},
                {"date": "12-24", "reason": "Heiligabend"},
                {"from": "2027-01-04", "to": "2027-01-08", "reason": "Inventur"},
            ],
        }
    )


@ways
def test_one_is_changed_and_those_that_nobody_uses_are_removed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/schedules")
    page.get_by_role("link", name="office hours", exact=True).click()
    page.get_by_role("link", name=words["change"], exact=True).click()
    page.get_by_label("Name", exact=True).fill("nights")
    press(page, words["no longer"])
    expect(page.locator("#closed-0-first")).to_have_value("2026-12-28")
    press(page, words["save"])
    expect(beside(page, "Name")).to_contain_text(words["taken"])
    page.get_by_label("Name", exact=True).fill("Bürozeiten")
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    changed = schedule(desk, "Bürozeiten")
    assert [(one.holidays, str(one.from_)) for one in changed.closed] == [(True, "None"), (False, "2026-12-28")]
    page.get_by_role("link", name=words["remove"]).click()
    page.get_by_role("heading", name=words["used"]).wait_for()
    assert page.locator("main li").all_inner_texts() == ["Anna Schmidt"]
    page.goto("/schedules/show?name=nights")
    page.get_by_role("link", name=words["remove"]).click()
    press(page, words["remove"])
    page.get_by_text(words["removed"]).wait_for()
    with desk.world.database.read() as session:
        assert timetables.names(session) == ["Bürozeiten"]
