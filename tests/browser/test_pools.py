"""A pool in a real browser, from first to last: name and ringing, members, numbers, notifications, mailbox."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from callrouter.directory import document, numbers, services
from callrouter.errors import UnknownError
from tests.browser.conftest import Desk
from tests.browser.steps import beside, open_entry, open_tab, press, search, ways

pytestmark = pytest.mark.chromium

FREE = "+493023125012"
WORDS = {
    "de-DE": {
        "pools": "Pool-Rufnummern",
        "add pool": "Pool hinzufügen",
        "extension": "Nebenstelle",
        "seconds": "Klingelt so lange (Sekunden)",
        "add": "Hinzufügen",
        "save": "Speichern",
        "taken": "Pool werkstatt: die Nebenstelle 10 hat schon Mitarbeiter anna; vergeben Sie eine andere",
        "not one": "extension: 'x' ist ungültig; erwartet wird: 2 bis 8 Ziffern",
        "added": "Werkstatt ist angelegt. Wählen Sie nun die Mitglieder.",
        "too short": "Geben Sie 5 bis 600 Sekunden ein.",
        "changed": "Der Pool ist geändert.",
        "overview": "Übersicht",
        "numbers": "Rufnummern",
        "notifications": "Benachrichtigungen",
        "into": "{} hinzufügen",
        "up": "{} nach oben schieben",
        "out": "{} entfernen",
        "take": "{} aus dem Pool nehmen",
        "no number": "Dieser Pool hat keine Rufnummer",
        "missed": "verpasste Anrufe",
        "address": "An die Mailadresse",
        "mail language": "Sprache der Mails",
        "notified": "Die Benachrichtigungen sind geändert.",
        "enabled": "Mailbox aktiviert",
        "after": "Sekunden Klingeln, bevor sie annimmt",
        "audio": "Aufnahme in der Mail",
        "no audio": "keine Aufnahme in der Mail",
        "mailbox saved": "Die Mailbox ist geändert.",
        "new pin": "Neue PIN",
        "set pin": "PIN setzen",
        "no pin": "Geben Sie 4 bis 10 Ziffern ein.",
        "pin set": "Die Mailbox hat eine neue PIN.",
        "remove pin": "PIN entfernen",
        "pin removed": "Die Mailbox hat jetzt keine PIN.",
        "own": "zu eigenen Zeiten",
        "saturday": "Samstag: Zeitfenster hinzufügen",
        "remove": "Pool entfernen",
        "removed": "Werkstatt Süd ist entfernt. Die Rufnummern sind frei.",
    },
    "en-GB": {
        "pools": "Pool numbers",
        "add pool": "Add pool",
        "extension": "Extension",
        "seconds": "Rings for (seconds)",
        "add": "Add",
        "save": "Save",
        "taken": "pool werkstatt: extension 10 is that of employee anna too; give another",
        "not one": "extension: 'x' is not 2 to 8 digits",
        "added": "Werkstatt is added. Choose the members.",
        "too short": "Enter 5 to 600 seconds.",
        "changed": "The pool is changed.",
        "overview": "Overview",
        "numbers": "Numbers",
        "notifications": "Notifications",
        "into": "Add {}",
        "up": "Move {} up",
        "out": "Remove {}",
        "take": "Take {} from the pool",
        "no number": "This pool has no number",
        "missed": "missed calls",
        "address": "To the mail address",
        "mail language": "Language of the mails",
        "notified": "The notifications are changed.",
        "enabled": "Mailbox enabled",
        "after": "Seconds of ringing before it answers",
        "audio": "Recording in the mail",
        "no audio": "no recording in the mail",
        "mailbox saved": "The mailbox is changed.",
        "new pin": "New PIN",
        "set pin": "Set PIN",
        "no pin": "Enter 4 to 10 digits.",
        "pin set": "The mailbox has a new PIN.",
        "remove pin": "Remove PIN",
        "pin removed": "The mailbox has no PIN now.",
        "own": "during hours of its own",
        "saturday": "Saturday: add a window",
        "remove": "Remove pool",
        "removed": "Werkstatt Süd is removed. Its numbers are free.",
    },
}


def pool(desk: Desk, key: str) -> document.Pool:
    with desk.world.database.read() as session:
        return services.pool(session, key)[0]


def members(page: Page, *names: str) -> None:
    """Wait until the pool's members are exactly *names*, in their order."""
    expect(page.locator("form.form tbody td:first-child")).to_have_text(names)


@ways
def test_a_pool_is_added_changed_and_removed(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["pools"])
    page.get_by_role("link", name=words["add pool"]).click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("Werkstatt")
    page.get_by_label(words["seconds"]).fill("45")
    for typed, told in (("x", words["not one"]), ("10", words["taken"])):
        page.get_by_label(words["extension"]).fill(typed)
        press(page, words["add"])
        expect(beside(page, words["extension"])).to_have_text(told)
        expect(page.get_by_label("Name", exact=True)).to_have_value("Werkstatt")
        expect(page.get_by_label(words["seconds"])).to_have_value("45")
    page.get_by_label(words["extension"]).fill("30")
    press(page, words["add"])
    page.get_by_text(words["added"]).wait_for()
    added = pool(desk, "werkstatt")
    assert (added.name, added.extension, added.ring_seconds, added.numbers) == ("Werkstatt", "30", 45, [FREE])
    open_tab(page, words["overview"])
    page.get_by_label("Name", exact=True).fill("Werkstatt Süd")
    page.get_by_label(words["seconds"]).fill("4")
    press(page, words["save"])
    expect(beside(page, words["seconds"])).to_have_text(words["too short"])
    expect(page.get_by_label("Name", exact=True)).to_have_value("Werkstatt Süd")
    page.get_by_label(words["seconds"]).fill("20")
    page.keyboard.press("Enter")
    page.get_by_text(words["changed"]).wait_for()
    changed = pool(desk, "werkstatt")
    assert (changed.name, changed.extension, changed.ring_seconds) == ("Werkstatt Süd", "30", 20)
    page.get_by_role("link", name=words["remove"]).click()
    press(page, words["remove"])
    page.get_by_text(words["removed"]).wait_for()
    assert page.locator("tbody tr").count() == 1
    with pytest.raises(UnknownError):
        pool(desk, "werkstatt")
    with desk.world.database.read() as session:
        assert numbers.numbers_without_owner(session) == [FREE]


@ways
def test_members_and_numbers_come_and_go(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales/members")
    members(page, "Anna Schmidt", "Ben Yılmaz")
    press(page, words["up"].format("Ben Yılmaz"))
    members(page, "Ben Yılmaz", "Anna Schmidt")
    assert pool(desk, "sales").members == ["ben", "anna"]
    press(page, words["out"].format("Ben Yılmaz"))
    members(page, "Anna Schmidt")
    assert pool(desk, "sales").members == ["anna"]
    search(page, "yıl", scripts=scripts)
    press(page, words["into"].format("Ben Yılmaz"))
    members(page, "Anna Schmidt", "Ben Yılmaz")
    assert pool(desk, "sales").members == ["anna", "ben"]
    open_tab(page, words["numbers"])
    press(page, words["take"].format("+49 30 23125000"))
    page.get_by_text(words["no number"]).wait_for()
    assert pool(desk, "sales").numbers == []
    search(page, "125012", scripts=scripts)
    press(page, words["into"].format("+49 30 23125012"))
    page.get_by_role("button", name=words["take"].format("+49 30 23125012")).wait_for()
    assert pool(desk, "sales").numbers == [FREE]


@ways
def test_what_the_team_is_told_and_its_mailbox(desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    page.goto("/pools/sales")
    open_tab(page, words["notifications"])
    page.get_by_label(words["missed"], exact=True).check()
    page.get_by_label(words["address"]).fill("team@muster.example")
    page.get_by_label(words["mail language"]).select_option("en")
    press(page, words["save"])
    page.get_by_text(words["notified"]).wait_for()
    notify = pool(desk, "sales").notify
    assert (notify.about, notify.email, notify.language) == ("missed", "team@muster.example", "en")
    assert notify.handled_mail, "what the form does not show stays"
    open_tab(page, "Mailbox")
    page.get_by_label(words["after"]).fill("12")
    page.get_by_label(words["audio"]).select_option(label=words["no audio"])
    press(page, words["save"])
    page.get_by_text(words["mailbox saved"]).wait_for()
    mailbox = pool(desk, "sales").mailbox
    assert (mailbox.enabled, mailbox.answer_after, mailbox.audio) == (True, 12, "none")
    page.get_by_label(words["new pin"]).fill("12")
    press(page, words["set pin"])
    expect(beside(page, words["new pin"])).to_have_text(words["no pin"])
    # The times beside it can be changed all the same.
    page.get_by_label(words["own"], exact=True).check()
    page.locator("#hours-mon-0-to").fill("12")
    press(page, words["saturday"])
    expect(page.locator("#hours-sat-0-from")).to_be_focused()
    expect(page.locator("#hours-mon-0-to")).to_have_value("12")
    page.get_by_label(words["new pin"]).fill("48151623")
    page.keyboard.press("Enter")
    page.get_by_text(words["pin set"]).wait_for()
    assert pool(desk, "sales").mailbox.pin == "48151623"
    assert "48151623" not in page.content()
    page.get_by_role("link", name=words["remove pin"]).click()
    press(page, words["remove pin"])
    page.get_by_text(words["pin removed"]).wait_for()
    assert pool(desk, "sales").mailbox.pin is None
