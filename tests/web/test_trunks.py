"""Trunks: added, changed, removed; their state in FreeSWITCH; the password is never on a page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from callrouter.directory import document, services
from callrouter.directory.audit import AuditRow
from callrouter.web.live import Gateway, Live
from tests.web.world import World

NEW = {
    "name": "second",
    "proxy": "sip.provider.example:5070",
    "peers": "192.0.2.0/28\n192.0.2.99, 2001:db8::1",
    "did_from": "to",
    "register": "y",
    "username": "4930231250",
    "password": "streng+geheim",
    "realm": "provider.example",
}


def trunk(world: World, name: str) -> document.Trunk:
    with world.database.read() as session:
        return services.trunk(session, name)[0]


def test_a_trunk_is_added_with_all_it_has(world: World):
    admin = world.browser("admin")
    answer = admin.send("/trunks/new", NEW)
    assert (answer.status, answer.location) == (303, "/trunks")
    assert trunk(world, "second") == document.Trunk(
        name="second",
        proxy="sip.provider.example:5070",
        peers=["192.0.2.0/28", "192.0.2.99", "2001:db8::1"],
        did_from="to",
        register=True,
        username="4930231250",
        password="streng+geheim",
        realm="provider.example",
    )
    assert world.parts.apply.state.pending
    page = admin.get("/trunks")
    assert "FreeSWITCH is taking over the last changes …" in page.texts("notice")
    world.parts.apply.once()
    assert "FreeSWITCH took over the last changes on 21 Nov 2026" in admin.get("/trunks").text


def test_the_password_is_never_shown_and_stays_until_it_is_replaced(world: World):
    admin = world.browser("admin")
    admin.send("/trunks/new", NEW)
    page = admin.get("/trunks/second")
    assert "One is stored, and not shown. Type another one to replace it." in page.texts("hint")
    assert admin.submit(page, {"proxy": "192.0.2.7"}, path="/trunks/second").status == 303
    assert (trunk(world, "second").proxy, trunk(world, "second").password) == ("192.0.2.7", "streng+geheim")
    refused = admin.send("/trunks/second", {"proxy": "???", "password": "anderes+geheim"})
    admin.send("/trunks/second", {"password": "anderes+geheim"})
    assert trunk(world, "second").password == "anderes+geheim"
    everything = refused.text + "".join(admin.get(path).text for path in ("/trunks", "/trunks/second", "/audit"))
    assert "geheim" not in everything
    with world.database.read() as session:
        changes = [str(row.changes) for row in session.scalars(select(AuditRow).where(AuditRow.key == "second"))]
    assert len(changes) == 3
    assert not any("geheim" in one for one in changes)


def test_without_a_user_name_no_password_is_kept(world: World):
    admin = world.browser("admin")
    admin.send("/trunks/new", NEW)
    assert admin.send("/trunks/second", {"username": "", "register": None}).status == 303
    assert (trunk(world, "second").username, trunk(world, "second").password) == (None, None)
    assert "One is stored" not in admin.get("/trunks/second").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Zweiter Trunk"}, "name"),
        ({"name": "carrier"}, "name"),
        ({"proxy": ""}, "proxy"),
        ({"proxy": "sip.provider.example:99999"}, "proxy"),
        ({"proxy": "a b"}, "proxy"),
        ({"peers": "provider"}, "peers"),
        ({"password": ""}, "register"),
        ({"username": "a b"}, "username"),
        ({"realm": "<x>"}, "realm"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(world: World, wrong: dict[str, str], field: str):
    page = world.browser("admin").send("/trunks/new", {**NEW, **wrong})
    assert page.status == 422
    (beside,) = page.tree.xpath("//div[contains(@class, 'wrong')]//*[self::input or self::textarea]/@name")
    assert beside == field
    assert page.values()["peers"].split() == {**NEW, **wrong}["peers"].replace(",", " ").split()
    assert not world.parts.apply.state.pending


def test_a_mistake_of_spelling_is_told_in_german_too(world: World):
    wrong = {"proxy": "a b", "username": "x y", "password": "streng geheim", "realm": "<x>"}
    page = world.browser("admin", "de").send("/trunks/new", {**NEW, **wrong})
    assert page.texts("error") == [
        "proxy: 'a b' ist ungültig; erwartet wird: ein Hostname oder HOST:PORT",
        "username: 'x y' ist ungültig; erwartet wird: bis zu 128 Buchstaben, Ziffern und . _ + @ -",
        "password: dieser Wert ist ungültig; "
        "erwartet wird: bis zu 128 druckbare Zeichen ohne Leerzeichen, Anführungszeichen, & < >",
        "realm: '<x>' ist ungültig; erwartet wird: ein Hostname, zum Beispiel sip.provider.example",
    ]


def test_nobody_is_let_in_by_a_network_of_all(world: World):
    page = world.browser("admin").send("/trunks/new", {**NEW, "peers": "0.0.0.0/0"})
    assert page.status == 422
    assert "lets anyone call in" in page.text


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (Live(problem="no answer"), "unknown"),
        (Live(), "not in FreeSWITCH"),
        (Live(gateways={"trunk-carrier": Gateway("trunk-carrier", True, "NOREG")}), "not checked"),
        (Live(gateways={"trunk-carrier": Gateway("trunk-carrier", True, "REGED")}), "registered"),
        (Live(gateways={"trunk-carrier": Gateway("trunk-carrier", False, "FAIL_WAIT")}), "down (FAIL_WAIT)"),
    ],
)
def test_the_state_in_freeswitch(world: World, live: Live, said: str):
    world.switch.now = live
    admin = world.browser("admin")
    assert admin.get("/trunks").texts("badge") == [said]
    assert admin.get("/trunks/carrier").texts("badge") == [said]


def test_a_second_administrator_sees_that_the_trunk_changed(world: World):
    admin = world.browser("admin")
    page = admin.get("/trunks/carrier")
    with world.database.write() as session:
        known, _ = services.trunk(session, "carrier")
        services.save_trunk(session, known.model_copy(update={"proxy": "192.0.2.1"}))
    answer = admin.submit(page, {"proxy": "192.0.2.2"}, path="/trunks/carrier")
    assert answer.status == 422
    assert answer.texts("now") == ["Now: 192.0.2.1"]
    assert admin.submit(answer, path="/trunks/carrier").status == 303
    assert trunk(world, "carrier").proxy == "192.0.2.2"


def test_a_trunk_is_removed(world: World):
    admin = world.browser("admin")
    assert admin.send("/trunks/carrier/remove").location == "/trunks"
    assert "There is no trunk yet" in admin.get("/trunks").text
    assert [admin.get(path).status for path in ("/trunks/carrier", "/trunks/carrier/remove")] == [404, 404]


def test_the_form_begins_with_what_is_known_of_a_provider(world: World):
    admin = world.browser("admin")
    page = admin.get("/trunks/new")
    assert "/trunks/new?provider=stadtnetz" in page.text
    page = admin.get("/trunks/new?provider=stadtnetz")
    assert "sip.stadtnetz.example:5061" in page.text
    account = {"name": "second", "username": "4930231250", "password": "streng+geheim", "ping": "60"}
    assert admin.submit(page, account, path="/trunks/new?provider=stadtnetz").status == 303
    made = trunk(world, "second")
    assert (made.provider, made.transport, made.register_, made.register_seconds) == ("stadtnetz", "tls", True, 300)
    assert (made.ping, made.identity, made.did_from) == (60, "preferred", "to")
    assert "stadtnetz" in admin.get("/trunks/second").text


def test_an_unknown_provider_offers_the_empty_form(world: World):
    page = world.browser("admin").get("/trunks/new?provider=../../etc")
    assert page.status == 200
    assert "etc" not in page.text.partition("<main")[2].partition("<form")[0]
