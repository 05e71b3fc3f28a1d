"""Two do the same at the same moment on PostgreSQL, which lets both look before either has written."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from callrouter.directory import accounts, tokens
from callrouter.directory.database import Database
from callrouter.errors import RuleError
from tests.directory.test_accounts import AT, GOOD
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


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
    database = Database(postgresql_url)
    database.migrate()
    refused: list[str] = []

    def other() -> None:
        try:
            with database.write() as session:
                second(session)
        except RuleError as error:
            refused.append(str(error))

    try:
        with database.write() as session:
            _add_admin("a")(session)
            _add_admin("b")(session)
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
        assert [one.startswith(said) for one in refused] == [True], refused
    finally:
        database.close()
