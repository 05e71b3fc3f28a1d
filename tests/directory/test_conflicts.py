"""Two people edit one record: the second is told by whom it was changed, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import accounts, audit, callers, devices, employees, numbers, owners, services
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import BlockedCallerRow
from callrouter.errors import ConflictError, RuleError
from tests.directory.conftest import MUSTER
from tests.directory.test_accounts import AT, GOOD

READ: dict[str, tuple[Callable[[Session], tuple[Any, int]], Callable[..., None]]] = {
    "company": (services.company, services.save_company),
    "trunk carrier": (lambda s: services.trunk(s, "carrier"), services.save_trunk),
    "schedule office hours": (lambda s: services.schedule(s, "office hours"), services.save_schedule),
    "employee anna": (lambda s: services.employee(s, "anna"), services.save_employee),
    "pool sales": (lambda s: services.pool(s, "sales"), services.save_pool),
}
CHANGED = {
    "company": {"ring_seconds": 31},
    "trunk carrier": {"proxy": "192.0.2.9"},
    "schedule office hours": {"closed": []},
}


def read(database: Database, what: str) -> tuple[Any, int]:
    with database.read() as session:
        return READ[what][0](session)


@pytest.mark.parametrize("what", READ)
def test_the_second_of_two_is_refused_and_told(muster: Database, what: str):
    found, version = read(muster, what)
    with muster.write() as session:
        audit.act_as(session, "web:first")
        mine = found.model_copy(update=CHANGED.get(what, {"name": "Neu"}))
        READ[what][1](session, mine, expected_version=version)
    changed, next_version = read(muster, what)
    assert next_version == version + 1
    with pytest.raises(ConflictError) as caught, muster.write() as session:
        READ[what][1](session, found, expected_version=version)
    assert f"{what} was changed meanwhile by web:first at " in str(caught.value)
    assert (caught.value.version, caught.value.changed_by) == (next_version, "web:first")
    assert read(muster, what) == (changed, next_version)
    with muster.write() as session:
        READ[what][1](session, found, expected_version=next_version)


def test_a_record_that_is_gone_is_a_conflict(muster: Database):
    sales, version = read(muster, "pool sales")
    with muster.write() as session:
        services.remove_pool(session, "sales")
    told = "pool sales was removed meanwhile by system"
    with pytest.raises(ConflictError, match=told) as caught, muster.write() as session:
        services.save_pool(session, sales, expected_version=version)
    assert caught.value.version is None


@pytest.mark.parametrize(
    "one",
    [
        lambda s: devices.add(s, "anna", label="Neu"),
        lambda s: owners.set_mailbox(s, "employee:anna", answer_after=11),
        lambda s: owners.set_notify(s, "employee:anna", internal=True),
        lambda s: employees.change(s, "anna", outgoing_number="anonymous"),
        lambda s: numbers.port_away(s, "+493023125010"),
    ],
)
def test_every_way_to_change_an_employee_counts(muster: Database, one: Callable[[Session], Any]):
    before = read(muster, "employee anna")[1]
    with muster.write() as session:
        one(session)
    assert read(muster, "employee anna")[1] == before + 1


def test_an_import_counts_what_it_changes_and_nothing_else(muster: Database):
    before = {what: read(muster, what)[1] for what in READ}
    import_company(muster, MUSTER.replace("answer_after: 20", "answer_after: 22"), "muster.yaml", actor="cli:root")
    after = {what: read(muster, what)[1] for what in READ}
    assert after == before | {"employee anna": before["employee anna"] + 1}
    import_company(muster, MUSTER, "muster.yaml")
    anna, _ = read(muster, "employee anna")
    with pytest.raises(ConflictError, match="changed meanwhile by system"), muster.write() as session:
        services.save_employee(session, anna, expected_version=after["employee anna"])


def test_a_user_has_a_version_too(muster: Database):
    with muster.write() as session:
        accounts.add(session, "first", GOOD, role="admin", at=AT)
        second = accounts.add(session, "second", GOOD, role="admin", employee="anna", at=AT)
        version = second.version
        accounts.set_role(session, "second", "employee", at=AT, expected_version=version)
        with pytest.raises(ConflictError, match="user second was changed"):
            accounts.set_role(session, "second", "admin", at=AT, expected_version=version)


def test_problems_name_their_fields(muster: Database):
    with pytest.raises(RuleError) as caught, muster.write() as session:
        owners.set_mailbox(session, "employee:anna", answer_after=999, pin="12")
    assert [path for path, _ in caught.value.problems] == ["mailbox.answer_after", "mailbox.pin"]
    with pytest.raises(RuleError) as caught, muster.write() as session:
        employees.assign_number(session, "ben", "+493023125010")
    assert [path for path, _ in caught.value.problems] == ["personal_number"]


def test_a_blocked_caller_has_a_note(muster: Database):
    with muster.write() as session:
        callers.block(session, callers.spelled("+49 176 / 0406-9001"), note=" Werbung \n am Telefon ")
        callers.block(session, callers.spelled("Anonymous"))
        with pytest.raises(RuleError):
            callers.block(session, "+4917604069002", note="x" * 201)
    with muster.read() as session:
        rows = {row.caller: row.note for row in session.scalars(select(BlockedCallerRow))}
    assert rows | {"+4917604069001": "Werbung am Telefon", "anonymous": ""} == rows
