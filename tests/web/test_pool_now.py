"""Who of a pool is free, rung, on a call: worked out of what the switch tells, on the page, in the API."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import event

from callrouter.directory import employees, pools
from callrouter.directory.document import Device, Employee, Pool, Ringing
from callrouter.web.live import Channel, Live, Registration
from callrouter.web.pool_now import State, Team
from tests.web.api_server import serve
from tests.web.world import NOW, World

DOMAIN = "%pbx.muster.example"
CALLER, SALES, ANNA = "+4917604069001", "+493023125000", "+493023125010"
EARLIER = NOW - dt.timedelta(seconds=12)


def _person(key: str, *, dnd: bool = False, enabled: bool = True) -> Employee:
    devices = [Device(label="Telefon", sip_user=f"{key}-desk", enabled=enabled)]
    return Employee(id=key, name=key.title(), devices=devices, ringing=Ringing(do_not_disturb=dnd))


def _team(**values) -> Team:
    pool = Pool(id="sales", name="Vertrieb", numbers=[SALES], extension="20", members=["anna", "ben"], **values)
    return Team(1, pool, (_person("anna"), _person("ben")))


def _registered(*accounts: str) -> dict[str, Registration]:
    return {account: Registration(account, "192.0.2.7:5060", None) for account in accounts}


IN = Channel("a", "a", "inbound", EARLIER, CALLER, "Carla", SALES, "RINGING")
TO_ANNA = Channel("b", "a", "outbound", NOW, CALLER, "Carla", f"anna-desk{DOMAIN}", "RINGING")
TO_BEN = replace(TO_ANNA, uuid="c", called=f"ben-desk{DOMAIN}")
#: Ben's phone calls out: whoever it says it is, it is Ben's account.
BEN_OUT = replace(
    IN, uuid="x", call_uuid="x", caller="liar", called="+493023125500", state="RINGING", calling="ben-desk"
)
FREE = Live(registrations=_registered("anna-desk", "ben-desk"))


@pytest.mark.parametrize(
    ("live", "states"),
    [
        (FREE, "free free"),
        (replace(FREE, registrations=_registered("ben-desk")), "offline free"),
        (replace(FREE, channels=(IN, TO_ANNA)), "ringing free"),
        (replace(FREE, channels=(IN, TO_ANNA, TO_BEN)), "ringing ringing"),
        (replace(FREE, channels=(IN, replace(TO_ANNA, state="EARLY"))), "ringing free"),
        (replace(FREE, channels=(IN, replace(TO_ANNA, state="ACTIVE"))), "talking free"),
        (replace(FREE, channels=(IN, replace(TO_ANNA, state="HELD"))), "talking free"),
        (replace(FREE, channels=(BEN_OUT,)), "free talking"),
        (replace(FREE, channels=(BEN_OUT, IN, TO_BEN, TO_ANNA)), "ringing talking"),
        (replace(FREE, channels=(replace(IN, calling="strange"),)), "free free"),
        (Live(problem="no switch"), "unknown unknown"),
    ],
)
def test_what_members_do(live: Live, states: str) -> None:
    now = _team().now(live, NOW)
    assert [one.state.value for one in now.members] == states.split()
    assert now.problem == live.problem


def test_what_the_directory_says_of_members() -> None:
    team = _team(signed_out=["anna"])
    assert [one.state for one in team.now(FREE, NOW).members] == [State.SIGNED_OUT, State.FREE]
    talking = team.now(replace(FREE, channels=(IN, replace(TO_ANNA, state="ACTIVE"))), NOW).members[0]
    assert (talking.state, talking.signed_in, talking.since) == (State.TALKING, False, NOW)
    team = replace(_team(), members=(_person("anna", dnd=True), _person("ben", enabled=False)))
    assert [one.state for one in team.now(FREE, NOW).members] == [State.DO_NOT_DISTURB, State.OFFLINE]


@pytest.mark.parametrize(
    ("call", "ours"),
    [
        (IN, True),
        (replace(IN, called="20"), True),
        (replace(IN, called=ANNA), False),
        (replace(IN, called=ANNA, at="pool:sales"), True),
        (replace(IN, at="employee:anna"), False),
        (replace(IN, called="ring", context="owner-pool-sales"), True),
        (replace(IN, called="ring", context="owner-pool-sales-2"), False),
        (replace(IN, called="ring", context="owner-employee-sales", at="pool:sales"), False),
    ],
)
def test_whose_call_it_is(call: Channel, ours: bool) -> None:
    ringing = _team().now(replace(FREE, channels=(call, TO_ANNA, TO_BEN)), NOW).ringing
    assert [(one.uuid, one.seconds, one.members) for one in ringing] == ([("a", 12, ("anna", "ben"))] if ours else [])


def test_a_call_rings_on_while_a_number_outside_is_asked_for_the_key() -> None:
    outside = replace(TO_ANNA, uuid="o", called="+4917604069007", state="ACTIVE")
    [call] = _team().now(replace(FREE, channels=(IN, TO_ANNA, outside)), NOW).ringing
    assert call.members == ("anna",)


@pytest.mark.parametrize(("at", "waits"), [("pool:sales", 1), ("pool:support", 0), ("", 0)])
def test_a_call_that_waits_is_told_though_nobody_is_rung(at: str, waits: int) -> None:
    music = replace(IN, called="music", context="waiting", at=at, state="ACTIVE")
    assert [one.members for one in _team().now(replace(FREE, channels=(music,)), NOW).ringing] == [()] * waits
    assert not _team().now(replace(FREE, channels=(music, replace(TO_ANNA, state="ACTIVE"))), NOW).ringing


@pytest.mark.parametrize("others", [(), (replace(TO_ANNA, state="ACTIVE"),), (replace(TO_ANNA, called="x%y"),)])
def test_a_call_that_nobody_of_the_pool_is_rung_for_is_none_of_those(others: tuple[Channel, ...]) -> None:
    assert _team().now(replace(FREE, channels=(IN, *others)), NOW).ringing == ()


@pytest.mark.parametrize("role", ["admin", "employee"])
def test_the_page_says_it_in_words(world: World, role: str) -> None:
    world.switch.now = replace(FREE, channels=(IN, TO_ANNA))
    with world.database.write() as session:
        employees.set_ringing(session, "ben", do_not_disturb=True)
    page = world.browser(role, "de").get("/pools/sales")
    rows = page.tree.xpath("//*[@data-part='pool-members']//tbody/tr")
    assert [" ".join(row.text_content().split()) for row in rows] == [
        "Anna Schmidt klingelt 15:42",
        "Ben Yılmaz nicht stören –",
    ]
    [row] = page.tree.xpath("//*[@data-part='pool-calls']//tbody/tr")
    assert " ".join(row.text_content().split()) == "+49 176 04069001 Carla 0:12 Anna Schmidt"
    assert page.tree.xpath("//*[@id='board']/@data-source") == ["/pools/sales/live"]


def test_what_cannot_be_known_is_called_unknown(world: World) -> None:
    page = world.browser("admin").get("/pools/sales")
    [members] = page.tree.xpath("//*[@data-part='pool-members']")
    assert members.text_content().count("unknown") == 2
    assert "FreeSWITCH is not connected: no switch in this test" in members.text_content()
    assert "Not known while FreeSWITCH is not connected." in page.text


def test_the_stream_is_for_those_who_see_the_pool(world: World) -> None:
    world.switch.now = FREE
    anna = world.browser("employee").client
    answer = anna.get("/pools/sales/live", buffered=False)
    stream = answer.iter_encoded()
    assert next(stream) == b"retry: 1000\n\n"
    assert b"event: board" in next(stream)
    answer.close()
    with world.database.write() as session:
        pools.set_members(session, "sales", ["ben"])
    assert anna.get("/pools/sales/live").status_code == 403


def test_who_watch_the_same_pool_have_it_made_once_for_all(world: World) -> None:
    world.switch.now = FREE
    asked: list[str] = []
    event.listen(world.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    def first_look(role: str, language: str) -> bytes:
        answer = world.browser(role, language).client.get(
            "/pools/sales/live", buffered=False, headers={"Accept-Language": language}
        )
        stream = answer.iter_encoded()
        next(stream)
        asked.clear()
        seen = next(stream)
        answer.close()
        return seen

    german = first_look("admin", "de")
    assert asked
    assert first_look("employee", "de") == german
    assert asked == []
    assert first_look("employee", "en") != german
    assert asked


def test_the_api_tells_the_same(world: World) -> None:
    world.switch.now = replace(FREE, channels=(IN, TO_ANNA))
    with serve(world) as server:
        now = server.program("read")("GET", "/pools/sales/now").json
    assert [(one["id"], one["state"], one["signed_in"]) for one in now["members"]] == [
        ("anna", "ringing", True),
        ("ben", "free", True),
    ]
    assert [(one["caller"], one["seconds"], one["members"]) for one in now["ringing"]] == [(CALLER, 12, ["anna"])]
    assert now["problem"] == ""


def test_the_api_explains_codes_and_weeks(world: World) -> None:
    with world.database.write() as session:
        pools.change(session, "sales", extension="20", next={"no_answer": "employee:ben"}, mailbox={"enabled": False})
    with serve(world) as server:
        program = server.program("read")
        query = "number=%2B493023125000&at=2026-11-23T00:00:00%2B01:00&language=en"
        week = program("GET", f"/explain/week?{query}").json
        told = program("GET", "/explain?number=*5020*%2B493023125500&device=anna-desk&language=en").json
        assert program("GET", "/explain/week?number=*6020").status == 422
    text = "Rings at Vertrieb for 30 s; when nobody answers, it goes on to Ben Yılmaz."
    assert [(span["kind"], span["text"]) for span in week["items"]] == [("rings", text)]
    assert any("on to Ben Yılmaz" in step for step in week["items"][0]["steps"])
    assert "Anna Schmidt calls for the pool Vertrieb and shows its number outside." in told["why"]
