"""A caller is blocked and let through again in a real browser; what is neither a number nor all of those without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import lists
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, search, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "blocked": "Gesperrte Anrufer",
        "block": "Anrufer sperren",
        "caller": "Anrufer",
        "anonymous": "Alle Anrufer, die ihre Rufnummer unterdrücken",
        "why": "Warum",
        "send": "Sperren",
        "either": "Geben Sie eine Rufnummer ein, oder wählen Sie die Anrufer ohne Rufnummer.",
        "refused": "Anrufe von +49 176 04069077 werden ab jetzt abgewiesen.",
        "since": "21.11.2026, 15:42",
        "let": "Durchlassen",
        "sure": "+49 176 04069077 wieder durchlassen?",
        "through": "Anrufe von +49 176 04069077 kommen wieder durch.",
        "nobody": "Anrufe von anonym kommen wieder durch.",
        "all": "Anrufe von anonym werden ab jetzt abgewiesen.",
    },
    "en-GB": {
        "blocked": "Blocked callers",
        "block": "Block a caller",
        "caller": "Caller",
        "anonymous": "All callers who withhold their number",
        "why": "Why",
        "send": "Block caller",
        "either": "Enter a number, or choose the callers without one.",
        "refused": "Calls of +49 176 04069077 are refused from now on.",
        "since": "21 Nov 2026, 15:42",
        "let": "Let through",
        "sure": "Let +49 176 04069077 through again?",
        "through": "Calls of +49 176 04069077 come through again.",
        "nobody": "Calls of anonymous come through again.",
        "all": "Calls of anonymous are refused from now on.",
    },
}


def blocked(desk: Desk) -> dict[str, str]:
    with desk.world.database.read() as session:
        return {row.caller: row.note for row in lists.blocked_callers(session).rows}


@ways
def test_a_caller_is_blocked_and_let_through(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    before = blocked(desk)
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["blocked"])
    page.get_by_role("link", name=words["block"]).click()
    caller = page.get_by_label(words["caller"], exact=True)
    expect(caller).to_be_focused()
    page.keyboard.type("0176 040690-77")
    page.get_by_label(words["anonymous"]).check()
    page.get_by_label(words["why"]).fill("Werbung")
    press(page, words["send"])
    expect(beside(page, words["caller"])).to_have_text(words["either"])
    expect(caller).to_have_value("0176 040690-77")
    expect(page.get_by_label(words["why"])).to_have_value("Werbung")
    expect(page.get_by_label(words["anonymous"])).to_be_checked()
    assert blocked(desk) == before
    page.get_by_label(words["anonymous"]).uncheck()
    page.get_by_label(words["why"]).press("Enter")
    page.get_by_text(words["refused"]).wait_for()
    assert blocked(desk) == {**before, "+4917604069077": "Werbung"}
    search(page, "werb", scripts=scripts)
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(words["since"])
    row.get_by_role("link", name=words["let"]).click()
    page.get_by_role("heading", name=words["sure"]).wait_for()
    press(page, words["let"])
    page.get_by_text(words["through"]).wait_for()
    assert blocked(desk) == before


@ways
def test_callers_without_number(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/blocked/anonymous/remove")
    press(page, words["let"])
    page.get_by_text(words["nobody"]).wait_for()
    assert "anonymous" not in blocked(desk)
    page.goto("/blocked/new")
    page.get_by_label(words["anonymous"]).press("Space")
    page.get_by_label(words["anonymous"]).press("Enter")
    page.get_by_text(words["all"]).wait_for()
    assert "anonymous" in blocked(desk)
