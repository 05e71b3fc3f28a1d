"""Settings: the company's are changed, the installation's are shown without secrets, a test mail says what happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from callrouter.directory import accounts, services
from callrouter.directory.changing import revised
from callrouter.directory.database import Database
from callrouter.directory.document import Company
from callrouter.errors import CallrouterError
from callrouter.settings import Database as DatabaseSettings
from callrouter.settings import Smtp
from callrouter.web.application import create_application
from tests.web.world import NOW, PASSWORD, World


def company(world: World) -> Company:
    with world.database.read() as session:
        return services.company(session)[0]


def with_parts(world: World, **parts) -> World:
    """The same world with other parts."""
    given = replace(world.parts, **parts)
    application = create_application(given)
    application.testing = True
    return replace(world, application=application, parts=given)


def test_the_company_is_changed(world: World):
    changed = {
        "name": "Muster & Söhne",
        "language": "en",
        "area_code": "89",
        "timezone": "Europe/Vienna",
        "holidays": "DE-BY",
        "ring_seconds": "25",
        "guard_minutes": "0",
        "emergency": "110, 112 19222",
        "claimer_seconds": "0",
        "talk_seconds": "20",
        "mail_minutes": "7",
    }
    page = world.browser("admin").send("/settings", changed, action="/settings")
    assert (page.status, page.location) == (303, "/settings")
    now = company(world)
    assert (now.name, now.language, now.area_code, now.timezone) == ("Muster & Söhne", "en", "89", "Europe/Vienna")
    assert (now.holidays, now.ring_seconds, now.emergency) == ("DE-BY", 25, ["110", "112", "19222"])
    assert (now.cases.claimer_seconds, now.cases.talk_seconds, now.cases.mail_minutes) == (0, 20, 7)
    assert now.cases.guard_minutes == 0
    assert (now.country, now.sip_domain) == ("DE", "pbx.muster.example")
    assert world.parts.apply.state.pending


def test_saved_as_it_is_nothing_changes(world: World):
    before = company(world)
    assert world.browser("admin").send("/settings", action="/settings").status == 303
    assert company(world) == before


@pytest.mark.parametrize(
    ("changed", "field", "text"),
    [
        ({"name": " "}, "name", "Enter a name."),
        ({"area_code": "030"}, "area_code", "without the 0"),
        ({"area_code": "x"}, "area_code", "Enter digits alone, without the 0 before them."),
        ({"ring_seconds": "1"}, "ring_seconds", "Enter 5 to 300 seconds."),
        ({"claimer_seconds": "61"}, "claimer_seconds", "Enter 0 to 60 seconds."),
        ({"talk_seconds": "0"}, "talk_seconds", "Enter 1 to 600 seconds."),
        ({"mail_minutes": "x"}, "mail_minutes", "Enter a whole number."),
        ({"guard_minutes": "1441"}, "guard_minutes", "Enter 0 to 1440 minutes."),
        ({"holidays": ""}, "holidays", "office hours"),
        ({"emergency": "110, eins"}, "emergency", "eins is no emergency number; they have two to six digits."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(world: World, changed, field: str, text: str):
    page = world.browser("admin").send("/settings", changed, action="/settings")
    assert page.status == 422
    [error] = page.tree.xpath(f"//*[@id='{field}']/ancestor::div[@class='field wrong']//p[@class='error']")
    assert text in error.text_content()
    assert page.values("/settings")[field] == changed[field]


def test_lists_have_names_in_the_users_language(world: World):
    page = world.browser("admin", "de").get("/settings")
    assert page.tree.xpath("//select[@id='country']/option[@selected]/text()") == ["Deutschland"]
    assert page.tree.xpath("//select[@id='holidays']/option[@selected]/text()") == ["Berlin"]
    assert page.tree.xpath("//select[@id='holidays']/option/text()")[:2] == ["keine", "Deutschland"]


def test_a_change_meanwhile_is_shown(world: World):
    admin = world.browser("admin")
    page = admin.get("/settings")
    with world.database.write() as session:
        services.save_company(session, revised(services.company(session)[0], ring_seconds=44))
    refused = admin.submit(page, {"name": "Neu"}, path="/settings", action="/settings")
    assert refused.status == 422
    assert "Now: 44" in refused.texts("now")
    assert company(world).name == "Muster GmbH"


def test_a_test_mail_is_sent(world: World):
    admin = world.browser("admin")
    page = admin.send("/settings", {"to": " chefin@muster.example "}, action="/settings/test-mail")
    assert (page.status, page.location) == (303, "/settings")
    assert world.test_mails == ["chefin@muster.example"]
    assert "The mail server took the mail to chefin@muster.example." in admin.get("/settings").text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "chefin",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "=?utf-8?q?a=0aBcc:c?=@b.example",
        "a\x01@b.example",
    ],
)
def test_a_test_mail_needs_one_address(world: World, address: str):
    page = world.browser("admin").send("/settings", {"to": address}, action="/settings/test-mail")
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert world.test_mails == []
    assert page.tree.xpath("//*[@id='name']/@value") == ["Muster GmbH"]


def test_what_the_mail_server_says_is_told(world: World):
    def refuse(to: str) -> None:
        raise CallrouterError(f"mail server 127.0.0.1:25 refused {to}: 550 no such <user>")

    admin = with_parts(world, send_test_mail=refuse).browser("admin")
    page = admin.send("/settings", {"to": "wer@muster.example"}, action="/settings/test-mail")
    assert page.status == 422
    assert (
        "The mail was not sent. mail server 127.0.0.1:25 refused wer@muster.example: 550 no such <user>"
        in page.texts("error")
    )
    assert page.tree.xpath("//*[@id='to']/@value") == ["wer@muster.example"]


def test_nobody_sends_mails_without_end(world: World):
    admin = with_parts(world).browser("admin")
    page = admin.get("/settings")
    answers = [admin.submit(page, {"to": "a@b.example"}, path="", action="/settings/test-mail") for _ in range(11)]
    assert [answer.status for answer in answers][-2:] == [303, 429]


def test_secrets_are_on_no_page(world: World):
    settings = replace(
        world.parts.settings,
        smtp=Smtp(host="mail.muster.example", username="telefon", password="sehr-geheim-1"),
        database=DatabaseSettings(url="postgresql+psycopg://callrouter:sehr-geheim-2@db.example/callrouter"),
    )
    admin = with_parts(world, settings=settings).browser("admin")
    pages = admin.get("/settings").text + admin.get("/settings/file").text
    assert "sehr-geheim" not in pages
    assert settings.web.secret_key not in pages
    assert "mail.muster.example" in pages
    assert "postgresql+psycopg://callrouter:***@db.example/callrouter" in pages


def test_every_key_of_the_file_is_shown_with_its_meaning(world: World):
    text = world.browser("admin").get("/settings/file").tree.text_content()
    for key in ("event_socket", "silence_seconds", "timeout_seconds", "archive_days"):
        assert key in text
    assert "Longest message (seconds)." in text


def test_before_there_is_a_company(world: World, migrated: Path, tmp_path: Path):
    path = tmp_path / "empty.db"
    path.write_bytes(migrated.read_bytes())
    empty = Database(f"sqlite:///{path}")
    bare = with_parts(world, database=empty)
    try:
        with empty.write() as session:
            accounts.add(session, "chefin", PASSWORD, role="admin", at=NOW)
        page = bare.browser("admin").get("/settings")
        assert page.status == 200
        assert "There is no company yet." in page.text
    finally:
        empty.close()
