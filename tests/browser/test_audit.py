"""The audit log in a real browser: a change made on a page stands there from → to, and a secret only as changed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import audit, devices, pools
from tests.browser.conftest import Desk
from tests.browser.steps import open_entry, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "seconds": "Klingelt so lange (Sekunden)",
        "save": "Speichern",
        "saved": "Der Pool ist geändert.",
        "audit": "Protokoll",
        "search": "Suchen",
        "kind": "Art",
        "pool": "Pool",
        "by": "Geändert von",
        "changed": ["geändert Pool sales", "1 Angabe Klingelt so lange (Sekunden) 30 → 20"],
        "by command": ["geändert Pool sales", "1 Angabe Name Vertrieb → Verkauf"],
        "secret": "1 Angabe Endgeräte · anna-desk · Passwort *** → ***",
        "nothing": "Nichts dergleichen",
    },
    "en-GB": {
        "seconds": "Rings for (seconds)",
        "save": "Save",
        "saved": "The pool is changed.",
        "audit": "Audit log",
        "search": "Search",
        "kind": "Kind",
        "pool": "Pool",
        "by": "Changed by",
        "changed": ["changed Pool sales", "1 entry Rings for (seconds) 30 → 20"],
        "by command": ["changed Pool sales", "1 entry Name Vertrieb → Verkauf"],
        "secret": "1 entry Devices · anna-desk · Password *** → ***",
        "nothing": "Nothing of that kind",
    },
}


@ways
def test_who_changed_what_from_what_to_what(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    with desk.world.database.write() as session:
        audit.act_as(session, "cli:root")
        pools.change(session, "sales", name="Verkauf")
    with desk.world.database.write() as session:
        secret = devices.renew_password(session, "anna", "anna-desk")
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales")
    page.get_by_label(words["seconds"]).fill("20")
    press(page, words["save"])
    page.get_by_text(words["saved"]).wait_for()
    open_entry(page, words["audit"])
    rows = page.locator("#list tbody tr")
    expect(rows.nth(0).locator("td").nth(1)).to_have_text("chefin")
    for place, told in enumerate(words["changed"], start=2):
        expect(rows.nth(0).locator("td").nth(place)).to_have_text(told, use_inner_text=True)
    expect(rows.nth(1).locator("td").nth(3)).to_have_text(words["secret"], use_inner_text=True)
    assert secret not in page.content()
    page.get_by_label(words["kind"], exact=True).select_option(label=words["pool"])
    page.get_by_label(words["by"]).fill("cli:root")
    page.get_by_label(words["by"]).press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.locator("td").nth(1)).to_have_text("root (cli)")
    for place, told in enumerate(words["by command"], start=2):
        expect(rows.locator("td").nth(place)).to_have_text(told, use_inner_text=True)
    page.get_by_label(words["by"]).fill("niemand")
    page.get_by_label(words["by"]).press("Enter")
    page.get_by_text(words["nothing"]).wait_for()
