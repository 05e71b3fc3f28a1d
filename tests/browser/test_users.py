"""Users in a real browser: with the keyboard alone, while typing, and on a phone's screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Desk

pytestmark = pytest.mark.chromium


def test_a_user_is_added_with_the_keyboard(desk: Desk):
    page = desk.open("admin")
    page.goto("/users/new")
    page.locator("input:focus").wait_for()
    page.keyboard.type("dora@muster.example")
    page.keyboard.press("Tab")
    page.keyboard.press("A")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Wird nur dieses eine Mal gezeigt.").wait_for()
    assert "dora@muster.example" in page.locator("dl").inner_text()


def test_the_list_follows_while_typing(desk: Desk):
    page = desk.open("admin")
    page.goto("/users")
    assert page.locator("tbody tr").count() == 3
    page.get_by_role("searchbox").press_sequentially("yıl")
    page.wait_for_url("**/users?q=*")
    page.locator("tbody tr").nth(1).wait_for(state="detached")
    assert page.locator("tbody tr").inner_text().startswith("ben")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    page = desk.open("admin", width=390, height=844, dark=dark)
    for path in ("/", "/users", "/users/new", "/users/anna", "/audit", "/account"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.get_by_text("Mein Konto").wait_for()
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_text("Protokoll").click()
    page.wait_for_url("**/audit")
