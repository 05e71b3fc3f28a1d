"""The history of calls in a real browser: what filters leave, as a file too, and the story of a single call."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from callrouter.ledger.rings import End, Leg
from tests.browser.conftest import Desk
from tests.browser.steps import open_entry, press, ways
from tests.web.ended_calls import AT, put_call, tone
from tests.web.world import World

pytestmark = pytest.mark.chromium

WORDS = {
    "de-DE": {
        "calls": "Anrufe",
        "search": "Suchen",
        "outcome": "Ergebnis",
        "missed": "verpasst",
        "direction": "Richtung",
        "internal": "intern",
        "since": "von",
        "until": "bis",
        "interrupted": "durch eine Störung unterbrochen",
        "nothing": "Kein Anruf passt dazu",
        "csv": "Als CSV-Datei speichern",
        "file": "Anrufe-2026-11-21.csv",
        "row": {"Wann": "2026-11-21 15:02:03", "Richtung": "eingehend", "Ergebnis": "angenommen", "Für": "Vertrieb"},
        "talked": "Gesprächssekunden",
        "story": [
            "21.11.2026, 15:02 Der Anruf kam herein.",
            "Klingelte bei Vertrieb angenommen Ben Yılmaz nahm an „Tischtelefon“ ab. "
            "15:02:04 Tischtelefon Anna Schmidt: klingelte nicht mehr: an einem anderen Telefon angenommen (nach 0:07) "
            "15:02:04 Tischtelefon Ben Yılmaz: angenommen (nach 0:07)",
            "21.11.2026, 15:02 Verbunden.",
            "21.11.2026, 15:03 Der Anruf endete. aufgelegt",
        ],
        "now": "Was die jetzigen Einstellungen zu dieser Zeit mit einem solchen Anruf machen",
        "own": "Für",
        "older": "Ältere ›",
        "latest": "« Zu den neuesten",
    },
    "en-GB": {
        "calls": "Calls",
        "search": "Search",
        "outcome": "Outcome",
        "missed": "missed",
        "direction": "Direction",
        "internal": "internal",
        "since": "from",
        "until": "to",
        "interrupted": "interrupted by a fault",
        "nothing": "No call is like that",
        "csv": "Save as CSV file",
        "file": "calls-2026-11-21.csv",
        "row": {"When": "2026-11-21 15:02:03", "Direction": "incoming", "Outcome": "answered", "For": "Vertrieb"},
        "talked": "Seconds talked",
        "story": [
            "21 Nov 2026, 15:02 The call came in.",
            "Rang at Vertrieb answered Ben Yılmaz answered at “Tischtelefon”. "
            "15:02:04 Tischtelefon Anna Schmidt: stopped ringing: answered at another phone (after 0:07) "
            "15:02:04 Tischtelefon Ben Yılmaz: answered (after 0:07)",
            "21 Nov 2026, 15:02 Connected.",
            "21 Nov 2026, 15:03 The call ended. hung up",
        ],
        "now": "What the present settings do with such a call at that time",
        "own": "For",
        "older": "Older ›",
        "latest": "« To the latest",
    },
}


@pytest.fixture
def calls(world: World) -> World:
    """A call that the team answered, and before it one missed, one internal, one interrupted."""
    rang, over = AT + dt.timedelta(seconds=1), AT + dt.timedelta(seconds=8)
    legs = [
        Leg("0", "anna-desk", End.ELSEWHERE, "LOSE_RACE", rang, over),
        Leg("0", "ben-desk", End.ANSWERED, "", rang, over),
    ]
    put_call(
        world, "answered", "pool:sales", outcome="answered", device="ben-desk", answered_at=over, legs=legs,
        number="+493023125000", dialed="+493023125000", caller_name="=1+1",
    )  # fmt: skip
    put_call(world, "missed", "employee:anna", started_at=AT - dt.timedelta(days=1))
    put_call(
        world, "internal", "employee:ben", started_at=AT - dt.timedelta(days=2), direction="internal", caller="10",
        outcome="answered",
    )  # fmt: skip
    put_call(world, "interrupted", "employee:ben", started_at=AT - dt.timedelta(days=3), interrupted=True)
    return world


def listed(page: Page, *uuids: str) -> None:
    """Wait until the list has exactly the calls *uuids*."""
    links = page.locator("tbody td:first-child a")
    expect(links).to_have_count(len(uuids))
    for place, uuid in enumerate(uuids):
        expect(links.nth(place)).to_have_attribute("href", f"/calls/{uuid}")


def saved(page: Page, words: dict[str, str], path: Path) -> list[dict[str, str]]:
    """The rows of the file that the link gives."""
    with page.expect_download() as download:
        page.get_by_role("link", name=words["csv"]).click()
    assert download.value.suggested_filename == words["file"]
    download.value.save_as(path)
    text = path.read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=";" if "Wann" in words["row"] else ","))


@ways
def test_what_filters_leave(calls: World, desk: Desk, tmp_path: Path, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("admin", language=language, scripts=scripts)
    open_entry(page, words["calls"])

    def asked(*uuids: str) -> None:
        if not scripts:
            press(page, words["search"])
        listed(page, *uuids)

    asked("answered", "missed", "internal", "interrupted")
    page.get_by_label(words["outcome"]).select_option(label=words["missed"])
    asked("missed", "interrupted")
    page.get_by_label(words["interrupted"]).check()
    asked("interrupted")
    page.get_by_label(words["interrupted"]).uncheck()
    page.get_by_label(words["outcome"]).select_option("")
    page.get_by_label(words["direction"]).select_option(label=words["internal"])
    asked("internal")
    page.get_by_label(words["direction"]).select_option("")
    page.get_by_label(words["since"], exact=True).fill("2026-11-19")
    page.get_by_label(words["until"], exact=True).fill("2026-11-20")
    asked("missed", "internal")
    page.get_by_label(words["until"], exact=True).fill("")
    asked("answered", "missed", "internal")
    first, *others = saved(page, words, tmp_path / "calls.csv")
    assert len(others) == 2
    assert first.items() >= {**words["row"], words["talked"]: "57"}.items()
    assert "'=1+1" in first.values(), "no spreadsheet computes what a caller is called"
    page.get_by_label(words["outcome"]).select_option("voicemail")
    if not scripts:
        press(page, words["search"])
    page.get_by_text(words["nothing"]).wait_for()


@ways
def test_the_story_of_a_call(calls: World, desk: Desk, language: str, scripts: bool):
    words = WORDS[language]
    page = desk.open("employee", language=language, scripts=scripts)
    open_entry(page, words["calls"])
    page.get_by_label(words["own"], exact=True).select_option(label="Vertrieb")
    if not scripts:
        press(page, words["search"])
    listed(page, "answered")
    page.locator("tbody a").first.click()
    steps = page.locator("ol.story").first.locator(":scope > li")
    expect(steps).to_have_text(words["story"])
    page.get_by_text(words["now"]).click()
    expect(page.locator("details.card li").first).to_be_visible()


@pytest.mark.parametrize("language", WORDS)
def test_a_long_list_has_pages(world: World, desk: Desk, language: str):
    words = WORDS[language]
    for number in range(51):
        put_call(world, f"call-{number:02}", "employee:anna", started_at=AT - dt.timedelta(minutes=number))
    put_call(world, "message", "employee:anna", message=tone(0.1), started_at=AT - dt.timedelta(hours=1))
    page = desk.open("employee", language=language)
    page.goto("/calls")
    listed(page, *(f"call-{number:02}" for number in range(50)))
    page.get_by_role("link", name=words["older"]).click()
    listed(page, "call-50", "message")
    page.get_by_role("link", name=words["latest"]).click()
    expect(page.locator("tbody tr")).to_have_count(50)
