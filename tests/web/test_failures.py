"""Pages about errors: in the layout, with what to do, and for the unforeseen a reference that is in the log."""

from __future__ import annotations

import re

import pytest

from callrouter.web.roles import allow
from tests.web.world import World


def test_what_is_not_there_says_so(world: World):
    page = world.browser("admin", "de").get("/nirgends")
    assert page.status == 404
    assert page.tree.xpath("string(//h1)") == "Nicht gefunden"
    assert page.tree.xpath("//nav[@class='side']")


def test_too_much_is_refused(world: World):
    page = world.browser("admin").post("/users/new", {"login": "x" * 9_000_000})
    assert page.status == 413
    assert "Too large" in page.text


def test_an_address_that_wants_a_post_says_so(world: World):
    page = world.browser("admin").get("/sign-out")
    assert page.status == 405
    assert page.response.headers["Allow"]


def test_the_unforeseen_has_a_reference_that_is_in_the_log(world: World, capsys: pytest.CaptureFixture[str]):
    @allow("anyone")
    def broken() -> str:
        raise ZeroDivisionError("a secret detail")

    world.application.add_url_rule("/broken", "broken", broken)
    page = world.browser("admin").get("/broken")
    assert page.status == 500
    assert "secret detail" not in page.text
    reference = page.tree.xpath("string(//code)")
    assert re.fullmatch("[0-9a-f]{8}", reference)
    said = capsys.readouterr()
    assert reference in said.out + said.err
    assert "ZeroDivisionError" in said.out + said.err


def test_a_broken_database_still_gets_an_answer(world: World):
    with world.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE users")
    page = world.browser().get("/sign-in")
    assert page.status == 200
    browser = world.browser()
    with browser.client.session_transaction() as cookie:
        cookie["_user_id"] = "1.0"
    page = browser.get("/users")
    assert page.status == 503
    assert "The database cannot be used." in page.text
    assert page.response.headers["Retry-After"]


@pytest.mark.parametrize(
    "path",
    [
        "/messages/9999999999/audio",
        "/mails/99999999999999999999/drop",
        "/audit?before=none",
        "/audit?before=99999999999999999999",
        "/calls?before=1-99999999999999999999",
        "/calls?before=99999999999999999999-1",
    ],
)
def test_what_no_list_has_is_not_there(world: World, path: str):
    assert world.browser("admin").get(path).status == 404


def test_a_character_that_no_database_takes_is_refused(world: World):
    browser = world.browser()
    form = browser.get("/sign-in").values()
    assert browser.post("/sign-in", form | {"login": "a\0b", "password": "geraten"}).status == 400
    assert browser.get("/sign-in?q=%00").status == 400
    assert browser.get("/employees/%00").status == 400
    assert world.browser("admin").get("/employees?q=1&q=a%00b").status == 400


def test_a_version_that_no_page_sends_is_an_old_one(world: World):
    for version in ("9" * 5000, "²", "-1", "x"):
        page = world.browser("admin").send("/employees/anna", {"name": "Anna", "version": version})
        assert page.status == 422
