"""What two employees of one pool, an administrator and a program see of each other, on every route."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select, update

from callrouter.cases import changes
from callrouter.cases.rules import Change
from callrouter.directory import audit, messages, services
from callrouter.directory.changing import revised
from callrouter.directory.models import OwnerRow
from callrouter.directory.privacy import Privacy
from callrouter.directory.records import CallLinkRow, CallRow, CaseRow, OutboxRow
from callrouter.ledger.rings import End, Leg
from callrouter.web.live import Channel, Live, Registration
from tests.web.api_server import ApiServer, serve
from tests.web.ended_calls import put_call, tone
from tests.web.test_inbox import listed, press, put_case
from tests.web.test_routes import ROUTES
from tests.web.world import NOW, Browser, Page, World

HIDDEN = {"handlers": "hidden", "live": "hidden"}
#: What only Ben's part in something would tell.
BEN = ("Yılmaz", "ben-desk", "web:ben")
MISSED_AT_BEN = Leg("1", "ben-desk", End.REJECTED)
RINGS = Channel("a", "a", "inbound", NOW - dt.timedelta(seconds=12), "+4917604069001", "", "+493023125000", "RINGING")
TO_BEN = Channel("b", "a", "outbound", NOW, "+4917604069001", "", "ben-desk%pbx.muster.example", "RINGING")
BEN_TALKS = Channel("c", "c", "inbound", NOW, "11", "Ben Yılmaz", "+493023125500", "ACTIVE", calling="ben-desk")


def setting(world: World, **privacy: Any) -> None:
    with world.database.write() as session:
        company = services.company(session)[0]
        services.save_company(session, revised(company, privacy=privacy))


@dataclass
class Shared:
    """What anna and ben have done in their pool: ids of cases, of a message."""

    world: World
    closed: int
    claimed: int
    waiting: int
    message: int
    message_case: int = 1


@pytest.fixture(autouse=True)
def _streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is followed is sent once."""
    monkeypatch.setattr("callrouter.web.following._events", lambda look: iter([look()]))


@pytest.fixture
def shared(world: World) -> Shared:
    later = {"started_at": NOW - dt.timedelta(minutes=5), "number": "+493023125000"}
    put_call(world, "sales-anna", "pool:sales", device="anna-desk", outcome="answered", **later)
    put_call(world, "sales-ben", "pool:sales", device="ben-desk", outcome="answered", **later)
    put_call(
        world,
        "sales-missed",
        "pool:sales",
        legs=[MISSED_AT_BEN],
        reasons=[("signed_out", {"employee": "Ben Yılmaz", "pool": "Vertrieb"})],
    )
    put_call(world, "ben-own", "employee:ben", device="ben-desk", outcome="answered", **later)
    link(world, "sales-anna", "ben-own")  # anna had asked ben, who had then talked to the caller
    message = put_call(world, "sales-message", "pool:sales", message=tone(1))
    closed, claimed, waiting = (put_case(world, "pool:sales", f"+491760406900{n}") for n in (5, 6, 7))
    for case, what in (
        (closed, Change.CLAIM),
        (closed, Change.CLOSE),
        (waiting, Change.CLAIM),
        (waiting, Change.RELEASE),
    ):
        do(world, case, what)
    with world.database.write() as session:
        audit.act_as(session, "web:ben")
        messages.mark(session, message, heard=True, at=NOW)
    world.switch.now = Live(
        registrations={"ben-desk": Registration("ben-desk", "192.0.2.7:5060", None)},
        channels=(RINGS, TO_BEN, BEN_TALKS),
    )
    return Shared(world, closed, claimed, waiting, message)


def link(world: World, one: str, other: str) -> None:
    with world.database.write() as session:
        call = session.scalars(select(CallRow).where(CallRow.uuid == other)).one()
        session.add(CallLinkRow(call_id=call.id, leg=one))


def do(world: World, case: int, what: Change, employee: str = "ben", note: str = "") -> None:
    with world.database.write() as session:
        audit.act_as(session, f"web:{employee}")
        changes.change(session, case, what, employee, at=NOW, note=note)


def uuids(browser: Browser, path: str = "/calls") -> set[str]:
    links = browser.get(path).tree.xpath("//tbody//td[1]/a/@href")
    return {str(link).rpartition("/")[2] for link in links}


def told(page: Page) -> str:
    """What the page says, without the mark by which a fault is found again."""
    [main] = page.tree.xpath("//main")
    for mark in main.xpath(".//code"):
        mark.drop_tree()
    return " ".join(main.text_content().split())


def addresses(shared: Shared) -> Iterator[str]:
    """Every page that an employee may read, with the ids of all there is in place of the ones that there are not."""
    cases = (shared.closed, shared.claimed, shared.waiting)
    known = ("sales-anna", "sales-ben", "sales-missed", "sales-message", "ben-own")
    for endpoint, (path, (_nobody, anna, _ben, _admin)) in ROUTES.items():
        rules = [rule for rule in shared.world.application.url_map.iter_rules() if rule.endpoint == endpoint]
        if not any("GET" in (rule.methods or ()) for rule in rules) or anna not in (200, 404):
            continue
        if "no-such-call" in path:
            yield from (path.replace("no-such-call", uuid) for uuid in known)
        elif path.startswith("/inbox/1"):
            yield from (path.replace("1", str(case), 1) for case in cases)
        elif path.startswith("/messages/1"):
            yield path.replace("1", str(shared.message), 1)
        else:
            yield path
    yield from ("/inbox?state=closed", "/inbox?of=pool:sales&state=closed", "/calls?owner=pool:sales", "/calls?q=176")


@pytest.mark.parametrize("whose", ["own", "pools"])
def test_no_route_tells_an_employee_what_ben_did(shared: Shared, whose: str) -> None:
    setting(shared.world, employee={**HIDDEN, "whose_calls": whose})
    anna, told, seen = shared.world.browser("employee"), {}, 0
    for path in addresses(shared):
        page = anna.client.get(path, headers=anna.headers)
        assert page.status_code < 500, path
        seen += page.status_code == 200
        if page.mimetype.startswith(("text/", "application/json")) and any(word in page.text for word in BEN):
            told[path] = page.text
    assert seen > 40
    # Who is in a pool, and to whom one may forward, are settings, and tell nothing that somebody did.
    assert told.pop("/pools/sales").count("Yılmaz") == 1
    assert told.pop("/employees/anna/forwarding").count("Yılmaz") == 1
    assert told == {}


def test_as_it_comes_all_of_it_is_shown(shared: Shared) -> None:
    anna = shared.world.browser("employee")
    for path in ("/calls", "/calls/export.csv", "/pools/sales/calls", "/calls/sales-ben", "/calls/sales-missed",
                 f"/inbox/{shared.closed}", "/inbox?state=closed", "/pools/sales/live"):  # fmt: skip
        assert "Ben Yılmaz" in anna.get(path).text, path


def test_a_colleagues_call_of_the_same_story_is_told_but_not_opened(shared: Shared) -> None:
    anna = shared.world.browser("employee")
    page = anna.get("/calls/sales-anna")
    assert "Ben Yılmaz answered" in page.text
    assert not page.tree.xpath("//a[contains(@href, 'ben-own')]")
    setting(shared.world, employee={"whose_calls": "all"})
    assert anna.get("/calls/sales-anna").tree.xpath("//a[contains(@href, 'ben-own')]")
    setting(shared.world, employee={"handlers": "hidden"})
    assert "What belongs to it" not in anna.get("/calls/sales-anna").text


CALLS = {
    "own": {"sales-anna", "sales-missed", "sales-message"},
    "pools": {"sales-anna", "sales-missed", "sales-message", "sales-ben"},
    "all": {"sales-anna", "sales-missed", "sales-message", "sales-ben", "ben-own"},
}


@pytest.mark.parametrize("whose", CALLS)
def test_whose_calls_an_employee_sees(shared: Shared, whose: str) -> None:
    setting(shared.world, employee={"whose_calls": whose})
    anna, ben = shared.world.browser("employee"), shared.world.browser("other")
    assert uuids(anna) == CALLS[whose]
    assert uuids(anna, "/pools/sales/calls") == CALLS[whose] - {"ben-own"}
    exported = anna.get("/calls/export.csv").text
    assert {uuid for uuid in CALLS["all"] if uuid in exported} == CALLS[whose]
    unknown = told(anna.get("/calls/no-such-call"))
    for uuid in CALLS["all"]:
        page = anna.get(f"/calls/{uuid}")
        assert (page.status, told(page) == unknown) == ((200, False) if uuid in CALLS[whose] else (404, True))
    token = anna.get("/account").values("/sign-out")
    backs = {uuid: anna.post(f"/calls/{uuid}/call-back", token).status for uuid in CALLS["all"]}
    assert backs == {uuid: 303 if uuid in CALLS[whose] else 404 for uuid in CALLS["all"]}
    # What is to be done in the pool is there in any case, and never what is somebody's own.
    mine = put_case(shared.world, "employee:ben")
    assert set(listed(anna.get("/inbox"))) == {shared.message_case, shared.claimed, shared.waiting}
    assert anna.get(f"/inbox/{mine}").status == 404
    assert anna.client.get(f"/messages/{shared.message}/audio").status_code == 200
    assert anna.get("/calls?owner=employee:ben").status == 403
    assert "ben-own" in uuids(ben)
    assert "sales-anna" in uuids(ben) or whose == "own"


def test_who_is_on_an_open_case_is_named_and_nothing_more(shared: Shared) -> None:
    setting(shared.world, employee=HIDDEN)
    anna, case = shared.world.browser("employee"), shared.claimed
    do(shared.world, case, Change.NOTE, note="ruft um vier an")
    do(shared.world, case, Change.CLAIM)
    assert "Ben Yılmaz is on it" in anna.get("/inbox").text
    page = anna.get(f"/inbox/{case}")
    assert page.texts("story")[0].count("Ben Yılmaz") == 1
    assert "A colleague: ruft um vier an" in page.texts("story")[0]
    assert "Ben Yılmaz is on it already" in press(anna, case, "claim").texts("notice")[0]
    do(shared.world, case, Change.CLOSE)
    page = anna.get(f"/inbox/{case}")
    assert "A colleague says that it is done" in page.texts("story")[0]
    assert "Ben" not in page.text
    refused = press(anna, case, "close")
    assert refused.status == 422
    assert refused.texts("notice")[0].startswith("the case is closed already, at ")
    assert press(anna, case, "reopen").status == 303
    page = anna.get(f"/inbox/{case}")
    assert "Ben" not in page.text
    assert "Anna Schmidt says that it is to be done again" in page.texts("story")[0]


def test_each_sees_what_they_did_themselves(shared: Shared) -> None:
    setting(shared.world, employee=HIDDEN)
    ben = shared.world.browser("other")
    assert "Ben Yılmaz" in ben.get(f"/inbox/{shared.closed}").texts("story")[0]
    assert "Ben Yılmaz" in " ".join(ben.get("/inbox?state=closed").texts("cases"))
    assert "Ben Yılmaz answered at" in ben.get("/calls/sales-ben").text
    assert "the call was declined" in ben.get("/calls/sales-missed").text
    assert "A colleague answered." in ben.get("/calls/sales-anna").text
    assert "on a call" in ben.get("/pools/sales").text
    german = shared.world.browser("other", "de").get("/calls/export.csv").text
    assert "jemand aus dem Team" in german
    assert "Anna" not in german


def test_the_pools_page_tells_how_many_are_rung(shared: Shared) -> None:
    shared.world.switch.now = replace(shared.world.switch.now, channels=(RINGS, TO_BEN))
    setting(shared.world, employee={"live": "hidden"})
    page = shared.world.browser("employee").get("/pools/sales")
    [members], [calls] = (page.tree.xpath(f"//*[@data-part='{part}']") for part in ("pool-members", "pool-calls"))
    assert "Anna Schmidt" in members.text_content()
    assert "Ben" not in members.text_content()
    assert "Who else is on the phone now is not shown" in members.text_content()
    assert "1 member" in calls.text_content()
    assert "Ben" not in calls.text_content()


def test_a_stream_made_for_one_is_not_sent_to_another(shared: Shared) -> None:
    setting(shared.world, employee={"live": "hidden"})
    streams = {
        role: shared.world.browser(role).get("/pools/sales/live").text for role in ("other", "employee", "admin")
    }
    assert [("on a call" in text, "Anna" in text) for text in streams.values()] == [
        (True, False), (False, True), (True, True),
    ]  # fmt: skip


def test_an_administrator_sees_what_the_company_lets_them(shared: Shared) -> None:
    boss, case = shared.world.browser("admin"), shared.closed
    assert "ben-desk" in boss.get("/calls/sales-missed").text
    assert "Ben Yılmaz" in boss.get("/live").text
    assert boss.get("/audit?noun=message").text.count(">ben<") == 1
    setting(shared.world, admin=HIDDEN)
    paths = [f"/calls{rest}" for rest in ("", "/export.csv?owner=pool:sales", "/sales-ben", "/sales-missed")]
    paths += [f"/inbox/{case}", "/inbox?state=closed", "/pools/sales/calls", "/pools/sales/live", "/audit?noun=message"]
    for path in paths:
        text = boss.get(path).text
        assert not any(word in text.replace(">Ben Yılmaz</a>", "") for word in BEN), path
        assert ">ben<" not in text, path
    boss.get("/")  # looks anew; what is followed is some seconds old
    board = boss.get("/live").text
    assert "Who is on the phone now is not shown" in board
    assert "a colleague" in board
    assert "+49 30 23125500" not in board
    assert not boss.get("/audit?noun=message&actor=ben").tree.xpath("//tbody/tr")
    assert len(boss.get("/audit?actor=ben").tree.xpath("//tbody/tr")) == 0
    assert "ben-own" in uuids(boss)  # whose calls is another question
    setting(shared.world, admin={"whose_calls": "own"})
    assert uuids(boss) == set()
    assert listed(boss.get("/inbox")) == []
    assert "awaited" in boss.get("/inbox").text
    assert boss.get("/inbox").texts("awaited") == ["", ""]
    assert boss.get("/calls/ben-own").status == boss.get(f"/inbox/{case}").status == 404
    assert boss.get("/inbox?of=pool:sales").status == boss.get("/employees/ben/calls").status == 403
    assert boss.get("/messages").tree.xpath("//tbody/tr") == []
    boss.get("/")
    assert "sales-ben" not in boss.get("/live").text
    assert boss.get("/employees/ben").status == boss.get("/pools/sales").status == 200


@pytest.fixture
def server(shared: Shared) -> Iterator[ApiServer]:
    with serve(shared.world) as running:
        yield running


def test_a_program_sees_what_the_company_lets_it(shared: Shared, server: ApiServer) -> None:
    program, case = server.program("read", "write"), shared.closed
    paths = [f"/calls{rest}" for rest in ("?owner=pool:sales", "/sales-ben", "/sales-missed")]
    paths += ["/cases?closed=true", f"/cases/{case}", "/pools/sales/now"]
    for path in paths:
        assert "Ben Yılmaz" in program("GET", path).body.decode(), path
    assert program("PATCH", "/company", {"privacy": {"api": HIDDEN}}).status == 200
    for path in paths:
        text = program("GET", path).body.decode()
        assert not any(word in text for word in BEN), path
    assert program("GET", "/calls/sales-ben").json["steps"][0]["answered_by"] == ""
    assert program("GET", "/pools/sales/now").json["hidden"] is True
    refused = program("GET", "/cases?closed=true&employee=ben")
    assert (refused.status, "not told" in refused.json["detail"]) == (422, True)
    assert program("GET", "/cases?employee=ben").status == 200
    refused = program("POST", f"/cases/{case}/close", {"employee": "anna"})
    assert refused.status == 409
    assert "Ben" not in refused.body.decode()


@pytest.mark.parametrize(
    ("hidden", "owner", "by"),
    [
        (False, "pool:sales", "Ben Yılmaz"),
        (True, "pool:sales", "jemandem aus dem Team"),
        (True, "employee:ben", "Ben Yılmaz"),
    ],
)
def test_the_mail_that_a_case_is_done_says_to_a_team_what_employees_may_see(
    world: World, hidden: bool, owner: str, by: str
) -> None:
    case = put_case(world, owner)
    with world.database.write() as session:
        row = session.get_one(CaseRow, case)
        wishes = {"notify_about": "all", "notify_email": "team@muster.example", "handled_mail": True}
        session.execute(update(OwnerRow).where(OwnerRow.id == row.owner_id).values(wishes))
    if hidden:
        setting(world, employee={"handlers": "hidden"}, admin={"handlers": "shown"})
    do(world, case, Change.CLOSE)
    with world.database.read() as session:
        [mail] = session.scalars(select(OutboxRow).where(OutboxRow.kind == "done"))
    for text in (mail.text, mail.html):
        assert by in text
        assert ("Ben Yılmaz" in text.replace("Für: Ben Yılmaz", "")) is (by == "Ben Yılmaz")


def test_the_form_saves_each_setting_and_the_audit_log_says_it(world: World) -> None:
    boss = world.browser("admin")
    changed = {
        "employee_whose_calls": "own",
        "employee_handlers": "hidden",
        "admin_live": "hidden",
        "api_live": "hidden",
    }
    assert boss.send("/settings/privacy", changed).status == 303
    with world.database.read() as session:
        now = services.company(session)[0].privacy
    assert now == Privacy.model_validate(
        {
            "employee": {"whose_calls": "own", "handlers": "hidden"},
            "admin": {"live": "hidden"},
            "api": {"live": "hidden"},
        }
    )
    form = boss.get("/settings/privacy").values()
    assert {name: form[name] for name in changed} == changed
    told = boss.get("/audit?noun=company").text
    assert "Privacy · Employee · Whose calls they see" in told
    assert "Privacy · Programs with an API token · Who is on the phone right now" in told
    assert boss.send("/settings/privacy", {"employee_handlers": "sometimes"}).status == 422
