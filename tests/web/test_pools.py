"""Pools: added, changed, given members and numbers, removed; a member reads what is theirs."""

from __future__ import annotations

import pytest

from callrouter.directory import employees, numbers, services
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
    assert "personal number of Anna Schmidt" in admin.get(path + "?q=Anna").text
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
    assert "a personal number always rings its employee" in answer.texts("bad")[0]
    assert answer.tree.xpath("//main//a[@href='/numbers?show=free'] and //main//a[@href='/numbers?show=inactive']")
    assert pool(world).numbers == ["+493023125000"]


def test_the_page_of_a_personal_number_offers_a_further_one(world: World):
    admin = world.browser("admin")
    page = admin.get("/numbers/+493023125010")
    assert "A personal number always rings its employee" in page.text
    assert page.tree.xpath("//main//a[@href='/numbers?show=free']")
    assert "always rings its employee" not in admin.get("/numbers/+493023125000").text


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
    assert all(name in page.tree.text_content() for name in ("Anna Schmidt", "Ben Yılmaz"))
    assert page.tree.xpath("//main//form/@action") == ["/pools/sales/switch", "/pools/sales/sign-out/anna"]
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


def test_the_strategy_is_chosen_and_said(world: World):
    admin = world.browser("admin")
    page = admin.get("/pools/sales")
    assert page.values()["strategy"] == "simultaneous"
    assert page.values()["member_seconds"] == "15"
    answer = admin.submit(page, {"strategy": "longest-idle", "member_seconds": "20"}, path="/pools/sales")
    assert answer.status == 303
    assert (pool(world).strategy, pool(world).member_seconds) == ("longest-idle", 20)
    assert "first at who has talked least recently, for 30 seconds in all" in admin.get("/pools/sales").text
    assert "first at who" in world.browser("other").get("/pools/sales").text


def test_waves_have_their_seconds_at_each_member(world: World):
    admin, path = world.browser("admin"), "/pools/sales/members"
    assert "delays-1" not in admin.get(path).text
    with world.database.write() as session:
        teams.change(session, "sales", strategy="waves")
    page = admin.get(path)
    [form] = [form for form in page.tree.xpath("//form") if form.xpath(".//button[@name='save']")]
    values = dict(form.form_values())
    refused = admin.post(path, {**values, "delays-1": "500", "save": "delays"})
    assert (refused.status, "Enter 0 to 300." in refused.text) == (422, True)
    assert admin.post(path, {**values, "delays-1": "20", "save": "delays"}).status == 303
    assert pool(world).delays == {"ben": 20}
    assert "after 20 seconds" in admin.get("/pools/sales").text
    assert press(admin, path, "up", "ben").status == 303
    assert (pool(world).members, pool(world).delays) == (["ben", "anna"], {"ben": 20})
    assert press(admin, path, "remove", "ben").status == 303
    assert pool(world).delays == {}


def test_members_sign_themselves_in_and_out_and_administrators_anybody(world: World):
    ben = world.browser("other")
    page = ben.get("/pools/sales")
    [form] = page.tree.xpath("//main//form[contains(@action, '/sign-')]")
    assert form.get("action") == "/pools/sales/sign-out/ben"
    assert not world.parts.apply.state.pending
    assert ben.post(form.get("action"), dict(form.form_values())).location == "/pools/sales"
    assert pool(world).signed_out == ["ben"]
    assert world.parts.apply.state.pending
    page = ben.get("/employees/ben")
    assert "Ben Yılmaz is signed out of Vertrieb." in page.text
    [form] = page.tree.xpath("//main//form[contains(@action, '/sign-')]")
    answer = ben.post(form.get("action"), dict(form.form_values()))
    assert (answer.status, answer.location) == (303, "/employees/ben")
    assert pool(world).signed_out == []
    assert ben.post("/pools/sales/sign-out/anna", dict(form.form_values())).status == 403
    admin = world.browser("admin")
    [_anna, form] = admin.get("/pools/sales").tree.xpath("//main//form[contains(@action, '/sign-')]")
    assert admin.post("/pools/sales/sign-out/anna", dict(form.form_values())).status == 303
    assert admin.post("/pools/sales/sign-out/nobody", dict(form.form_values())).status == 404
    assert pool(world).signed_out == ["anna"]


def test_what_phones_show_and_how_they_ring(world: World):
    admin = world.browser("admin")
    assert admin.get("/pools/sales").values()["show_name"] == "y"
    values = {"show_name": None, "short_name": "VT", "alert": "Bellcore-dr2", "internal_alert": "intern"}
    values["members_outside"] = "y"
    assert admin.send("/pools/sales", values).status == 303
    changed = pool(world)
    assert (changed.show_name, changed.short_name, changed.members_outside) == (False, "VT", True)
    assert (changed.alert, changed.internal_alert) == ("Bellcore-dr2", "intern")
    assert world.parts.apply.state.pending
    assert (
        admin.send("/pools/sales", {"show_name": "y", "short_name": "", "alert": "", "internal_alert": ""}).status
        == 303
    )
    assert (pool(world).show_name, pool(world).short_name, pool(world).alert) == (True, None, None)


def test_who_may_show_its_numbers(world: World):
    admin = world.browser("admin")
    assert admin.get("/pools/sales").values()["may_show"] == "members"
    assert admin.send("/pools/sales", {"may_show": "everybody"}).status == 303
    assert pool(world).may_show == "everybody"
    refused = admin.send("/pools/sales", {"may_show": "nobody"})
    assert refused.status == 422
    assert "nobody may show +493023125000" in refused.texts("bad")[0]
    with world.database.write() as session:
        teams.change(session, "sales", members=["ben"])
        employees.change(session, "anna", outgoing_number=None)
        teams.change(session, "sales", may_show="members")
    page = admin.get("/employees/anna/numbers")
    assert page.tree.xpath("//input[@name='shown']/@value") == ["", "anonymous"]
    page = admin.submit(page, {"shown": "+493023125000"}, path="/employees/anna/numbers/shown")
    assert page.status == 422
    assert "members alone may show +493023125000" in page.text


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("alert", "a;info=b", "the name of a ring"),
        ("alert", "alert-autoanswer", "answer by themselves"),
        ("internal_alert", "intern", "differs from alert"),
        ("short_name", "x" * 21, ""),
    ],
)
def test_a_ring_that_is_none_stands_beside_its_field(world: World, field: str, value: str, text: str):
    page = world.browser("admin").send("/pools/sales", {field: value})
    assert page.status == 422
    [error] = page.tree.xpath(f"//*[@name='{field}']/ancestor::div[contains(@class, 'field')]//p[@class='error']")
    assert text in error.text_content()
