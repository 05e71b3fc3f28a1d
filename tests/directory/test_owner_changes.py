"""What the pages change, one call each: people, their devices, teams, numbers, messages, tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import devices, document, employees, messages, numbers, owners, pools, services, tokens
from callrouter.directory.audit import AuditRow
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_employees, read_number_notify
from callrouter.directory.models import EmployeeRow
from callrouter.directory.records import CallRow, MessageRow
from callrouter.errors import ConflictError, RuleError

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def test_an_employee_with_number_and_devices_in_one_call(muster: Database):
    with muster.write() as session:
        new = employees.create(
            session,
            name="Zoë Weiß-Łukas",
            personal_number="+493023125012",
            devices=[{"label": "Tisch", "kind": "desk"}, {"label": "Zweiter Tisch", "kind": "desk"}],
        )
    assert new.id == "zoe-weiss-lukas"
    assert [device.sip_user for device in new.devices] == ["zoe-weiss-lukas-desk", "zoe-weiss-lukas-desk-2"]
    assert all(len(device.sip_password or "") == 32 for device in new.devices)
    with muster.read() as session:
        assert read_employees(session, [new.id]) == [new]


def test_ids_are_made_of_names_and_unique(muster: Database):
    with muster.write() as session:
        made = [
            employees.create(session, name=name).id
            for name in ("Anna", "Anna Schmidt", "Anna Schmidt", "山田", "x" * 99)
        ]
        assert made == ["anna-2", "anna-schmidt", "anna-schmidt-2", "employee", "x" * 34]
        with pytest.raises(RuleError, match="already"):
            employees.create(session, key="anna", name="Anna")


def test_devices_without_a_number_are_refused(muster: Database):
    with pytest.raises(RuleError, match="has devices but no personal_number"), muster.write() as session:
        employees.create(session, name="Cara", devices=[{"label": "Tisch", "kind": "desk"}])


def test_a_device_from_its_first_day_to_its_last(muster: Database):
    with muster.write() as session:
        new = devices.add(session, "anna", label="Laptop", kind="softclient")
        assert new.sip_user == "anna-softclient"
        renewed = devices.renew_password(session, "anna", new.sip_user)
        devices.change(session, "anna", new.sip_user, label="Alter Laptop", enabled=False)
        found = devices.device(services.employee(session, "anna")[0], new.sip_user)
        assert (found.label, found.enabled, found.kind) == ("Alter Laptop", False, "softclient")
        assert found.sip_password == renewed != new.sip_password
        devices.remove(session, "anna", new.sip_user)
        with pytest.raises(RuleError, match="has no device"):
            devices.remove(session, "anna", new.sip_user)
        said = [str(row.changes) for row in session.scalars(select(AuditRow).where(AuditRow.key == "anna"))]
    assert said
    assert not any(secret in text for text in said for secret in (renewed, str(new.sip_password)))


def test_an_employee_cannot_have_the_device_of_another(muster: Database):
    with pytest.raises(RuleError, match="is a device of employee anna too"), muster.write() as session:
        devices.add(session, "ben", label="x", sip_user="anna-desk")


def test_a_pool_and_its_numbers(muster: Database):
    with muster.write() as session:
        new = pools.create(session, name="Büro Süd", members=["anna"], numbers=["+493023125012"])
        assert new.id == "buero-sued"
        pools.set_members(session, new.id, ["ben", "anna"])
        assert numbers.free(session, "+493023125012") == "pool:buero-sued"
        numbers.assign(session, "+493023125012", "pool:buero-sued")
        found, _ = services.pool(session, new.id)
        assert (found.members, found.numbers) == (["ben", "anna"], ["+493023125012"])
        pools.set_numbers(session, new.id, [])
        numbers.assign(session, "+493023125012", "employee:ben")
        assert services.employee(session, "ben")[0].personal_number == "+493023125012"
        with pytest.raises(RuleError, match="has devices but no personal_number"):
            numbers.free(session, "+493023125012")


def test_a_mailbox_goes_by_a_schedule_or_times_of_its_own(muster: Database):
    with muster.write() as session:
        own = {"open": [{"days": "mon", "from": "08:00", "to": "12:00"}], "when": "closed"}
        mailbox = owners.set_mailbox(session, "employee:ben", enabled=True, schedule=own, pin="4711")
        assert mailbox.schedule is not None
        assert (mailbox.schedule.name, mailbox.schedule.when) == (None, "closed")
        mailbox = owners.set_mailbox(session, "employee:ben", schedule={"name": "nights"})
        assert mailbox.pin == "4711"
        assert owners.set_mailbox(session, "employee:ben", schedule=None, pin=None).schedule is None
        assert services.employee(session, "ben")[0].mailbox.pin is None
        with pytest.raises(RuleError, match="no owner"):
            owners.set_mailbox(session, "anna", enabled=True)


def test_a_message_is_marked_taken_and_deleted(muster: Database):
    with muster.write() as session:
        ids = {row.key: row.id for row in session.scalars(select(EmployeeRow))}
        pool, _ = services.pool(session, "sales")
        sales = owners.owner(session, "pool:sales")
        assert sales[0] == pool
        call = CallRow(uuid="u", direction="inbound", caller="anonymous", outcome="voicemail", started_at=AT)
        session.add(call)
        session.flush()
        session.add(
            MessageRow(call_id=call.id, n="1", owner_id=ids["anna"], recorded_at=AT, milliseconds=9, audio=b"RIFF")
        )
        session.flush()
        assert messages.mark(session, 1, heard=True, at=AT) == "employee:anna"
        messages.mark(session, 1, heard=True, at=AT + dt.timedelta(hours=1))
        assert messages.message(session, 1)[0].heard_at == AT
        messages.mark(session, 1, heard=False, at=AT)
        assert messages.take_audio(session, 1) == b"RIFF"
        messages.delete(session, 1)
        session.flush()
        assert session.scalar(select(CallRow.id)) == call.id
        with pytest.raises(RuleError, match="there is no message 1"):
            messages.delete(session, 1)
        entries = session.scalars(select(AuditRow.action).where(AuditRow.noun == "message").order_by(AuditRow.id))
        assert list(entries) == ["change", "change", "change", "remove"]
        later = MessageRow(call_id=call.id, n="2", recorded_at=AT, milliseconds=9, audio=b"")
        session.add(later)
        session.flush()
        assert later.id == 2, "a page that still shows message 1 must not delete another"


def test_a_token_is_shown_once_and_ends(muster: Database):
    hour = dt.timedelta(hours=1)
    with muster.write() as session:
        row, text = tokens.create(session, "CRM", ["write", "read"], at=AT, created_by="web:boss", expires_at=AT + hour)
        assert text.startswith("crt_")
        assert text not in str(vars(row))
        assert row.scopes == ["read", "write"]
        found = tokens.verify(session, text, AT)
        assert found is row
        assert tokens.verify(session, text, AT + hour) is None
        for wrong in (text[:-1], text + "x", "", "crt_", row.hash, "crt_ü"):
            assert tokens.verify(session, wrong, AT) is None
        tokens.used(session, row.id, AT)
        tokens.used(session, row.id, AT + dt.timedelta(seconds=30))
        assert row.last_used_at == AT
        tokens.revoke(session, "CRM")
        session.flush()
        assert tokens.verify(session, text, AT) is None
        entries = list(session.scalars(select(AuditRow).where(AuditRow.noun == "token")))
        assert [entry.action for entry in entries] == ["add", "remove"]
        assert not any(text in str(entry.changes) for entry in entries)


@pytest.mark.parametrize(
    ("name", "scopes", "told"),
    [("", ["read"], "needs a name"), ("x", [], "without a scope"), ("x", ["root"], "'root' is no scope")],
)
def test_what_cannot_be_a_token(muster: Database, name: str, scopes: list[str], told: str):
    with pytest.raises(RuleError, match=told), muster.write() as session:
        tokens.create(session, name, scopes, at=AT, created_by="web:boss")


SALES = "+493023125000"


def _told(database: Database, e164: str = SALES) -> document.NumberNotify | None:
    with database.read() as session:
        return read_number_notify(session).get(e164)


def test_a_number_says_where_its_mails_go(muster: Database):
    with muster.write() as session:
        version = services.pool(session, "sales")[1]
        numbers.set_notify(session, SALES, version=version, about="missed", email="team@muster.example")
        numbers.set_notify(session, SALES, salutation="Hello team,", about=None)
    assert _told(muster) == document.NumberNotify(email="team@muster.example", salutation="Hello team,")
    with muster.write() as session:
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
        assert last is not None
        assert (last.noun, last.key) == ("number", SALES)
        assert last.changes == {"notify.about": ["missed", None], "notify.salutation": [None, "Hello team,"]}
        with pytest.raises(ConflictError):
            numbers.set_notify(session, SALES, version=version, language="en")
    with muster.write() as session:
        numbers.set_notify(session, SALES, email=None, salutation=None)
    assert _told(muster) is None


@pytest.mark.parametrize(
    "values",
    [{"email": "a b"}, {"language": "fr"}, {"about": "some"}, {"salutation": "a\nBcc: x"}, {"salutation": "x" * 121}],
)
def test_what_a_number_cannot_say(muster: Database, values: dict[str, str]):
    with muster.write() as session, pytest.raises(RuleError):
        numbers.set_notify(session, SALES, **values)


def test_mails_of_a_number_need_an_address_of_its_own_or_its_owners(muster: Database):
    with muster.write() as session:
        owners.set_notify(session, "pool:sales", about="none", email=None)
        with pytest.raises(RuleError, match="needs an email"):
            numbers.set_notify(session, SALES, about="all")
    with muster.write() as session:
        owners.set_notify(session, "pool:sales", about="none", email="vertrieb@muster.example")
        numbers.set_notify(session, SALES, about="all")
    with muster.write() as session, pytest.raises(RuleError, match="needs an email"):
        owners.set_notify(session, "pool:sales", email=None)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: numbers.free(session, SALES),
        lambda session: pools.set_numbers(session, "sales", ["+493023125012"]),
        lambda session: services.remove_pool(session, "sales"),
        lambda session: numbers.port_away(session, SALES),
    ],
    ids=["free", "set_numbers", "remove_pool", "port_away"],
)
def test_the_next_owners_calls_are_not_mailed_to_the_one_before(muster: Database, change: Callable[[Session], object]):
    with muster.write() as session:
        employees.change(session, "anna", outgoing_number=None)
        numbers.set_notify(session, SALES, email="team@muster.example")
    with muster.write() as session:
        change(session)
    assert _told(muster) is None


def test_an_employees_other_number_begins_anew_and_every_other_change_keeps_it(muster: Database):
    anna = "+493023125010"
    with muster.write() as session:
        numbers.set_notify(session, anna, language="en")
        employees.change(session, "anna", name="Anna Groß")
    assert _told(muster, anna) == document.NumberNotify(language="en")
    with muster.write() as session:
        employees.change(session, "anna", personal_number="+493023125012")
    assert _told(muster, anna) is None


def test_a_number_of_nobody_says_nothing(muster: Database):
    with muster.write() as session, pytest.raises(RuleError, match="belongs to nobody"):
        numbers.set_notify(session, "+493023125012", email="team@muster.example")
