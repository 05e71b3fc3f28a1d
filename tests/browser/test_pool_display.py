"""A number's own notifications, and what phones are told of a pool's calls, chosen in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, number_use, services
from tests.browser.conftest import Desk
from tests.browser.steps import beside, press, ways

pytestmark = pytest.mark.chromium

SALES = "+493023125000"
WORDS = {
    "de-DE": {
        "about": "Per Mail benachrichtigen über",
        "missed": "verpasste Anrufe",
        "address": "An die Mailadresse",
        "salutation": "Anrede",
        "save": "Speichern",
        "changed": "Die Benachrichtigungen für +49 30 23125000 sind geändert.",
        "key": "muss die 1 drücken",
        "short": "Angezeigt als",
        "before": "Telefone zeigen den Pool vor dem Anrufer",
        "outside": "Klingelt auch unter externen Rufnummern der Mitglieder",
        "ring": "Eigener Klingelton",
        "answers": "nehmen manche Telefone von selbst ab",
        "pool changed": "Der Pool ist geändert.",
    },
    "en-GB": {
        "about": "Mail about",
        "missed": "missed calls",
        "address": "To the mail address",
        "salutation": "Salutation",
        "save": "Save",
        "changed": "The notifications of +49 30 23125000 are changed.",
        "key": "must press 1",
        "short": "Shown as",
        "before": "Phones show the pool before the caller",
        "outside": "Also rings members outside",
        "ring": "Ring of its own",
        "answers": "phones may answer by themselves",
        "pool changed": "The pool is changed.",
    },
}


@ways
def test_a_number_has_a_shared_mailbox(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto(f"/numbers/{SALES}")
    page.locator(f"a[href='/numbers/{SALES}/notifications']").click()
    page.get_by_label(words["about"]).select_option(label=words["missed"])
    page.get_by_label(words["address"]).fill("postfach@muster.example")
    page.get_by_label(words["salutation"]).fill("Liebes Vertriebsteam,")
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    page.get_by_text("postfach@muster.example").wait_for()
    with desk.world.database.read() as session:
        use = number_use.number_use(session, SALES)
    assert use is not None
    assert use.notify == document.NumberNotify(
        about="missed", email="postfach@muster.example", salutation="Liebes Vertriebsteam,"
    )


@ways
def test_what_phones_show_and_how_they_ring(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales")
    expect(page.get_by_label(words["before"])).to_be_checked()
    page.get_by_label(words["short"]).fill("VT")
    page.get_by_label(words["ring"]).fill("Intercom")
    press(page, words["save"])
    expect(beside(page, words["ring"])).to_contain_text(words["answers"])
    expect(page.locator(".hint", has_text=words["key"])).to_be_visible()
    page.get_by_label(words["outside"]).check()
    page.get_by_label(words["ring"]).fill("vertrieb")
    press(page, words["save"])
    page.get_by_text(words["pool changed"]).wait_for()
    with desk.world.database.read() as session:
        pool = services.pool(session, "sales")[0]
    assert (pool.show_name, pool.short_name, pool.alert) == (True, "VT", "vertrieb")
    assert pool.members_outside
