"""Who may sign in, and which program, in a real browser: role, new password, removal; a token after a mistake."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import accounts, tokens
from callrouter.errors import RuleError
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, ways
from tests.web.world import NOW

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "users": "Benutzer",
        "add user": "Benutzer hinzufügen",
        "user": "Benutzername",
        "role": "Rolle",
        "employee": "Mitarbeiter",
        "which": "Geben Sie an, welcher Mitarbeiter das ist.",
        "taken": "Es gibt schon einen Benutzer anna",
        "add": "Hinzufügen",
        "once": "Wird nur dieses eine Mal gezeigt.",
        "back": "Zu den Benutzern",
        "save": "Speichern",
        "changed": "Die Rolle ist geändert.",
        "password": "Neues Passwort",
        "make": "Neues Passwort erzeugen",
        "remove": "Benutzer entfernen",
        "removed": "dora kann sich nicht mehr anmelden.",
        "tokens": "API-Zugänge",
        "add token": "Zugang hinzufügen",
        "read": "Lesen",
        "write": "Ändern",
        "ends": "Endet",
        "nothing": "Ein Zugang, der nichts darf, nützt nichts",
        "revoke token": "Zugang sperren",
        "revoked": "Der Zugang für Abgleich ist gesperrt.",
    },
    "en-GB": {
        "users": "Users",
        "add user": "Add user",
        "user": "User name",
        "role": "Role",
        "employee": "Employee",
        "which": "Say which employee this is.",
        "taken": "there is a user anna already",
        "add": "Add",
        "once": "Shown this once.",
        "back": "To the users",
        "save": "Save",
        "changed": "The role is changed.",
        "password": "New password",
        "make": "Make a new password",
        "remove": "Remove user",
        "removed": "dora can no longer sign in.",
        "tokens": "API tokens",
        "add token": "Add token",
        "read": "Read",
        "write": "Change",
        "ends": "Ends",
        "nothing": "a token without a scope may do nothing",
        "revoke token": "Revoke token",
        "revoked": "The token for Abgleich is revoked.",
    },
}


@ways
def test_a_user_comes_changes_and_goes(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["users"])
    page.get_by_role("link", name=words["add user"]).click()
    login, employee = page.get_by_label(words["user"], exact=True), page.get_by_label(words["employee"], exact=True)
    login.fill("anna")
    press(page, words["add"])
    expect(beside(page, words["employee"])).to_have_text(words["which"])
    employee.fill("anna")
    press(page, words["add"])
    page.get_by_text(words["taken"]).wait_for()
    expect(employee).to_have_value("anna")
    login.fill("dora")
    press(page, words["add"])
    page.get_by_text(words["once"]).wait_for()
    name, password = page.locator("dl code").all_inner_texts()
    with desk.world.database.read() as session:
        added = accounts.verify(session, "dora", password)
        assert added is not None
        assert (name, added.role) == ("dora", "employee")
    page.get_by_role("link", name=words["back"]).click()
    page.get_by_role("heading", name=words["users"]).wait_for()
    assert password not in page.content()
    page.get_by_role("link", name="dora", exact=True).click()
    page.get_by_label(words["role"]).select_option("admin")
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    page.get_by_role("link", name="dora", exact=True).click()
    page.get_by_role("link", name=words["password"]).click()
    press(page, words["make"])
    page.get_by_text(words["once"]).wait_for()
    other = page.locator("dl code").nth(1).inner_text()
    with desk.world.database.read() as session:
        assert accounts.verify(session, "dora", password) is None
        changed = accounts.verify(session, "dora", other)
        assert changed is not None
        assert changed.role == "admin"
    page.goto("/users/dora")
    page.get_by_role("link", name=words["remove"]).click()
    press(page, words["remove"])
    page.get_by_text(words["removed"]).wait_for()
    with desk.world.database.read() as session, pytest.raises(RuleError):
        accounts.find(session, "dora")


@ways
def test_a_token_comes_and_goes(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["tokens"])
    page.get_by_role("link", name=words["add token"]).click()
    page.get_by_label("Name", exact=True).fill("Abgleich")
    page.get_by_label(words["read"], exact=True).uncheck()
    page.get_by_label(words["ends"]).select_option("30")
    press(page, words["add"])
    expect(beside(page, words["read"])).to_contain_text(words["nothing"])
    expect(page.get_by_label("Name", exact=True)).to_have_value("Abgleich")
    expect(page.get_by_label(words["ends"])).to_have_value("30")
    page.get_by_label(words["write"], exact=True).check()
    press(page, words["add"])
    page.get_by_text(words["once"]).wait_for()
    token = page.locator("dl code").inner_text()
    with desk.world.database.read() as session:
        made = tokens.verify(session, token, NOW)
        assert made is not None
        assert (made.name, made.scopes, (made.expires_at - NOW).days) == ("Abgleich", ["write"], 30)
    open_entry(page, words["tokens"])
    page.locator("tbody").wait_for()
    assert token not in page.content()
    page.locator("tbody").get_by_role("link").click()
    press(page, words["revoke token"])
    page.get_by_text(words["revoked"]).wait_for()
    with desk.world.database.read() as session:
        assert tokens.verify(session, token, NOW) is None
