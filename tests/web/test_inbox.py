"""Who is to be called back: whose cases are shown, what the buttons do, and that links in mails change nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from callrouter.cases import changes
from callrouter.cases.rules import Change
from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.directory import audit, opening, pools, services
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CaseChangeRow, CaseRow, OutboxRow
from callrouter.web.live import Live
from tests.web.ended_calls import put_call, tone
from tests.web.world import NOW, Browser, Page, World

CALLER = "+4917604069001"


def put_case(world: World, owner: str, caller: str = CALLER, *, minutes: float = 30) -> int:
    """A case of somebody who called so many minutes ago."""
    at = NOW - dt.timedelta(minutes=minutes)
    with world.database.write() as session:
        row = session.scalars(select(OwnerRow).where(OwnerRow.key == owner.partition(":")[2])).one()
        thread = Thread(f"<{owner}{caller}@x>", "Anruf")
        [case] = open_or_append(session, [Missed(row.id, caller, "u1", at, 0, thread)])
        return case.id


def press(browser: Browser, case: int, button: str, note: str = "") -> Page:
    """As the case's page does: its form, sent to the button's address."""
    values = browser.get(f"/inbox/{case}").values(f"/inbox/{case}/note")
    return browser.post(f"/inbox/{case}/{button}", {**values, "note": note})


def state(world: World, case: int) -> tuple[str, int | None]:
    with world.database.read() as session:
        row = session.get_one(CaseRow, case)
        return row.state, row.claimed_by


def listed(page: Page) -> list[int]:
    return [int(link.rpartition("/")[2]) for link in page.tree.xpath("//tbody//td[1]/a/@href")]


@pytest.fixture
def several(world: World) -> dict[str, int]:
    """One case of each kind, the newest first."""
    return {
        "anna": put_case(world, "employee:anna", minutes=10),
        "ben": put_case(world, "employee:ben", minutes=20),
        "sales": put_case(world, "pool:sales", minutes=30),
    }


def test_everybody_sees_what_is_theirs_the_oldest_first(world: World, several: dict[str, int]):
    anna, ben, boss = (world.browser(role) for role in ("employee", "other", "admin"))
    assert listed(anna.get("/inbox")) == [several["sales"], several["anna"]]
    assert listed(ben.get("/inbox")) == [several["sales"], several["ben"]]
    assert listed(boss.get("/inbox")) == [several["sales"], several["ben"], several["anna"]]
    assert listed(anna.get("/inbox?of=employee:anna")) == [several["anna"]]
    assert listed(anna.get("/inbox?of=pool:sales")) == [several["sales"]]
    assert anna.get("/inbox").texts("awaited") == ["2", "2"]  # in both navigations
    assert boss.get("/inbox").texts("awaited") == ["3", "3"]
    assert anna.get("/inbox?of=employee:ben").status == 403
    assert boss.get("/inbox?of=mine").status == 403  # is no employee
    for of in ("", "mine", "employee:anna", "pool:sales"):
        assert anna.get(f"/inbox?state=closed&of={of}").status == 200


def test_somebody_elses_is_not_there(world: World, several: dict[str, int]):
    anna, number = world.browser("employee"), several["ben"]
    token = anna.get("/account").values("/sign-out")
    assert anna.get(f"/inbox/{number}").status == 404
    assert anna.get(f"/inbox/{number}/live").status == 404
    for button in ("claim", "take-over", "release", "close", "reopen", "note", "call-back"):
        assert anna.post(f"/inbox/{number}/{button}", token).status == 404, button
    assert state(world, number) == ("open", None)


def test_a_case_is_claimed_noted_released_closed_and_opened_again(world: World, several: dict[str, int]):
    anna, case = world.browser("employee"), several["sales"]
    assert press(anna, case, "claim").status == 303
    assert listed(anna.get("/inbox?of=mine")) == [case]
    assert press(anna, case, "note", "ruft um drei zurück").status == 303
    assert press(anna, case, "release").status == 303
    assert state(world, case) == ("open", None)
    assert press(anna, case, "close", "war eine Reklame").status == 303
    assert listed(anna.get("/inbox")) == [several["anna"]]
    assert listed(anna.get("/inbox?state=closed")) == [case]
    assert press(anna, case, "reopen").status == 303
    told = " ".join(anna.get(f"/inbox/{case}").texts("story"))
    words = ("is on it", "ruft um drei zurück", "has released it", "war eine Reklame", "to be done again")
    assert [word in told for word in words] == [True] * 5
    assert told.count("Anna Schmidt") == 5


def test_who_waits_longest_comes_first_and_a_reopened_one_waits_from_then_on(world: World, several: dict[str, int]):
    anna, case = world.browser("employee"), several["sales"]
    assert listed(anna.get("/inbox")) == [case, several["anna"]]
    press(anna, case, "close")
    press(anna, case, "reopen")
    assert listed(anna.get("/inbox")) == [several["anna"], case]


def test_of_those_done_the_list_does_not_say_that_it_was_the_claimer(world: World, several: dict[str, int]):
    anna, ben, case = world.browser("employee"), world.browser("other"), several["sales"]
    press(anna, case, "claim")
    press(ben, case, "close")
    [row] = ben.get("/inbox?state=closed").tree.xpath("//tbody/tr")
    assert "Anna Schmidt was on it" in " ".join(row.text_content().split())


def test_who_is_on_none_is_not_told_that_nobody_waits(world: World, several: dict[str, int]):
    anna = world.browser("employee", "de")
    page = anna.get("/inbox?of=mine")
    assert "Sie kümmern sich gerade um keinen Rückruf" in page.tree.text_content()
    assert "Niemand wartet" not in page.tree.text_content()
    assert len(listed(anna.get("/inbox"))) == 2


def test_from_the_list_one_comes_back_to_the_list(world: World, several: dict[str, int]):
    anna, case = world.browser("employee"), several["sales"]
    page = anna.get("/inbox?of=pool:sales")
    [button] = page.tree.xpath("//button[@formaction]")
    form = next(form for form in page.tree.forms if form.get("id") == button.get("form"))
    done = anna.post(button.get("formaction"), dict(form.form_values()))
    assert (done.status, done.location) == (303, "/inbox?of=pool:sales")
    assert state(world, case)[0] == "claimed"


@pytest.mark.parametrize(("language", "said"), [("en", "is on it already, since"), ("de", "kümmert sich schon darum")])
def test_a_second_claim_is_refused_with_the_name_and_can_be_taken_over(
    world: World, several: dict[str, int], language: str, said: str
):
    anna, ben, case = world.browser("employee"), world.browser("other", language), several["sales"]
    press(anna, case, "claim")
    before = state(world, case)
    refused = press(ben, case, "claim", "schon geschrieben")
    assert refused.status == 422
    assert f"Anna Schmidt {said}" in " ".join(refused.texts("notice"))
    assert "schon geschrieben" in refused.text
    assert state(world, case) == before
    assert press(ben, case, "take-over").status == 303
    assert state(world, case)[1] != before[1]


def test_an_administrator_who_is_no_employee_closes_but_does_not_claim(world: World, several: dict[str, int]):
    boss, case = world.browser("admin"), several["sales"]
    page = boss.get(f"/inbox/{case}")
    assert [one.rpartition("/")[2] for one in page.tree.xpath("//button/@formaction")] == ["close"]
    assert press(boss, case, "claim").status == 422
    assert press(boss, case, "close").status == 303
    assert "chefin" in " ".join(boss.get(f"/inbox/{case}").texts("story"))


def test_calling_back_claims_and_rings_ones_own_phones(world: World, several: dict[str, int]):
    world.switch.now = Live()
    anna, ben, case = world.browser("employee"), world.browser("other"), several["sales"]
    assert press(anna, case, "call-back").status == 303
    assert state(world, case)[0] == "claimed"
    [command] = world.switch.begun
    assert CALLER in command
    assert "anna-desk" in command
    refused = press(ben, case, "call-back")
    assert (refused.status, len(world.switch.begun)) == (422, 1)
    assert "Anna Schmidt" in refused.texts("notice")[0]


def test_reading_changes_nothing_and_needs_to_be_signed_in(world: World, several: dict[str, int]):
    case = several["sales"]
    nobody = world.browser()
    page = nobody.get(f"/inbox/{case}")
    assert (page.status, page.location) == (303, f"/sign-in?next=/inbox/{case}")
    signed = nobody.send(page.location, {"login": "anna", "password": "ein gutes langes Passwort"})
    assert signed.location == f"/inbox/{case}"
    assert nobody.get(signed.location).status == 200
    for button in ("claim", "take-over", "release", "close", "reopen", "note", "call-back"):
        assert nobody.get(f"/inbox/{case}/{button}").status in (404, 405)
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(CaseChangeRow)) == 0


def test_the_story_has_calls_messages_and_mails(world: World):
    put_call(world, "one", "pool:sales", message=tone(1), caller_name="Carla Weiß")
    with world.database.read() as session:
        case = session.scalars(select(CaseRow.id)).one()
        mail = session.scalars(select(OutboxRow)).one()
    page = world.browser("employee").get(f"/inbox/{case}")
    assert page.tree.xpath("//audio/@src") == ["/messages/1/audio"]
    assert page.tree.xpath("//a[@href='/calls/one']")
    assert mail.recipient in page.text
    assert page.tree.xpath(f"//a[@href='tel:{CALLER}']")


def test_the_wait_is_told_in_business_hours(world: World):
    """It is Saturday, 15:42: one who called on Friday at 16:50 has waited for ten minutes of the pool's hours."""
    minutes = (NOW - dt.datetime(2026, 11, 20, 15, 50, tzinfo=dt.UTC)).total_seconds() / 60
    put_case(world, "pool:sales", minutes=minutes)
    put_case(world, "employee:anna", minutes=minutes)
    hours = {"open": [{"days": "mon-fri", "from": "09:00", "to": "17:00"}]}
    with world.database.write() as session:
        pools.change(session, "sales", hours=hours)
        assert not opening.pool_now(session, services.pool(session, "sales")[0], NOW).state.open
    page = world.browser("employee").get("/inbox")
    rows = [" ".join(row.split()) for row in page.tree.xpath("//tbody/tr/td[3]/strong/text()")]
    assert rows == ["10 min", "22 h 52 min"]


def test_who_marks_it_in_the_teams_mailbox_is_that_mailbox(world: World, several: dict[str, int]):
    with world.database.write() as session:
        audit.act_as(session, "mailbox:vertrieb")
        changes.change(
            session, several["sales"], Change.CLOSE, at=NOW, note="Im Postfach vertrieb als erledigt markiert."
        )
    page = world.browser("employee").get(f"/inbox/{several['sales']}")
    assert page.tree.xpath("//strong[text()='Postfach vertrieb' or text()='Mailbox vertrieb']")
