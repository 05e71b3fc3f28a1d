"""Signing in and out, what ends a session, the headers, and what a stranger is not told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from flask_login import login_user
from structlog.testing import capture_logs

from callrouter.directory import accounts
from callrouter.directory.database import Database
from callrouter.web import bearer, security
from tests.web.world import NOW, PASSWORD, Page, World, make_world


@pytest.mark.parametrize("role", ["admin", "employee", None])
@pytest.mark.parametrize("path", ["/sign-in", "/users", "/nowhere", "/static/app.css", "/health"])
def test_every_answer_has_the_headers(world: World, role: str | None, path: str):
    headers = world.browser(role).get(path).response.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert ("no-store" in headers["Cache-Control"]) == (not path.startswith("/static"))


def test_no_page_has_script_or_style_of_its_own(world: World):
    for path in ("/sign-in", "/", "/users", "/users/new", "/audit", "/account", "/users/anna/remove"):
        tree = world.browser("admin" if path != "/sign-in" else None).get(path).tree
        assert not tree.xpath("//script[not(@src)] | //style | //@style | //@*[starts-with(name(), 'on')]"), path


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_other_sites(world: World):
    cookie = world.browser().sign_in("anna").response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_with_https_the_cookie_never_travels_in_the_clear(database: Database, tmp_path: Path):
    world = make_world(database, tmp_path, base_url="https://telefon.muster.example")
    answer = world.application.test_client().get("/sign-in")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(("host", "status"), [("telefon.muster.example:8443", 303), ("telefon.muster.example", 400)])
def test_a_proxy_that_keeps_the_port_back_is_told_of(database: Database, tmp_path: Path, host: str, status: int):
    pages = "https://telefon.muster.example:8443"
    client = make_world(database, tmp_path, base_url=pages).application.test_client()
    form = Page(client.get("/sign-in", base_url=f"https://{host}")).values()
    form |= {"login": "chefin", "password": PASSWORD}
    with capture_logs() as logs:
        answer = client.post("/sign-in", data=form, base_url=f"https://{host}", headers={"Referer": f"{pages}/sign-in"})
    assert answer.status_code == status
    assert [entry["event"] for entry in logs if "$http_host" in entry["event"]] == (
        []
        if status == 303
        else [
            f"a form from '{pages}/sign-in' was refused, for this host is '{host}': the proxy in front must pass on "
            "Host as the browser sent it, with the port (nginx: $http_host)"
        ]
    )


@pytest.mark.parametrize(("login", "password"), [("anna", "falsch"), ("niemand", PASSWORD), ("", ""), ("anna", "")])
def test_a_wrong_sign_in_tells_nothing(world: World, login: str, password: str):
    page = world.browser().sign_in(login, password)
    assert page.status == 422
    if login and password:
        assert page.texts("bad") == ["User name or password is wrong."]
    assert PASSWORD not in page.text


def test_guessing_is_stopped_and_others_go_on(world: World):
    browser = world.browser()
    answers = [browser.sign_in("anna", f"geraten {n}").status for n in range(10)]
    assert answers == [422] * 10
    form = browser.get("/sign-in").values()
    stopped = browser.post("/sign-in", form | {"login": "Anna ", "password": PASSWORD})
    assert stopped.status == 429
    assert "Too many attempts" in stopped.text
    assert browser.sign_in("ben").status == 303


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_limits_count_the_network_that_one_machine_has_to_itself(world: World, address: str, counted: str):
    with world.application.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert bearer.network() == counted


def test_one_address_cannot_try_all_logins(world: World):
    browser = world.browser()
    form = browser.get("/sign-in").values()
    statuses = [browser.post("/sign-in", form | {"login": f"l{n}", "password": ""}).status for n in range(51)]
    assert statuses == [422] * 50 + [429]


def test_many_guesses_at_once_are_no_more_than_one_after_another(world: World, monkeypatch: pytest.MonkeyPatch):
    tokens = []
    for _ in range(13):
        browser = world.browser()
        tokens.append((browser, browser.get("/sign-in").values()))
    meanwhile: list[int] = []

    def slow(_login: str, _password: str) -> None:
        """While this password is looked at, the next one comes in."""
        if tokens:
            browser, form = tokens.pop()
            meanwhile.append(browser.post("/sign-in", form | {"login": "anna", "password": "geraten"}).status)

    monkeypatch.setattr("callrouter.web.pages.session.check_password", slow)
    browser, form = tokens.pop()
    browser.post("/sign-in", form | {"login": "anna", "password": "geraten"})
    assert meanwhile == [429] + [422] * 9


def test_what_was_no_failure_does_not_count(world: World):
    for _ in range(11):
        assert world.browser().sign_in("anna").status == 303


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        ("/users?q=a", "/users?q=a"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_to_another_site(world: World, target: str, reached: str):
    browser = world.browser()
    page = Path("/sign-in")
    form = browser.get("/sign-in").values()
    answer = browser.client.post(
        str(page), query_string={"next": target}, data=form | {"login": "chefin", "password": PASSWORD}
    )
    assert answer.headers["Location"] == reached


def test_after_signing_in_one_is_where_one_wanted_to_go(world: World):
    browser = world.browser()
    asked = browser.get("/users?q=anna")
    assert asked.status == 303
    page = browser.send(asked.location, {"login": "chefin", "password": PASSWORD})
    assert page.location == "/users?q=anna"


def test_signing_out_ends_it_and_copies_of_the_cookie(world: World):
    browser, copy = world.browser("employee"), world.browser()
    cookie = browser.client.get_cookie("callrouter")
    assert cookie is not None
    copy.client.set_cookie("callrouter", cookie.value)
    assert copy.get("/account").status == 200
    assert browser.send("/account", action="/sign-out").status == 303
    assert browser.get("/account").status == 303
    assert copy.get("/account").status == 303


def test_a_new_password_ends_all_other_sessions_but_not_this_one(world: World):
    here, elsewhere = world.browser("employee"), world.browser("employee")
    new = "noch ein langes Passwort"
    page = here.send("/account", {"current": PASSWORD, "password": new, "again": new}, action="/account/password")
    assert page.status == 303
    assert here.get("/account").status == 200
    assert elsewhere.get("/account").status == 303
    assert world.browser().sign_in("anna", new).status == 303


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"current": "falsch", "password": "1234567890", "again": "1234567890"}, "This is not your current password."),
        ({"current": PASSWORD, "password": "kurz", "again": "kurz"}, "Take 10 characters or more."),
        ({"current": PASSWORD, "password": "1234567890", "again": "123456789"}, "The two new passwords differ."),
    ],
)
def test_what_is_wrong_with_a_new_password_stands_beside_it(world: World, values: dict[str, str], error: str):
    page = world.browser("employee").send("/account", values, action="/account/password")
    assert page.status == 422
    assert page.texts("error") == [error]


def test_who_was_removed_is_not_the_next_one_who_is_added(world: World):
    with world.database.write() as session:
        accounts.add(session, "gast", PASSWORD, role="employee", at=NOW, employee="ben")
    gone = world.browser()
    gone.sign_in("gast")
    with world.database.write() as session:
        row = accounts.find(session, "gast").id
        accounts.remove(session, "gast")
    with world.database.write() as session:
        assert accounts.add(session, "neu", PASSWORD, role="admin", at=NOW).id == row, "SQLite gives ids anew"
    assert gone.get("/users").status == 303


def test_the_epoch_ends_a_session_whoever_counted_it_up(world: World):
    anna = world.browser("employee")
    assert anna.get("/account").status == 200
    with world.database.write() as session:
        accounts.set_password(session, "anna", "vom Terminal aus gesetzt", at=NOW)
    assert anna.get("/account").status == 303


@pytest.mark.parametrize("told", ["", "1", "1.", "x.0", "1.x", "0.0", "999.0", "1.0.0", "².0", "None"])
def test_a_made_up_user_is_nobody(world: World, told: str):
    with world.application.test_request_context():
        assert security.load_person(told) is None


def test_a_view_that_does_not_say_who_may_use_it_is_refused(world: World):
    application: Flask = world.application
    application._got_first_request = False
    application.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for role in (None, "employee", "admin"):
        page = world.browser(role).get("/forgotten")
        assert page.status == 403
        assert "secret" not in page.text


@pytest.mark.parametrize(
    ("login", "owner", "see", "change", "listen"),
    [
        ("chefin", "employee:anna", True, True, False),
        ("chefin", "pool:sales", True, True, False),
        ("anna", "employee:anna", True, True, True),
        ("anna", "pool:sales", True, False, True),
        ("anna", "employee:ben", False, False, False),
        ("anna", "employee:", False, False, False),
        ("anna", "", False, False, False),
        ("ben", "employee:anna", False, False, False),
    ],
)
def test_whose_things_are_whose(world: World, login: str, owner: str, see: bool, change: bool, listen: bool):
    with world.application.test_request_context():
        login_user(security.check_password(login, PASSWORD))
        assert security.may_see_owner(owner) is see
        assert security.may_change_owner(owner) is change
        assert security.may_listen(owner) is listen


def test_the_password_is_not_logged(world: World, capsys: pytest.CaptureFixture[str]):
    world.browser().sign_in("anna", "geheim geheim")
    said = capsys.readouterr()
    assert "a sign-in as 'anna'" in said.out + said.err
    assert "geheim" not in said.out + said.err


@pytest.mark.parametrize(
    "target", ["//[", "//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "x", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(world: World, target: str):
    browser = world.browser()
    form = browser.get("/sign-in").values() | {"login": "anna", "password": PASSWORD}
    page = Page(browser.client.post("/sign-in", query_string={"next": target}, data=form))
    assert (page.status, page.location) == (303, "/")
    again = Page(browser.client.get("/sign-in", query_string={"next": target}))
    assert (again.status, again.location) == (303, "/")


def test_a_form_is_a_form(world: World):
    """JSON and files would be values that are no texts."""
    browser = world.browser("admin")
    header = {"X-CSRFToken": browser.get("/users/new").values()["csrf_token"]}
    for told in ({"login": 7}, {"login": ["a", {}]}, [1], {"login": "a\0b"}):
        assert browser.client.post("/users/new", json=told, headers=header).status_code == 415
    files = {"login": (io.BytesIO(b"x"), "x.txt")}
    assert browser.client.post("/users/new", data=files, headers=header).status_code == 415
