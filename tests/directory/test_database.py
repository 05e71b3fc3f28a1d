"""The one writer of SQLite: threads of a process take turns, and none waits for ever."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from callrouter.directory import database as module
from callrouter.directory.database import TROUBLE, Database


def test_threads_take_turns(database: Database) -> None:
    with database.write() as session:
        session.execute(text("CREATE TABLE counted (n INTEGER)"))
        session.execute(text("INSERT INTO counted VALUES (0)"))

    def count() -> None:
        for _ in range(20):
            with database.write() as session:
                n = session.scalar(text("SELECT n FROM counted"))
                session.execute(text("UPDATE counted SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as session:
        assert session.scalar(text("SELECT n FROM counted")) == 80


def test_a_turn_that_does_not_come_is_told_as_trouble(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TURN_SECONDS", 0.05)
    with database.write():
        failed: list[BaseException] = []

        def other() -> None:
            try:
                with database.write():
                    pass
            except TROUBLE as error:
                failed.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(5)
    assert "another transaction" in str(failed[0])
    with database.write() as session:
        session.execute(text("SELECT 1"))
