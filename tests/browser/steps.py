"""What the tests of several pages do alike, with scripts and without."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page

#: A page is tried in German, and in English with JavaScript off.
ways = pytest.mark.parametrize(
    ("language", "scripts"),
    [("de-DE", True), ("en-GB", False)],
    ids=["de", "en plain"],
)


def open_entry(page: Page, name: str) -> None:
    """Follow the entry *name* of the navigation."""
    page.locator("nav.side").get_by_role("link", name=name, exact=True).click()


def open_tab(page: Page, name: str) -> None:
    """Follow the tab *name* of an employee or a pool."""
    page.locator("nav.tabs").get_by_role("link", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    """Press the button *name*."""
    page.get_by_role("button", name=name, exact=True).click()


def beside(page: Page, label: str) -> Locator:
    """What is told beside the field *label*: its mistakes."""
    return page.locator(".field.wrong", has=page.get_by_label(label, exact=True)).locator(".error")


def search(page: Page, text: str, *, scripts: bool) -> None:
    """Search the list for *text*: the list follows what is typed, or waits for Enter."""
    box = page.get_by_role("searchbox").first
    if scripts:
        box.press_sequentially(text)
    else:
        box.fill(text)
        box.press("Enter")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == [text])
