"""One's own account in a real browser: another language, another password, and the other sessions end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import accounts
from tests.browser.conftest import Desk
from tests.browser.steps import beside, press, ways
from tests.web.world import LOGINS, PASSWORD

pytestmark = pytest.mark.chromium

NEW = "ein anderes langes Passwort"
WORDS = {
    "de-DE": {
        "account": "Mein Konto",
        "language": "Sprache",
        "save": "Speichern",
        "as asked": "Wie im Browser eingestellt",
        "chosen": "Ihre Sprache ist geändert.",
        "current": "Bisheriges Passwort",
        "new": "Neues Passwort",
        "again": "Neues Passwort wiederholen",
        "change": "Passwort ändern",
        "wrong": "Das ist nicht Ihr bisheriges Passwort.",
        "short": "Nehmen Sie mindestens 10 Zeichen.",
        "differ": "Die beiden neuen Passwörter sind verschieden.",
        "changed": "Ihr Passwort ist geändert. Ihre anderen Sitzungen sind beendet.",
        "no entry": "Benutzername oder Passwort ist falsch.",
    },
    "en-GB": {
        "account": "My account",
        "language": "Language",
        "save": "Save",
        "as asked": "As the browser asks",
        "chosen": "Your language is changed.",
        "current": "Current password",
        "new": "New password",
        "again": "New password again",
        "change": "Change password",
        "wrong": "This is not your current password.",
        "short": "Take 10 characters or more.",
        "differ": "The two new passwords differ.",
        "changed": "Your password is changed. Other sessions of yours have ended.",
        "no entry": "User name or password is wrong.",
    },
}
OTHER = {"de-DE": "en-GB", "en-GB": "de-DE"}


def own_language(desk: Desk) -> str | None:
    with desk.world.database.read() as session:
        return accounts.find(session, LOGINS["employee"]).language


@ways
def test_the_own_language_goes_before_the_browsers(desk: Desk, language: str, scripts: bool):
    words, others = WORDS[language], WORDS[OTHER[language]]
    page = desk.open("employee", language=language, scripts=scripts)
    page.locator("header.top").get_by_role("link", name="Anna Schmidt").click()
    page.get_by_role("heading", name=words["account"]).wait_for()
    page.get_by_label(words["language"], exact=True).select_option(OTHER[language][:2])
    press(page, words["save"])
    page.get_by_text(others["chosen"]).wait_for()
    expect(page.locator("html")).to_have_attribute("lang", OTHER[language][:2])
    assert own_language(desk) == OTHER[language][:2]
    page.get_by_label(others["language"], exact=True).select_option(label=others["as asked"])
    press(page, others["save"])
    page.get_by_role("heading", name=words["account"]).wait_for()
    assert own_language(desk) is None


@ways
def test_the_own_password(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    elsewhere = desk.open("employee", language=language)
    page = desk.open("employee", language=language, scripts=scripts)
    page.goto("/account")
    fields = [page.get_by_label(words[name], exact=True) for name in ("current", "new", "again")]
    for typed, field, told in (
        ((PASSWORD, "zu kurz", "zu kurz"), "new", "short"),
        ((PASSWORD, NEW, NEW[:-1]), "again", "differ"),
        ((PASSWORD[:-1], NEW, NEW), "current", "wrong"),
    ):
        for place, text in zip(fields, typed, strict=True):
            place.fill(text)
        press(page, words["change"])
        expect(beside(page, words[field])).to_have_text(words[told])
        for place in fields:
            expect(place).to_have_value("")
    fields[0].focus()
    for text in (PASSWORD, NEW, NEW):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text(words["changed"]).wait_for()
    with desk.world.database.read() as session:
        assert accounts.verify(session, LOGINS["employee"], PASSWORD) is None
        assert accounts.verify(session, LOGINS["employee"], NEW) is not None
    page.goto("/messages")
    assert "/sign-in" not in page.url
    elsewhere.goto("/messages")
    for password in (PASSWORD, NEW):
        elsewhere.fill("#login", LOGINS["employee"])
        elsewhere.fill("#password", password)
        elsewhere.press("#password", "Enter")
        if password == PASSWORD:
            elsewhere.get_by_text(words["no entry"]).wait_for()
    elsewhere.wait_for_url(f"{desk.url}/messages")
