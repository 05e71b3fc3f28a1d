"""When pools are open, on the pages: hours, the switch, what follows while closed, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter.directory import document, opening, pools, services
from tests.web.world import NOW, World

HOURS, NEXT, SWITCH = "/pools/sales/hours", "/pools/sales/next", "/pools/sales/switch"


def _pool(world: World) -> document.Pool:
    with world.database.read() as session:
        return services.pool(session, "sales")[0]


def _change(world: World, **values: Any) -> None:
    with world.database.write() as session:
        pools.change(session, "sales", **values)


def test_hours_are_chosen_and_told(world: World) -> None:
    admin = world.browser("admin")
    page = admin.get(HOURS)
    assert "Open at any time." in page.text
    assert page.values()["timing"] == "always"
    assert admin.send(HOURS, {"timing": "open", "schedule": "office hours"}).status == 303
    assert _pool(world).hours == document.Hours(name="office hours")
    assert admin.get(HOURS).values()["schedule"] == "office hours"
    assert admin.send(HOURS, {"timing": "own", "hours-mon-0-from": "9", "holidays": "y"}).status == 303
    own = _pool(world).hours
    assert own is not None
    assert (own.name, own.open[0].from_, own.closed[0].holidays) == (None, "09:00", True)
    assert admin.send(HOURS, {"timing": "own", "hours-mon-0-from": "25"}).status == 422
    assert admin.send(HOURS, {"timing": "always"}).status == 303
    assert _pool(world).hours is None
    assert world.parts.apply.state.pending


def test_a_schedule_says_whose_hours_it_is(world: World) -> None:
    _change(world, hours={"name": "office hours"})
    page = world.browser("admin").get("/schedules/show?name=office+hours")
    assert "is open in these hours" in page.text


@pytest.mark.parametrize(
    ("place", "until", "text"),
    [
        ("closed", "", "Closed by hand, until it is switched again."),
        ("open", "", "Opened by hand, until it is switched again."),
        ("closed", "2099-12-31T17:00", "Closed by hand until 31 Dec 2099, 17:00."),
        ("scheduled", "2099-12-31T17:00", "Open at any time."),
    ],
)
def test_a_member_switches(world: World, place: str, until: str, text: str) -> None:
    anna = world.browser("employee")
    page = anna.send("/pools/sales", {"switch": place, "until": until}, action=SWITCH)
    assert (page.status, page.location) == (303, "/pools/sales")
    assert f"Vertrieb: {text}" in anna.get("/pools/sales").text
    assert _pool(world).switch == place
    assert world.parts.apply.state.pending


def test_from_ones_own_page_one_comes_back_to_it(world: World) -> None:
    anna = world.browser("employee")
    page = anna.send("/employees/anna", {"switch": "closed"}, action=SWITCH)
    assert page.location == "/employees/anna"
    shown = anna.get("/employees/anna")
    assert "Closed by hand" in shown.text
    pressed = shown.tree.xpath("//button[@name='switch'][@aria-pressed='true']/@value")
    assert pressed == ["closed"]


def test_others_may_not_and_nonsense_is_refused(world: World) -> None:
    anna = world.browser("employee")
    token = anna.get("/pools/sales").values(SWITCH)["csrf_token"]
    assert anna.post(SWITCH, {"csrf_token": token, "switch": "shut"}).status == 400
    assert anna.post(SWITCH, {"switch": "closed"}).status == 400
    with world.database.write() as session:
        pools.set_members(session, "sales", ["ben"])
    assert anna.post(SWITCH, {"csrf_token": token, "switch": "closed"}).status == 403
    assert anna.get(HOURS).status == 403
    assert _pool(world).switch == "scheduled"


@pytest.mark.parametrize(
    ("until", "text"), [("2020-01-01T08:00", "that moment has passed"), ("soon", "is no time; write 14:00")]
)
def test_a_moment_that_is_none_leaves_it_as_it_was(world: World, until: str, text: str) -> None:
    admin = world.browser("admin")
    assert admin.send("/pools/sales", {"switch": "closed", "until": until}, action=SWITCH).status == 303
    page = admin.get("/pools/sales")
    assert "Vertrieb is as it was" in page.text
    assert text in page.text
    assert _pool(world).switch == "scheduled"


def test_what_comes_next_while_closed_and_announcements(world: World) -> None:
    admin = world.browser("admin")
    changed = {"closed": "mailbox", "closed_who": "Anna Schmidt", "busy": "announcement:busy", "busy_who": "ignored"}
    assert admin.send(NEXT, changed).status == 303
    assert _pool(world).next.targets == {"busy": "announcement:busy", "closed": "mailbox:employee:anna"}
    values = admin.get(NEXT).values()
    assert (values["busy"], values["busy_who"], values["closed"]) == ("announcement:busy", "", "mailbox")
    with world.database.write() as session:
        pools.create(session, name="Support", key="support", next={"closed": "pool:sales"})
    page = admin.send(NEXT, {"closed": "phones", "closed_who": "Support"})
    assert page.status == 422
    assert "calls would come back" in page.text


def test_an_employee_cannot_choose_an_announcement(world: World) -> None:
    page = world.browser("admin").send("/employees/anna/forwarding", {"busy": "announcement:busy"})
    assert page.status == 422


def test_what_has_ended_is_told_as_scheduled(world: World) -> None:
    with world.database.write() as session:
        opening.switch(session, "sales", "closed", now=NOW)
        session.connection().exec_driver_sql("UPDATE pools SET switch_until='2020-01-01 00:00:00'")
    page = world.browser("admin").get("/pools/sales")
    assert "Open at any time." in page.text
    assert page.tree.xpath("//button[@name='switch'][@aria-pressed='true']/@value") == ["scheduled"]
