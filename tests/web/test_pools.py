"""Pools: added, changed, given members and numbers, removed; a member reads what is theirs."""

from __future__ import annotations

import pytest

from callrouter.directory import numbers, services
from callrouter.directory import pools as teams
from callrouter.directory.document import Pool
from tests.web.world import Browser, Page, World


def pool(world: World, key: str = "sales") -> Pool:
    with world.database.read() as session:
        return services.pool(session, key)[0]


def press(browser: Browser, path: str, action: str, value: str, page: Page | None = None) -> Page:
    """Press a button of a list: the form's hidden fields, and the button's name and value."""
    page = page or browser.get(path)
    form = page.tree.xpath(f"//button[@name='{action}'][@value='{value}']/ancestor::form")[0]
    return browser.post(form.get("action"), {**dict(form.form_values()), action: value})


def test_a_pool_is_added_with_its_first_number(world: World):
    admin = world.browser("admin")
    page = admin.get("/pools/new")
    assert page.tree.xpath("//select[@name='number']/option[@selected]/@value") == ["+493023125012"]
    page = admin.submit(page, {"name": "Büro Süd", "extension": "20", "ring_seconds": "45"}, path="/pools/new")
    assert (page.status, page.location) == (303, "/pools/buero-sued/members")
    added = pool(world, "buero-sued")
    assert (added.name, added.extension, added.ring_seconds) == ("Büro Süd", "20", 45)
    assert added.numbers == ["+493023125012"]
    assert added.strategy == "simultaneous"
    assert world.parts.apply.state.pending
    assert "Büro Süd is added. Choose the members." in admin.get(page.location).text


@pytest.mark.parametrize(
    ("changed", "field", "text"),
    [
        ({"name": " "}, "name", "Enter a name."),
        ({"ring_seconds": "4"}, "ring_seconds", "Enter 5 to 600 seconds."),
        ({"ring_seconds": "long"}, "ring_seconds", "Enter a whole number."),
        ({"extension": "10"}, "extension", "employee anna"),
        ({"extension": "112"}, "extension", "emergency number"),
        ({"extension": "x"}, "extension", ""),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(world: World, changed, field: str, text: str):
    page = world.browser("admin").send("/pools/new", {"name": "Lager", **changed})
    assert page.status == 422
    [error] = page.tree.xpath(f"//*[@name='{field}']/ancestor::div[contains(@class, 'field')]//p[@class='error']")
    assert text in error.text_content()
    assert page.values()["name"] == changed.get("name", "Lager")
    assert not world.parts.apply.state.pending


def test_name_extension_and_ringing_are_changed(world: World):
    page = world.browser("admin").send("/pools/sales", {"name": "Verkauf", "extension": "33", "ring_seconds": "20"})
    assert (page.status, page.location) == (303, "/pools/sales")
    now = pool(world)
    assert (now.name, now.extension, now.ring_seconds) == ("Verkauf", "33", 20)
    assert (now.members, now.numbers) == (["anna", "ben"], ["+493023125000"])


def test_a_change_meanwhile_is_shown_and_overwritten_only_when_wanted(world: World):
    admin = world.browser("admin")
    page = admin.get("/pools/sales")
    with world.database.write() as session:
        teams.change(session, "sales", ring_seconds=60)
    refused = admin.submit(page, {"ring_seconds": "20"}, path="/pools/sales")
    assert refused.status == 422
    assert refused.texts("now") == ["Now: 60"]
    assert pool(world).ring_seconds == 60
    assert admin.submit(refused, path="/pools/sales").status == 303
    assert pool(world).ring_seconds == 20


def test_members_change_places_go_and_come_back(world: World):
    admin, path = world.browser("admin"), "/pools/sales/members"
    assert press(admin, path, "down", "anna").status == 303
    assert pool(world).members == ["ben", "anna"]
    assert press(admin, path, "up", "anna").status == 303
    assert pool(world).members == ["anna", "ben"]
    assert press(admin, path, "remove", "anna").status == 303
    assert pool(world).members == ["ben"]
    found = admin.get(path + "?q=schmidt")
    assert found.tree.xpath("//button[@name='add']/@value") == ["anna"]
    again = press(admin, path, "add", "anna", found)
    assert again.location == path + "?q=schmidt"
    assert pool(world).members == ["ben", "anna"]


def test_members_are_not_changed_over_anothers_change(world: World):
    admin, path = world.browser("admin"), "/pools/sales/members"
    page = admin.get(path)
    with world.database.write() as session:
        teams.set_members(session, "sales", ["ben"])
    answer = press(admin, path, "down", "anna", page)
    assert answer.status == 422
    assert "changed meanwhile" in answer.text
    assert pool(world).members == ["ben"]


def test_free_numbers_are_added_and_the_others_say_why_not(world: World):
    admin, path = world.browser("admin"), "/pools/sales/numbers"
    page = admin.get(path)
    assert page.tree.xpath("//button[@name='add']/@value") == ["+493023125012"]
    assert "belongs to Anna Schmidt" in admin.get(path + "?q=Anna").text
    assert press(admin, path, "add", "+493023125012").status == 303
    assert pool(world).numbers == ["+493023125000", "+493023125012"]
    assert press(admin, path, "remove", "+493023125000").status == 303
    assert pool(world).numbers == ["+493023125012"]
    with world.database.read() as session:
        assert numbers.numbers_without_owner(session) == ["+493023125000"]


def test_an_inactive_number_is_activated_where_it_is_wanted(world: World):
    admin, path = world.browser("admin"), "/pools/sales/numbers?q=125050&page=1"
    page = admin.get(path)
    assert page.tree.xpath("//button[@name='activate']/@value") == ["+493023125050"]
    answer = press(admin, path, "activate", "+493023125050", page)
    assert (answer.status, answer.location) == (303, "/pools/sales/numbers?q=125050&page=1")
    assert admin.get(path).tree.xpath("//button[@name='add']/@value") == ["+493023125050"]
    assert pool(world).numbers == ["+493023125000"]


def test_a_number_taken_meanwhile_is_refused(world: World):
    admin, path = world.browser("admin"), "/pools/sales/numbers"
    page = admin.get(path)
    with world.database.write() as session:
        numbers.assign(session, "+493023125012", "employee:ben")
    answer = press(admin, path, "add", "+493023125012", page)
    assert answer.status == 422
    assert answer.texts("bad")
    assert pool(world).numbers == ["+493023125000"]


def test_a_button_that_there_is_not_is_refused(world: World):
    admin = world.browser("admin")
    for path in ("/pools/sales/members", "/pools/sales/numbers"):
        token = admin.get(path).tree.xpath("//main//input[@name='csrf_token']/@value")[0]
        assert admin.post(path, {"csrf_token": token, "promote": "anna"}).status == 400


def test_a_removed_pool_leaves_its_numbers(world: World):
    admin = world.browser("admin")
    page = admin.send("/pools/sales/remove")
    assert (page.status, page.location) == (303, "/pools")
    assert admin.get("/pools/sales").status == 404
    with world.database.read() as session:
        assert "+493023125000" in numbers.numbers_without_owner(session)


def test_a_member_reads_and_cannot_change(world: World):
    anna = world.browser("employee")
    page = anna.get("/pools/sales")
    assert page.status == 200
    assert "Anna SchmidtBen Yılmaz" in page.tree.text_content().replace("\n", "")
    assert not page.tree.xpath("//main//form")
    token = page.tree.xpath("//input[@name='csrf_token']/@value")[0]
    assert anna.post("/pools/sales", {"csrf_token": token, "name": "Meins"}).status == 403
    with world.database.write() as session:
        teams.set_members(session, "sales", ["ben"])
    assert anna.get("/pools/sales").status == 403
    assert anna.get("/pools/gibtesnicht").status == 403


def test_the_list_shows_where_mails_go_and_is_searched(world: World):
    admin = world.browser("admin")
    page = admin.get("/pools?q=vert")
    assert "vertrieb@muster.example" in page.text
    assert "/pools/sales" in page.text
    assert "No pool is called so" in admin.get("/pools?q=nichts").text
    assert admin.get("/pools/sales/calls").status == 200


def test_a_double_click_adds_one_pool(world: World):
    admin = world.browser("admin")
    path = "/pools/new"
    refused = admin.submit(admin.get(path), {"name": ""}, path=path)
    assert refused.status == 422
    sent = {"name": "Einkauf", "number": ""}
    assert admin.submit(refused, sent, path=path).status == 303
    again = admin.submit(refused, sent, path=path)
    assert again.status == 422
    assert "This was sent before. Look whether it is in the list." in again.texts("notice")
    assert admin.get("/pools").text.count(">Einkauf<") == 1
