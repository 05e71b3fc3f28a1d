"""What stands beside employees in lists, and what goes with one who leaves."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from callrouter.directory import accounts, employees, lists, numbers, owners, people, services, user_list
from callrouter.directory.audit import AuditRow
from callrouter.directory.database import Database
from callrouter.errors import RuleError

AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def test_who_lost_the_number_comes_first(muster: Database):
    with muster.write() as session:
        employees.create(session, name="Aaron Ohne-Telefon")
        numbers.port_away(session, "+493023125011")
    with muster.read() as session:
        found = [row.id for row in lists.employees(session).rows]
        assert found == ["ben", "aaron-ohne-telefon", "anna"]
        assert [row.id for row in lists.employees(session, page=2, size=1).rows] == ["aaron-ohne-telefon"]


def test_the_numbers_that_one_does_not_get_at_once(muster: Database):
    with muster.read() as session:
        found = lists.assignable_numbers(session, for_owner="employee:anna", others=True)
        assert [(row.e164[-3:], row.reason) for row in found.rows[:2]] == [("000", "belongs"), ("001", "inactive")]
        assert {row.reason for row in found.rows} == {"belongs", "inactive"}
        assert found.total == 98


def test_phones_and_pools_of_several_employees(muster: Database):
    with muster.read() as session:
        devices = people.devices(session, ["anna", "ben", "nobody"])
        assert [device.sip_user for device in devices["anna"]] == ["anna-desk", "anna-soft"]
        assert [device.label for device in devices["ben"]] == ["Tischtelefon"]
        assert people.pools(session, ["anna"]) == {"anna": [people.Membership("sales", "Vertrieb", True)]}


def test_the_numbers_of_ones_pools(muster: Database):
    with muster.write() as session:
        owners.change(session, "pool:sales", members=["anna"])
    with muster.read() as session:
        assert people.pool_numbers(session, "anna", limit=9) == [("+493023125000", "Vertrieb")]
        assert people.pool_numbers(session, "anna", limit=0) == []
        assert people.pool_numbers(session, "ben", limit=9) == []


def test_with_an_employee_the_user_goes_and_that_is_written_down(muster: Database):
    with muster.write() as session:
        owners.change(session, "pool:sales", members=["anna"])
        accounts.add(session, "chefin", "ein gutes Passwort", role="admin", at=AT)
        accounts.add(session, "ben", "ein gutes Passwort", role="employee", at=AT, employee="ben")
        assert user_list.of_employee(session, "ben") == ["ben"]
        services.remove_employee(session, "ben")
    with muster.read() as session:
        with pytest.raises(RuleError, match="no user"):
            accounts.find(session, "ben")
        actions = session.scalars(select(AuditRow.action).where(AuditRow.noun == "user", AuditRow.key == "ben"))
        assert list(actions) == ["add", "remove"]
