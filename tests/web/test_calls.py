"""Calls: who sees which, what filters find, what a spreadsheet gets, and the story that a call tells."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from sqlalchemy import select

from callrouter.directory.records import CallLinkRow, CallRow
from callrouter.directory.timeline import call_detail
from callrouter.ledger.rings import End, Leg
from callrouter.web.live import Live
from callrouter.web.pages import calls as calls_pages
from tests.web.ended_calls import AT, put_call, tone
from tests.web.world import Browser, World

#: Names that callers chose: each is shown as text, and a spreadsheet computes none.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.example";"x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r\n=1+1",
    " =1+1",
    "＝1+1",
    "\u202e=1+1",
    "\u200f=1+1",
    "שלום עולם",
    "x" * 256,
    'a;b,c"d',
]


@pytest.fixture
def calls(world: World) -> World:
    """Calls to anna, to ben, to the team of both, and one that went from ben to anna."""
    put_call(world, "anna-missed", "employee:anna", detail="abandoned", caller_name="Carla Weiß")
    put_call(
        world, "ben-answered", "employee:ben", outcome="answered", device="ben-desk", number="+493023125011",
        caller="+4917604069002", started_at=AT + dt.timedelta(minutes=1), answered_at=AT + dt.timedelta(minutes=1),
    )  # fmt: skip
    put_call(
        world, "team-message", "pool:sales", message=tone(3), number="+493023125000", caller="anonymous",
        started_at=AT - dt.timedelta(days=1),
    )  # fmt: skip
    put_call(
        world, "ben-then-anna", "employee:ben", "employee:anna", message=tone(1), number="+493023125011",
        started_at=AT - dt.timedelta(days=2), interrupted=True,
    )  # fmt: skip
    put_call(
        world, "refused", outcome="rejected", number="+493023125099", started_at=AT - dt.timedelta(days=3),
        cause="UNALLOCATED_NUMBER",
    )  # fmt: skip
    return world


ALL = ["ben-answered", "anna-missed", "team-message", "ben-then-anna", "refused"]


def listed(browser: Browser, query: str = "") -> list[str]:
    page = browser.get(f"/calls{query}")
    assert page.status == 200
    return [link.rpartition("/")[2] for link in page.tree.xpath("//tbody/tr/td[1]/a/@href")]


def exported(browser: Browser, query: str = "", separator: str = ",") -> list[list[str]]:
    page = browser.get(f"/calls/export.csv{query}")
    assert page.status == 200
    return list(csv.reader(io.StringIO(page.response.data.decode("utf-8-sig"), newline=""), delimiter=separator))


def test_everybody_sees_what_is_theirs(calls: World):
    assert listed(calls.browser("admin")) == ALL
    assert listed(calls.browser("employee")) == ["anna-missed", "team-message", "ben-then-anna"]
    assert listed(calls.browser("other")) == ["ben-answered", "team-message", "ben-then-anna"]
    for role in ("admin", "employee", "other"):
        browser = calls.browser(role)
        seen = set(listed(browser))
        assert {row[-1] for row in exported(browser)[1:]} == seen
        for uuid in ALL:
            assert browser.get(f"/calls/{uuid}").status == (200 if uuid in seen else 404), (role, uuid)


def test_an_employee_filters_among_the_own(calls: World):
    anna = calls.browser("employee")
    assert listed(anna, "?owner=pool:sales") == ["team-message"]
    assert listed(anna, "?owner=employee:anna") == ["anna-missed", "ben-then-anna"]
    for path in ("/calls", "/calls/export.csv"):
        assert anna.get(f"{path}?owner=employee:ben").status == 403
    assert anna.get("/calls").tree.xpath("//select[@name='owner']/option/@value") == ["", "employee:anna", "pool:sales"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?outcome=missed", ["anna-missed"]),
        ("?outcome=nonsense", ALL),
        ("?direction=internal", []),
        ("?interrupted=yes", ["ben-then-anna"]),
        ("?since=2026-11-21", ["ben-answered", "anna-missed"]),
        ("?until=2026-11-20", ["team-message", "ben-then-anna", "refused"]),
        ("?since=2026-11-20&until=2026-11-20", ["team-message"]),
        ("?q=0176+04069-002", ["ben-answered"]),
        ("?q=%2B49+176+04069002", ["ben-answered"]),
        ("?q=carla", ["anna-missed"]),
        ("?q=anonymous", ["team-message"]),
        ("?owner=employee:ben", ["ben-answered", "ben-then-anna"]),
        ("?owner=anna", ["anna-missed", "ben-then-anna"]),
        ("?owner=vertrieb", ["team-message"]),
        ("?owner=nobody-at-all", []),
        ("?owner=n", []),
    ],
)
def test_filters(calls: World, query: str, found: list[str]):
    assert listed(calls.browser("admin"), query) == found


def test_a_name_that_several_have_is_asked_about(calls: World):
    page = calls.browser("admin").get("/calls?owner=a&outcome=missed")
    assert "Which one is meant?" in page.text
    (link,) = page.tree.xpath("//div[@id='list']//a[text()='Anna Schmidt']/@href")
    assert listed(calls.browser("admin"), link.removeprefix("/calls")) == ["anna-missed"]


def test_dates_that_are_none_are_told(calls: World):
    admin = calls.browser("admin")
    page = admin.get("/calls?since=21.11.2026&until=9999-12-31")
    assert page.status == 200
    assert page.texts("bad")[:2] == [
        "from 21.11.2026: Write the date as 2026-11-21.",
        "to 9999-12-31: Write the date as 2026-11-21.",
    ]
    assert admin.get("/calls/export.csv?since=yesterday").status == 400
    assert admin.get("/calls?before=made-up").status == 404


def test_pages_go_on_by_cursor_and_keep_the_filters(calls: World):
    for n in range(60):
        put_call(calls, f"more-{n}", "employee:anna", started_at=AT - dt.timedelta(days=9, minutes=n))
    admin = calls.browser("admin")
    first = admin.get("/calls?owner=employee:anna")
    (older,) = first.tree.xpath("//a[@rel='next']/@href")
    assert "62 in all" in first.text
    assert "owner=employee" in older
    both = [listed(admin, path.removeprefix("/calls")) for path in ("/calls?owner=employee:anna", older)]
    assert [len(one) for one in both] == [50, 12]
    assert not set(both[0]) & set(both[1])


@pytest.mark.parametrize("name", HOSTILE)
def test_what_callers_are_called_is_text_everywhere(calls: World, name: str):
    put_call(calls, "hostile", "pool:sales", caller_name=name, started_at=AT + dt.timedelta(hours=1), message=tone(0.1))
    admin = calls.browser("admin")
    for path in ("/calls", "/calls/hostile", "/messages"):
        page = admin.get(path)
        assert page.status == 200
        tree = page.tree
        assert tree.xpath("//main//script | //main//img | //@onerror") == []
        shown = {" ".join(one.text_content().split()) for one in tree.xpath("//bdi")}
        assert " ".join(name.split()) in shown
    row = exported(admin)[1]
    assert row[-1] == "hostile"
    assert not row[4].startswith(("=", "+", "-", "@", "＝", "\t", "\r", "\u202e", "\u200f"))
    assert len(row) == 12


def test_an_export_is_a_file_for_spreadsheets(calls: World):
    put_call(calls, "inside", "employee:anna", caller="11", direction="internal", started_at=AT + dt.timedelta(hours=2))
    long_ago = AT - dt.timedelta(days=40)
    put_call(calls, "spoke", "pool:sales", started_at=long_ago, answered_at=long_ago, message=tone(0.1))
    page = calls.browser("admin", "de").get("/calls/export.csv")
    assert page.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.response.headers["Content-Disposition"] == "attachment; filename=Anrufe-2026-11-21.csv"
    assert page.response.data.startswith(b"\xef\xbb\xbf")
    rows = exported(calls.browser("admin", "de"), separator=";")
    assert rows[0][:4] == ["Wann", "Richtung", "Ergebnis", "Anrufer"]
    assert rows[1][:4] == ["2026-11-21 17:02:03", "intern", "verpasst", "11"]
    assert rows[2] == [
        "2026-11-21 15:03:03", "eingehend", "angenommen", "+49 176 04069002", "", "+49 30 23125011", "Ben Yılmaz",
        "Ben Yılmaz", "Tischtelefon", "65", "", "ben-answered",
    ]  # fmt: skip
    assert [row[9] for row in rows if row[-1] == "spoke"] == [""], "to a mailbox nobody talks"
    assert [row[3] for row in rows if row[-1] == "team-message"] == ["anonym"]
    assert [row[10] for row in rows if row[-1] == "ben-then-anna"] == ["ja"]


def test_an_export_ends_at_its_limit_and_says_so(calls: World, monkeypatch: pytest.MonkeyPatch):
    admin = calls.browser("admin")
    monkeypatch.setattr(calls_pages, "_BATCH", 2)
    assert [row[-1] for row in exported(admin)[1:]] == ALL
    monkeypatch.setattr(calls_pages, "MOST_EXPORTED", 3)
    rows = exported(admin)[1:]
    assert [row[-1] for row in rows[:3]] == ALL[:3]
    assert rows[3:] == [["The file ends here: it has the latest 3 calls. Choose a time range for the others."]]
    assert len(exported(admin, "?owner=employee:anna")) == 3


def story(browser: Browser, uuid: str) -> list[str]:
    page = browser.get(f"/calls/{uuid}")
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//ol[1]/li")]


def test_a_call_tells_its_story(calls: World):
    anna = calls.browser("employee")
    assert story(anna, "ben-then-anna")[:4] == [
        "19 Nov 2026, 15:02 The call came in.",
        "Rang at Ben Yılmaz missed Nobody answered.",
        "Mailbox of Anna Schmidt message The mailbox took a message.",
        "19 Nov 2026, 15:03 The call ended. hung up",
    ]
    page = anna.get("/calls/ben-then-anna")
    assert len(page.tree.xpath("//audio")) == 1
    assert "anna@muster.example" in page.text
    assert "A technical fault interrupted this call." in page.text
    assert story(calls.browser("other", "de"), "ben-answered")[1] == (
        "Klingelte bei Ben Yılmaz angenommen Ben Yılmaz nahm an „Tischtelefon“ ab."
    )
    assert story(calls.browser("employee", "de"), "anna-missed")[1] == (
        "Klingelte bei Anna Schmidt verpasst Der Anrufer hat aufgelegt, bevor jemand abgenommen hat."
    )


def test_a_call_tells_which_phones_rang_and_what_became_of_each(calls: World):
    at, later = AT + dt.timedelta(seconds=1), AT + dt.timedelta(seconds=8)
    legs = [
        Leg("1", "anna-desk", End.ELSEWHERE, "LOSE_RACE", at, later),
        Leg("1", "<b>gone</b>", End.BUSY, "USER_BUSY", at),
        Leg("1", "anna-soft", End.OFFLINE),
        Leg("1", "ben-desk", End.ANSWERED, "NONE", at, later),
    ]
    put_call(calls, "rung", "pool:sales", outcome="answered", device="ben-desk", answered_at=later, legs=legs)
    assert phones(calls.browser("admin"), "rung") == [
        "15:02:04 Tischtelefon Anna Schmidt: stopped ringing: answered at another phone (after 0:07)",
        "15:02:04 <b>gone</b>: was busy",
        "Laptop Anna Schmidt: was not registered",
        "15:02:04 Tischtelefon Ben Yılmaz: answered (after 0:07)",
    ]
    assert phones(calls.browser("admin", "de"), "rung")[2:] == [
        "Laptop Anna Schmidt: war nicht registriert",
        "15:02:04 Tischtelefon Ben Yılmaz: angenommen (nach 0:07)",
    ]
    with calls.database.read() as session:
        told = call_detail(session, "rung").steps[0].phones
    assert [(one.device, one.end, one.rang_at, one.ended_at) for one in told] == [
        (leg.device, leg.end.value, leg.rang_at, leg.ended_at) for leg in legs
    ]


def phones(browser: Browser, uuid: str) -> list[str]:
    page = browser.get(f"/calls/{uuid}")
    return [" ".join(one.text_content().split()) for one in page.tree.xpath("//ul[@class='phones']/li")]


@pytest.mark.parametrize(
    ("language", "why"),
    [("de", "Die Mailbox ist ausgeschaltet."), ("en", "The mailbox is disabled.")],
)
def test_a_call_tells_why_as_the_router_saw_it(world: World, language: str, why: str):
    reasons = [("mailbox_disabled", {}), ("of_a_later_version", {"x": "y"})]
    put_call(world, "told", "employee:anna", reasons=reasons)
    page = world.browser("employee", language).get("/calls/told")
    assert page.tree.xpath("//section[h2[.='Warum' or .='Why']]//li/bdi/text()") == [why]
    assert not page.tree.xpath("//details[contains(., 'settings') or contains(., 'Einstellungen')]")


def test_calls_that_transfers_made_of_one_are_told_together(world: World):
    outside = "+493023125500"
    put_call(world, "out", "employee:anna", direction="outbound", outcome="answered", caller="10", number=outside)
    later = {"caller": outside, "number": "+493023125011", "started_at": AT + dt.timedelta(minutes=1)}
    put_call(world, "handed-on", "employee:ben", outcome="answered", device="ben-desk", **later)
    put_call(world, "question", "employee:ben", direction="internal", started_at=AT + dt.timedelta(minutes=2))
    put_call(world, "another", "employee:ben")
    with world.database.write() as session:
        ids = {row.uuid: row.id for row in session.execute(select(CallRow.uuid, CallRow.id))}
        for uuid, leg in (("out", "handed-on"), ("handed-on", "leg"), ("question", "leg"), ("another", "other leg")):
            session.add(CallLinkRow(call_id=ids[uuid], leg=leg))

    def told(role: str, uuid: str) -> list[str]:
        page = world.browser(role).get(f"/calls/{uuid}")
        assert page.status == 200
        return page.tree.xpath("//section[h2='What belongs to it']//a[starts-with(@href, '/calls/')]/@href")

    assert told("admin", "out") == ["/calls/handed-on", "/calls/question"]
    assert told("admin", "handed-on") == ["/calls/out", "/calls/question"]
    assert told("admin", "question") == ["/calls/out", "/calls/handed-on"]
    assert told("admin", "another") == []
    assert told("other", "handed-on") == ["/calls/question"]  # the call out is Anna's alone, and told without its page
    page = world.browser("other", "de").get("/calls/handed-on")
    [card] = page.tree.xpath("//section[h2='Was dazugehört']")
    assert "Anna Schmidt" in card.text_content()
    assert "+49 30 23125500" in card.text_content()


def test_others_mails_and_messages_stay_theirs(calls: World):
    ben = calls.browser("other").get("/calls/ben-then-anna")
    assert ben.status == 200
    assert ben.tree.xpath("//audio") == []
    assert "anna@muster.example" not in ben.text
    admin = calls.browser("admin").get("/calls/ben-then-anna")
    assert admin.tree.xpath("//audio") == []
    assert "anna@muster.example" in admin.text
    assert "Only those whose mailbox it is in may listen." in admin.text


def test_a_refused_call_says_why(calls: World):
    page = calls.browser("admin", "de").get("/calls/refused")
    assert "diese Rufnummer gibt es nicht" in page.text
    assert "+49 30 23125099" in page.text


def test_private_callers_stay_anonymous(calls: World):
    page = calls.browser("employee", "de").get("/calls/team-message")
    assert "Anruf von anonym" in page.text
    assert "+49 176" not in page.text


def test_a_call_of_somebody_who_is_gone_is_shown(calls: World):
    put_call(calls, "gone", "employee:dora", outcome="answered", device="dora-desk", started_at=AT)
    page = calls.browser("admin").get("/calls/gone")
    assert page.status == 200
    assert "dora" in page.text
    assert listed(calls.browser("admin"), "?owner=employee:dora") == ["gone"]


def test_an_employee_calls_back_with_a_click(calls: World):
    calls.switch.now = Live()
    anna = calls.browser("employee")
    assert anna.send("/calls/anna-missed", action="/calls/anna-missed/call-back").location.endswith(
        "/calls/anna-missed"
    )
    [command] = calls.switch.begun
    assert command.startswith("originate {")
    assert "]sofia/phones/anna-desk%" in command
    assert command.endswith(" XML click")
    assert "Your phones ring" in anna.get("/calls/anna-missed").tree.text_content()


def test_a_click_that_the_switch_does_not_take_is_told(calls: World):
    anna = calls.browser("employee")
    assert anna.send("/calls/anna-missed", action="/calls/anna-missed/call-back").status == 303
    assert "The call did not begin" in anna.get("/calls/anna-missed").tree.text_content()


def test_nobody_calls_back_who_has_no_number_or_is_no_employee(calls: World):
    for role, call in (("employee", "team-message"), ("admin", "anna-missed")):
        page = calls.browser(role).get(f"/calls/{call}")
        assert "call-back" not in page.response.text, role
        answer = calls.browser(role).post(f"/calls/{call}/call-back", {})
        assert answer.status in (400, 404)
    assert calls.browser("employee").get("/calls/ben-answered").status == 404
