"""Schedules on pages: added, changed, renamed, looked at month by month, and not removed while somebody uses them."""

from __future__ import annotations

import pytest

from callrouter.directory import document, owners, services, timetables
from callrouter.errors import ConflictError, RuleError
from tests.web.world import NOW, World

NEW, SHOW, EDIT = "/schedules/new", "/schedules/show?name=office+hours", "/schedules/edit?name=office+hours"


def schedule(world: World, name: str = "office hours") -> document.Schedule:
    with world.database.read() as session:
        return services.schedule(session, name)[0]


def test_a_schedule_is_added(world: World):
    admin = world.browser("admin")
    page = admin.send(NEW, {"name": "Werkstatt / Büro?", "hours-do": "copy-mon", "hours-mon-0-from": "7"})
    assert (page.status, page.values()["hours-fri-0-from"]) == (200, "7")
    page = admin.submit(page, {"hours-mon-0-to": "1730"}, path=NEW)
    assert page.status == 303
    assert "Werkstatt / Büro?" in admin.get(page.location).text
    found = schedule(world, "Werkstatt / Büro?")
    assert [(window.days, window.from_, window.to) for window in found.open] == [
        ("mon", "07:00", "17:30"),
        ("tue-fri", "07:00", "17:00"),
    ]
    assert [entry.holidays for entry in found.closed] == [True]
    assert world.parts.apply.state.pending


def test_nothing_is_overwritten_by_a_new_one(world: World):
    page = world.browser("admin", "de").send(NEW, {"name": "office hours", "hours-mon-0-from": "6"})
    assert page.status == 422
    assert page.texts("error") == [
        "Die Zeitsteuerung office hours gibt es schon; nehmen Sie einen anderen Namen, oder ändern Sie jene."
    ]
    assert page.values()["hours-mon-0-from"] == "6"
    assert schedule(world).open[0].from_ == "08:00"


@pytest.mark.parametrize("name", ["", " ", "x" * 121])
def test_a_name_is_needed(world: World, name: str):
    page = world.browser("admin").send(NEW, {"name": name})
    assert page.status == 422
    assert len(page.texts("error")) == 1


def test_saved_as_it_is_it_stays_as_it_is(world: World):
    before = schedule(world)
    assert world.browser("admin").send(EDIT).status == 303
    assert schedule(world) == before


def test_a_window_over_midnight_and_a_mistake(world: World):
    admin = world.browser("admin")
    page = admin.send(EDIT, {"hours-do": "add-sat", "hours-sat-0-from": "22:00", "hours-sat-0-to": "2"})
    assert (page.status, page.values()["hours-sat-1-from"]) == (200, "")
    page = admin.submit(page, {"hours-sat-1-from": "9", "hours-sat-1-to": "neun"}, path=EDIT)
    assert page.status == 422
    assert page.texts("error") == ["Write times such as 08:30; the day ends at 24:00."]
    page = admin.submit(page, {"hours-sat-1-to": "12:00"}, path=EDIT)
    assert page.status == 303
    assert [(one.days, one.from_, one.to) for one in schedule(world).open] == [
        ("mon-fri", "08:00", "17:30"),
        ("sat", "09:00", "12:00"),
        ("sat", "22:00", "02:00"),
    ]


def test_what_the_editor_fetches_on_the_side_leaves_the_session_alone(world: World):
    admin = world.browser("admin")
    assert admin.get(EDIT).response.headers.getlist("Set-Cookie")
    admin.headers = {**admin.headers, "HX-Request": "true"}
    page = admin.send(EDIT, {"hours-do": "show", "hours-mon-0-from": "22"})
    assert page.tree.xpath("//*[@id='hours-week']//svg/@aria-label")[0] == "Monday: 22:00–24:00"
    assert page.response.headers.getlist("Set-Cookie") == []
    saved = admin.submit(page, path=EDIT)
    assert saved.response.headers.getlist("Set-Cookie")


def test_dates_come_and_go(world: World):
    admin = world.browser("admin")
    page = admin.send(EDIT, {"closed-do": "remove-0", "holidays": None})
    page = admin.submit(page, {"closed-do": "add", "closed-0-reason": "Inventur"}, path=EDIT)
    page = admin.submit(page, {"closed-1-first": "2026-02-29"}, path=EDIT)
    assert (page.status, page.texts("error")) == (422, ["Enter a date."])
    page = admin.submit(page, {"closed-1-first": "2027-01-04", "closed-1-last": "2027-01-05"}, path=EDIT)
    assert page.status == 303
    assert schedule(world).closed == [
        document.ClosedDate.model_validate({"from": "2026-12-28", "to": "2026-12-31", "reason": "Inventur"}),
        document.ClosedDate.model_validate({"from": "2027-01-04", "to": "2027-01-05"}),
    ]


def test_it_is_renamed_and_its_mailboxes_go_with_it(world: World):
    page = world.browser("admin").send(EDIT, {"name": "Bürozeiten"})
    assert (page.status, page.location) == (303, "/schedules/show?name=B%C3%BCrozeiten")
    with world.database.read() as session:
        found = owners.owner(session, "employee:anna")[0].mailbox.schedule
        assert found is not None
        assert found.name == "Bürozeiten"
        assert timetables.names(session) == ["Bürozeiten", "nights"]


def test_the_name_of_another_is_taken(world: World):
    page = world.browser("admin").send(EDIT, {"name": "nights"})
    assert page.status == 422
    assert "there is a schedule nights already" in page.texts("error")[0]


@pytest.mark.parametrize("name", ["office hours", "Bürozeiten"])
def test_a_second_administrator_sees_that_it_changed(world: World, name: str):
    admin = world.browser("admin")
    page = admin.get(EDIT)
    before = schedule(world)
    with world.database.write() as session:
        services.save_schedule(session, before.model_copy(update={"closed": []}))
    answer = admin.submit(page, {"name": name, "hours-mon-0-from": "07:00"}, path=EDIT)
    assert answer.status == 422
    assert "changed meanwhile" in answer.text
    assert schedule(world).open == before.open
    assert any(text.startswith("Now: –") for text in answer.texts("now"))
    assert admin.submit(answer, path=EDIT).status == 303
    assert schedule(world, name).open[0].from_ == "07:00"


def test_a_rename_of_what_is_gone_is_told(world: World):
    new = document.Schedule(name="Neu", open=schedule(world).open)
    with pytest.raises(RuleError, match="no schedule"), world.database.write() as session:
        timetables.change(session, "gone", new, version=1)
    with pytest.raises(ConflictError), world.database.write() as session:
        timetables.change(session, "nights", new, version=7)


def test_a_month_says_why_it_is_closed(world: World):
    page = world.browser("admin", "de").get(f"{SHOW}&month=2026-12")
    days = {
        cell.xpath("string(time/@datetime)"): " ".join(cell.text_content().split())
        for cell in page.tree.xpath("//table[@class='month']//td[time]")
    }
    assert len(days) == 31
    assert days["2026-12-01"] == "Di. 1 08:00–17:30"
    assert days["2026-12-05"] == "Sa. 5 –"
    assert days["2026-12-24"] == "Do. 24 geschlossen"
    assert days["2026-12-25"] == "Fr. 25 Erster Weihnachtstag"
    assert days["2026-12-28"] == "Mo. 28 company holidays"
    assert page.tree.xpath("//a[@rel='next']/@href") == ["/schedules/show?name=office+hours&month=2027-01#calendar"]
    assert page.tree.xpath("//a[@rel='prev']/@href") == ["/schedules/show?name=office+hours&month=2026-11#calendar"]


@pytest.mark.parametrize("month", ["", "2026-13", "0000-01", "9999-12", "x", "2026-1-1", "²"])
def test_a_month_that_is_none_is_this_one(world: World, month: str):
    page = world.browser("admin").get(f"{SHOW}&month={month}")
    assert page.tree.xpath("string(//h2[@aria-live])") == "November 2026"
    assert page.tree.xpath("//td[contains(@class, 'today')]/time/@datetime") == [f"{NOW:%Y-%m-%d}"]


def test_public_holidays_of_this_and_the_next_year(world: World):
    text = world.browser("admin", "de").get(SHOW).text
    assert "Feiertage 2026" in text
    assert "Feiertage 2027" in text
    assert "Ostermontag" in text
    assert "Easter Monday" in world.browser("admin", "en").get(SHOW).text


def test_without_a_region_there_are_no_public_holidays(world: World):
    with world.database.write() as session:
        services.save_schedule(session, schedule(world).model_copy(update={"closed": []}))
        company = services.company(session)[0]
        services.save_company(session, company.model_copy(update={"holidays": None}))
    admin = world.browser("admin")
    page = admin.get(EDIT)
    assert page.tree.xpath("//input[@name='holidays']/@disabled") == ["disabled"]
    assert "Public holidays 2026" not in admin.get(SHOW).text
    assert admin.submit(page, {"holidays": "y"}, path=EDIT).status == 422


def test_one_in_use_stays_and_says_who_uses_it(world: World):
    admin = world.browser("admin")
    page = admin.get("/schedules/remove?name=office+hours")
    assert page.tree.xpath("//main//li/a/@href") == ["/employees/anna/mailbox"]
    assert not page.tree.xpath("//main//form")
    page = admin.send("/schedules/remove?name=nights")
    assert (page.status, page.location) == (303, "/schedules")
    with world.database.read() as session:
        assert timetables.names(session) == ["office hours"]


def test_somebody_takes_it_while_it_is_being_removed(world: World):
    admin = world.browser("admin")
    page = admin.get("/schedules/remove?name=nights")
    with world.database.write() as session:
        owners.set_mailbox(session, "pool:sales", schedule={"name": "nights", "when": "open"})
    page = admin.submit(page, path="/schedules/remove?name=nights")
    assert page.status == 422
    assert "Vertrieb" in page.text


def test_the_first_schedule(world: World):
    with world.database.write() as session:
        owners.set_mailbox(session, "employee:anna", schedule=None)
        for name in timetables.names(session):
            services.remove_schedule(session, name)
    assert "No schedule yet" in world.browser("admin").get("/schedules").text


def test_times_in_another_zone(world: World):
    page = world.browser("admin").send(EDIT, {"timezone": "Europe/Atlantis"})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert world.browser("admin").send(EDIT, {"timezone": " Europe/Lisbon "}).status == 303
    assert schedule(world).timezone == "Europe/Lisbon"


def test_a_name_is_shown_as_text(world: World):
    admin = world.browser("admin")
    page = admin.send(NEW, {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in admin.get(page.location).text + admin.get("/schedules").text


def test_a_schedule_that_is_none_is_not_found(world: World):
    admin = world.browser("admin")
    for path in ("show", "edit", "remove"):
        assert admin.get(f"/schedules/{path}?name=gone").status == 404
        assert admin.get(f"/schedules/{path}").status == 404


def test_many_users_are_paged(world: World):
    with world.database.write() as session:
        owners.set_mailbox(session, "pool:sales", schedule={"name": "nights", "when": "open"})
        owners.set_mailbox(session, "employee:ben", schedule={"name": "nights", "when": "closed"})
        first = timetables.users(session, "nights", size=1)
        second = timetables.users(session, "nights", size=1, page=2)
    assert (first.total, [user.key for user in first.rows]) == (2, ["pool:sales"])
    assert [(user.key, user.when) for user in second.rows] == [("employee:ben", "closed")]
