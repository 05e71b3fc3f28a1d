"""The start page: what is wrong and where it is mended; it follows by itself; employees see what is their own."""

from __future__ import annotations

import datetime as dt
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.serving import make_server

from callrouter.cli.scratch import wait_until
from callrouter.directory import employees, numbers, overview
from callrouter.directory.records import CallRow, CallStepRow, MessageRow, OutboxRow
from callrouter.web.board import Board, CallNow, calls_now
from callrouter.web.live import Channel, Gateway, Live, Registration
from tests.web.world import NOW, World

UP = Gateway("trunk-carrier", True, "NOREG")
PHONE = Registration("anna-desk", "192.0.2.7:5060", None)
GOOD = Live(registrations={"anna-desk": PHONE}, gateways={"trunk-carrier": UP})
CALLER, ANNA = "+4917604069001", "+493023125010"


def leg(uuid: str, call: str, state: str, called: str, direction: str = "outbound") -> Channel:
    return Channel(uuid, call, direction, NOW, CALLER, "Carla Beispiel", called, state)


INBOUND = leg("a", "a", "RINGING", ANNA, "inbound")
RINGING = replace(GOOD, channels=(INBOUND, leg("b", "a", "RINGING", "anna-desk%pbx.muster.example")))


def mail(state: str, *, created_at: dt.datetime = NOW, error: str = "") -> OutboxRow:
    return OutboxRow(
        mail_id=f"<{state}-{created_at.timestamp()}@muster.example>",
        kind="missed",
        recipient="anna@muster.example",
        subject="Verpasster Anruf von Carla",
        headers={},
        text="",
        html="",
        state=state,
        created_at=created_at,
        next_try_at=NOW,
        error=error,
    )


def call(world: World, outcome: str, *, message: bool = False, at: dt.datetime = NOW) -> None:
    """A call to anna in the history."""
    with world.database.write() as session:
        owner = session.connection().exec_driver_sql("SELECT id FROM owners WHERE key = 'anna'").scalar_one()
        row = CallRow(
            uuid=f"{outcome}-{at.timestamp()}",
            direction="inbound",
            number=ANNA,
            caller=CALLER,
            caller_name="Carla Beispiel",
            outcome=outcome,
            started_at=at,
        )
        step = {"n": "1", "position": 0, "kind": "ring", "owner_id": owner, "owner": "employee:anna"}
        row.steps = [CallStepRow(**step, started_at=at, outcome=outcome)]
        session.add(row)
        if message:
            session.add(MessageRow(call=row, n="1", owner_id=owner, recorded_at=at, milliseconds=7000, audio=b"RIFF"))


def troubles(world: World, language: str = "en") -> list[str]:
    page = world.browser("admin", language).get("/")
    assert page.status == 200
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//*[@data-part='verdict']//li")]


def test_all_is_right(world: World):
    world.switch.now = GOOD
    page = world.browser("admin").get("/")
    assert page.texts("verdict") == ["Telephony is all right"]
    assert "1 of 3" in page.texts("tile")[2]
    assert troubles(world) == []


def test_a_switch_that_is_gone_is_the_first_thing_told(world: World):
    assert troubles(world) == ["FreeSWITCH is not connected: no switch in this test"]


@pytest.mark.parametrize(
    ("gateways", "text"),
    [
        ({}, "The trunk carrier does not work (unknown)."),
        ({"trunk-carrier": replace(UP, up=False, state="FAIL_WAIT")}, "The trunk carrier does not work (FAIL_WAIT)."),
    ],
)
def test_a_trunk_that_is_down_is_told(world: World, gateways, text: str):
    world.switch.now = replace(GOOD, gateways=gateways)
    [told] = troubles(world)
    assert told.startswith(text)


def test_phones_mails_and_lost_numbers_are_told_with_the_way_to_mend_them(world: World):
    world.switch.now = replace(GOOD, registrations={})
    with world.database.write() as session:
        numbers.port_away(session, ANNA)
        late = NOW - dt.timedelta(minutes=20)
        session.add_all([mail("dead", error="550 no such user"), mail("waiting", created_at=late)])
    assert troubles(world) == [
        "No phone is registered.",
        "1 employee has phones, but no number. Give a number",
        "1 mail could not be delivered. Look at the mails",
        "Mails wait for the mail server for more than a quarter of an hour. Look at the mails",
    ]
    assert "Kein Telefon ist registriert." in troubles(world, "de")
    page = world.browser("admin").get("/")
    assert page.tree.xpath("//*[@data-part='tiles']//a[text()='Anna Schmidt']/@href") == ["/employees/anna/numbers"]


def test_what_health_checks_is_told(world: World):
    def broken() -> object:
        raise OSError("connection refused")

    world.switch.now = GOOD
    checks = {"router": broken, "spool": lambda: {"waiting": 12, "quarantined": 0}}
    board = Board(replace(world.parts, checks=checks))
    world.application.extensions["callrouter.board"] = board
    assert troubles(world) == ["The router does not run, calls take the fallback: connection refused"]
    assert "Ended, not in the history yet: 12" in world.browser("admin").get("/").text


def test_figures_of_the_directory(world: World):
    with world.database.write() as session:
        for number in range(7):
            employees.create(session, name=f"Neu {number}", devices=[])
        session.add_all([mail("sent"), mail("dropped"), mail("dead")])
    with world.database.read() as session:
        facts = overview.facts(session)
    assert (facts.phones, facts.free_numbers, facts.lost_count, facts.mails_dead, facts.mails_waiting) == (
        3,
        1,
        0,
        1,
        0,
    )
    assert facts.trunks == (overview.Trunk("carrier", False, 0),)


@pytest.mark.parametrize(
    ("channels", "state", "phones"),
    [
        ((INBOUND,), "routed", ()),
        ((replace(INBOUND, state="ACTIVE"),), "served", ()),
        ((INBOUND, leg("b", "a", "DOWN", "anna-desk%x")), "rings", ("anna-desk",)),
        (
            (INBOUND, leg("b", "a", "RINGING", "anna-desk%x"), leg("c", "a", "ACTIVE", "anna-soft%x")),
            "talks",
            ("anna-soft",),
        ),
        ((INBOUND, leg("b", "a", "ACTIVE", CALLER)), "talks", ()),
        ((leg("b", "a", "RINGING", "anna-desk%x"),), "routed", ()),
    ],
)
def test_legs_become_calls(channels, state: str, phones: tuple[str, ...]):
    [found] = calls_now(channels)
    assert (found.uuid, found.state, found.phones) == ("a", state, phones)


def test_calls_now_have_names(world: World):
    world.switch.now = RINGING
    page = world.browser("admin", "de").get("/")
    [row] = page.tree.xpath("//*[@data-part='calls-now']//tbody/tr")
    told = " ".join(row.text_content().split())
    assert (
        told == "+49 176 04069001 Carla Beispiel +49 30 23125010 Anna Schmidt klingelt Anna Schmidt, Tischtelefon 15:42"
    )


def test_the_database_is_asked_once_for_all_who_watch(world: World):
    world.switch.now = GOOD
    now = [0.0]
    board = Board(world.parts, monotonic=lambda: now[0])
    first = board.look()
    with world.database.write() as session:
        session.add(mail("dead"))
    assert board.look() is first
    assert board.look(fresh=True).facts.mails_dead == 1
    now[0] = 11.0
    seen = board.look()
    assert seen is board.look()
    world.switch.now = RINGING
    assert board.look().calls == (CallNow("a", NOW, CALLER, "Carla Beispiel", ANNA, "rings", ("anna-desk",)),)


@pytest.fixture
def served(world: World) -> Iterator[str]:
    """The pages over real HTTP."""
    server = make_server("127.0.0.1", 0, world.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def listen(world: World, url: str):
    """A stream of the start page's events, opened with an administrator's cookie; each wait has a limit."""
    cookie = world.browser("admin").client.get_cookie("callrouter")
    request = urllib.request.Request(f"{url}/live", headers={"Cookie": f"callrouter={cookie.value}"})
    return urllib.request.urlopen(request, timeout=20)


def next_board(stream) -> str:
    """The data of the next event."""
    lines: list[str] = []
    while line := stream.readline().decode():
        if line.startswith("data: "):
            lines.append(line[6:])
        elif lines and line == "\n":
            return "".join(lines)
    raise AssertionError("the stream ended")


def test_a_call_appears_by_itself(world: World, served: str):
    world.switch.now = GOOD
    with listen(world, served) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Cache-Control"] == "no-store"
        assert "Nobody is on the phone." in next_board(stream)
        world.switch.now = RINGING
        assert "Carla Beispiel" in next_board(stream)
        world.switch.now = GOOD
        assert "Nobody is on the phone." in next_board(stream)


def test_a_stream_says_that_it_is_there_ends_and_makes_room(world: World, served: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callrouter.web.following._STEP", 0.02)
    monkeypatch.setattr("callrouter.web.following._HEARTBEAT", 0.05)
    board = Board(world.parts, most_watchers=1)
    world.application.extensions["callrouter.board"] = board
    with listen(world, served) as stream:
        lines = [stream.readline()]
        while lines[-1] != b": still here\n":
            lines.append(stream.readline())
        monkeypatch.setattr("callrouter.web.following._LONGEST", 0.0)
        lines += stream.readlines()
    assert lines[0] == b"retry: 1000\n"
    assert lines.count(b"event: board\n") == 1
    wait_until(board.watch, "room for the next one")


def test_only_so_many_watch(world: World):
    board = Board(world.parts, most_watchers=0)
    world.application.extensions["callrouter.board"] = board
    page = world.browser("admin").get("/live")
    assert (page.status, page.response.headers["Retry-After"]) == (503, "15")


def test_one_person_leaves_room_for_others(world: World):
    board = Board(world.parts, most_watchers=4, most_of_one=2)
    assert [board.watch("anna") for _ in range(3)] == [True, True, False]
    assert [board.watch("ben") for _ in range(3)] == [True, True, False]
    assert not board.watch("cem")
    board.leave("anna")
    assert [board.watch(who) for who in ("ben", "cem", "anna")] == [False, True, False]


def test_what_all_who_watch_are_shown_is_made_once_a_second(world: World):
    now, made = [0.0], [0]
    board = Board(world.parts, monotonic=lambda: now[0])

    def make() -> str:
        made[0] += 1
        return f"{board.shared('sales', make) if made[0] == 3 else ''}look {made[0]}"

    assert [board.shared("sales", make), board.shared("sales", make)] == ["look 1", "look 1"]
    assert board.shared("support", make) == "look 2"
    now[0] = 1.5
    assert board.shared("sales", make) == "look 1look 3", "who looks meanwhile sees the last"
    assert board.shared("sales", make) == "look 1look 3"


def test_nobody_watches_without_being_signed_in(world: World):
    assert world.browser().get("/live").location.startswith("/sign-in")
    assert world.browser("employee").get("/live").status == 403


def test_mails_that_were_given_up_are_tried_again_or_dropped(world: World):
    with world.database.write() as session:
        session.add_all([mail("dead", error="550 no such user"), mail("dead", created_at=NOW - dt.timedelta(days=1))])
    admin = world.browser("admin")
    page = admin.get("/mails")
    assert "550 no such user" in page.text
    first, second = page.tree.xpath("//form[contains(@action, '/retry')]/@action")
    assert admin.submit(page, path="/mails", action=first).status == 303
    number = second.split("/")[2]
    assert admin.send(f"/mails/{number}/drop").status == 303
    with world.database.read() as session:
        states = {row.id: row.state for row in session.query(OutboxRow)}
    assert states == {int(first.split("/")[2]): "waiting", int(number): "dropped"}
    page = admin.get("/mails")
    assert not page.tree.xpath("//form[contains(@action, '/retry')]")
    assert admin.get(f"/mails/{number}/drop").status == 404


def test_an_employee_sees_what_is_theirs(world: World):
    call(world, "missed")
    call(world, "missed", at=NOW - dt.timedelta(days=8))
    call(world, "voicemail", message=True, at=NOW - dt.timedelta(hours=1))
    world.switch.now = GOOD
    page = world.browser("employee").get("/")
    assert page.status == 200
    missed, new, devices, mailbox, pool = page.texts("tile")
    assert missed.startswith("Missed calls of the last seven days 1 Carla Beispiel +49 176 04069001")
    assert new.startswith("New messages 1 Carla Beispiel")
    assert "Tischtelefon registered" in devices
    assert "Laptop not registered" in devices
    assert "takes calls after 20 seconds" in mailbox
    assert pool.startswith("Mailbox: Vertrieb")
    assert "Carla" not in world.browser("other").get("/").text
    assert page.texts("notice") == []


def test_an_employee_is_reminded_of_what_keeps_the_phones_quiet(world: World):
    with world.database.write() as session:
        employees.set_ringing(session, "anna", do_not_disturb=True)
        employees.set_forwarding(session, "anna", always="employee:ben")
    page = world.browser("employee").get("/")
    assert page.texts("notice") == [
        "Do not disturb is on: none of your phones rings. Change",
        "All your calls are forwarded. Change",
    ]
    assert "all calls" in world.browser("admin").get("/employees/anna").text
