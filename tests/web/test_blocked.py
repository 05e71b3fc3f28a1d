"""Blocked callers: listed with the reason, blocked in any spelling, let through again."""

from __future__ import annotations

import pytest

from callrouter.directory import lists
from tests.web.world import NOW, World


def blocked(world: World) -> dict[str, str]:
    with world.database.read() as session:
        return {row.caller: row.note for row in lists.blocked_callers(session).rows}


@pytest.mark.parametrize("typed", ["+49 176 04069077", "0176/040 690-77", "004917604069077"])
def test_a_caller_is_blocked_in_any_spelling(world: World, typed: str):
    admin = world.browser("admin")
    answer = admin.send("/blocked/new", {"caller": typed, "note": "Werbung"})
    assert (answer.status, answer.location) == (303, "/blocked")
    assert blocked(world)["+4917604069077"] == "Werbung"
    page = admin.get("/blocked")
    assert "Calls of +49 176 04069077 are refused from now on." in page.texts("notice")
    assert "21 Nov 2026, 15:42" in page.text
    told = world.parts.explain("+493023125010", NOW, "en", caller="+4917604069077")
    assert told.refused


@pytest.mark.parametrize(
    "entered",
    [{}, {"caller": "Anna"}, {"caller": "110"}, {"caller": "+4917604069077", "anonymous": "y"}, {"caller": "1" * 60}],
)
def test_what_is_no_caller_is_told_beside_the_field(world: World, entered: dict[str, str]):
    before = blocked(world)
    page = world.browser("admin").send("/blocked/new", {**entered, "note": "bleibt stehen"})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert page.values()["note"] == "bleibt stehen"
    assert blocked(world) == before


def test_a_note_that_is_too_long_is_told(world: World):
    page = world.browser("admin", "de").send("/blocked/new", {"caller": "+4917604069077", "note": "x" * 201})
    assert page.texts("error") == ["Nehmen Sie höchstens 200 Zeichen."]


def test_callers_without_number_are_blocked_and_let_through(world: World):
    admin = world.browser("admin")
    assert admin.send("/blocked/anonymous/remove").status == 303
    assert list(blocked(world)) == ["+4917604069012"]
    assert admin.send("/blocked/new", {"anonymous": "y"}).status == 303
    assert "anonymous" in blocked(world)
    assert "anonymous" in admin.get("/blocked").texts("tel")


def test_who_is_blocked_already_gets_the_new_note(world: World):
    admin = world.browser("admin")
    page = admin.get("/blocked/new?caller=%2B4917604069012")
    assert page.values()["caller"] == "+4917604069012"
    assert admin.submit(page, {"note": "<b>neu</b>"}, path="/blocked/new").status == 303
    assert blocked(world)["+4917604069012"] == "<b>neu</b>"
    assert "<b>neu" not in admin.get("/blocked").text


def test_the_list_is_searched(world: World):
    admin = world.browser("admin")
    admin.send("/blocked/new", {"caller": "+4917604069077", "note": "Werbung"})
    assert admin.get("/blocked?q=werb").texts("tel") == ["+49 176 04069077"]
    assert admin.get("/blocked?q=0176 0406 9012").texts("tel") == ["+49 176 04069012"]
    assert "No blocked caller fits" in admin.get("/blocked?q=niemand").text
    for caller in list(blocked(world)):
        admin.send(f"/blocked/{caller}/remove")
    assert "Nobody is blocked" in admin.get("/blocked").text


@pytest.mark.parametrize("typed", ["+49 17604*", "017604 *", "004917604*"])
def test_all_numbers_that_begin_so_are_blocked(world: World, typed: str):
    admin = world.browser("admin")
    assert admin.send("/blocked/new", {"caller": typed, "note": ""}).status == 303
    assert "+4917604*" in blocked(world)
    assert "+49 17604*" in admin.get("/blocked").texts("tel")
    assert world.parts.apply.state.pending
    assert world.parts.explain("+493023125010", NOW, "en", caller="+4917604069000").refused
    assert admin.send("/blocked/+4917604*/remove").status == 303
    assert "+4917604*" not in blocked(world)


@pytest.mark.parametrize("typed", ["+49*", "*", "+4*", "17604*", "+49176*04", "+49176**", "+44163296000112345*"])
def test_nobody_blocks_the_world_by_mistake(world: World, typed: str):
    before = blocked(world)
    page = world.browser("admin").send("/blocked/new", {"caller": typed, "note": ""})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert blocked(world) == before
