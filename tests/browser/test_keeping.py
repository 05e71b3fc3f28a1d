"""In a real browser: who is told of callers who wait too long, by the company or by a pool; how long data is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, owners, services
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_tab, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "too long": "Anrufer, die zu lange warten",
        "minutes": "Anrufer warten zu lange nach (Minuten)",
        "to": "Diese Anrufer melden an",
        "rules": "Die Meldung von Anrufern, die zu lange warten, ist geändert.",
        "kept": "Aufbewahrung",
        "calls": "Anrufe (Tage)",
        "messages": "Nachrichten (Tage)",
        "wrong": "Geben Sie 1 bis 36500 ein, oder nichts.",
        "night": "Die Aufbewahrung ist geändert. Sie gilt ab der nächsten Nacht.",
        "save": "Speichern",
        "notifications": "Benachrichtigungen",
        "own": "Anrufer melden, die zu lange warten, an",
    },
    "en-GB": {
        "too long": "Callers who wait too long",
        "minutes": "Callers wait too long after (minutes)",
        "to": "Tell of them",
        "rules": "Who is told of callers who wait too long is changed.",
        "kept": "How long data is kept",
        "calls": "Calls (days)",
        "messages": "Messages (days)",
        "wrong": "Enter 1 to 36500, or nothing.",
        "night": "How long data is kept is changed. It holds from the next night on.",
        "save": "Save",
        "notifications": "Notifications",
        "own": "Tell of callers who wait too long",
    },
}


@ways
def test_rules_and_retention_are_changed(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    page = desk.open("admin", language=language, width=390, scripts=scripts)
    page.goto("/settings")
    page.get_by_role("main").get_by_role("link", name=words["too long"], exact=True).click()
    page.get_by_label(words["minutes"]).fill("90")
    page.get_by_label(words["to"]).fill("leitung@muster.example")
    press(page, words["save"])
    expect(page.get_by_text(words["rules"])).to_be_visible()
    page.goto("/settings")
    page.get_by_role("main").get_by_role("link", name=words["kept"], exact=True).click()
    page.get_by_label(words["calls"]).fill("0")
    page.get_by_label(words["messages"]).fill("30")
    press(page, words["save"])
    expect(beside(page, words["calls"])).to_have_text(words["wrong"])
    expect(page.get_by_label(words["messages"])).to_have_value("30")
    page.get_by_label(words["calls"]).fill("")
    press(page, words["save"])
    expect(page.get_by_text(words["night"])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    with desk.world.database.read() as session:
        company, _ = services.company(session)
    assert company.cases == document.Cases(escalate_minutes=90, escalate_to="leitung@muster.example")
    assert company.retention == document.Retention(messages=30)


@ways
def test_a_pool_says_itself_whom_to_tell(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales")
    open_tab(page, words["notifications"])
    page.get_by_label(words["own"]).fill("vertriebsleitung@muster.example")
    press(page, words["save"])
    expect(page.get_by_label(words["own"])).to_have_value("vertriebsleitung@muster.example")
    with desk.world.database.read() as session:
        assert owners.owner(session, "pool:sales")[0].notify.escalate_to == "vertriebsleitung@muster.example"
