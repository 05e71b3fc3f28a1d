"""Two do the same at the same moment on PostgreSQL, which lets both look before either has written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from callrouter.directory import accounts, devices, employees, numbers, owners, services, tokens
from callrouter.directory.database import Database
from callrouter.directory.exporting import read_employees
from callrouter.directory.importing import import_company
from callrouter.errors import ConflictError, RuleError
from tests.directory.conftest import MUSTER
from tests.directory.test_accounts import AT, GOOD
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@contextmanager
def company(url: str) -> Iterator[Database]:
    """The example company in an empty database."""
    database = Database(url)
    try:
        database.migrate()
        import_company(database, MUSTER, "muster.yaml")
        yield database
    finally:
        database.close()


def at_once(
    database: Database, first: Callable[[Session], object], second: Callable[[Session], object]
) -> list[RuleError]:
    """Begin *second* after *first* has written and before it ends; returns what *second* was told."""
    refused: list[RuleError] = []

    def other() -> None:
        try:
            with database.write() as session:
                second(session)
        except RuleError as error:
            refused.append(error)

    with database.write() as session:
        first(session)
        session.flush()
        thread = Thread(target=other)
        thread.start()
        deadline = time.monotonic() + 30
        with database.read() as looking:
            while not looking.scalar(_WAITING) and thread.is_alive() and time.monotonic() < deadline:
                looking.execute(text("SELECT pg_stat_clear_snapshot()"))
    thread.join(30)
    return refused


def _add_admin(login: str) -> Callable[[Session], object]:
    return lambda session: accounts.add(session, login, GOOD, role="admin", at=AT)


def _add_token(session: Session) -> object:
    return tokens.create(session, "sync", ["read"], at=AT, created_by="web:boss")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (_add_admin("neu"), _add_admin("neu"), "there is a user neu already"),
        (_add_token, _add_token, "there is a token 'sync' already"),
        (lambda s: accounts.remove(s, "a"), lambda s: accounts.remove(s, "b"), "b is the last administrator"),
    ],
)
def test_the_second_waits_and_is_told(
    postgresql_url: str,
    first: Callable[[Session], object],
    second: Callable[[Session], object],
    said: str,
):
    with company(postgresql_url) as database:
        with database.write() as session:
            _add_admin("a")(session)
            _add_admin("b")(session)
        refused = at_once(database, first, second)
    assert [str(one).startswith(said) for one in refused] == [True], refused


def _add_phone(label: str) -> Callable[[Session], object]:
    return lambda session: devices.add(session, "anna", label=label)


def _phones(session: Session) -> object:
    return [device.label for device in services.employee(session, "anna")[0].devices[2:]]


def _add_clara(email: str) -> Callable[[Session], object]:
    return lambda session: employees.create(session, name="Clara", email=email)


def _claras(session: Session) -> object:
    return [(one.id, one.email) for one in read_employees(session) if one.name == "Clara"]


def _anna(session: Session) -> object:
    anna = services.employee(session, "anna")[0]
    return anna.notify.about, anna.mailbox.answer_after, anna.name


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("first", "second", "look", "found"),
    [
        (_add_phone("one"), _add_phone("two"), _phones, ["one", "two"]),
        (_add_clara("c@x.example"), _add_clara("d@x.example"), _claras,
         [("clara", "c@x.example"), ("clara-2", "d@x.example")]),
        (lambda s: owners.set_notify(s, "employee:anna", about="none"),
         lambda s: owners.set_mailbox(s, "employee:anna", answer_after=7), _anna, ("none", 7, "Anna Schmidt")),
        (lambda s: owners.set_mailbox(s, "employee:anna", answer_after=7),
         lambda s: employees.change(s, "anna", name="Anna"), _anna, ("all", 7, "Anna")),
        (lambda s: numbers.assign(s, "+493023125012", "pool:sales"),
         lambda s: numbers.free(s, "+493023125000"),
         lambda s: services.pool(s, "sales")[0].numbers, ["+493023125012"]),
    ],
)  # fmt: skip
def test_the_second_keeps_what_the_first_has_changed(
    postgresql_url: str,
    first: Callable[[Session], object],
    second: Callable[[Session], object],
    look: Callable[[Session], object],
    found: object,
):
    with company(postgresql_url) as database:
        assert at_once(database, first, second) == []
        with database.read() as session:
            assert look(session) == found


@pytest.mark.postgresql
def test_a_user_is_changed_from_what_it_is(postgresql_url: str):
    def promote(session: Session) -> object:
        return accounts.set_role(session, "c", "admin", at=AT, expected_version=1)

    def sign_out(session: Session) -> object:
        return accounts.end_sessions(session, "c")

    with company(postgresql_url) as database:
        with database.write() as session:
            accounts.add(session, "c", GOOD, role="employee", at=AT, employee="anna")
            epoch = accounts.find(session, "c").epoch
        [conflict] = at_once(database, promote, promote)
        assert isinstance(conflict, ConflictError)
        assert at_once(database, sign_out, sign_out) == []
        with database.read() as session:
            assert accounts.find(session, "c").epoch == epoch + 3
