"""Two people at the same call-backs, each in a real browser: who is on it is seen at once, and only one can be."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from callrouter.directory.records import CaseRow
from callrouter.web.live import Live
from tests.browser.conftest import Desk
from tests.browser.steps import press, ways
from tests.web.ended_calls import put_call, tone
from tests.web.test_inbox import put_case, state

pytestmark = pytest.mark.chromium


def test_a_colleagues_claim_is_seen_without_reloading_and_a_second_is_refused(desk: Desk):
    case = put_case(desk.world, "pool:sales")
    anna, ben = desk.open("employee"), desk.open("other")
    plain = desk.open("other", scripts=False)  # sees what was so when it was opened
    for page in (anna, ben):
        page.goto("/inbox")
        page.get_by_text("Live", exact=True).wait_for()
    plain.goto("/inbox")
    list_of_ben, one = ben.locator("[data-part=cases]"), desk.open("other")
    expect(list_of_ben).to_contain_text("niemand kümmert sich")
    one.goto(f"/inbox/{case}")
    one.get_by_label("Notiz").fill("noch nicht gespeichert")
    press(anna, "Ich kümmere mich")
    expect(anna.locator(".notice.good")).to_have_text("Sie kümmern sich jetzt darum.")
    expect(list_of_ben).to_contain_text("Anna Schmidt kümmert sich")
    expect(list_of_ben.get_by_role("button")).to_have_count(0)
    expect(one.locator("[data-part=facts]")).to_contain_text("Anna Schmidt kümmert sich")
    expect(one.get_by_role("button", name="Ich kümmere mich", exact=True)).to_have_count(0)
    expect(one.get_by_label("Notiz")).to_have_value("noch nicht gespeichert")
    press(plain, "Ich kümmere mich")
    expect(plain.locator(".notice.bad")).to_contain_text("Anna Schmidt kümmert sich schon darum, seit 21.11.2026")
    press(plain, "Übernehmen")
    expect(plain.locator("[data-part=facts]")).to_contain_text("Ben Yılmaz kümmert sich")
    expect(anna.locator("[data-part=cases]")).to_contain_text("Ben Yılmaz kümmert sich")


def test_a_new_case_appears_and_one_that_is_done_goes(desk: Desk):
    first = put_case(desk.world, "pool:sales")
    anna, ben = desk.open("employee"), desk.open("other")
    anna.goto("/inbox")
    expect(anna.locator("tbody tr")).to_have_count(1)
    put_case(desk.world, "pool:sales", "+4917604069002", minutes=1)
    expect(anna.locator("tbody tr")).to_have_count(2)
    ben.goto(f"/inbox/{first}")
    press(ben, "Als erledigt markieren")
    expect(anna.locator("tbody tr")).to_have_count(1)
    expect(anna.locator("tbody tr")).to_contain_text("+49 176 04069002")


def test_how_many_wait_stands_on_every_page_and_follows(desk: Desk):
    anna, ben, boss = (desk.open(role) for role in ("employee", "other", "admin"))
    anna.goto("/calls")
    boss.goto("/pools/sales")  # follows two things at once
    waiting = [page.locator("nav.side .awaited") for page in (anna, ben, boss)]
    for one in waiting:
        expect(one).to_have_text("")
    case = put_case(desk.world, "pool:sales")
    put_case(desk.world, "employee:ben", "+4917604069002")
    for one, number in zip(waiting, ("1", "2", "2"), strict=True):
        expect(one).to_have_text(number)
    phone = desk.open("employee", width=390, height=844)
    phone.goto("/calls")
    phone.locator("details.menu summary").click()
    expect(phone.locator("details.menu .awaited")).to_have_text("1")
    ben.goto(f"/inbox/{case}")
    press(ben, "Als erledigt markieren")
    for one, number in zip((*waiting, phone.locator("details.menu .awaited")), ("", "1", "1", ""), strict=True):
        expect(one).to_have_text(number)


WORDS = {
    "de-DE": ("Rückrufe", "Notiz", "Notiz speichern", "Abgeben", "Als erledigt markieren", "Erledigt", "Wieder öffnen"),
    "en-GB": ("Call-backs", "Note", "Save note", "Release", "Mark as done", "Dealt with", "To be done again"),
}


@ways
def test_one_is_called_back_noted_released_done_and_opened_again(desk: Desk, language: str, scripts: bool):
    entry, note, save, release, done, dealt_with, again = WORDS[language]
    desk.world.switch.now = Live()
    case = put_case(desk.world, "pool:sales")
    page = desk.open("employee", language=language, scripts=scripts)
    page.locator("nav.side a", has_text=entry).click()
    page.locator("tbody a").first.click()
    page.locator("[data-part=buttons] button.main").click()
    page.locator(".notice.good").wait_for()
    assert len(desk.world.switch.begun) == 1
    assert state(desk.world, case)[0] == "claimed"
    page.get_by_label(note, exact=True).fill("will ein Angebot")
    press(page, save)
    expect(page.locator(".story").first).to_contain_text("will ein Angebot")
    press(page, release)
    page.get_by_label(note, exact=True).fill("ist versorgt")
    press(page, done)
    expect(page.locator(".story").first).to_contain_text("ist versorgt")
    assert state(desk.world, case)[0] == "closed"
    page.goto("/inbox")
    expect(page.locator("tbody tr")).to_have_count(0)
    page.get_by_role("link", name=dealt_with, exact=True).click()
    page.locator("tbody a").first.click()
    press(page, again)
    expect(page.locator("[data-part=buttons] button.main")).to_be_visible()
    assert state(desk.world, case)[0] == "open"


def test_who_follows_a_link_in_a_mail_signs_in_and_is_there(desk: Desk):
    put_call(desk.world, "one", "pool:sales", message=tone(2), caller_name="Carla Weiß")
    page = desk.open()
    page.goto("/inbox/1")
    page.get_by_label("Benutzername").fill("anna")
    page.get_by_label("Passwort").fill("ein gutes langes Passwort")
    press(page, "Anmelden")
    expect(page.locator("h1")).to_contain_text("zurückrufen")
    assert page.locator("audio").count() == 1
    with desk.world.database.read() as session:
        assert session.get_one(CaseRow, 1).state == "open"


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    put_call(desk.world, "one", "pool:sales", message=tone(2), caller_name="x" * 256)
    put_case(desk.world, "employee:anna", "+4917604069002")
    page: Page = desk.open("employee", width=390, height=844, dark=dark)
    for path in ("/inbox", "/inbox/1", "/inbox/2", "/inbox?state=closed", "/inbox?of=mine"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
