"""``callrouter call`` and ``callrouter message``: what happened, and what callers said."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import click

from callrouter.cli.common import changing, load_settings, now, print_json, reading, switch
from callrouter.cli.directory import print_page
from callrouter.directory import clicks, history, lists, messages
from callrouter.directory.timeline import CallDetail, call_detail
from callrouter.errors import RuleError, SwitchError
from callrouter.spool import write_whole


@click.group()
def call() -> None:
    """The history of calls."""


@call.command("list")
@click.argument("search", required=False, default="")
@click.option("--owner", default="", help="employee:ID or pool:ID.")
@click.option("--outcome", type=click.Choice(["answered", "missed", "voicemail", "rejected", "unanswered"]))
@click.option("--direction", type=click.Choice(["inbound", "outbound", "internal", "emergency"]))
@click.option("--days", type=click.IntRange(1), help="Only of so many days.")
@click.option("--before", default="", metavar="CURSOR", help="The next page: what the page before names.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_calls(
    ctx: click.Context,
    search: str,
    owner: str,
    outcome: str | None,
    direction: str | None,
    days: int | None,
    before: str,
    as_json: bool,
) -> None:
    """List calls, the latest first; SEARCH looks into numbers and names. Times are UTC."""
    since = now() - dt.timedelta(days=days) if days else None
    with reading(ctx) as session:
        found = history.calls(
            session,
            search,
            owner=owner,
            outcome=outcome or "",
            direction=direction or "",
            since=since,
            before=before,
        )
    columns = ("started_at", "caller", "caller_name", "number", "direction", "outcome", "answered_by", "uuid")
    print_page(found, columns, lists.PAGE, as_json)


@call.command("start")
@click.argument("employee")
@click.argument("number")
@click.pass_context
def start(ctx: click.Context, employee: str, number: str) -> None:
    """Ring the phones of EMPLOYEE; whoever answers is connected with NUMBER, as if it had been dialled there."""
    settings = load_settings(ctx)
    with reading(ctx) as session:
        command = clicks.click(session, employee, number)
    with switch(settings, "call") as client:
        try:
            client.api(command, timeout=clicks.RINGS + 5)
        except SwitchError as error:
            _command, refused, cause = str(error).partition(": -ERR ")
            if not refused:
                raise
            raise SwitchError(f"no phone of {employee} answered: {cause}") from None
    click.echo(f"{employee} answered; calling {number}")


@call.command("show")
@click.argument("uuid")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, uuid: str, as_json: bool) -> None:
    """Show one call: which phones were rung, how that ended, what was mailed. Times are UTC."""
    with reading(ctx) as session:
        values = _told(call_detail(session, uuid))
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        if not isinstance(value, list | tuple):
            click.echo(f"{key.replace('_', ' ')}: {'–' if value in (None, '') else value}")
            continue
        for one in value:
            click.echo(f"{key.removesuffix('s')}: {', '.join(str(_moment(text)) for text in one.values() if text)}")


def _moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _told(found: CallDetail) -> dict[str, Any]:
    values = {
        name: _moment(value)
        for name, value in dataclasses.asdict(found).items()
        if name not in ("steps", "messages", "mails", "reasons", "linked")
    }
    return values | {
        "parts": [
            {
                "owner": step.owner,
                "outcome": step.outcome,
                "detail": step.detail,
                "device": step.device,
                "answered_by": step.answered_by,
            }
            for step in found.steps
        ],
        "phones": [
            {"owner": step.owner} | {name: _moment(value) for name, value in dataclasses.asdict(phone).items()}
            for step in found.steps
            for phone in step.phones
        ],
        "linked": [
            {
                "started_at": _moment(call.started_at),
                "direction": call.direction,
                "caller": call.caller,
                "caller_name": call.caller_name,
                "number": call.number or call.dialed,
                "outcome": call.outcome,
                "told": "; ".join(
                    f"{step.owner} {step.outcome}{f' {step.device}' if step.device else ''}" for step in call.steps
                ),
                "uuid": call.uuid,
            }
            for call in found.linked
        ],
        "messages": [{"id": one.id, "milliseconds": one.milliseconds} for one in found.messages],
        "why": [{"text": text} for text in found.why("en")],
        "mails": [{"to": mail.recipient, "subject": mail.subject, "state": mail.state} for mail in found.mails],
    }


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
    with reading(ctx) as session:
        found = messages.listed(session, owner=owner, unheard=unheard, page=page)
    columns = ("id", "recorded_at", "owner", "caller", "caller_name", "milliseconds", "heard_at")
    print_page(found, columns, lists.PAGE, as_json)


@message.command("save")
@click.argument("number", metavar="ID", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def save(ctx: click.Context, number: int, file: Path) -> None:
    """Write the audio of a message to FILE (WAV); that somebody did is in the audit log."""
    with changing(ctx) as session:
        audio = messages.take_audio(session, number)
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
    with changing(ctx) as session:
        owner = messages.mark(session, number, heard=not undo, at=now())
    click.echo(f"message {number} of {owner} is {'not heard' if undo else 'heard'}")


@message.command("delete")
@click.argument("number", metavar="ID", type=int)
@click.confirmation_option(prompt="The recording is gone then. Delete it?")
@click.pass_context
def delete(ctx: click.Context, number: int) -> None:
    """Delete a message; its call stays in the history."""
    with changing(ctx) as session:
        messages.delete(session, number)
    click.echo(f"message {number} deleted")
