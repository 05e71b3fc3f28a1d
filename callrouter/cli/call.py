"""``callrouter call`` and ``callrouter message``: what happened, and what callers said."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.cli.common import acting, load_settings, open_database, print_json
from callrouter.cli.directory import print_page
from callrouter.directory import audit, lists
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CallRow, CallStepRow, MessageRow, OutboxRow
from callrouter.errors import RuleError
from callrouter.spool import write_whole


@click.group()
def call() -> None:
    """The history of calls."""


@call.command("list")
@click.argument("search", required=False, default="")
@click.option("--owner", default="", help="employee:ID or pool:ID.")
@click.option("--outcome", type=click.Choice(["answered", "missed", "voicemail", "rejected", "unanswered"]))
@click.option("--days", type=click.IntRange(1), help="Only of so many days.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_calls(
    ctx: click.Context, search: str, owner: str, outcome: str | None, days: int | None, page: int, as_json: bool
) -> None:
    """List calls, the latest first; SEARCH looks into numbers and names. Times are UTC."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days) if days else None
    with open_database(load_settings(ctx)) as database, database.read() as session:
        found = lists.calls(session, search, owner=owner, outcome=outcome or "", since=since, page=page)
    columns = ("started_at", "caller", "caller_name", "number", "direction", "outcome", "uuid")
    print_page(found, columns, lists.PAGE, as_json)


@call.command("show")
@click.argument("uuid")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, uuid: str, as_json: bool) -> None:
    """Show one call: who was rung, how that ended, what was mailed."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        found = session.scalar(select(CallRow).where(CallRow.uuid == uuid))
        if found is None:
            raise RuleError(f"there is no call {uuid}")
        steps = session.scalars(
            select(CallStepRow).where(CallStepRow.call_id == found.id).order_by(CallStepRow.position)
        )
        mails = session.scalars(select(OutboxRow).where(OutboxRow.call_id == found.id).order_by(OutboxRow.id))
        values = {
            "uuid": found.uuid,
            "started_at": found.started_at.isoformat(),
            "direction": found.direction,
            "trunk": found.trunk,
            "caller": found.caller,
            "caller_name": found.caller_name,
            "number": found.number,
            "outcome": found.outcome,
            "interrupted": found.interrupted,
            "parts": [
                {"owner": step.owner, "outcome": step.outcome, "detail": step.detail, "device": step.device}
                for step in steps
            ],
            "mails": [{"to": mail.recipient, "subject": mail.subject, "state": mail.state} for mail in mails],
        }
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        if not isinstance(value, list):
            click.echo(f"{key.replace('_', ' ')}: {'–' if value in (None, '') else value}")
            continue
        for one in value:
            click.echo(f"{key[:-1]}: {', '.join(str(text) for text in one.values() if text)}")


@click.group()
def message() -> None:
    """Messages in mailboxes."""


@message.command("list")
@click.option("--owner", default="", help="employee:ID or pool:ID.")
@click.option("--unheard", is_flag=True, help="Only those nobody has heard.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_messages(ctx: click.Context, owner: str, unheard: bool, page: int, as_json: bool) -> None:
    """List messages, the latest first. Times are UTC."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        found = lists.messages(session, owner=owner, unheard=unheard, page=page)
    columns = ("id", "recorded_at", "owner", "caller", "caller_name", "milliseconds", "heard_at")
    print_page(found, columns, lists.PAGE, as_json)


def _message(session: Session, number: int) -> tuple[MessageRow, str]:
    row = session.get(MessageRow, number)
    if row is None:
        raise RuleError(f"there is no message {number}; `callrouter message list` shows them")
    owner = session.get(OwnerRow, row.owner_id) if row.owner_id else None
    return row, owner.owner_key if owner else ""


@message.command("save")
@click.argument("number", metavar="ID", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def save(ctx: click.Context, number: int, file: Path) -> None:
    """Write the audio of a message to FILE (WAV); that somebody did is in the audit log."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        row, owner = _message(session, number)
        audio = row.audio
        audit.record(session, "message", str(number), {"saved": None}, {"saved": owner})
    try:
        write_whole(file, audio, mode=0o600)
    except OSError as error:
        raise RuleError(f"{file}: {error.strerror}") from error
    click.echo(f"{file}: {len(audio)} bytes")


@message.command("heard")
@click.argument("number", metavar="ID", type=int)
@click.option("--undo", is_flag=True, help="Mark it as not heard.")
@click.pass_context
def heard(ctx: click.Context, number: int, undo: bool) -> None:
    """Mark a message as heard."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        row, owner = _message(session, number)
        before = {"heard": row.heard_at is not None}
        row.heard_at = None if undo else row.heard_at or dt.datetime.now(dt.UTC)
        audit.record(session, "message", str(number), before, {"heard": not undo})
    click.echo(f"message {number} of {owner} is {'not heard' if undo else 'heard'}")


@message.command("delete")
@click.argument("number", metavar="ID", type=int)
@click.confirmation_option(prompt="The recording is gone then. Delete it?")
@click.pass_context
def delete(ctx: click.Context, number: int) -> None:
    """Delete a message; its call stays in the history."""
    with open_database(load_settings(ctx)) as database, acting(database) as session:
        row, owner = _message(session, number)
        audit.record(session, "message", str(number), {"owner": owner, "milliseconds": row.milliseconds}, None)
        session.delete(row)
    click.echo(f"message {number} deleted")
