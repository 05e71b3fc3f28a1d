"""Calls out in a real browser: the company's limits, an employee's own list, and a call begun with a click."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from callrouter.web.live import Live
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, ways
from tests.web.ended_calls import put_call

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "calls out": "Anrufe nach außen",
        "abroad": "Rufnummern im Ausland",
        "mobile": "Mobiltelefone im Inland",
        "schedule": "Weniger Rufnummern, während diese Zeitsteuerung geschlossen ist",
        "calls": "Gleichzeitige Anrufe nach außen, im Unternehmen",
        "alarm": "Alarm senden an",
        "line": "Amtsholung",
        "most": "Geben Sie 1 bis 1000 ein.",
        "emergency": "outside_line 1: Die Notrufnummer 110 beginnt damit; nehmen Sie eine andere Ziffer",
        "save": "Speichern",
        "changed": "Die Grenzen sind geändert.",
        "as everybody": "Darf anrufen, was alle dürfen",
        "rules": "Die Regeln für Anrufe nach außen sind geändert.",
        "call": "anrufen",
        "rings": "Ihre Telefone klingeln",
    },
    "en-GB": {
        "calls out": "Calls out",
        "abroad": "numbers abroad",
        "mobile": "mobile phones in this country",
        "schedule": "Fewer numbers while this schedule is closed",
        "calls": "Calls out at once, of the company",
        "alarm": "Send an alarm to",
        "line": "Outside line",
        "most": "Enter 1 to 1000.",
        "emergency": "outside_line 1: the emergency number 110 begins with it; take another digit",
        "save": "Save",
        "changed": "The limits are changed.",
        "as everybody": "May call what everybody may",
        "rules": "The rules for calls out are changed.",
        "call": "Call ",
        "rings": "Your phones ring",
    },
}


@ways
def test_the_limits_are_changed(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["calls out"])
    page.get_by_label(words["abroad"]).first.check()
    page.get_by_label(words["schedule"]).select_option("office hours")
    page.get_by_label(words["alarm"]).fill("technik@muster.example")
    page.get_by_label(words["line"]).fill("1")
    page.get_by_label(words["calls"]).fill("0")
    press(page, words["save"])
    expect(beside(page, words["calls"])).to_have_text(words["most"])
    expect(page.get_by_label(words["abroad"]).first).to_be_checked()
    page.get_by_label(words["calls"]).fill("12")
    press(page, words["save"])
    expect(beside(page, words["line"]).first).to_have_text(words["emergency"])
    page.get_by_label(words["line"]).fill("0")
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    with desk.world.database.read() as session:
        company = services.company(session)[0]
    assert company.outside_line == "0"
    assert company.limits == document.Limits(
        destinations=["national", "mobile", "international"],
        schedule="office hours",
        calls=12,
        alarm_email="technik@muster.example",
    )


@ways
def test_an_employee_may_call_something_else(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/employees/ben/numbers")
    page.get_by_label(words["as everybody"]).uncheck()
    page.get_by_label(words["mobile"]).check()
    page.get_by_role("button", name=words["save"], exact=True).nth(1).click()
    page.get_by_text(words["rules"]).wait_for()
    with desk.world.database.read() as session:
        assert services.employee(session, "ben")[0].destinations == ["mobile"]
    expect(page.get_by_label(words["mobile"])).to_be_checked()


@ways
def test_a_caller_is_called_back_with_a_click(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    put_call(desk.world, "anna-missed", "employee:anna", detail="abandoned")
    desk.world.switch.now = Live()
    page = desk.open("employee", language=language, scripts=scripts)
    page.goto("/calls/anna-missed")
    page.get_by_role("button", name=words["call"]).click()
    page.get_by_text(words["rings"]).wait_for()
    [command] = desk.world.switch.begun
    assert command.endswith(" +4917604069001 XML click")
