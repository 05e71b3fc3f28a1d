"""Who may sign in, and what the audit log says of every change."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from callrouter.directory import accounts, audit, numbers, services
from callrouter.directory.accounts import UserRow
from callrouter.directory.audit import AuditRow
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_employees
from callrouter.directory.importing import import_company
from callrouter.errors import RuleError
from tests.directory.conftest import MUSTER

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
GOOD = "ein gutes Passwort"


def entries(database: Database) -> list[tuple[str, str, str, str, dict[str, object]]]:
    with database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.noun != "import").order_by(AuditRow.id))
        return [(row.actor, row.action, row.noun, row.key, row.changes) for row in rows]


def test_a_user_signs_in_with_the_right_password_only(muster: Database):
    with muster.write() as session:
        accounts.add(session, " Anna@Muster.example ", GOOD, role="employee", employee="anna", at=AT)
    with muster.write() as session:
        user = accounts.verify(session, "ANNA@muster.example", GOOD)
        assert user is not None
        assert (user.role, user.employee and user.employee.key) == ("employee", "anna")
        assert GOOD not in user.password_hash
        assert accounts.verify(session, "anna@muster.example", GOOD + "x") is None
        assert accounts.verify(session, "nobody", GOOD) is None


@pytest.mark.parametrize(
    ("login", "password", "role", "employee", "told"),
    [
        ("anna", "short", "admin", None, "10 or more"),
        ("anna", "x" * 2000, "admin", None, "longer than"),
        ("an na", GOOD, "admin", None, "no user name"),
        ("anna\n", GOOD, "root", None, "no role"),
        ("anna", GOOD, "employee", None, "say which one"),
        ("anna", GOOD, "employee", "nobody", "there is no employee nobody"),
    ],
)
def test_what_cannot_be_a_user(muster: Database, login, password, role, employee, told):
    with pytest.raises(RuleError, match=told), muster.write() as session:
        accounts.add(session, login, password, role=role, employee=employee, at=AT)
    assert entries(muster) == []


def test_a_login_is_taken_once(muster: Database):
    with muster.write() as session:
        accounts.add(session, "boss", GOOD, role="admin", at=AT)
    with pytest.raises(RuleError, match="already"), muster.write() as session:
        accounts.add(session, "BOSS", GOOD, role="admin", at=AT)


def test_the_last_administrator_stays(muster: Database):
    with muster.write() as session:
        accounts.add(session, "boss", GOOD, role="admin", employee="anna", at=AT)
    for change in (
        lambda session: accounts.remove(session, "boss", at=AT),
        lambda session: accounts.set_role(session, "boss", "employee", at=AT),
    ):
        with pytest.raises(RuleError, match="last administrator"), muster.write() as session:
            change(session)
    with muster.write() as session:
        accounts.add(session, "second", GOOD, role="admin", at=AT)
        accounts.set_role(session, "boss", "employee", at=AT)
    with muster.read() as session:
        assert accounts.find(session, "boss").role == "employee"


def test_a_new_password_ends_all_sessions_and_is_told_without_it(muster: Database):
    with muster.write() as session:
        before = accounts.add(session, "boss", GOOD, role="admin", at=AT).epoch
        accounts.set_password(session, "boss", "noch ein gutes", at=AT)
    with muster.read() as session:
        assert session.scalar(select(UserRow.epoch)) == before + 1
    assert entries(muster)[-1][4] == {"password": ["***", "***"]}
    assert "gutes" not in str(entries(muster))


def test_users_go_with_their_employee(muster: Database):
    with muster.write() as session:
        accounts.add(session, "ben", GOOD, role="employee", employee="ben", at=AT)
        pool = next(iter(services.read_pools(session, ["sales"])))
        services.save_pool(session, pool.model_copy(update={"members": ["anna"]}))
        services.remove_employee(session, "ben")
    with muster.read() as session:
        assert session.scalar(select(UserRow.id)) is None


def test_a_change_is_told_from_what_to_what_and_by_whom(muster: Database):
    with muster.write() as session:
        audit.act_as(session, "web:boss")
        [anna] = read_employees(session, ["anna"])
        mailbox = anna.mailbox.model_copy(update={"answer_after": 25, "pin": "9999"})
        device = anna.devices[0].model_copy(update={"label": "Büro", "sip_password": "ganz-neues-Passwort"})
        services.save_employee(
            session, anna.model_copy(update={"mailbox": mailbox, "devices": [device, anna.devices[1]]})
        )
    assert entries(muster) == [
        (
            "web:boss",
            "change",
            "employee",
            "anna",
            {
                "devices.anna-desk.label": ["Tischtelefon", "Büro"],
                "devices.anna-desk.sip_password": ["***", "***"],
                "mailbox.answer_after": [20, 25],
                "mailbox.pin": ["***", "***"],
            },
        )
    ]


def test_saving_without_a_change_is_not_told(muster: Database):
    with muster.write() as session:
        [anna] = read_employees(session, ["anna"])
        services.save_employee(session, anna)
    assert entries(muster) == []


def test_no_change_no_entry(muster: Database):
    with pytest.raises(RuleError), muster.write() as session:
        numbers.deactivate(session, "+493023125010")
    assert entries(muster) == []


def test_numbers_and_losses_are_told(muster: Database):
    with muster.write() as session:
        numbers.activate(session, "+493023125044")
        numbers.port_away(session, "+493023125010")
    assert [(action, noun, key) for _, action, noun, key, _ in entries(muster)] == [
        ("change", "number", "+493023125044"),
        ("change", "employee", "anna"),
        ("remove", "number", "+493023125010"),
    ]
    assert entries(muster)[1][4] == {"number": ["+493023125010", None]}
    assert entries(muster)[2][4]["owner"] == ["employee:anna", None]


def test_an_import_tells_what_it_changed(muster: Database):
    changed = MUSTER.replace("answer_after: 20", "answer_after: 22").replace("name: Ben Yılmaz", "name: Ben Y.")
    assert import_company(muster, changed, "muster.yaml", actor="cli:root").changed
    assert [(actor, action, noun, key) for actor, action, noun, key, _ in entries(muster)] == [
        ("cli:root", "change", "employee", "anna"),
        ("cli:root", "change", "employee", "ben"),
    ]
    assert entries(muster)[0][4] == {"mailbox.answer_after": [20, 22]}
