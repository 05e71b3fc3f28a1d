"""How callers wait for a member of a pool, chosen in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from tests.browser.conftest import Desk
from tests.browser.steps import beside, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "tab": "Warten",
        "waits": "Anrufer warten, bis jemand frei ist",
        "after": "Nach (Sekunden)",
        "most": "Sie warten höchstens (Sekunden)",
        "places": "So viele dürfen warten",
        "save": "Speichern",
        "too many": "Geben Sie 1 bis 10 ein.",
        "changed": "Wie Anrufer warten, ist geändert.",
    },
    "en-GB": {
        "tab": "Waiting",
        "waits": "Callers wait until somebody is free",
        "after": "After (seconds)",
        "most": "They wait at most (seconds)",
        "places": "So many may wait",
        "save": "Save",
        "too many": "Enter 1 to 10.",
        "changed": "How callers wait is changed.",
    },
}


def _waiting(desk: Desk) -> document.Waiting | None:
    with desk.world.database.read() as session:
        return services.pool(session, "sales")[0].waiting


@ways
def test_callers_wait_and_do_not_any_more(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales")
    page.get_by_role("link", name=words["tab"], exact=True).click()
    expect(page.get_by_label(words["waits"])).not_to_be_checked()
    page.get_by_label(words["waits"]).check()
    page.get_by_label(words["after"]).fill("0")
    page.get_by_label(words["places"]).fill("11")
    press(page, words["save"])
    expect(beside(page, words["places"])).to_contain_text(words["too many"])
    page.get_by_label(words["places"]).fill("3")
    page.get_by_label(words["most"]).fill("120")
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    assert _waiting(desk) == document.Waiting(after=0, at_most=120, places=3)
    page.get_by_label(words["waits"]).uncheck()
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    assert _waiting(desk) is None
