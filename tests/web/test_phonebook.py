"""The phone book's pages: looked into by everybody, changed by administrators, and files that are looked at first."""

from __future__ import annotations

import io
from typing import Any

import pytest

from callrouter.directory import contacts
from callrouter.directory.contact_files import MOST_BYTES
from callrouter.web.live import Channel, Live
from tests.web.ended_calls import put_call
from tests.web.world import NOW, Browser, Page, World

ERIKA = "+4917604069001"


def book(world: World) -> dict[str, list[str]]:
    with world.database.read() as session:
        return {
            one.name: [f"{number.number} {number.label}".strip() for number in one.numbers]
            for one in contacts.everything(session)
        }


def upload(browser: Browser, data: bytes, name: str = "x.csv") -> Page:
    """Choose a file and look at it."""
    values: dict[str, Any] = {**browser.get("/phonebook/import").values(), "file": (io.BytesIO(data), name)}
    return browser.post("/phonebook/import", values)


def import_now(browser: Browser, page: Page) -> Page:
    return browser.submit(page, path="/phonebook/import", action="/phonebook/import/done")


def test_an_entry_names_the_caller_and_is_changed_and_removed(world: World):
    admin = world.browser("admin")
    entered = {"name": "Erika Muster", "numbers": "0176 04069001 mobil\n\n+49 30 23125099", "note": "Kundin"}
    answer = admin.send("/phonebook/new", entered)
    assert (answer.status, answer.location) == (303, "/phonebook")
    assert book(world) == {"Erika Muster": [f"{ERIKA} mobil", "+493023125099"]}
    page = admin.get("/phonebook?q=kund")
    assert page.texts("tel") == ["+49 176 04069001", "+49 30 23125099"]
    told = world.parts.explain("+493023125010", NOW, "en", caller=ERIKA)
    assert "Erika Muster" in told.why[0]
    form = admin.get("/phonebook/1").values()
    assert form["numbers"].split() == ["+49", "176", "04069001", "mobil", "+49", "30", "23125099"]
    assert admin.send("/phonebook/1", {"numbers": "+49 30 23125099 Büro"}).status == 303
    assert book(world) == {"Erika Muster": ["+493023125099 Büro"]}
    assert admin.send("/phonebook/1/remove").status == 303
    assert "The phone book is empty" in admin.get("/phonebook").text


@pytest.mark.parametrize(
    "entered", [{"numbers": ""}, {"numbers": "Anna"}, {"numbers": "110"}, {"name": ""}, {"numbers": "0176 04069001"}]
)
def test_what_cannot_be_an_entry_is_told_beside_the_field(world: World, entered: dict[str, str]):
    admin = world.browser("admin", "de")
    admin.send("/phonebook/new", {"name": "Erika", "numbers": ERIKA})
    page = admin.send("/phonebook/new", {"name": "Max", "numbers": "0176 04069002", "note": "bleibt"} | entered)
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert page.values()["note"] == "bleibt"
    assert list(book(world)) == ["Erika"]


def test_somebody_else_changed_the_entry(world: World):
    admin = world.browser("admin")
    admin.send("/phonebook/new", {"name": "Erika", "numbers": ERIKA})
    before = admin.get("/phonebook/1")
    admin.send("/phonebook/1", {"name": "Erika M."})
    page = admin.submit(before, {"name": "Erika N."}, path="/phonebook/1")
    assert page.status == 422
    assert "This was changed meanwhile" in page.text
    assert list(book(world)) == ["Erika M."]


def test_employees_look_and_change_nothing(world: World):
    world.browser("admin").send("/phonebook/new", {"name": "<b>Erika</b>", "numbers": ERIKA})
    page = world.browser("employee", "de").get("/phonebook")
    assert page.texts("tel") == ["+49 176 04069001"]
    assert "<b>Erika" not in page.text
    assert "/phonebook/1" not in page.text
    assert "Telefonbuch" in page.text


def test_a_file_is_looked_at_and_then_imported(world: World):
    admin = world.browser("admin", "de")
    admin.send("/phonebook/new", {"name": "Erika", "numbers": ERIKA})
    data = "Name;Nummer\nErika;0176 04069002\nJürgen;030 23125099\n;1\n<b>x</b>;0176 04069001\n".encode("cp1252")
    page = upload(admin, data)
    assert page.status == 200
    assert page.texts("badge") == ["geändert", "neu", "ausgelassen", "ausgelassen"]
    assert "+4917604069001 steht schon im Telefonbuch, als Erika" in page.text
    assert "<b>x" not in page.text
    assert list(book(world)) == ["Erika"]
    done = import_now(admin, page)
    assert (done.status, done.location) == (303, "/phonebook")
    assert book(world) == {"Erika": [ERIKA, "+4917604069002"], "Jürgen": ["+493023125099"]}
    assert "Hinzugefügt: 1, geändert: 1." in admin.get("/phonebook").text
    again = upload(admin, data)
    assert "/phonebook/import/done" not in again.text


def test_vcards_with_pictures_are_imported(world: World):
    admin = world.browser("admin")
    picture = b"PHOTO;ENCODING=b:" + b"A" * 1_000_000 + b"\r\n"
    card = b"BEGIN:VCARD\r\nFN:Erika\r\nTEL;TYPE=cell:0176 04069001\r\n" + picture + b"END:VCARD\r\n"
    page = upload(admin, card, "all.vcf")
    assert len(page.text) < 100_000
    assert import_now(admin, page).status == 303
    assert book(world) == {"Erika": [f"{ERIKA} mobile"]}


def test_thousands_are_imported_in_one_go(world: World):
    admin = world.browser("admin")
    data = "".join(f"Somebody with a rather long name {n};+44163296{n:04}\n" for n in range(9000))
    page = upload(admin, f"Name;Number\n{data}".encode())
    assert len(page.texts("badge")) == 100
    assert len(page.text) > 500_000  # more than a form may have elsewhere
    assert import_now(admin, page).status == 303
    assert len(book(world)) == 9000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "There is no entry"),
        (b"\x89PNG\r\n\x00\x00", "The first line must say"),
        (b"Name;Ort\nA;B\n", "Name, Ort"),
    ],
)
def test_what_is_no_file_of_contacts_is_told(world: World, data: bytes, said: str):
    page = upload(world.browser("admin"), data)
    assert page.status == 422
    [error] = page.texts("error")
    assert said.lower() in error.lower()


def test_a_file_that_is_too_large_or_none_at_all(world: World):
    admin = world.browser("admin")
    assert upload(admin, b"x" * (MOST_BYTES + 200_000)).status == 413
    page = admin.send("/phonebook/import", {"file": ""})
    assert page.texts("error") == ["Choose a file."]
    assert admin.post("/blocked/new", {"caller": (io.BytesIO(b"x"), "x")}).status == 415
    assert upload_of(world.browser("employee")) == 415


def upload_of(browser: Browser) -> int:
    return browser.post("/phonebook/import", {"file": (io.BytesIO(b"Name;Nummer\n"), "x.csv")}).status


def test_the_export_is_a_file_that_computes_nothing(world: World):
    admin = world.browser("admin", "de")
    admin.send("/phonebook/new", {"name": "=1+1", "numbers": f"{ERIKA} @mobil", "note": "-2"})
    answer = admin.get("/phonebook/export.csv")
    assert answer.response.headers["Content-Disposition"] == "attachment; filename=telefonbuch-2026-11-21.csv"
    assert answer.text.splitlines() == [
        "\ufeffName;Rufnummer;Bezeichnung;Notiz",
        "'=1+1;+49 176 04069001;'@mobil;'-2",
    ]
    assert upload(admin, answer.text.encode()).texts("badge") == []


def test_a_call_going_on_has_the_caller_s_name(world: World):
    world.browser("admin").send("/phonebook/new", {"name": "Erika Muster", "numbers": ERIKA})
    channel = Channel("a", "a", "inbound", NOW, ERIKA, "WRONG", "+493023125010", "RINGING")
    world.switch.now = Live(channels=(channel,))
    page = world.browser("admin").get("/")
    assert "Erika Muster" in page.text
    assert "WRONG" not in page.text


def test_a_caller_without_a_name_is_put_into_the_phone_book_from_the_call(world: World):
    put_call(world, "call-1", "employee:anna")
    admin = world.browser("admin")
    page = admin.get("/calls/call-1")
    assert "/phonebook/new?number=%2B4917604069001" in page.text
    assert admin.get("/phonebook/new?number=%2B4917604069001").values()["numbers"].strip() == ERIKA
    assert "/phonebook/new" not in world.browser("employee").get("/calls/call-1").text
