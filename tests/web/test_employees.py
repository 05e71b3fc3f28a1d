"""Employees: who stands out, a new one in one form, the way to every number, devices whose secrets are shown once."""

from __future__ import annotations

import pytest

from callrouter.directory import accounts, devices, numbers, owners, services
from callrouter.directory.document import Employee
from callrouter.directory.numbers import employees_without_number
from callrouter.directory.records import CallRow, CallStepRow
from callrouter.errors import RuleError
from callrouter.web.live import Live, Registration
from callrouter.web.owners import owner_frame
from callrouter.web.setup_card import Account, Card
from tests.web.world import NOW, Page, World

FREE, ANNAS, BENS, POOLS, INACTIVE = (f"+493023125{end}" for end in ("012", "010", "011", "000", "050"))


def employee(world: World, key: str) -> Employee:
    with world.database.read() as session:
        return services.employee(session, key)[0]


def lose(world: World, e164: str = BENS) -> None:
    with world.database.write() as session:
        numbers.port_away(session, e164)


def rows(page: Page) -> list[str]:
    return [" ".join(row.text_content().split()) for row in page.tree.xpath("//tbody/tr")]


def options(page: Page, name: str = "number") -> list[str]:
    return [option.get("value") for option in page.tree.xpath(f"//select[@name='{name}']/option")]


def link(page: Page, text: str) -> str:
    return next(a.get("href") for a in page.tree.xpath("//main//a") if " ".join(a.text_content().split()) == text)


def codes(page: Page) -> list[str]:
    return page.tree.xpath("//dl//code/text()")


def test_who_lost_the_number_stands_first_and_one_click_leads_to_the_repair(world: World):
    admin = world.browser("admin", "de")
    assert rows(admin.get("/employees"))[0].startswith("Anna Schmidt +49 30 23125010 10")
    lose(world)
    page = admin.get("/employees")
    assert rows(page)[0].startswith("Ben Yılmaz fehlende Rufnummer 11")
    assert page.tree.xpath("//tr[@class='alarm']//a/text()")[0] == "Ben Yılmaz"
    repair = admin.get(link(page, "fehlende Rufnummer"))
    assert "Die Rufnummer fehlt." in repair.text
    assert options(repair) == ["", FREE]
    assert len(rows(admin.get("/employees?state=lost"))) == 1


@pytest.mark.parametrize("typed", ["030 23125-011", "0049 30 23125011", "125 011", "yılmaz", "BEN"])
def test_the_list_is_searched_by_name_and_number(world: World, typed: str):
    page = world.browser("admin").client.get("/employees", query_string={"q": typed})
    assert "Ben Yılmaz" in page.text
    assert "Anna Schmidt" not in page.text


def test_the_list_says_which_phones_are_registered(world: World):
    admin = world.browser("admin")
    assert "Tischtelefon: unknown" in rows(admin.get("/employees"))[0]
    world.switch.now = Live(registrations={"anna-desk": Registration("anna-desk", "192.0.2.7:5060", NOW)})
    anna = rows(admin.get("/employees"))[0]
    assert "Tischtelefon: registered" in anna
    assert "Laptop: not registered" in anna
    assert "192.0.2.7:5060" in admin.get("/employees/anna/devices").text


def test_a_new_employee_with_number_phone_and_sign_in(world: World):
    admin = world.browser("admin")
    values = {"name": "Cara Öz", "extension": "12", "email": "cara@muster.example", "number": FREE}
    page = admin.send("/employees/_add", {**values, "label": "Desk", "kind": "desk", "login": "Cara"})
    assert page.status == 200
    domain, _port, sip_user, sip_password, login, password = codes(page)
    assert (domain, sip_user, login) == ("pbx.muster.example", "cara-oez-desk", "cara")
    cara = employee(world, "cara-oez")
    assert (cara.personal_number, cara.extension, cara.email) == (FREE, "12", "cara@muster.example")
    assert [device.sip_password for device in cara.devices] == [sip_password]
    assert world.browser().sign_in("cara", password).status == 303
    assert world.parts.apply.state.pending
    assert page.tree.xpath("//main//svg/@class") == ["segno"]
    for path in ("/employees", "/employees/cara-oez", "/employees/cara-oez/devices", "/audit"):
        assert sip_password not in admin.get(path).text
        assert password not in admin.get(path).text


def test_who_has_a_device_needs_a_number_and_nothing_is_lost(world: World):
    admin = world.browser("admin")
    page = admin.send("/employees/_add", {"name": "Cara", "label": "Desk", "extension": "12"})
    assert page.status == 422
    assert page.texts("error") == ["Choose a number; who has a device needs one."]
    assert (page.values()["name"], page.values()["label"], page.values()["extension"]) == ("Cara", "Desk", "12")
    with pytest.raises(RuleError):
        employee(world, "cara")
    assert admin.submit(page, {"number": FREE}, path="/employees/_add").status == 200
    assert employee(world, "cara").personal_number == FREE


@pytest.mark.parametrize(
    ("changed", "field"), [({"login": "anna"}, ""), ({"extension": "11"}, "extension"), ({"number": BENS}, "number")]
)
def test_a_new_employee_is_added_whole_or_not_at_all(world: World, changed: dict[str, str], field: str):
    values = {"name": "Cara", "number": FREE, "label": "Desk", "login": "cara", **changed}
    page = world.browser("admin").send("/employees/_add", values)
    assert page.status == 422
    assert page.values()["number"] == values["number"]
    assert page.tree.xpath("//div[contains(@class, 'wrong')]//*[self::input or self::select]/@name") == (
        [field] if field else []
    )
    with pytest.raises(RuleError):
        employee(world, "cara")


def test_an_employee_needs_neither_number_nor_device(world: World):
    page = world.browser("admin").send("/employees/_add", {"name": "Cara"})
    assert (page.status, page.location) == (303, "/employees/cara")


def test_the_dropdown_has_ones_own_and_the_free_numbers(world: World):
    page = world.browser("admin").get("/employees/anna/numbers")
    assert options(page) == [ANNAS, FREE]
    assert rows(page)[:2] == [
        "+49 30 23125000 belongs to Vertrieb To the pool Vertrieb",
        "+49 30 23125001 inactive Activate",
    ]
    found = rows(world.browser("admin").get("/employees/anna/numbers?q=01"))
    assert "+49 30 23125012 free Choose" in found
    assert "+49 30 23125011 belongs to Ben Yılmaz Give Ben Yılmaz another number" in found


def test_another_number_is_given_and_the_old_one_is_free(world: World):
    page = world.browser("admin").send("/employees/anna/numbers", {"number": FREE})
    assert (page.status, page.location) == (303, "/employees/anna/numbers")
    assert employee(world, "anna").personal_number == FREE
    assert options(world.browser("admin").get("/employees/ben/numbers")) == [BENS, ANNAS]
    assert world.parts.apply.state.pending


def test_an_inactive_number_is_activated_and_comes_back_chosen(world: World):
    admin = world.browser("admin")
    path = "/employees/anna/numbers"
    page = admin.get(f"{path}?q=050")
    assert rows(page) == ["+49 30 23125050 inactive Activate"]
    answer = admin.submit(page, path=path, action=f"{path}/activate")
    assert answer.status == 303
    back = admin.get(answer.location)
    assert back.values()["number"] == INACTIVE
    assert admin.submit(back, path=path).status == 303
    assert employee(world, "anna").personal_number == INACTIVE


def test_somebody_elses_number_is_made_free_on_the_way(world: World):
    admin = world.browser("admin")
    page = admin.get("/employees/anna/numbers?q=ben")
    path = link(page, "Give Ben Yılmaz another number").partition("#")[0]
    answer = admin.send(path, {"number": FREE})
    assert answer.status == 303
    back = admin.get(answer.location)
    assert (back.values()["number"], options(back)) == (BENS, [ANNAS, BENS])
    assert admin.submit(back, path="/employees/anna/numbers").status == 303
    assert (employee(world, "anna").personal_number, employee(world, "ben").personal_number) == (BENS, FREE)


def test_nobody_is_sent_to_another_site(world: World):
    page = world.browser("admin").send("/employees/anna/numbers?then=//evil.example/", {"number": FREE})
    assert (page.status, page.location) == (303, "/")


def test_a_lost_number_is_replaced(world: World):
    lose(world)
    admin = world.browser("admin")
    refused = admin.send("/employees/ben/numbers")
    assert refused.status == 422
    assert refused.texts("error") == ["Choose a number; without one these devices cannot make calls."]
    assert admin.submit(refused, {"number": FREE}, path="/employees/ben/numbers").status == 303
    with world.database.read() as session:
        assert employees_without_number(session) == []


def test_a_number_that_somebody_else_has_meanwhile_is_refused(world: World):
    admin = world.browser("admin")
    page = admin.get("/employees/anna/numbers")
    numbers_of_ben = admin.send("/employees/ben/numbers", {"number": FREE})
    assert numbers_of_ben.status == 303
    answer = admin.submit(page, {"number": FREE}, path="/employees/anna/numbers")
    assert answer.status == 422
    assert "belongs to employee ben" in answer.texts("error")[0]
    assert employee(world, "anna").personal_number == ANNAS


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("/employees/anna", {"extension": "15"}),
        ("/employees/anna/numbers", {"number": FREE}),
        ("/employees/anna/devices/anna-desk", {"label": "Empfang"}),
        ("/employees/anna/notifications", {"about": "missed"}),
    ],
)
def test_the_second_administrator_sees_that_the_record_changed(world: World, path: str, changed: dict[str, str]):
    admin = world.browser("admin")
    page = admin.get(path)
    with world.database.write() as session:
        owners.change(session, "employee:anna", name="Anna Weiß")
    answer = admin.submit(page, changed, path=path)
    assert answer.status == 422
    assert "changed meanwhile" in answer.text
    assert changed.items() <= answer.values().items()
    assert admin.submit(answer, path=path).status == 303
    if path == "/employees/anna":  # the name too was in that form: what was entered is what is kept
        assert (employee(world, "anna").name, employee(world, "anna").extension) == ("Anna Schmidt", "15")
    else:
        assert employee(world, "anna").name == "Anna Weiß"


def test_what_those_see_who_are_called(world: World):
    admin = world.browser("admin")
    page = admin.get("/employees/ben/numbers")
    assert page.tree.xpath("//input[@name='shown']/@value") == ["", POOLS, "anonymous"]
    action = "/employees/ben/numbers/shown"
    for shown in (POOLS, "anonymous", ""):
        assert admin.send("/employees/ben/numbers", {"shown": shown}, action=action).status == 303
        assert employee(world, "ben").outgoing_number == (shown or None)
    refused = admin.send("/employees/ben/numbers", {"shown": INACTIVE}, action=action)
    assert refused.status == 422


def test_a_device_is_added_and_its_card_shown_once(world: World):
    admin = world.browser("admin")
    page = admin.send("/employees/ben/devices", {"label": "Werkstatt", "kind": "other"})
    added = employee(world, "ben").devices[1]
    assert (added.label, added.sip_user) == ("Werkstatt", "ben-other")
    assert codes(page) == ["pbx.muster.example", "5060", "ben-other", added.sip_password]
    assert added.sip_password not in admin.get("/employees/ben/devices").text
    assert added.sip_password not in admin.get("/employees/ben/devices/ben-other").text


def test_a_device_is_renamed_disabled_and_removed(world: World):
    admin = world.browser("admin")
    path = "/employees/anna/devices/anna-soft"
    assert admin.send(path, {"label": "Heimarbeit", "enabled": None}).status == 303
    changed = employee(world, "anna").devices[1]
    assert (changed.label, changed.enabled, changed.sip_password) == ("Heimarbeit", False, "4f1bX2-soft")
    assert "disabled" in rows(admin.get("/employees"))[0]
    assert admin.send(f"{path}/remove").status == 303
    assert [device.sip_user for device in employee(world, "anna").devices] == ["anna-desk"]
    assert admin.get(path).status == 404


def test_an_employee_makes_a_new_password_for_an_own_device(world: World):
    anna = world.browser("employee")
    page = anna.send("/employees/anna/devices/anna-desk/password")
    assert page.status == 200
    password = employee(world, "anna").devices[0].sip_password
    assert password != "4f1bX2-desk"
    assert codes(page)[3] == password
    assert world.parts.apply.state.pending
    assert password not in anna.get("/employees/anna/devices").text


def test_passwords_stand_on_no_page(world: World):
    for role in ("admin", "employee"):
        browser = world.browser(role)
        for tab in ("", "/numbers", "/devices", "/notifications", "/calls", "/devices/anna-desk/password"):
            text = browser.get(f"/employees/anna{tab}").text
            assert "4f1bX2" not in text, (role, tab)
            assert "4711" not in text, (role, tab)


def test_pages_do_not_even_have_the_passwords(world: World):
    with world.application.test_request_context():
        frame = owner_frame("employee:anna")
    assert [device.sip_password for device in frame.employee.devices] == [None, None]


def test_the_qr_code_says_what_the_card_says():
    card = Card("Laptop", "anna-soft", "Ab-_9", Account("pbx.muster.example", 5060, ""))
    assert card.uri == "sip:anna-soft:Ab-_9@pbx.muster.example:5060;transport=udp"
    assert card.qr_code.startswith("<svg ")
    assert "style" not in card.qr_code
    assert "<script" not in card.qr_code


@pytest.mark.parametrize(
    "path",
    [
        "/employees/anna",
        "/employees/anna/numbers",
        "/employees/anna/numbers/shown",
        "/employees/anna/numbers/activate",
        "/employees/anna/devices",
        "/employees/anna/devices/anna-desk",
        "/employees/anna/devices/anna-desk/remove",
        "/employees/anna/remove",
        "/employees/ben",
        "/employees/ben/numbers",
        "/employees/ben/devices",
        "/employees/ben/devices/ben-desk/password",
        "/employees/anna/devices/ben-desk/password",
        "/employees/ben/notifications",
        "/employees/_add",
    ],
)
def test_an_employee_changes_nothing_but_what_is_allowed(world: World, path: str):
    anna = world.browser("employee")
    token = anna.get("/employees/anna/notifications").values()["csrf_token"]
    before = (employee(world, "anna"), employee(world, "ben"))
    values = {"csrf_token": token, "number": FREE, "name": "X", "label": "X", "kind": "desk", "extension": "19"}
    answer = anna.post(path, {**values, "role": "admin", "shown": "anonymous", "about": "none"})
    assert answer.status == (404 if "anna/devices/ben" in path else 403)
    assert (employee(world, "anna"), employee(world, "ben")) == before


def test_an_employee_sees_the_numbers_and_no_way_to_change_them(world: World):
    anna = world.browser("employee")
    page = anna.get("/employees/anna/numbers")
    assert "+49 30 23125010" in page.text
    assert "+49 30 23125000 (Vertrieb)" in page.text
    for path in ("/employees/anna", "/employees/anna/numbers", "/employees/anna/devices"):
        assert anna.get(path).tree.xpath("//main//form[not(contains(@action, '/pools/sales/s'))]") == []


def test_notifications(world: World):
    anna = world.browser("employee")
    path = "/employees/anna/notifications"
    refused = anna.send(path, {"about": "missed", "email": ""})
    assert refused.status == 422
    assert refused.tree.xpath("//div[contains(@class, 'wrong')]//input/@name") == ["email"]
    assert anna.send(path, {"about": "none"}).status == 303
    assert anna.get(path).texts("good") == ["The notifications are changed: nothing is mailed."]
    values = {"about": "voicemail", "email": "neu@muster.example", "language": "en", "internal": "y"}
    assert anna.send(path, values).status == 303
    notify = employee(world, "anna").notify
    assert (notify.about, notify.email, notify.language, notify.internal) == (
        "voicemail",
        "neu@muster.example",
        "en",
        True,
    )


def test_the_notifications_of_a_pool_are_an_administrators(world: World):
    path = "/pools/sales/notifications"
    assert world.browser("employee").get(path).status == 403
    assert world.browser("admin").send(path, {"about": "missed"}).location == path
    with world.database.read() as session:
        notify = services.pool(session, "sales")[0].notify
    assert (notify.about, notify.email, notify.handled_mail) == ("missed", "vertrieb@muster.example", True)


def test_calls_to_an_employee(world: World):
    with world.database.write() as session:
        call = CallRow(
            uuid="5b1f", direction="inbound", number=ANNAS, caller="+4917604069001", caller_name="<i>Eve</i>"
        )
        call.outcome, call.started_at = "answered", NOW
        call.steps = [CallStepRow(n="1", position=1, kind="ring", owner="employee:anna", started_at=NOW)]
        call.steps[0].outcome, call.steps[0].device = "answered", "anna-desk"
        session.add(call)
    for role in ("admin", "employee"):
        page = world.browser(role).get("/employees/anna/calls")
        assert rows(page) == [
            "21 Nov 2026, 15:42 +49 176 04069001 <i>Eve</i> +49 30 23125010 answered Anna Schmidt Tischtelefon"
        ]
        assert link(page, "21 Nov 2026, 15:42") == "/calls/5b1f"
        assert link(page, "Search these calls") == "/calls?owner=employee:anna"
    assert rows(world.browser("admin").get("/employees/ben/calls")) == []
    assert world.browser("admin").get("/employees/anna/calls?before=x").status == 404


def test_a_removed_employee_leaves_the_number_free(world: World):
    admin = world.browser("admin")
    refused = admin.send("/employees/ben/remove")
    assert refused.status == 422
    assert "sales" in refused.text
    with world.database.write() as session:
        owners.change(session, "pool:sales", members=["anna"])
    ben = world.browser("other")
    assert admin.send("/employees/ben/remove").status == 303
    assert admin.get("/employees/ben").status == 404
    assert ben.get("/account").status == 303
    assert BENS in options(admin.get("/employees/anna/numbers"))


def test_the_last_administrator_is_not_removed_with_the_employee(world: World):
    with world.database.write() as session:
        owners.change(session, "pool:sales", members=["anna"])
        accounts.set_role(session, "ben", "admin", at=NOW)
        accounts.remove(session, "chefin", at=NOW)
    page = world.browser("other").send("/employees/ben/remove")
    assert page.status == 422
    assert "last administrator" in page.text
    assert employee(world, "ben").name == "Ben Yılmaz"


def test_names_and_labels_are_shown_as_text(world: World):
    with world.database.write() as session:
        owners.change(session, "employee:anna", name="<script>alert(1)</script>")
        devices.change(session, "anna", "anna-desk", label="<b>fett</b>")
    admin = world.browser("admin")
    for path in ("/employees", "/employees/anna", "/employees/anna/devices", "/employees/ben/numbers?q=script"):
        assert "<script>alert" not in admin.get(path).text
        assert "<b>fett" not in admin.get(path).text
