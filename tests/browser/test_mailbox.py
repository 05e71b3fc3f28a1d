"""Setting up a mailbox as its users know it, step by step, in both languages, with and without scripts; schedules."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from callrouter.directory import document, owners, services
from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium

GERMAN = {
    "employees": "Mitarbeiter",
    "enabled": "Mailbox aktiviert",
    "answer": "Eingehende Anrufe beantworten",
    "seconds": "Sekunden Klingeln, bevor sie annimmt",
    "time control": "Zeitsteuerung",
    "own": "zu eigenen Zeiten",
    "add monday": "Montag: Zeitfenster hinzufügen",
    "add saturday": "Samstag: Zeitfenster hinzufügen",
    "copy": "Zeitfenster des Montags für Montag bis Freitag übernehmen",
    "remove": "Freitag: 13–17:00 entfernen",
    "mistake": "Schreiben Sie Uhrzeiten wie 08:30; der Tag endet um 24:00.",
    "save": "Speichern",
    "saved": "Die Mailbox ist geändert.",
    "now": "Die Mailbox nimmt nach 15 Sekunden Klingeln an, weil die Zeiten der Mailbox gerade gelten",
}
ENGLISH = {
    "employees": "Employees",
    "enabled": "Mailbox enabled",
    "answer": "Answer incoming calls",
    "seconds": "Seconds of ringing before it answers",
    "time control": "Time control",
    "own": "during hours of its own",
    "add monday": "Monday: add a window",
    "add saturday": "Saturday: add a window",
    "copy": "Copy Monday's windows to Monday to Friday",
    "remove": "Friday: remove 13–17:00",
    "mistake": "Write times such as 08:30; the day ends at 24:00.",
    "save": "Save",
    "saved": "The mailbox is changed.",
    "now": "The mailbox answers after 15 seconds of ringing, because it is within the mailbox's hours",
}


def mailbox(desk: Desk, owner: str) -> document.Mailbox:
    with desk.world.database.read() as session:
        return owners.owner(session, owner)[0].mailbox


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize(("language", "words"), [("de-DE", GERMAN), ("en-GB", ENGLISH)], ids=["de", "en"])
def test_a_mailbox_is_set_up(desk: Desk, language: str, words: dict[str, str], scripts: bool):
    page = desk.open("admin", language=language, scripts=scripts)
    # 1: the entry "Mitarbeiter", then the employee
    page.locator("nav.side").get_by_role("link", name=words["employees"], exact=True).click()
    page.locator("#list").get_by_role("link", name="Ben Yılmaz", exact=True).click()
    # 2: the tab "Mailbox"
    page.locator("nav.tabs").get_by_role("link", name="Mailbox", exact=True).click()
    # 3: the check boxes, and below them the time control
    page.get_by_label(words["enabled"]).check()
    page.get_by_label(words["answer"]).check()
    page.get_by_label(words["seconds"]).fill("15")
    expect(page.get_by_role("heading", name=words["time control"])).to_be_visible()
    expect(page.locator("#hours")).to_be_hidden()
    page.get_by_label(words["own"], exact=True).check()
    page.locator("#hours-mon-0-to").fill("12")
    page.get_by_role("button", name=words["add monday"]).click()
    expect(page.locator("#hours-mon-1-from")).to_be_focused()
    assert page.locator("#hours-mon-0-to").input_value() == "12"
    page.locator("#hours-mon-1-from").fill("13")
    page.locator("#hours-mon-1-to").fill("17:00")
    page.get_by_role("button", name=words["copy"]).click()
    page.get_by_role("button", name=words["remove"]).click()
    page.get_by_role("button", name=words["add saturday"]).click()
    page.locator("#hours-sat-0-from").fill("15")
    page.locator("#hours-sat-0-to").fill("nachts")
    page.get_by_role("button", name=words["save"], exact=True).last.click()
    expect(page.locator(".hours-day.wrong .error")).to_have_text(words["mistake"])
    expect(page.get_by_label(words["enabled"])).to_be_checked()
    page.locator("#hours-sat-0-to").fill("0200")
    page.get_by_role("button", name=words["save"], exact=True).last.click()
    page.get_by_text(words["saved"]).wait_for()
    expect(page.locator("p.notice strong")).to_contain_text(words["now"])
    found = mailbox(desk, "employee:ben")
    assert (found.enabled, found.answer_calls, found.answer_after) == (True, True, 15)
    assert found.schedule is not None
    assert [(one.days, one.from_, one.to) for one in found.schedule.open] == [
        ("mon-fri", "08:00", "12:00"),
        ("mon-thu", "13:00", "17:00"),
        ("sat", "15:00", "02:00"),
    ]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the keyboard is at *selector*."""
    for _press in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to {selector}")


def test_an_employee_does_it_with_the_keyboard_alone(desk: Desk):
    page = desk.open("employee")
    page.goto("/employees/anna/mailbox")
    tab_to(page, "#enabled")
    page.keyboard.press("Space")
    tab_to(page, "#answer_after")
    page.keyboard.press("Control+A")
    page.keyboard.type("7")
    tab_to(page, "[name=timing]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#hours")).to_be_visible()
    tab_to(page, "#hours-tue-add")
    page.keyboard.press("Enter")
    expect(page.locator("#hours-tue-1-from")).to_be_focused()
    page.keyboard.type("20")
    page.keyboard.press("Tab")
    page.keyboard.type("24")
    page.keyboard.press("Enter")  # saves, whichever field it is pressed in
    page.get_by_text("Die Mailbox ist geändert.").wait_for()
    found = mailbox(desk, "employee:anna")
    assert (found.enabled, found.answer_after) == (False, 7)
    assert found.schedule is not None
    assert ("tue", "20:00", "24:00") in [(one.days, one.from_, one.to) for one in found.schedule.open]


def test_the_week_follows_what_is_typed(desk: Desk):
    page = desk.open("admin")
    page.goto("/schedules/edit?name=office+hours")
    monday = page.locator("#hours-week svg").first
    expect(monday).to_have_attribute("aria-label", "Montag: 08:00–17:30")
    page.locator("#hours-mon-0-from").fill("22")
    page.locator("#hours-mon-0-to").fill("2")
    page.keyboard.press("Tab")
    expect(monday).to_have_attribute("aria-label", "Montag: 22:00–24:00")
    tuesday = page.locator("#hours-week svg").nth(1)
    expect(tuesday).to_have_attribute("aria-label", "Dienstag: 00:00–02:00, 08:00–17:30")
    assert page.locator("#hours-mon-0-from").input_value() == "22"


def test_the_months_follow_one_another(desk: Desk):
    page = desk.open("admin")
    page.goto("/schedules/show?name=office+hours")
    expect(page.locator("#calendar h2")).to_have_text("November 2026")
    page.get_by_role("link", name="Nächster Monat").click()
    expect(page.locator("#calendar h2")).to_have_text("Dezember 2026")
    assert "Zweiter Weihnachtstag" in page.locator("#calendar").inner_text()
    page.get_by_role("link", name="Nächster Monat").click()
    expect(page.locator("#calendar h2")).to_have_text("Januar 2027")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    with desk.world.database.write() as session:
        many = [{"days": "mon-sun", "from": f"{hour:02}:00", "to": f"{hour:02}:30"} for hour in range(6)]
        services.save_schedule(session, document.Schedule.model_validate({"name": "x" * 100, "open": many}))
        own = {"open": many, "closed": [{"date": "2026-12-24", "reason": "y" * 100}]}
        owners.set_mailbox(session, "employee:anna", schedule=own)
    page = desk.open("admin", width=390, height=844, dark=dark)
    for path in (
        "/schedules",
        "/schedules/new",
        f"/schedules/show?name={'x' * 100}&month=2026-12",
        f"/schedules/edit?name={'x' * 100}",
        "/schedules/remove?name=nights",
        "/employees/anna/mailbox",
        "/pools/sales/mailbox",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


@pytest.mark.parametrize("language", ["de-DE", "en-GB"])
def test_a_month_on_a_phone_has_a_line_for_each_day(desk: Desk, language: str):
    page = desk.open("admin", language=language, width=390, height=844)
    page.goto("/schedules/show?name=office+hours&month=2026-12")
    heights = page.locator(".month time").evaluate_all("days => days.map(day => day.getBoundingClientRect().height)")
    assert (len(heights), len(set(heights))) == (31, 1)
    links = page.locator(".month-title a").evaluate_all("links => links.map(link => link.getBoundingClientRect().y)")
    assert len(set(links)) == 1, "the two months stand side by side"
