"""API tokens in a real browser: made with the keyboard alone, and nothing is wider than a phone."""

from __future__ import annotations

import datetime as dt

import pytest

from callrouter.directory import tokens
from tests.browser.conftest import Desk
from tests.web.world import NOW

pytestmark = pytest.mark.chromium


def test_a_token_is_made_with_the_keyboard(desk: Desk):
    page = desk.open("admin")
    page.goto("/tokens/new")
    page.locator("input:focus").wait_for()
    page.keyboard.type("Telefonbuch-Abgleich")
    page.keyboard.press("Enter")
    page.get_by_text("Wird nur dieses eine Mal gezeigt.").wait_for()
    assert page.locator("dl code").inner_text().startswith("crt_")
    page.goto("/tokens")
    assert page.locator("tbody tr").inner_text().startswith("Telefonbuch-Abgleich")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    with desk.world.database.write() as session:
        tokens.create(session, "Telefonbuch-Abgleich", ["read"], at=NOW, created_by="web:chefin")
        soon = NOW + dt.timedelta(days=90)
        row, _ = tokens.create(session, "Archiv", tokens.SCOPES, at=NOW, created_by="cli:root", expires_at=soon)
        row.last_used_at = NOW
        row, _ = tokens.create(session, "Alt", ["read", "write"], at=NOW, created_by="web:chefin", expires_at=soon)
        row.expires_at = NOW
    page = desk.open("admin", width=390, height=844, dark=dark)
    for path in ("/tokens", "/tokens/new", "/tokens/1/revoke"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
