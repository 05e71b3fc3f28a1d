"""Mails that were given up, in a real browser: the start page leads to them; one is tried again, one dropped."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from callrouter.directory.records import OutboxRow
from tests.browser.conftest import Desk
from tests.browser.steps import press, ways
from tests.web.world import NOW

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "problem": "2 Mails konnten nicht zugestellt werden.",
        "look": "Mails ansehen",
        "again": "Noch einmal versuchen",
        "tried": "Die Mail wird noch einmal versucht.",
        "drop": "Verwerfen",
        "drop mail": "Mail verwerfen",
        "dropped": "Die Mail ist verworfen.",
    },
    "en-GB": {
        "problem": "2 mails could not be delivered.",
        "look": "Look at the mails",
        "again": "Try again",
        "tried": "The mail is tried again.",
        "drop": "Drop",
        "drop mail": "Drop mail",
        "dropped": "The mail is dropped.",
    },
}


@ways
def test_mails_that_were_given_up(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    texts = {"kind": "missed", "subject": "Verpasster Anruf", "text": "", "html": "", "error": "550 no such user"}
    with desk.world.database.write() as session:
        for name in ("anna", "ben"):
            mail = OutboxRow(mail_id=f"<{name}>", recipient=f"{name}@muster.example", headers={}, state="dead", **texts)
            mail.created_at = mail.next_try_at = NOW
            session.add(mail)
    page = desk.open("admin", language=language, scripts=scripts)
    page.get_by_text(words["problem"]).wait_for()
    page.get_by_role("link", name=words["look"]).click()
    rows = page.locator("tbody tr")
    expect(rows.filter(has_text="550 no such user")).to_have_count(2)
    rows.filter(has_text="anna@").get_by_role("button", name=words["again"]).click()
    page.get_by_text(words["tried"]).wait_for()
    rows.filter(has_text="ben@").get_by_role("link", name=words["drop"]).click()
    press(page, words["drop mail"])
    page.get_by_text(words["dropped"]).wait_for()
    expect(rows).to_have_count(1)
    with desk.world.database.read() as session:
        states = {mail.recipient: mail.state for mail in session.scalars(select(OutboxRow))}
    assert states == {"anna@muster.example": "waiting", "ben@muster.example": "dropped"}
