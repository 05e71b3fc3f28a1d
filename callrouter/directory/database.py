"""Opening the database: SQLite in WAL mode or PostgreSQL, and the migrations that make its tables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import alembic.command
import alembic.config
from sqlalchemy import Engine, Select, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from callrouter.resources import data_dir

_T = TypeVar("_T")

#: The database is out of reach, locked or full: not the fault of what was to be written; wait and try again.
TROUBLE = (OperationalError, InterfaceError, PoolTimeout)
#: Longest wait for another transaction that changes the same (seconds).
_TURN_SECONDS = 15.0
_PAGES = "callrouter.pages"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.execute(f"SET lock_timeout = {_TURN_SECONDS * 1000:.0f}")
    connection.commit()


def open_engine(url: str) -> Engine:
    """An engine for *url*; on SQLite with WAL, foreign keys, and a 10 s wait for the one writer.

    On PostgreSQL one change waits for another as long as for its turn on SQLite, and a server that vanished from the
    network is noticed (unacknowledged data, in milliseconds).
    """
    if url.startswith("sqlite"):
        engine = create_engine(url)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5, "tcp_user_timeout": 10_000})
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def insert_into(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT into *table* that can be told what to do ON CONFLICT; both databases mean the same by it."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def pages_of(session: Session) -> str:
    """The address of our pages, for links in mails; empty: there are to be none."""
    return str(session.info.get(_PAGES, ""))


class Database:
    """An engine with the two kinds of transactions there are."""

    def __init__(
        self, url: str, *, pages: str = "", wait: Callable[[Callable[[], object]], object] = lambda act: act()
    ) -> None:
        """*wait* runs what may take long on SQLite, the wait for the writer and the commit: in a hub, elsewhere.

        *pages* is the address of our pages, for links in mails; empty: there are none.
        """
        self.url = url
        self._wait = wait
        self.engine = open_engine(url)
        # SQLite has one writer and lets others poll for their turn, up to 100 ms late; threads queue here instead.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else None
        # A statement by itself needs no BEGIN and ROLLBACK around it; SQLite's driver sends none anyway.
        self._alone = self.engine if self._turn else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info={_PAGES: pages.rstrip("/")})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view of the database; nothing is written."""
        with self._sessions() as session:
            if self.engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql("BEGIN")
            else:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    def value(self, statement: Select[_T]) -> _T | None:
        """The one value that *statement* reads, None where there is no row: the cheapest read there is."""
        with self._alone.connect() as connection:
            return connection.scalar(statement)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed whole at the end, rolled back on any error. On SQLite it is the only writer.

        Raises what TROUBLE names when it is not this thread's turn within some seconds.
        """
        if self._turn is not None and not self._turn.acquire(timeout=_TURN_SECONDS):
            raise PoolTimeout(f"another transaction of this process took more than {_TURN_SECONDS:g} s")
        try:
            with self._sessions() as session:
                if self.engine.dialect.name == "sqlite":
                    connection = session.connection()
                    self._wait(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
                    yield session
                    self._wait(session.commit)
                else:
                    yield session
                    session.commit()
        finally:
            if self._turn is not None:
                self._turn.release()

    def migrate(self) -> None:
        """Bring the tables to this version's shape."""
        config = alembic.config.Config()
        config.set_main_option("script_location", str(data_dir("migrations")))
        config.set_main_option("sqlalchemy.url", self.url.replace("%", "%%"))
        alembic.command.upgrade(config, "head")

    def close(self) -> None:
        self.engine.dispose()
