"""``callrouter init``: a settings file with fresh secrets, the spool's directories, and the database's tables."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click
from sqlalchemy import select

from callrouter import settings as settings_file
from callrouter.cli.common import acting, in_language, now, open_database, sqlite_file
from callrouter.directory import accounts
from callrouter.directory.accounts import UserRow
from callrouter.directory.database import Database
from callrouter.errors import SettingsError

_ADMIN = "admin"


def write_settings(path: Path) -> bool:
    """Write a commented settings file that only its owner may read; False when there is one: it is never touched."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; choose a directory with --dir that you may write to") from error
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(settings_file.render(settings_file.fresh_secrets()))
    return True


def _first_admin(database: Database) -> str | None:
    """Make the first administrator, if there is no user yet; returns the password."""
    with acting(database) as session:
        if session.scalar(select(UserRow.id).limit(1)) is not None:
            return None
        password = accounts.new_password()
        accounts.add(session, _ADMIN, password, role="admin", at=now())
        return password


@click.command(short_help="Make settings with random secrets, database and spool.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write callrouter.toml; default: here.",
)
@click.pass_context
def init(ctx: click.Context, directory: Path | None) -> None:
    """Write callrouter.toml with random secrets, and make the database and the spool.

    May be run again: an existing settings file stays as it is, and the database is brought to this version.
    """
    named: Path | None = ctx.find_root().obj
    if named is None and directory is None:
        named = Path(os.environ.get(settings_file.FILE_VARIABLE) or settings_file.DEFAULT_FILE)
    path = named or (directory or Path()) / settings_file.DEFAULT_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{path.parent}: {error.strerror}; choose a directory that you may make") from error
    if write_settings(path):
        click.echo(in_language(f"{path} geschrieben.", f"Wrote {path}."))
    else:
        click.echo(in_language(f"{path} gibt es schon; unverändert.", f"{path} exists; left as it is."))
    settings = settings_file.load(path)
    try:
        settings.spool.create()
    except OSError as error:
        raise SettingsError(
            f"[freeswitch] spool_dir: {error.filename}: {error.strerror}; create it for this user, or change "
            f"spool_dir in {path} and run `callrouter init` again"
        ) from error
    file = sqlite_file(settings)
    if file is not None:
        # It holds passwords and messages: for this user only.
        with contextlib.suppress(OSError):  # the database itself says what is wrong
            file.touch(mode=0o600)
    with open_database(settings) as database:
        database.migrate()
        password = _first_admin(database)
    shown = database.engine.url.render_as_string()
    click.echo(in_language(f"Datenbank bereit: {shown}", f"Database ready: {shown}"))
    if password:
        german = f"Erste Anmeldung als {_ADMIN} mit dem Passwort {password} (wird nur dieses Mal gezeigt)."
        english = f"First sign-in as {_ADMIN} with the password {password} (shown this once)."
        click.echo(in_language(german, english))
        pages = settings.web.base_url
        click.echo(
            in_language(
                f"Die Webseiten gibt es unter {pages}, sobald `callrouter serve` läuft.",
                f"The web pages are at {pages} as soon as `callrouter serve` runs.",
            )
        )
    click.echo(in_language("Weiter mit: callrouter import FILE", "Next: callrouter import FILE"))
