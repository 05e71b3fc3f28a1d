"""The API over a real server: who may, what it answers, what it refuses, and that secrets never come out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import select

from callrouter.directory import lists, services, tokens
from callrouter.directory.audit import AuditRow
from callrouter.directory.records import MessageRow
from callrouter.web import bearer
from callrouter.web.live import Live
from tests.web.api_routes import API
from tests.web.api_server import UUID, WAV, ApiServer, Program, put_call, serve
from tests.web.ended_calls import put_contact
from tests.web.test_inbox import put_case
from tests.web.world import NOW, World

pytestmark = pytest.mark.filterwarnings("error")
PROBLEM = "application/problem+json"


@pytest.fixture
def server(world: World) -> Iterator[ApiServer]:
    with serve(world) as running:
        yield running


@pytest.fixture
def program(server: ApiServer) -> Program:
    """One that may read and write."""
    return server.program("read", "write")


def test_every_operation_is_declared_in_the_table(world: World):
    document = world.application.test_client().get("/api/v1/openapi.json").json
    found = {
        one["operationId"]: (method.upper(), tuple(one["security"][0]["token"]))
        for path in document["paths"].values()
        for method, one in path.items()
    }
    assert found == {name: (method, scopes) for name, (method, _, scopes) in API.items()}


def test_a_token_needs_every_scope_and_a_cookie_is_none(server: ApiServer):
    nobody = server.program()
    cookie = server.world.browser("admin").client.get_cookie("callrouter")
    assert cookie is not None
    some = {scope: server.program(scope, name=scope) for scope in tokens.SCOPES}
    for method, path, scopes in API.values():
        body = {} if method in ("PUT", "PATCH") or path in ("/employees", "/pools", "/blocks") else None
        for answer in (nobody(method, path, body), nobody(method, path, body, Cookie=f"callrouter={cookie.value}")):
            assert answer.status == 401, path
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="callrouter"'
        for scope, one in some.items():
            answer = one(method, path, body)
            if missing := [needed for needed in scopes if needed != scope]:
                assert answer.status == 403, (method, path, scope)
                assert missing[0] in answer.json["detail"]
                assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
            elif method == "GET":
                assert answer.status in (200, 404), (path, answer.body)


@pytest.mark.parametrize("told", ["Bearer", "Bearer ", "Basic Y2hlZmluOng=", "Bearer crt_", "Bearer \xff", "crt_x"])
def test_what_is_no_token_is_refused(server: ApiServer, told: str):
    answer = server.program()("GET", "/employees", Authorization=told)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json["status"] == 401


def test_an_ended_token_is_refused(server: ApiServer):
    with server.world.database.write() as session:
        row, text = tokens.create(session, "old", ["read"], at=NOW, created_by="x")
        row.expires_at = NOW
    answer = Program(server.port, text)("GET", "/employees")
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_bad_tokens_and_busy_ones_are_slowed_down(server: ApiServer, monkeypatch: pytest.MonkeyPatch):
    bad = Program(server.port, "crt_guessed")
    assert [bad("GET", "/pools").status for _ in range(31)] == [401] * 30 + [429]
    assert 0 < int(bad("GET", "/pools").headers["Retry-After"]) <= 300
    good = server.program("read")
    assert good("GET", "/pools").status == 200
    monkeypatch.setattr(bearer, "_OF_A_TOKEN", bearer.parse("3 per hour"))
    assert [good("GET", "/pools").status for _ in range(4)] == [200] * 3 + [429]


def test_the_document_is_valid_and_marks_secrets(world: World):
    document = world.application.test_client().get("/api/v1/openapi.json").json
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    secrets = [
        (name, field)
        for name, schema in document["components"]["schemas"].items()
        for field, about in schema.get("properties", {}).items()
        if re.search("password|pin$", field) and not about.get("writeOnly")
    ]
    assert secrets == []


def test_every_answer_is_as_the_document_says(server: ApiServer):
    with server.world.database.write() as session:
        put_call(session)
    put_contact(server.world)
    everything = server.program(*tokens.SCOPES)
    document = everything("GET", "/openapi.json").json
    operations = {one["operationId"]: one for path in document["paths"].values() for one in path.values()}
    for name, (method, path, _) in API.items():
        if method != "GET" or name == "get_message_audio":
            continue
        answer = everything(method, path.replace("/calls/none", f"/calls/{UUID}"))
        assert answer.status == 200, path
        schema = operations[name]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [error.message for error in checker.iter_errors(answer.json)] == [], path
    said = operations["get_call"]["responses"]["404"]["content"][PROBLEM]["schema"]
    problem = {**said, "components": document["components"]}
    assert list(Draft202012Validator(problem).iter_errors(everything("GET", "/calls/none").json)) == []


def test_a_change_is_put_down_to_the_token_and_applied(server: ApiServer, program: Program):
    answer = program("PATCH", "/employees/ben", {"name": "Ben Y."})
    assert (answer.status, answer.json["name"], answer.json["version"]) == (200, "Ben Y.", 2)
    assert answer.headers["ETag"] == '"2"'
    assert server.world.parts.apply.state.pending
    with server.world.database.read() as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.noun == "employee")).one()
        assert (entry.actor, entry.changes) == ("api:test", {"name": ["Ben Yılmaz", "Ben Y."]})
        row = tokens.tokens(session)[0]
        assert row.last_used_at == NOW


def test_a_change_of_one_part_of_the_company_lifts_nothing_else(program: Program):
    program("PATCH", "/company", {"privacy": {"admin": {"handlers": "hidden"}}, "retention": {"calls": 30, "mails": 9}})
    program("PATCH", "/company", {"limits": {"destinations": ["national"]}})
    changes = {"privacy": {"employee": {"live": "hidden"}}, "retention": {"calls": None}, "cases": {"mail_minutes": 7}}
    assert program("PATCH", "/company", changes).status == 200
    company = program("GET", "/company").json
    assert company["privacy"]["admin"]["handlers"] == company["privacy"]["employee"]["live"] == "hidden"
    assert (company["retention"]["calls"], company["retention"]["mails"]) == (None, 9)
    assert program("PATCH", "/company", {"limits": {"calls": 2}}).json["limits"]["destinations"] == ["national"]


def test_who_is_second_changes_nothing(program: Program):
    assert program("PATCH", "/pools/sales", {"name": "A", "version": 1}).status == 200
    for answer in (
        program("PATCH", "/pools/sales", {"name": "B"}, If_Match='"1"'),
        program("PATCH", "/pools/sales", {"name": "B", "version": 1}),
        program("DELETE", "/pools/sales", If_Match='"1"'),
    ):
        assert answer.status == 412
        assert answer.json["version"] == 2
        assert "api:test" in answer.json["detail"]
    assert program("PATCH", "/pools/sales", {"name": "B"}, If_Match="*").status == 200
    assert program("PATCH", "/pools/sales", {"name": "C"}, If_Match='W/"3"').status == 400
    assert program("POST", "/numbers/+493023125020/activate", If_Match='"1"').status == 400
    assert program("GET", "/pools/sales").json["name"] == "B"


#: A number abroad, which nobody may call unless it is allowed.
BARRED = {"number": "0044 1632 960001"}


def test_a_call_is_begun_for_an_employee(server: ApiServer, program: Program):
    began = server.world.switch.begun
    refused = program("POST", "/employees/anna/calls", {"number": "030 23125500"})
    assert (refused.status, began) == (503, [])
    assert "no switch in this test" in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    server.world.switch.now = Live()
    assert program("POST", "/employees/anna/calls", {"number": "+49 (30) 23125-500"}).status == 204
    [command] = began
    assert "]sofia/phones/anna-desk%" in command
    assert command.endswith(" +493023125500 XML click")
    for body in ({"number": "11 XML public"}, {"number": ""}, {"number": "1" * 41}, {}, {"number": 11}, BARRED):
        wrong = program("POST", "/employees/anna/calls", body)
        assert (wrong.status, wrong.fields) == (422, ["number"]), body
    assert program("POST", "/employees/nobody/calls", {"number": "11"}).status == 404
    for device in ("anna-desk", "anna-soft"):
        program("PATCH", f"/employees/anna/devices/{device}", {"enabled": False})
    nothing = program("POST", "/employees/anna/calls", {"number": "11"})
    assert (nothing.status, len(began)) == (422, 1)
    assert "has no phone that could ring" in nothing.json["detail"]


def test_secrets_go_in_and_never_come_out(server: ApiServer, program: Program):
    added = program("POST", "/employees/anna/devices", {"label": "Auto"})
    password = added.json["sip_password"]
    assert len(password) > 20
    renewed = program("POST", "/employees/anna/devices/anna-desk/password").json["sip_password"]
    assert program("PATCH", "/mailboxes/employee:anna", {"pin": "975310"}).status == 200
    trunk = {"proxy": "127.0.0.1:5090", "username": "u", "password": "trunksecret", "register": True}
    assert program("PUT", "/trunks/other", trunk).status == 201
    with server.world.database.read() as session:
        anna, _ = services.employee(session, "anna")
        devices = {device.sip_user: device.sip_password for device in anna.devices}
        assert (devices["anna-desk"], devices[added.json["sip_user"]]) == (renewed, password)
        assert anna.mailbox.pin == "975310"
        assert services.trunk(session, "other")[0].password == "trunksecret"
        logged = str([entry.changes for entry in session.scalars(select(AuditRow))])
    seen = logged.encode()
    for method, path, _ in API.values():
        if method == "GET":
            seen += program(method, path).body
    assert not any(secret.encode() in seen for secret in (password, renewed, "975310", "trunksecret", "4f1bX2-soft"))


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("PATCH", "/mailboxes/employee:anna", {"answer_after": 999}, ["answer_after"]),
        ("PATCH", "/mailboxes/employee:anna", {"schedule": {"name": "no such"}}, ["schedule.name"]),
        ("PATCH", "/notifications/employee:anna", {"email": None}, [""]),
        ("PATCH", "/employees/anna", {"outgoing_number": "12", "naem": "x"}, ["outgoing_number", "naem"]),
        ("PATCH", "/employees/anna", {"name": None}, ["name"]),
        ("PATCH", "/employees/anna", {"devices": []}, ["devices"]),
        ("PATCH", "/pools/sales", {"members": ["anna", "nobody"]}, ["members.1"]),
        ("POST", "/employees", {"extension": "12"}, ["name"]),
        ("POST", "/employees", {"id": "anna", "name": "A"}, ["id"]),
        ("POST", "/employees", {"name": "A", "devices": [{"label": "x", "sip_password": "geheimgeheim"}]},
         ["devices.0.sip_password"]),
        ("POST", "/numbers/+493023125012/assign", {"owner": "employee:nobody"}, ["owner"]),
        ("PUT", "/schedules/nights", {"open": [{"days": "mon-xyz", "from": "08:00", "to": "09:00"}]}, ["open.0.days"]),
        ("PUT", "/schedules/nights", {"name": "days", "open": []}, ["name"]),
        ("PUT", "/trunks/carrier", {"proxy": "127.0.0.1", "peers": ["0.0.0.0/0"]}, ["peers.0"]),
        ("PUT", "/blocked-callers/123", {"note": ""}, [""]),
        ("POST", "/blocks", {"prefix": "+4930231250", "first": "50", "last": "60"}, [""]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_field(
    program: Program, method: str, path: str, body: object, fields: list[str]
):
    answer = program(method, path, body)
    assert answer.status == 422, answer.body
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.fields == fields


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/employees?size=0", 422),
        ("/employees?page=99999999999999999999", 422),
        ("/employees?qq=anna", 422),
        ("/employees?q=%00", 400),
        ("/employees/%00", 400),
        ("/employees/nobody", 404),
        ("/employees/anna/devices/ben-desk", 404),
        ("/mailboxes/anna", 404),
        ("/mailboxes/pool:nobody", 404),
        ("/numbers/+4912", 404),
        ("/calls?before=x", 422),
        ("/calls?since=2026-11-21", 422),
        ("/calls?since=0001-01-01T00:00:00%2B14:00", 422),
        ("/calls/none", 404),
        ("/schedules/nights/preview?year=2026&month=13", 422),
        ("/nothing", 404),
    ],
)
def test_no_query_or_address_breaks_it(program: Program, path: str, status: int):
    answer = program("GET", path)
    assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert answer.json["status"] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": "a\\u0000b"}', 422),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'{"name": "' + b"x" * 1_100_000 + b'"}', 413),
    ],
)
def test_no_body_breaks_it(program: Program, body: bytes, status: int):
    answer = program("PATCH", "/employees/anna", body)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert program("PATCH", "/employees/anna", b"name=x", Content_Type="text/plain").status == 415


def test_what_the_directory_does_not_permit_is_a_conflict(program: Program):
    for method, path in (
        ("DELETE", "/employees/anna"),
        ("DELETE", "/schedules/office%20hours"),
        ("POST", "/numbers/+493023125010/deactivate"),
        ("POST", "/numbers/+493023125010/free"),
        ("POST", "/numbers/+493023125012/free"),
    ):
        assert program(method, path).status == 409, path
    assert program("PUT", "/employees/anna", {}).status == 405


def test_whoever_is_second_at_a_case_gets_a_conflict_with_the_name(server: ApiServer, program: Program):
    case = put_case(server.world, "pool:sales")
    assert program("POST", f"/cases/{case}/claim", {"employee": "anna"}).status == 200
    second = program("POST", f"/cases/{case}/claim", {"employee": "ben"})
    assert second.status == 409
    assert "Anna Schmidt is on it already" in second.json["detail"]
    assert program("POST", f"/cases/{case}/reopen", {}).status == 409
    assert program("POST", f"/cases/{case}/note", {"note": ""}).status == 422


def test_lists_are_followed_to_their_end(program: Program):
    seen, path = [], "/numbers?size=30&q=%2B49"
    while path:
        page = program("GET", path).json
        assert page["total"] == 100
        seen += [number["e164"] for number in page["items"]]
        path = (page["next"] or "").removeprefix("/api/v1")
    assert len(seen) == len(set(seen)) == 100


def test_what_is_made_is_found_at_its_address(program: Program):
    for method, path, body in (
        ("POST", "/employees", {"name": "Dora Ö."}),
        ("POST", "/pools", {"name": "Einkauf"}),
        ("PUT", "/schedules/früh %2F spät", {"open": [{"days": "sat", "from": "10:00", "to": "12:00"}]}),
    ):
        made = program(method, path.replace(" ", "%20").replace("ü", "%C3%BC").replace("ä", "%C3%A4"), body)
        assert made.status == 201, made.body
        found = program("GET", made.headers["Location"].removeprefix("/api/v1"))
        assert (found.status, found.json) == (200, made.json)
        assert program("DELETE", made.headers["Location"].removeprefix("/api/v1")).status == 204


def test_a_record_can_be_sent_back_as_it_came(program: Program):
    for path in ("/schedules/nights", "/trunks/carrier"):
        record = program("GET", path).json
        saved = program("PUT", path, record)
        assert (saved.status, saved.json["version"]) == (200, 2), saved.body
        assert program("PUT", path, record).status == 412


def test_messages_need_their_scope_and_each_fetch_is_written_down(server: ApiServer):
    with server.world.database.write() as session:
        number = put_call(session)
    listener, both = server.program("messages", name="archive"), server.program("messages", "write", name="both")
    assert server.program("read", "write", name="rw")("GET", f"/messages/{number}/audio").status == 403
    (line,) = listener("GET", "/messages").json["items"]
    assert (line["id"], line["owner"], line["heard_at"]) == (number, "employee:anna", None)
    audio = listener("GET", f"/messages/{number}/audio")
    assert (audio.body, audio.headers["Content-Type"]) == (WAV, "audio/wav")
    assert both("PUT", f"/messages/{number}/heard", {"heard": True}).status == 204
    assert listener("GET", "/messages?unheard=true").json["total"] == 0
    assert listener("DELETE", f"/messages/{number}").status == 403
    assert both("DELETE", f"/messages/{number}").status == 204
    assert listener("GET", f"/messages/{number}/audio").status == 404
    assert listener("GET", "/messages/99999999999/audio").status == 404
    with server.world.database.read() as session:
        assert session.scalar(select(MessageRow.id)) is None
        actors = session.scalars(select(AuditRow.actor).where(AuditRow.noun == "message").order_by(AuditRow.id))
        assert list(actors) == ["api:archive", "api:both", "api:both"]
    assert server.program("read", name="r")("GET", f"/calls/{UUID}").json["outcome"] == "voicemail"


def test_the_unforeseen_has_a_reference_and_no_details(
    server: ApiServer, program: Program, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_args: object, **_values: object) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(lists, "blocked_callers", broken)
    answer = program("GET", "/blocked-callers")
    assert (answer.status, answer.headers["Content-Type"]) == (500, PROBLEM)
    assert re.fullmatch("[0-9a-f]{8}", answer.json["reference"])
    assert b"secret detail" not in answer.body


def test_a_database_that_cannot_be_used_says_when_to_try_again(server: ApiServer, program: Program):
    with server.world.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE blocked_callers")
    answer = program("GET", "/blocked-callers")
    assert (answer.status, answer.headers["Content-Type"]) == (503, PROBLEM)
    assert int(answer.headers["Retry-After"]) > 0
    assert b"blocked_callers" not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/employees/anna", {"next": {"busy": "pool:sales"}}),
        ("PATCH", "/employees/anna/forwarding", {"schedule": {"name": "nights"}}),
        ("POST", "/employees", {"name": "Carl", "members": ["anna"]}),
        ("PATCH", "/pools/sales", {"numbers": ["+493023125000", "+493023125010"]}),
        ("PATCH", "/pools/anna", {"strategy": "sequential"}),
    ],
)
def test_a_personal_number_has_no_plan_and_the_refusal_offers_a_further_number(program: Program, method, path, body):
    answer = program(method, path, body)
    assert answer.status == (404 if path == "/pools/anna" else 422)
    assert "a personal number always rings its employee" in answer.json["detail"]
    assert "activate a further number and give it to" in answer.json["detail"]
