"""Every operation of the API is sent what no program should send: a problem that says so, and a sound directory."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from callrouter.directory import tokens
from callrouter.web import bearer
from callrouter.web.live import Live
from tests.web.api_routes import API
from tests.web.ended_calls import put_call, put_contact, tone
from tests.web.hostile import RAW, TEXTS, directory_is_sound, in_a_hurry, some, timed
from tests.web.world import NOW, World

_SCHEDULE = {
    "open": [{"days": "mon-fri", "from": "08:00", "to": "17:00"}],
    "closed": [{"date": "12-24", "reason": "Heiligabend"}, {"from": "2026-12-27", "to": "2027-01-02"}],
    "timezone": "Europe/Berlin",
}
_MAILBOX = {
    "enabled": True, "answer_calls": True, "answer_after": 20, "schedule": {**_SCHEDULE, "when": "open"},
    "pin": "1234", "audio": "mp3",
}  # fmt: skip
_NOTIFY = {
    "about": "all",
    "email": "anna@muster.example",
    "language": "de",
    "salutation": "Hallo,",
    "internal": True,
    "handled_mail": False,
}
_OWNER = {"name": "Clara", "extension": None, "mailbox": _MAILBOX, "notify": _NOTIFY}
#: A good body for each operation that takes one; each of its parts is exchanged for each odd value.
BODIES: dict[str, Any] = {
    "add_employee": {**_OWNER, "email": "clara@muster.example", "role": "employee", "outgoing_number": "anonymous"},
    "change_employee": {"name": "Anna", "email": None, "extension": "10", "outgoing_number": None, "version": None,
                        "personal_number": "+493023125010", "role": "employee", "destinations": ["national"]},
    "add_device": {"label": "Desk", "kind": "desk", "sip_user": "desk-of-anna", "enabled": True},
    "change_device": {"label": "Desk", "kind": "desk", "enabled": True, "version": None},
    "change_mailbox": {**_MAILBOX, "version": None},
    "change_ringing": {"do_not_disturb": True, "calls_at_once": 2, "declining": "all", "version": None},
    "change_forwarding": {"always": "employee:ben", "busy": "pool:sales", "no_answer": "mailbox:employee:anna",
                          "offline": None, "after": 15, "version": None},
    "start_call": {"number": "030 23125500"},
    "change_notifications": {**_NOTIFY, "version": None},
    "add_pool": {**_OWNER, "numbers": [], "members": ["anna"], "ring_seconds": 30, "member_seconds": 10,
                 "strategy": "sequential"},
    "change_pool": {"name": "Vertrieb", "extension": None, "members": ["ben", "anna"], "numbers": ["+493023125000"],
                    "strategy": "waves", "ring_seconds": 30, "member_seconds": None, "delays": {"ben": 10},
                    "signed_out": ["anna"], "show_name": True, "short_name": "VT", "alert": "red",
                    "internal_alert": "blue", "members_outside": True, "may_show": "members",
                    "next": {"busy": "employee:ben", "no_answer": "+4917604069007", "offline": None},
                    "version": None},
    "sign_member": {"signed_in": False},
    "switch_pool": {"switch": "closed"},
    "assign_number": {"owner": "pool:sales"},
    "change_number": {
        "reject_anonymous": True,
        "notify": {"about": "missed", "email": "team@muster.example", "language": "en", "salutation": "Hello team,"},
    },
    "add_block": {"prefix": "+4930231253", "first": "00", "last": "09"},
    "save_schedule": {**_SCHEDULE, "name": "nights", "version": None},
    "block_caller": {"note": "sells wine"},
    "add_contact": {"name": "Erika", "numbers": [{"number": "+4917604069001", "label": "mobil"}], "note": "x"},
    "save_contact": {"name": "Erika", "numbers": [{"number": "+4917604069001"}], "note": "x", "version": None},
    "import_contacts": {"text": "Name;Nummer\nErika;0176 04069001\n", "filename": "x.csv", "dry_run": True},
    "save_trunk": {"name": "carrier", "proxy": "sip.carrier.example:5060", "peers": ["192.0.2.0/28"],
                   "did_from": "to", "register": True, "username": "u", "password": "p", "realm": "carrier.example",
                   "outgoing": True, "number_format": "00", "identity": "preferred", "transport": "tls",
                   "outbound_proxy": "192.0.2.9:5061", "from_domain": "carrier.example", "session_timers": False,
                   "dtmf": "info", "register_seconds": 600, "ping": 30, "forwarded_caller": "original",
                   "diversion": "diversion", "provider": None, "version": None},
    "change_company": {"name": "Muster", "language": "de", "timezone": "Europe/Berlin", "country": "DE",
                       "area_code": "30", "holidays": "DE-BE", "sip_domain": "pbx.muster.example", "ring_seconds": 30,
                       "emergency": ["110", "112"], "location_number": "+493023125000", "outside_line": "0",
                       "transfer_returns": True, "pickup": "pools",
                       "limits": {"destinations": ["mobile"], "schedule": "nights", "closed_destinations": [],
                                  "calls": 3, "calls_per_employee": 2, "new_numbers": 9, "alarm_calls": 5,
                                  "alarm_email": "anna@muster.example"},
                       "cases": {"talk_seconds": 20, "mail_minutes": 1, "claimer_seconds": 4, "guard_minutes": 30,
                                 "escalate_minutes": 60, "escalate_to": "anna@muster.example"},
                       "retention": {"calls": 90, "messages": None, "cases": 1, "mails": 7, "audit": 36_500},
                       "version": None},
    "mark_message": {"heard": True},
    "claim_case": {"employee": "anna", "take_over": True},
    **{name: {"employee": "anna", "note": "ruft um vier an"}
       for name in ("release_case", "close_case", "reopen_case", "note_case")},
}  # fmt: skip
_DEEP: Any = []
for _ in range(150):
    _DEEP = [_DEEP]
_VALUES = (
    *TEXTS, None, True, False, 0, -1, 7, 10**30, 1.5, 1e308, [], {}, [None], [[]], ["x", 7], {"a": {"b": [None]}},
    {"": ""}, _DEEP, ["x"] * 1000, "posix/Europe/Berlin", "localtime", "fe80::%$${x}/64", "Europe",
)  # fmt: skip
_BODIES = (
    b"", b" ", b"{", b"[]", b"null", b"7", b'"x"', b'{"name": NaN}', b'{"version": 1e999}', b'{"version": -Infinity}',
    b'{"name": "\\ud800"}', b'{"name": "\xff"}', b"[" * 100_000, b'{"a":' * 50_000, b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"), b'{"version": 1' + b"0" * 5000 + b"}", b'{"name": "a", "name": "b", "heard": {}}',
    b'{"name": "' + b"x" * 1_100_000 + b'"}', b"\0", b"{}\0", b"{} {}",
)  # fmt: skip
#: So many odd bodies, and so many odd requests, are tried on each operation.
_MOST = 12
_KINDS = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", "", "a/json\xff")
_VERSIONS = ("1", "*", '"1"', 'W/"1"', '"-1"', '"²"', '"' + "9" * 5000 + '"', '"1", "2"', "\xff", "x7=\t")


class _Program:
    """Sends one operation, in-process, with a token that may do everything."""

    def __init__(self, world: World, name: str) -> None:
        self.method, path, _ = API[name]
        self.path = f"/api/v1{path}"
        self.client = world.application.test_client()
        with world.database.write() as session:
            token = tokens.create(session, "fuzz", tokens.SCOPES, at=NOW, created_by="cli:test")[1]
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, what: str, path: str = "", headers: dict[str, str] | None = None, **how: Any) -> TestResponse:
        asked = f"{self.method} {path or self.path} {what}"[:300]
        given = self.headers | (headers or {})
        answer = timed(lambda: self.client.open(path or self.path, method=self.method, headers=given, **how), asked)
        if answer.status_code >= 400 and answer.status_code != 405:
            assert answer.mimetype == "application/problem+json", asked
            assert answer.json["status"] == answer.status_code, asked
        return answer


@pytest.fixture
def full(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The example company with a call and its message, and somebody in the phone book."""
    monkeypatch.setattr(bearer, "_OF_A_TOKEN", bearer.parse("1000000 per minute"))
    in_a_hurry(world.database)
    put_call(world, "call-1", "employee:anna", message=tone(0.1))
    put_contact(world)
    world.switch.now = Live()
    return world


def _variants(body: Any) -> Iterator[tuple[str, Any]]:
    """*body* with each of its parts exchanged for each odd value, and with a part too many."""
    for place in _places(body):
        for value in _VALUES:
            changed = copy.deepcopy(body)
            part = changed
            for key in place[:-1]:
                part = part[key]
            part[place[-1]] = value
            yield f"{'.'.join(map(str, place))}={str(value)[:100]!r}", changed
    for text in TEXTS:
        yield f"more {text[:100]!r}", {**body, text: text}


def _places(part: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*above, key))


@pytest.mark.parametrize("name", BODIES)
def test_bodies(full: World, tmp_path: Path, name: str):
    program = _Program(full, name)
    assert program("good", json=BODIES[name]).status_code < 300
    for what, body in some(name, _variants(BODIES[name]), _MOST):
        program(what, data=json.dumps(body), content_type="application/json")
    directory_is_sound(full.database, tmp_path)


def test_every_operation_with_a_body_is_here(full: World):
    document = full.application.test_client().get("/api/v1/openapi.json").json
    takes = {one["operationId"] for path in document["paths"].values() for one in path.values() if "requestBody" in one}
    assert set(BODIES) == takes


@pytest.mark.parametrize("name", API)
def test_requests(full: World, tmp_path: Path, name: str):
    program = _Program(full, name)
    document = program.client.get("/api/v1/openapi.json").json
    (path, operation) = next(
        (path, one) for path, some in document["paths"].items() for one in some.values() if one["operationId"] == name
    )
    sent: list[tuple[str, str, dict[str, Any]]] = []
    for version in _VERSIONS:
        sent.append((f"If-Match {version}", "", {"headers": {"If-Match": version}, "json": BODIES.get(name)}))
        sent.append((f"token {version}", "", {"headers": {"Authorization": f"Bearer {version}"}}))
    sent += [(f"body {body[:50]!r}", "", {"data": body, "content_type": "application/json"}) for body in _BODIES]
    sent += [(f"kind {kind!r}", "", {"data": b"{}", "content_type": kind}) for kind in _KINDS]
    bare = program.path.partition("?")[0]
    for asked in ("x7", *(one["name"] for one in operation["parameters"] if one["in"] == "query")):
        sent += [("", f"{bare}?{urlencode({asked: text})}", {}) for text in TEXTS]
        sent += [("", f"{bare}?{asked}={raw.decode('latin-1')}", {}) for raw in RAW]
    if "{" in path:
        texts = [quote(text, safe="") for text in TEXTS if text.strip()] + [raw.decode("latin-1") for raw in RAW]
        for text in texts:
            address = "/api/v1" + re.sub("{[^}]*}", lambda _found: text, path)  # noqa: B023
            sent.append(("", address, {"json": BODIES.get(name)}))
    for what, address, how in some(name, sent, _MOST):
        program(what, address, **how)
    directory_is_sound(full.database, tmp_path)
