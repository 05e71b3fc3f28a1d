"""The tab "Mailbox": what is entered is kept, who may change it, and the sentence that says what happens now."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from callrouter.directory import document, owners, services
from callrouter.directory.audit import AuditRow
from callrouter.directory.mailbox_state import mailbox_now
from tests.web.world import NOW, World

ANNA, SALES = "/employees/anna/mailbox", "/pools/sales/mailbox"
BERLIN = document.Company(name="Muster", holidays="DE-BE", sip_domain="pbx.muster.example")
OFFICE = document.ScheduleRules.model_validate(
    {
        "open": [{"days": "mon-fri", "from": "08:00", "to": "17:30"}],
        "closed": [{"holidays": True}, {"date": "12-24", "reason": "Heiligabend"}],
    }
)


def mailbox(world: World, owner: str = "employee:anna") -> document.Mailbox:
    with world.database.read() as session:
        return owners.owner(session, owner)[0].mailbox


def test_saved_as_it_is_it_stays_as_it_is(world: World):
    for path, owner in ((ANNA, "employee:anna"), (SALES, "pool:sales")):
        before = mailbox(world, owner)
        assert world.browser("admin").send(path).status == 303
        assert mailbox(world, owner) == before


def test_an_employee_sets_up_the_own_mailbox(world: World):
    anna = world.browser("employee")
    page = anna.send(ANNA, {"answer_after": "35", "audio": "wav", "timing": "open", "schedule": "nights"})
    assert (page.status, page.location) == (303, ANNA)
    found = mailbox(world)
    assert (found.enabled, found.answer_calls, found.answer_after, found.audio) == (True, True, 35, "wav")
    assert found.schedule == document.MailboxSchedule(name="nights", when="open")
    assert found.pin == "4711"
    assert world.parts.apply.state.pending
    with world.database.read() as session:
        entry = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).one()
    assert (entry.actor, entry.key) == ("web:anna", "anna")


def test_check_boxes_are_unchecked(world: World):
    assert world.browser("employee").send(ANNA, {"enabled": None, "answer_calls": None}).status == 303
    assert (mailbox(world).enabled, mailbox(world).answer_calls) == (False, False)


@pytest.mark.parametrize(("timing", "when"), [("own", "open"), ("own_closed", "closed")])
def test_hours_of_its_own(world: World, timing: str, when: str):
    anna = world.browser("employee")
    page = anna.send(ANNA, {"timing": timing, "hours-do": "add-sat", "answer_after": "12"})
    assert (page.status, page.values()["timing"], page.values()["answer_after"]) == (200, timing, "12")
    assert mailbox(world).schedule == document.MailboxSchedule(name="office hours", when="closed")
    page = anna.submit(page, {"hours-sat-0-from": "10", "hours-sat-0-to": "24", "closed-do": "add"}, path=ANNA)
    page = anna.submit(page, {"closed-0-first": "2026-12-24", "closed-0-yearly": "y", "holidays": "y"}, path=ANNA)
    assert page.status == 303
    found = mailbox(world).schedule
    assert found is not None
    assert (found.name, found.when) == (None, when)
    assert [(one.days, one.from_, one.to) for one in found.open] == [
        ("mon-fri", "08:00", "17:00"),
        ("sat", "10:00", "24:00"),
    ]
    assert [(one.holidays, one.date) for one in found.closed] == [(True, None), (False, "12-24")]
    assert anna.get(ANNA).values()["hours-sat-0-to"] == "24:00"


def test_at_any_time_needs_no_hours(world: World):
    page = world.browser("employee").send(ANNA, {"timing": "always", "hours-mon-0-from": "never"})
    assert page.status == 303
    assert mailbox(world).schedule is None


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"answer_after": "301"}, "Enter 0 to 300 seconds."),
        ({"answer_after": ""}, "Enter a whole number of seconds."),
        ({"timing": "open", "schedule": "gone"}, "Choose a schedule."),
        ({"timing": "own", "hours-mon-0-to": ""}, "Enter both times, or remove the window."),
        ({"timing": "own", "hours-mon-0-from": "24:00"}, "Nothing starts at 24:00; write 00:00."),
    ],
)
def test_a_mistake_stands_beside_its_field(world: World, values: dict[str, str], error: str):
    before = mailbox(world)
    page = world.browser("employee").send(ANNA, {"audio": "none", **values})
    assert page.status == 422
    assert error in page.texts("error")
    assert page.values()["audio"] == "none"
    assert mailbox(world) == before


def test_a_way_of_timing_that_is_none_is_refused(world: World):
    assert world.browser("employee").send(ANNA, {"timing": "sometimes"}).status == 422
    assert world.browser("employee").send(ANNA, {"audio": "ogg"}).status == 422


def test_without_schedules_none_is_offered(world: World):
    with world.database.write() as session:
        owners.set_mailbox(session, "employee:anna", schedule=None)
        for name in ("office hours", "nights"):
            services.remove_schedule(session, name)
    page = world.browser("employee").get(ANNA)
    assert page.tree.xpath("//input[@name='timing']/@value") == ["always", "own", "own_closed"]
    assert world.browser("employee").send(ANNA, {"timing": "open"}).status == 422


def test_two_at_once(world: World):
    admin = world.browser("admin")
    page = admin.get(ANNA)
    assert world.browser("employee").send(ANNA, {"answer_after": "5", "timing": "always"}).status == 303
    answer = admin.submit(page, {"answer_after": "50"}, path=ANNA)
    assert answer.status == 422
    assert "changed meanwhile" in answer.text
    assert {"Now: 5", "Now: at any time"} <= set(answer.texts("now"))
    assert mailbox(world).answer_after == 5
    assert admin.submit(answer, path=ANNA).status == 303
    assert (mailbox(world).answer_after, mailbox(world).schedule) == (
        50,
        document.MailboxSchedule(name="office hours", when="closed"),
    )


def test_beside_a_pin_that_was_refused_the_times_go_where_they_belong(world: World):
    page = world.browser("admin").send(SALES, {"pin": "12"}, action=f"{SALES}/pin")
    assert page.status == 422
    assert set(page.tree.xpath("//fieldset//@hx-post")) == {SALES}


def test_a_pin_is_set_replaced_removed_and_never_shown(world: World):
    anna = world.browser("employee")
    page = anna.send(ANNA, {"pin": "12ab"}, action=f"{ANNA}/pin")
    assert page.status == 422
    assert page.texts("error") == ["Enter 4 to 10 digits."]
    assert "12ab" not in page.text
    page = anna.send(ANNA, {"pin": "907060"}, action=f"{ANNA}/pin")
    assert page.status == 303
    assert mailbox(world).pin == "907060"
    text = anna.get(ANNA).text + world.browser("admin").get("/audit").text
    assert "907060" not in text
    assert "4711" not in text
    page = anna.send(f"{ANNA}/pin/remove")
    assert (page.status, page.location) == (303, ANNA)
    assert mailbox(world).pin is None
    assert anna.get(f"{ANNA}/pin/remove").status == 404


def test_others_may_not(world: World):
    ben = world.browser("other")
    token = ben.get("/employees/ben/mailbox").values()["csrf_token"]
    for path in (ANNA, f"{ANNA}/pin", f"{ANNA}/pin/remove", "/employees/nobody/mailbox"):
        assert ben.post(path, {"csrf_token": token, "pin": "1234"}).status == 403
    assert mailbox(world).pin == "4711"
    assert world.browser("admin").get("/employees/nobody/mailbox").status == 404


def test_a_member_sees_the_pools_mailbox_and_changes_nothing(world: World):
    ben = world.browser("other")
    page = ben.get(SALES)
    assert page.status == 200
    assert not page.tree.xpath("//main//form")
    token = ben.get("/employees/ben/mailbox").values()["csrf_token"]
    before = mailbox(world, "pool:sales")
    for path in (SALES, f"{SALES}/pin", f"{SALES}/pin/remove"):
        assert ben.post(path, {"csrf_token": token, "pin": "1234"}).status == 403
    assert mailbox(world, "pool:sales") == before
    page = world.browser("admin").send(SALES, {"answer_after": "0", "timing": "closed", "schedule": "nights"})
    assert page.status == 303
    assert mailbox(world, "pool:sales").answer_after == 0


def says(world: World, language: str = "en") -> str:
    return world.browser("employee", language).get(ANNA).tree.xpath("string(//p[contains(@class, 'notice')]/strong)")


@pytest.mark.parametrize(
    ("values", "english", "german"),
    [
        (
            {},
            "The mailbox answers after 20 seconds of ringing, because “office hours” is closed now – until "
            "23 Nov 2026, 08:00.",
            "Die Mailbox nimmt nach 20 Sekunden Klingeln an, weil „office hours“ gerade geschlossen ist – bis "
            "23.11.2026, 08:00.",
        ),
        (
            {"schedule": {"name": "office hours", "when": "open"}},
            "The mailbox takes no calls now, because “office hours” is closed now – until 23 Nov 2026, 08:00.",
            "Die Mailbox nimmt jetzt keine Anrufe an, weil „office hours“ gerade geschlossen ist – bis "
            "23.11.2026, 08:00.",
        ),
        (
            {"schedule": {"open": [{"days": "sat", "from": "15:00", "to": "24:00"}]}, "answer_after": 0},
            "The mailbox answers at once, because it is within the mailbox's hours – until 22 Nov 2026, 00:00.",
            "Die Mailbox nimmt sofort an, weil die Zeiten der Mailbox gerade gelten – bis 22.11.2026, 00:00.",
        ),
        (
            {"schedule": None, "answer_after": 1},
            "The mailbox answers after one second of ringing, at any time.",
            "Die Mailbox nimmt nach einer Sekunde Klingeln an, zu jeder Zeit.",
        ),
        (
            {"answer_calls": False},
            "The mailbox takes no calls; the messages in it can be heard.",
            "Die Mailbox nimmt keine Anrufe an; vorhandene Nachrichten lassen sich abhören.",
        ),
        (
            {"enabled": False},
            "The mailbox is switched off; no message is taken.",
            "Die Mailbox ist ausgeschaltet; es wird keine Nachricht aufgenommen.",
        ),
    ],
)
def test_one_sentence_says_what_happens_now(world: World, values: dict[str, object], english: str, german: str):
    with world.database.write() as session:
        owners.set_mailbox(session, "employee:anna", **values)
    assert says(world) == english
    assert says(world, "de") == german


@pytest.mark.parametrize(
    ("at", "why", "reason", "takes"),
    [
        (dt.datetime(2026, 12, 24, 10, tzinfo=dt.UTC), "closed_date", "Heiligabend", True),
        (dt.datetime(2026, 12, 25, 10, tzinfo=dt.UTC), "holiday", "Christmas Day", True),
        (dt.datetime(2026, 12, 23, 10, tzinfo=dt.UTC), "open", "", False),
        (dt.datetime(2026, 12, 23, 20, tzinfo=dt.UTC), "closed", "", True),
    ],
)
def test_why_a_mailbox_takes_calls(at: dt.datetime, why: str, reason: str, takes: bool):
    box = document.Mailbox(enabled=True, schedule=document.MailboxSchedule(name="office hours", when="closed"))
    now = mailbox_now(box, OFFICE, BERLIN, at, "en")
    assert (now.takes_calls, now.why, now.reason) == (takes, why, reason)
    assert now.until is not None
    assert f"{now.until:%d %H:%M}" == {"open": "23 17:30"}.get(why, "28 08:00")


def test_a_mailbox_that_never_changes_has_no_end():
    always = document.MailboxSchedule.model_validate({"open": [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]})
    now = mailbox_now(document.Mailbox(enabled=True, schedule=always), always, BERLIN, NOW)
    assert (now.takes_calls, now.until) == (True, None)


def test_the_greeting_is_told_in_the_companys_language(world: World):
    text = world.browser("employee").get(ANNA).tree.xpath("string(//blockquote[@lang='de'])")
    assert text.startswith("Guten Tag.")
    assert "in unserem Team" in world.browser("admin").get(SALES).text
