"""Every route with every role: each is declared here, and a new one without a line here fails."""

from __future__ import annotations

import pytest

from tests.web.api_routes import API
from tests.web.world import World

#: Endpoint → its address for anna's things, and what nobody, anna, ben and an administrator get from a GET of it (or
#: from a POST where it takes no GET): "in" is a redirect to the sign-in.
IN, NO = "in", 403
ROUTES: dict[str, tuple[str, tuple[int | str, int | str, int | str, int | str]]] = {
    "static": ("/static/app.css", (200, 200, 200, 200)),
    "health.health": ("/health", (200, 200, 200, 200)),
    "health.metrics": ("/metrics", (200, 200, 200, 200)),
    "session.sign_in": ("/sign-in", (200, 303, 303, 303)),
    "session.sign_out": ("/sign-out", (IN, 400, 400, 400)),
    "account.index": ("/account", (IN, 200, 200, 200)),
    "account.language": ("/account/language", (IN, 400, 400, 400)),
    "account.password": ("/account/password", (IN, 400, 400, 400)),
    "start.index": ("/", (IN, 200, 200, 200)),
    "start.live": ("/live", (IN, NO, NO, 200)),
    "start.applying": ("/applying", (IN, NO, NO, 200)),
    "start.retry": ("/applying", (IN, NO, NO, 400)),
    "numbers.index": ("/numbers", (IN, NO, NO, 200)),
    "numbers.new": ("/numbers/new", (IN, NO, NO, 200)),
    "numbers.show": ("/numbers/+493023125010", (IN, NO, NO, 200)),
    "numbers.activate": ("/numbers/+493023125013/activate", (IN, NO, NO, 400)),
    "numbers.anonymous": ("/numbers/+493023125010/anonymous", (IN, NO, NO, 400)),
    "numbers.deactivate": ("/numbers/+493023125010/deactivate", (IN, NO, NO, 200)),
    "numbers.assign": ("/numbers/+493023125012/assign", (IN, NO, NO, 200)),
    "numbers.free": ("/numbers/+493023125010/free", (IN, NO, NO, 200)),
    "numbers.notifications": ("/numbers/+493023125010/notifications", (IN, NO, NO, 200)),
    "numbers.port_away": ("/numbers/+493023125010/port-away", (IN, NO, NO, 200)),
    "numbers.blocks": ("/numbers/blocks", (IN, NO, NO, 200)),
    "numbers.new_block": ("/numbers/blocks/new", (IN, NO, NO, 200)),
    "numbers.remove_block": ("/numbers/blocks/+4930231250/00/99/remove", (IN, NO, NO, 200)),
    "trunks.index": ("/trunks", (IN, NO, NO, 200)),
    "trunks.new": ("/trunks/new", (IN, NO, NO, 200)),
    "trunks.show": ("/trunks/carrier", (IN, NO, NO, 200)),
    "trunks.remove": ("/trunks/carrier/remove", (IN, NO, NO, 200)),
    "calls.call_back": ("/calls/no-such-call/call-back", (IN, 400, 400, 400)),
    "calls_out.index": ("/calls-out", (IN, NO, NO, 200)),
    "blocked.index": ("/blocked", (IN, NO, NO, 200)),
    "blocked.new": ("/blocked/new", (IN, NO, NO, 200)),
    "blocked.remove": ("/blocked/anonymous/remove", (IN, NO, NO, 200)),
    "phonebook.index": ("/phonebook", (IN, 200, 200, 200)),
    "phonebook.new": ("/phonebook/new", (IN, NO, NO, 200)),
    "phonebook.show": ("/phonebook/1", (IN, NO, NO, 404)),
    "phonebook.remove": ("/phonebook/1/remove", (IN, NO, NO, 404)),
    "phonebook.import_": ("/phonebook/import", (IN, NO, NO, 200)),
    "phonebook.import_done": ("/phonebook/import/done", (IN, NO, NO, 400)),
    "phonebook.export": ("/phonebook/export.csv", (IN, NO, NO, 200)),
    "users.index": ("/users", (IN, NO, NO, 200)),
    "users.employees": ("/users/employees", (IN, NO, NO, 200)),
    "users.new": ("/users/new", (IN, NO, NO, 200)),
    "users.show": ("/users/anna", (IN, NO, NO, 200)),
    "users.password": ("/users/anna/password", (IN, NO, NO, 200)),
    "users.remove": ("/users/anna/remove", (IN, NO, NO, 200)),
    "mails.index": ("/mails", (IN, NO, NO, 200)),
    "mails.retry": ("/mails/1/retry", (IN, NO, NO, 400)),
    "mails.drop": ("/mails/1/drop", (IN, NO, NO, 404)),
    "settings.index": ("/settings", (IN, NO, NO, 200)),
    "settings.test_mail": ("/settings/test-mail", (IN, NO, NO, 400)),
    "settings.privacy": ("/settings/privacy", (IN, NO, NO, 200)),
    "keeping.escalation": ("/settings/escalation", (IN, NO, NO, 200)),
    "keeping.retention": ("/settings/retention", (IN, NO, NO, 200)),
    "settings.file": ("/settings/file", (IN, NO, NO, 200)),
    "pools.index": ("/pools", (IN, NO, NO, 200)),
    "pools.new": ("/pools/new", (IN, NO, NO, 200)),
    "pools.show": ("/pools/sales", (IN, 200, 200, 200)),
    "pools.hours": ("/pools/sales/hours", (IN, NO, NO, 200)),
    "pools.switch": ("/pools/sales/switch", (IN, 400, 400, 400)),
    "pools.live": ("/pools/sales/live", (IN, 200, 200, 200)),
    "pools.waiting": ("/pools/sales/waiting", (IN, NO, NO, 200)),
    "pools.next": ("/pools/sales/next", (IN, NO, NO, 200)),
    "pools.members": ("/pools/sales/members", (IN, NO, NO, 200)),
    "pools.sign": ("/pools/sales/sign-out/anna", (IN, 400, 400, 400)),
    "pools.numbers": ("/pools/sales/numbers", (IN, NO, NO, 200)),
    "pools.notifications": ("/pools/sales/notifications", (IN, NO, NO, 200)),
    "pools.calls": ("/pools/sales/calls", (IN, 200, 200, 200)),
    "pools.remove": ("/pools/sales/remove", (IN, NO, NO, 200)),
    "employees.index": ("/employees", (IN, NO, NO, 200)),
    "employees.add": ("/employees/_add", (IN, NO, NO, 200)),
    "employees.show": ("/employees/anna", (IN, 200, NO, 200)),
    "employees.numbers": ("/employees/anna/numbers", (IN, 200, NO, 200)),
    "employees.shown_number": ("/employees/anna/numbers/shown", (IN, NO, NO, 400)),
    "employees.activate_number": ("/employees/anna/numbers/activate", (IN, NO, NO, 400)),
    "employees.devices": ("/employees/anna/devices", (IN, 200, NO, 200)),
    "employees.device": ("/employees/anna/devices/anna-desk", (IN, NO, NO, 200)),
    "employees.device_password": ("/employees/anna/devices/anna-desk/password", (IN, 200, NO, 200)),
    "employees.device_remove": ("/employees/anna/devices/anna-desk/remove", (IN, NO, NO, 200)),
    "employees.forwarding": ("/employees/anna/forwarding", (IN, 200, NO, 200)),
    "employees.ringing": ("/employees/anna/ringing", (IN, 200, NO, 200)),
    "employees.notifications": ("/employees/anna/notifications", (IN, 200, NO, 200)),
    "employees.calls": ("/employees/anna/calls", (IN, 200, NO, 200)),
    "employees.remove": ("/employees/anna/remove", (IN, NO, NO, 200)),
    "calls.index": ("/calls", (IN, 200, 200, 200)),
    "calls.owners": ("/calls/owners", (IN, NO, NO, 200)),
    "calls.export": ("/calls/export.csv", (IN, 200, 200, 200)),
    "calls.show": ("/calls/no-such-call", (IN, 404, 404, 404)),
    "inbox.index": ("/inbox", (IN, 200, 200, 200)),
    "inbox.live": ("/inbox/live", (IN, 200, 200, 200)),
    "inbox.count": ("/inbox/count", (IN, 200, 200, 200)),
    "inbox.show": ("/inbox/1", (IN, 404, 404, 404)),
    "inbox.live_case": ("/inbox/1/live", (IN, 404, 404, 404)),
    "inbox.change": ("/inbox/1/note", (IN, 400, 400, 400)),
    "inbox.call_back": ("/inbox/1/call-back", (IN, 400, 400, 400)),
    "messages.index": ("/messages", (IN, 200, 200, 200)),
    "messages.audio": ("/messages/1/audio", (IN, 404, 404, 404)),
    "messages.download": ("/messages/1/download", (IN, 404, 404, 404)),
    "messages.heard": ("/messages/1/heard", (IN, 400, 400, 400)),
    "messages.unheard": ("/messages/1/unheard", (IN, 400, 400, 400)),
    "messages.delete": ("/messages/1/delete", (IN, 404, 404, 404)),
    "tokens.index": ("/tokens", (IN, NO, NO, 200)),
    "tokens.new": ("/tokens/new", (IN, NO, NO, 200)),
    "tokens.revoke": ("/tokens/1/revoke", (IN, NO, NO, 404)),
    "api.openapi": ("/api/v1/openapi.json", (200, 200, 200, 200)),
    "schedules.index": ("/schedules", (IN, NO, NO, 200)),
    "schedules.new": ("/schedules/new", (IN, NO, NO, 200)),
    "schedules.show": ("/schedules/show?name=nights", (IN, NO, NO, 200)),
    "schedules.edit": ("/schedules/edit?name=nights", (IN, NO, NO, 200)),
    "schedules.remove": ("/schedules/remove?name=nights", (IN, NO, NO, 200)),
    "employees.mailbox": ("/employees/anna/mailbox", (IN, 200, NO, 200)),
    "employees.mailbox_pin": ("/employees/anna/mailbox/pin", (IN, 400, 400, 400)),
    "employees.mailbox_remove_pin": ("/employees/anna/mailbox/pin/remove", (IN, 200, NO, 200)),
    "pools.mailbox": ("/pools/sales/mailbox", (IN, 200, 200, 200)),
    "pools.mailbox_pin": ("/pools/sales/mailbox/pin", (IN, 400, 400, 400)),
    "pools.mailbox_remove_pin": ("/pools/sales/mailbox/pin/remove", (IN, NO, NO, 404)),
    "audit.index": ("/audit", (IN, NO, NO, 200)),
}
ROLES = (None, "employee", "other", "admin")


@pytest.fixture(autouse=True)
def _streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows the start page would be read for most of a minute."""
    monkeypatch.setattr("callrouter.web.following._LONGEST", 0.0)


def test_every_route_is_declared_here(world: World):
    declared = set(ROUTES) | {f"api.{name}" for name in API}
    assert {rule.endpoint for rule in world.application.url_map.iter_rules()} == declared


def test_every_view_says_who_may_use_it(world: World):
    allowed = {name: getattr(view, "allowed", None) for name, view in world.application.view_functions.items()}
    assert {name for name, role in allowed.items() if role not in ("anyone", "employee", "admin", "token")} == set()


@pytest.mark.parametrize("endpoint", ROUTES)
def test_each_role_gets_what_is_its(world: World, endpoint: str):
    path, expected = ROUTES[endpoint]
    rules = [rule for rule in world.application.url_map.iter_rules() if rule.endpoint == endpoint]
    reads = any("GET" in (rule.methods or ()) for rule in rules)
    for role, wanted in zip(ROLES, expected, strict=True):
        browser = world.browser(role)
        page = browser.get(path) if reads else browser.post(path, {})
        if wanted == IN:
            assert page.status == 303, (role, page.status)
            assert page.location.startswith("/sign-in"), (role, page.location)
        else:
            assert page.status == wanted, (role, page.status)


@pytest.mark.parametrize("endpoint", ROUTES)
def test_nothing_is_changed_without_the_forms_token(world: World, endpoint: str):
    path, _ = ROUTES[endpoint]
    rules = [rule for rule in world.application.url_map.iter_rules() if rule.endpoint == endpoint]
    for method in {method for rule in rules for method in rule.methods or ()} & {"POST", "PUT", "PATCH", "DELETE"}:
        for role in ("admin", "employee"):
            answer = world.browser(role).client.open(path, method=method, data={"csrf_token": "made-up"})
            assert answer.status_code in (400, 403), (method, role)
