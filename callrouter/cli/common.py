"""What several subcommands share: the settings of this run, its database, JSON output."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from callrouter import log
from callrouter import settings as settings_file
from callrouter.directory import audit, personal, store
from callrouter.directory.database import Database
from callrouter.errors import RuleError, SettingsError, SwitchError
from callrouter.esl.client import InboundClient
from callrouter.settings import Settings

#: Longest wait for FreeSWITCH to answer (seconds).
_SWITCH_SECONDS = 3.0
#: What to type where a personal number cannot have what was asked for.
_FURTHER_NUMBER = """\
  callrouter number list --state inactive       further numbers
  callrouter number activate NUMBER
  callrouter number assign NUMBER pool:ID"""


def load_settings(ctx: click.Context) -> Settings:
    """The settings, from ``--config`` if it was given; raises SettingsError."""
    path: Path | None = ctx.find_root().obj
    return settings_file.load(path)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of an SQLite database; None for any other. Raises SettingsError for a URL that cannot be read."""
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError("[database] url: it cannot be read; write special characters as %XX") from error
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database of *settings*; raises SettingsError where it cannot be reached or has no tables of this version.

    An SQLite file must be there: it holds secrets, and only ``init`` makes it unreadable for others.
    """
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        raise SettingsError(
            f"[database] url: {file} does not exist; run this where callrouter.toml is, or `callrouter init` to make it"
        )
    database = Database(settings.database_url, pages=settings.web.base_url)
    try:
        yield database
    except (OperationalError, ProgrammingError) as error:
        raise SettingsError(
            f"[database] url: {database.engine.url.render_as_string()}: {error.orig}; "
            "check the address, and run `callrouter init` to make or update its tables"
        ) from error
    finally:
        database.close()


def actor() -> str:
    """The person at this terminal, for the audit log."""
    return f"cli:{getpass.getuser()}"


@contextmanager
def acting(database: Database) -> Iterator[Session]:
    """A transaction whose changes are put down to the person at this terminal; other changes wait for its end."""
    with database.write() as session:
        audit.act_as(session, actor())
        store.hold(session)
        yield session


@contextmanager
def reading(ctx: click.Context) -> Iterator[Session]:
    """One consistent view of this run's database."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        yield session


@contextmanager
def changing(ctx: click.Context) -> Iterator[Session]:
    """A transaction in this run's database, put down to the person at this terminal."""
    try:
        with open_database(load_settings(ctx)) as database, acting(database) as session:
            yield session
    except RuleError as error:
        if personal.is_why(error):
            raise RuleError(f"{error}\n{_FURTHER_NUMBER}") from None
        raise


@contextmanager
def switch(settings: Settings, name: str) -> Iterator[InboundClient]:
    """A connection to FreeSWITCH's event socket, *name* being ours in the log; raises SwitchError if there is none."""
    from callrouter.app import event_socket_client

    log.configure("error", settings.log.format)
    client = event_socket_client(settings, name)
    client.start()
    try:
        if not client.first_try(_SWITCH_SECONDS):
            raise SwitchError(client.problem)
        yield client
    finally:
        client.stop()


def now() -> dt.datetime:
    """The clock of the commands."""
    return dt.datetime.now(dt.UTC)


def json_text(value: Any) -> str:
    """*value* as indented JSON, for scripts."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def print_json(value: Any) -> None:
    """Print *value* as indented JSON, for scripts."""
    click.echo(json_text(value), nl=False)


def in_language(german: str, english: str) -> str:
    """The text for the language of this terminal (LC_ALL, LC_MESSAGES, LANG)."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return german if spoken.startswith("de") else english
