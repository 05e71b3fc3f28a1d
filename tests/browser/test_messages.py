"""Messages and calls in a real browser: the player plays and seeks, what was played is heard; also on a phone."""

from __future__ import annotations

import pytest

from callrouter.directory.records import MessageRow
from tests.browser.conftest import Desk
from tests.browser.steps import press, ways
from tests.web.ended_calls import AT, put_call, tone

pytestmark = pytest.mark.chromium

#: Playwright's Chromium has no speaker here; it plays all the same.
_READY = "() => document.querySelector('audio').readyState >= 2"


@pytest.mark.parametrize(
    ("language", "heading", "heard", "new"),
    [("de-DE", "Nachrichten", "gehört", "neu"), ("en-GB", "Messages", "heard", "new")],
)
def test_a_message_is_played_and_is_heard_then(desk: Desk, language: str, heading: str, heard: str, new: str):
    put_call(desk.world, "one", "pool:sales", message=tone(4), caller_name="Carla Weiß")
    put_call(desk.world, "two", "employee:ben", message=tone(4))
    page = desk.open("employee", language=language)
    page.goto("/messages")
    assert page.locator("h1").inner_text() == heading
    assert page.locator("audio").count() == 1
    assert page.locator(".side .unheard").inner_text() == "1"
    assert page.locator("form.heard .badge").inner_text() == new
    page.evaluate("() => { document.querySelector('audio').muted = true }")
    page.evaluate("() => document.querySelector('audio').play()")
    page.locator("form.heard .badge", has_text=heard).wait_for()
    page.wait_for_function(_READY)
    assert abs(page.evaluate("() => document.querySelector('audio').duration") - 4) < 0.05
    assert page.evaluate("() => document.querySelector('audio').paused") is False
    assert page.locator(".side .unheard").inner_text() == ""
    page.evaluate("() => { document.querySelector('audio').currentTime = 3 }")
    page.wait_for_function("() => document.querySelector('audio').ended")
    page.reload()
    assert page.locator("form.heard .badge").inner_text() == heard


def test_a_seek_far_ahead_asks_for_that_part(desk: Desk):
    put_call(desk.world, "long", "employee:anna", message=tone(120))
    page = desk.open("employee")
    page.goto("/messages")
    ranges: list[str] = []
    page.on("request", lambda asked: ranges.append(asked.headers.get("range", "")) if "/audio" in asked.url else None)
    page.evaluate("() => { const a = document.querySelector('audio'); a.preload = 'metadata'; a.load() }")
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    page.evaluate("() => { document.querySelector('audio').currentTime = 110 }")
    page.wait_for_function("() => !document.querySelector('audio').seeking")
    page.wait_for_function(_READY)
    assert 109 < page.evaluate("() => document.querySelector('audio').currentTime") <= 110.1
    assert any(one.startswith("bytes=") for one in ranges)


WORDS = {
    "de-DE": ("Als gehört markieren", "Als neu markieren", "Speichern", "Löschen", "Nachricht löschen"),
    "en-GB": ("Mark as heard", "Mark as new", "Save", "Delete", "Delete message"),
}
FILES = {"de-DE": "Nachricht-2026-11-21-150203.mp3", "en-GB": "message-2026-11-21-150203.mp3"}
GONE = {"de-DE": "Die Nachricht ist gelöscht.", "en-GB": "The message is deleted."}


@ways
def test_a_message_is_marked_saved_and_deleted(desk: Desk, language: str, scripts: bool):
    heard, new, save, delete, sure = WORDS[language]
    number = put_call(desk.world, "one", "employee:anna", message=tone(1))
    page = desk.open("employee", language=language, scripts=scripts)
    page.goto("/messages")
    for pressed, then in ((heard, new), (new, heard), (heard, new)):
        press(page, pressed)
        page.get_by_role("button", name=then, exact=True).wait_for()
        with desk.world.database.read() as session:
            row = session.get(MessageRow, number)
        assert row is not None
        assert (row.heard_at is not None) is (pressed == heard)
    with page.expect_download() as saved:
        page.get_by_role("link", name=save, exact=True).click()
    assert saved.value.suggested_filename == FILES[language]
    assert saved.value.path().stat().st_size > 1000
    page.get_by_role("link", name=delete, exact=True).click()
    press(page, sure)
    page.get_by_text(GONE[language]).wait_for()
    with desk.world.database.read() as session:
        assert session.get(MessageRow, number) is None


def test_calls_are_filtered_while_typing_and_by_owner(desk: Desk):
    put_call(desk.world, "one", "employee:anna", caller_name="Carla Weiß")
    put_call(desk.world, "two", "employee:ben", started_at=AT, outcome="answered")
    page = desk.open("admin")
    page.goto("/calls")
    assert page.locator("tbody tr").count() == 2
    page.get_by_label("Rufnummer oder Name").press_sequentially("carla")
    page.locator("tbody tr").nth(1).wait_for(state="detached")
    page.get_by_label("Rufnummer oder Name").fill("")
    page.locator("tbody tr").nth(1).wait_for()
    page.get_by_label("Mitarbeiter oder Pool").press_sequentially("ben")
    page.locator("#owners option").first.wait_for(state="attached")
    page.locator("tbody tr").nth(1).wait_for(state="detached")
    assert "Ben" in page.locator("tbody tr").inner_text()
    with page.expect_download() as saved:
        page.get_by_text("Als CSV-Datei speichern").click()
    assert saved.value.suggested_filename == "Anrufe-2026-11-21.csv"
    page.locator("tbody a").first.click()
    page.get_by_text("Was geschah").wait_for()


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_phone(desk: Desk, dark: bool):
    put_call(desk.world, "one", "pool:sales", message=tone(2), caller_name="x" * 256)
    page = desk.open("employee", width=390, height=844, dark=dark)
    for path in ("/calls", "/calls/one", "/messages", "/calls?q=nichts"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
