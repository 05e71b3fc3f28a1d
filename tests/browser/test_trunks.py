"""A trunk in a real browser: added after a mistake, changed with its password unseen, taken over, removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callrouter.directory import document, services
from callrouter.errors import RenderError, UnknownError
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, press, ways

pytestmark = pytest.mark.chromium

SECRET, OTHER_SECRET = "streng+geheim", "anderes+geheim"
PEERS = "192.0.2.0/28\n192.0.2.99"
WORDS = {
    "de-DE": {
        "add trunk": "Trunk hinzufügen",
        "proxy": "Adresse des Anbieters",
        "peers": "Anrufe kommen von",
        "did": "Die gewählte Rufnummer steht",
        "register": "Beim Anbieter registrieren",
        "user": "Benutzername",
        "password": "Passwort",
        "add": "Hinzufügen",
        "save": "Speichern",
        "no port": "Trunk second: 99999 ist kein Port; Ports sind 1 bis 65535",
        "no password": "Trunk second: die Registrierung braucht Benutzername und Passwort",
        "added": "Der Trunk second ist hinzugefügt; FreeSWITCH übernimmt ihn.",
        "stored": "Es ist eines gespeichert, das nicht angezeigt wird.",
        "saved": "Der Trunk second ist gespeichert; FreeSWITCH übernimmt ihn.",
        "remove": "Trunk entfernen",
        "removed": "Der Trunk second ist entfernt.",
        "pending": "FreeSWITCH übernimmt die letzten Änderungen …",
        "failed": "FreeSWITCH hat die letzten Änderungen nicht übernommen.",
        "again": "Jetzt noch einmal versuchen",
        "done": "FreeSWITCH hat die letzten Änderungen übernommen.",
    },
    "en-GB": {
        "add trunk": "Add trunk",
        "proxy": "Provider's address",
        "peers": "Calls come from",
        "did": "The dialled number stands in",
        "register": "Register with the provider",
        "user": "User name",
        "password": "Password",
        "add": "Add",
        "save": "Save",
        "no port": "trunk second: 99999 is no port; ports are 1 to 65535",
        "no password": "trunk second: register needs username and password",
        "added": "Trunk second is added; FreeSWITCH takes it over.",
        "stored": "One is stored, and not shown.",
        "saved": "Trunk second is saved; FreeSWITCH takes it over.",
        "remove": "Remove trunk",
        "removed": "Trunk second is removed.",
        "pending": "FreeSWITCH is taking over the last changes …",
        "failed": "FreeSWITCH has not taken over the last changes.",
        "again": "Try again now",
        "done": "FreeSWITCH has taken over the last changes.",
    },
}


def trunk(desk: Desk, name: str) -> document.Trunk:
    with desk.world.database.read() as session:
        return services.trunk(session, name)[0]


@ways
def test_a_trunk_is_added_changed_and_removed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, "Trunks")
    page.get_by_role("link", name=words["add trunk"]).click()
    name, password = page.get_by_label("Name", exact=True), page.get_by_label(words["password"], exact=True)
    expect(name).to_be_focused()
    page.keyboard.type("second")
    page.get_by_label(words["peers"]).fill(PEERS)
    page.get_by_label(words["did"]).select_option("to")
    page.get_by_label(words["register"]).check()
    page.get_by_label(words["user"]).fill("4930231250")
    password.fill(SECRET)
    page.get_by_label(words["proxy"]).fill("sip.provider.example:99999")
    press(page, words["add"])
    expect(beside(page, words["proxy"])).to_have_text(words["no port"])
    expect(name).to_have_value("second")
    expect(page.get_by_label(words["peers"])).to_have_value(PEERS)
    expect(page.get_by_label(words["did"])).to_have_value("to")
    expect(page.get_by_label(words["register"])).to_be_checked()
    expect(page.get_by_label(words["user"])).to_have_value("4930231250")
    assert SECRET not in page.content()
    page.get_by_label(words["proxy"]).fill("sip.provider.example:5070")
    press(page, words["add"])
    expect(beside(page, words["register"])).to_have_text(words["no password"])
    password.fill(SECRET)
    page.keyboard.press("Enter")
    page.get_by_text(words["added"]).wait_for()
    assert trunk(desk, "second") == document.Trunk(
        name="second",
        proxy="sip.provider.example:5070",
        peers=PEERS.split(),
        did_from="to",
        register=True,
        username="4930231250",
        password=SECRET,
    )
    for proxy, typed, kept in (("192.0.2.7", "", SECRET), ("192.0.2.8", OTHER_SECRET, OTHER_SECRET)):
        page.get_by_role("link", name="second", exact=True).click()
        page.get_by_text(words["stored"]).wait_for()
        expect(password).to_have_value("")
        page.get_by_label(words["proxy"]).fill(proxy)
        password.fill(typed)
        press(page, words["save"])
        page.get_by_text(words["saved"]).wait_for()
        assert (trunk(desk, "second").proxy, trunk(desk, "second").password) == (proxy, kept)
    page.get_by_role("link", name="second", exact=True).click()
    page.get_by_text(words["stored"]).wait_for()
    assert "geheim" not in page.content()
    page.get_by_role("link", name=words["remove"]).click()
    press(page, words["remove"])
    page.get_by_text(words["removed"]).wait_for()
    assert page.locator("tbody tr").count() == 1
    with pytest.raises(UnknownError):
        trunk(desk, "second")


@ways
def test_it_is_told_how_far_freeswitch_is(desk: Desk, language: str, scripts: bool):
    words, work = WORDS[language], desk.world.parts.apply
    put = work._put

    def refuse() -> tuple[str, ...]:
        raise RenderError("the event socket is <closed>")

    work._put = refuse
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/trunks/carrier")
    page.get_by_label(words["proxy"]).fill("192.0.2.7")
    press(page, words["save"])
    banner = page.locator("#applying")
    banner.get_by_text(words["pending"]).wait_for()
    work.once()
    if not scripts:
        page.reload()
    banner.get_by_text(words["failed"]).wait_for()
    banner.get_by_text("the event socket is <closed>").wait_for()
    with page.expect_response(lambda response: response.request.method == "POST"):
        press(page, words["again"])
    banner.get_by_text(words["failed"]).wait_for()
    work._put = put
    work.once()
    if scripts:
        banner.get_by_text(words["done"]).wait_for()
    else:
        page.reload()
        expect(banner).to_have_text("")
    assert desk.world.applied == [1]
