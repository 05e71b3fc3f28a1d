"""An employee's devices and notifications in a real browser: the card with the password once, whose QR code scans."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from callrouter.directory import document, services
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_tab, press, ways

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "devices": "Endgeräte",
        "label": "Bezeichnung",
        "kind": "Art",
        "add": "Endgerät hinzufügen",
        "no label": "Geben Sie an, wie dieses Endgerät genannt wird.",
        "once": "Wird nur dieses eine Mal gezeigt.",
        "code": "QR-Code mit Server, Benutzername und Passwort",
        "back": "Zu den Endgeräten",
        "change": "Ändern",
        "enabled": "Eingeschaltet",
        "save": "Speichern",
        "changed": "Werkbank ist geändert.",
        "off": "ausgeschaltet",
        "remove": "Entfernen",
        "remove device": "Endgerät entfernen",
        "removed": "Werkbank ist entfernt.",
        "notifications": "Benachrichtigungen",
        "about": "Nachrichten in der Mailbox",
        "address": "An die Mailadresse",
        "internal": "Auch über verpasste Anrufe von Kollegen",
        "no address": "Mitarbeiter anna: Benachrichtigungen (voicemail) brauchen eine Mailadresse",
        "notified": "Die Benachrichtigungen sind geändert.",
    },
    "en-GB": {
        "devices": "Devices",
        "label": "Label",
        "kind": "Kind",
        "add": "Add device",
        "no label": "Enter what people call this device.",
        "once": "Shown this once.",
        "code": "QR code with server, user name and password",
        "back": "To the devices",
        "change": "Change",
        "enabled": "Enabled",
        "save": "Save",
        "changed": "Werkbank is changed.",
        "off": "disabled",
        "remove": "Remove",
        "remove device": "Remove device",
        "removed": "Werkbank is removed.",
        "notifications": "Notifications",
        "about": "messages in the mailbox",
        "address": "To the mail address",
        "internal": "Also about missed calls from colleagues",
        "no address": "employee anna: notify about voicemail needs an email",
        "notified": "The notifications are changed.",
    },
}


def anna(desk: Desk) -> document.Employee:
    with desk.world.database.read() as session:
        return services.employee(session, "anna")[0]


@ways
def test_a_device_is_added_changed_and_removed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/employees/anna")
    open_tab(page, words["devices"])
    page.get_by_label(words["kind"], exact=True).select_option("other")
    press(page, words["add"])
    expect(beside(page, words["label"])).to_have_text(words["no label"])
    expect(page.get_by_label(words["kind"], exact=True)).to_have_value("other")
    page.get_by_label(words["label"], exact=True).fill("Werkstatt")
    page.keyboard.press("Enter")
    page.get_by_text(words["once"]).wait_for()
    added = anna(desk).devices[-1]
    secret = added.sip_password or ""
    assert (added.label, added.kind, added.enabled, len(secret)) == ("Werkstatt", "other", True, 32)
    assert page.locator("dl code").all_inner_texts() == ["pbx.muster.example", "5060", added.sip_user, secret]
    expect(page.get_by_role("img", name=words["code"])).to_be_visible()
    page.get_by_role("link", name=words["back"]).click()
    card = page.locator("section.card", has=page.get_by_text(added.sip_user, exact=True))
    expect(card).to_be_visible()
    assert secret not in page.content()
    card.get_by_role("link", name=words["change"], exact=True).click()
    page.get_by_label(words["label"], exact=True).fill("Werkbank")
    page.get_by_label(words["enabled"]).uncheck()
    press(page, words["save"])
    page.get_by_text(words["changed"]).wait_for()
    expect(card.locator(".badge")).to_have_text(words["off"])
    assert anna(desk).devices[-1] == added.model_copy(update={"label": "Werkbank", "enabled": False})
    card.get_by_role("link", name=words["remove"], exact=True).click()
    press(page, words["remove device"])
    page.get_by_text(words["removed"]).wait_for()
    assert [device.sip_user for device in anna(desk).devices] == ["anna-desk", "anna-soft"]


@ways
def test_what_an_employee_is_told(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("employee", language=language, scripts=scripts)
    page.goto("/employees/anna")
    open_tab(page, words["notifications"])
    page.get_by_label(words["about"], exact=True).check()
    page.get_by_label(words["internal"]).check()
    page.get_by_label(words["address"]).fill("")
    press(page, words["save"])
    expect(beside(page, words["address"])).to_have_text(words["no address"])
    expect(page.get_by_label(words["about"], exact=True)).to_be_checked()
    expect(page.get_by_label(words["internal"])).to_be_checked()
    page.get_by_label(words["address"]).fill("neu@muster.example")
    page.keyboard.press("Enter")
    page.get_by_text(words["notified"]).wait_for()
    notify = anna(desk).notify
    assert (notify.about, notify.email, notify.internal) == ("voicemail", "neu@muster.example", True)


def scanned(page: Page, image: Path) -> str:
    """What a phone's camera reads from the card on *page*."""
    page.locator(".setup-card svg").screenshot(path=image)
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(image)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.rstrip("\n")


@pytest.mark.zbarimg
@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1280, 800, False), (390, 844, True)], ids=["desktop", "dark phone"]
)
def test_the_qr_code_scans(desk: Desk, tmp_path: Path, width: int, height: int, dark: bool):
    page = desk.open("employee", width=width, height=height, dark=dark)
    page.goto("/employees/anna/devices/anna-soft/password")
    press(page, "Neues Passwort erzeugen")
    page.get_by_text(WORDS["de-DE"]["once"]).wait_for()
    server, port, user, password = page.locator("dl code").all_inner_texts()
    assert password == anna(desk).devices[1].sip_password
    assert scanned(page, tmp_path / "code.png") == f"sip:{user}:{password}@{server}:{port};transport=udp"
