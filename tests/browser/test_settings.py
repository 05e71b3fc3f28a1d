"""Settings in a real browser: the company is changed after mistakes; a test mail goes out, or it is told why not."""

from __future__ import annotations

import dataclasses

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from callrouter.errors import CallrouterError
from callrouter.web.parts import install
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "settings": "Einstellungen",
        "language": "Sprache",
        "area": "Ortsvorwahl",
        "zone": "Zeitzone",
        "holidays": "Gesetzliche Feiertage von",
        "ring": "Telefone klingeln so lange (Sekunden)",
        "claimer": "Wer einen Rückruf übernommen hat, wird zuerst angerufen (Sekunden)",
        "sixty": "Geben Sie 0 bis 60 Sekunden ein.",
        "guard": "Vor einem zweiten Rückruf warnen (Minuten)",
        "emergency": "Notrufnummern",
        "save": "Speichern",
        "five": "Geben Sie 5 bis 300 Sekunden ein.",
        "one": "1 ist keine Notrufnummer; sie haben zwei bis sechs Ziffern.",
        "zero": "Ortsvorwahl 089: schreiben Sie sie ohne die 0 davor",
        "changed": "Die Einstellungen sind geändert.",
        "address": "Adresse",
        "send": "Senden",
        "no address": "Geben Sie genau eine Mailadresse ein.",
        "not sent": "Die Mail wurde nicht versandt. 550 5.1.1 unbekannt",
        "sent": "Der Mailserver hat die Mail an probe@muster.example angenommen. Sehen Sie nach, ob sie ankommt.",
        "file": "Alles in callrouter.toml, mit seiner Bedeutung",
    },
    "en-GB": {
        "settings": "Settings",
        "language": "Language",
        "area": "Area code",
        "zone": "Time zone",
        "holidays": "Public holidays of",
        "ring": "Phones ring for (seconds)",
        "claimer": "Who has claimed a call-back is rung first (seconds)",
        "sixty": "Enter 0 to 60 seconds.",
        "guard": "Warn of a second call-back for (minutes)",
        "emergency": "Emergency numbers",
        "save": "Save",
        "five": "Enter 5 to 300 seconds.",
        "one": "1 is no emergency number; they have two to six digits.",
        "zero": "area_code 089: write it without the 0 before it",
        "changed": "The settings are changed.",
        "address": "Address",
        "send": "Send",
        "no address": "Enter one mail address.",
        "not sent": "The mail was not sent. 550 5.1.1 unbekannt",
        "sent": "The mail server took the mail to probe@muster.example. Look whether it arrives.",
        "file": "Everything in callrouter.toml, with its meaning",
    },
}


def company(desk: Desk) -> document.Company:
    with desk.world.database.read() as session:
        return services.company(session)[0]


@ways
def test_the_company_is_changed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    before = company(desk)
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["settings"])
    page.get_by_label("Name", exact=True).fill("Muster & Söhne")
    page.get_by_label(words["language"]).select_option("en")
    page.get_by_label(words["zone"]).select_option("Europe/Vienna")
    page.get_by_label(words["holidays"]).select_option("DE-BY")
    page.get_by_label(words["area"]).fill("089")
    page.get_by_label(words["ring"]).fill("4")
    page.get_by_label(words["claimer"]).fill("61")
    page.get_by_label(words["emergency"]).fill("112, 1")
    press(page, words["save"])
    expect(beside(page, words["ring"])).to_have_text(words["five"])
    expect(beside(page, words["claimer"])).to_have_text(words["sixty"])
    expect(beside(page, words["emergency"])).to_have_text(words["one"])
    page.get_by_label(words["ring"]).fill("40")
    page.get_by_label(words["claimer"]).fill("12")
    page.get_by_label(words["guard"]).fill("30")
    page.get_by_label(words["emergency"]).fill("112, 19222")
    press(page, words["save"])
    expect(beside(page, words["area"])).to_have_text(words["zero"])
    expect(page.get_by_label("Name", exact=True)).to_have_value("Muster & Söhne")
    expect(page.get_by_label(words["zone"])).to_have_value("Europe/Vienna")
    assert company(desk) == before
    page.get_by_label(words["area"]).fill("89")
    page.keyboard.press("Enter")
    page.get_by_text(words["changed"]).wait_for()
    expect(page.get_by_label(words["holidays"]).locator("option:checked")).to_have_text("Bayern")
    values = {"name": "Muster & Söhne", "language": "en", "timezone": "Europe/Vienna", "holidays": "DE-BY"}
    values |= {"area_code": "89", "ring_seconds": 40, "emergency": ["112", "19222"]}
    cases = before.cases.model_copy(update={"claimer_seconds": 12, "guard_minutes": 30})
    assert company(desk) == before.model_copy(update=values | {"cases": cases})
    page.get_by_role("link", name=words["file"]).click()
    page.get_by_text("secret_key", exact=True).wait_for()
    assert desk.world.parts.settings.web.secret_key not in page.content()


@ways
def test_a_test_mail(desk: Desk, language: str, scripts: bool):
    words, parts = WORDS[language], desk.world.parts

    def refuse(_recipient: str) -> None:
        raise CallrouterError("550 5.1.1 unbekannt")

    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/settings")
    address = page.get_by_label(words["address"], exact=True)
    address.fill("Probe")
    press(page, words["send"])
    expect(beside(page, words["address"])).to_have_text(words["no address"])
    expect(address).to_have_value("Probe")
    install(desk.world.application, dataclasses.replace(parts, send_test_mail=refuse))
    address.fill("probe@muster.example")
    press(page, words["send"])
    expect(beside(page, words["address"])).to_have_text(words["not sent"])
    expect(address).to_have_value("probe@muster.example")
    assert desk.world.test_mails == []
    install(desk.world.application, parts)
    address.press("Enter")
    page.get_by_text(words["sent"]).wait_for()
    assert desk.world.test_mails == ["probe@muster.example"]
