"""Privacy in a real browser: an administrator hides who handled what, and two colleagues of one pool see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import services
from callrouter.directory.privacy import Privacy
from tests.browser.conftest import Desk
from tests.browser.steps import open_entry, press, ways
from tests.web.ended_calls import put_call
from tests.web.test_inbox import put_case

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "settings": "Einstellungen",
        "privacy": "Datenschutz: wer wessen Anrufe sieht und wer sie bearbeitet hat",
        "own": "die eigenen und die, die in ihren Pools niemand angenommen hat",
        "hidden": "als „jemand aus dem Team“",
        "no": "nicht angezeigt",
        "save": "Speichern",
        "changed": "Die Einstellungen zum Datenschutz sind geändert.",
        "calls": "Anrufe",
        "done": "Als erledigt markieren",
        "colleague": "Jemand aus dem Team",
    },
    "en-GB": {
        "settings": "Settings",
        "privacy": "Privacy: who sees whose calls, and who handled them",
        "own": "their own, and those that nobody of their pools has answered",
        "hidden": "as “a colleague”",
        "no": "not shown",
        "save": "Save",
        "changed": "What people see of each other is changed.",
        "calls": "Calls",
        "done": "Mark as done",
        "colleague": "A colleague",
    },
}


@ways
def test_who_handled_what_is_hidden(desk: Desk, language: str, scripts: bool) -> None:
    words = WORDS[language]
    case = put_case(desk.world, "pool:sales")
    put_call(desk.world, "sales-ben", "pool:sales", device="ben-desk", outcome="answered")
    anna, ben = (desk.open(role, language=language, scripts=scripts) for role in ("employee", "other"))
    open_entry(anna, words["calls"])
    expect(anna.locator("tbody")).to_contain_text("Ben Yılmaz")
    boss = desk.open("admin", language=language, scripts=scripts)
    open_entry(boss, words["settings"])
    boss.get_by_role("link", name=words["privacy"]).click()
    boss.get_by_label(words["own"]).first.check()
    boss.get_by_label(words["hidden"]).first.check()
    boss.get_by_label(words["no"], exact=True).nth(1).check()
    press(boss, words["save"])
    boss.get_by_text(words["changed"]).wait_for()
    expect(boss.get_by_label(words["own"]).first).to_be_checked()
    with desk.world.database.read() as session:
        assert services.company(session)[0].privacy == Privacy.model_validate(
            {"employee": {"whose_calls": "own", "handlers": "hidden"}, "admin": {"live": "hidden"}}
        )
    ben.goto(f"/inbox/{case}")
    press(ben, words["done"])
    expect(ben.locator(".story").first).to_contain_text("Ben Yılmaz")
    anna.goto(f"/inbox/{case}")
    expect(anna.locator(".story").first).to_contain_text(words["colleague"])
    expect(anna.locator("main")).not_to_contain_text("Ben")
    open_entry(anna, words["calls"])
    expect(anna.locator("main tbody tr")).to_have_count(0)
