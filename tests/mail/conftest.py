from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.directory.models import Base
from callrouter.directory.records import CallRow, MessageRow, OutboxRow
from callrouter.settings import Settings, Smtp
from tests.ledger.company import wav
from tests.mail.server import MailServer
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]

START = dt.datetime(2026, 11, 21, 14, 42, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'callrouter.db'}")
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """SQLite, and PostgreSQL, for what depends on how a database locks."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    made = Database(request.getfixturevalue("postgresql_url"))
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


Options = Callable[..., Settings]


@pytest.fixture
def settings(server: MailServer) -> Options:
    def make(**changes: object) -> Settings:
        values: dict[str, object] = {"port": server.port, "sender": "telefon@muster.example", "timeout_seconds": 5}
        return Settings(smtp=Smtp(**(values | changes)))  # type: ignore[arg-type]

    return make


def put_mail(database: Database, number: int = 1, *, audio: str = "none", **changes: object) -> str:
    """Put a mail into the outbox; returns its Message-ID."""
    mail_id = f"<{number}.1@pbx.muster.example>"
    with database.write() as session:
        call = CallRow(uuid=str(number), direction="inbound", caller="anonymous", outcome="missed", started_at=START)
        session.add(call)
        session.flush()
        message_id = None
        if audio != "none":
            message = MessageRow(call_id=call.id, n="2", recorded_at=START, milliseconds=2000, audio=wav())
            session.add(message)
            session.flush()
            message_id = message.id
        values: dict[str, object] = {
            "mail_id": mail_id,
            "kind": "missed",
            "recipient": "anna@muster.example",
            "subject": "Anruf für Anna Schmidt",
            "headers": {
                "Date": "Sat, 21 Nov 2026 15:42:00 +0100",
                "Message-ID": mail_id,
                "Auto-Submitted": "auto-generated",
                "Content-Language": "de",
            },
            "text": "Verpasster Anruf: Günther\n",
            "html": "<p>Verpasster Anruf: Günther</p>\n",
            "message_id": message_id,
            "audio": audio,
            "created_at": START,
            "next_try_at": START,
        }
        session.add(OutboxRow(**(values | changes)))
    return mail_id
