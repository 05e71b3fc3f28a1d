"""``callrouter mailbox``: who answers when nobody does, and when."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from callrouter.cli.common import changing, reading
from callrouter.cli.directory import changed, print_record, tell
from callrouter.directory import document, owners
from callrouter.errors import RuleError


def owner_of(session: Session, key: str) -> document.Employee | document.Pool:
    """The owner named ``employee:anna``, ``pool:sales``; a bare id is an employee's. Raises RuleError."""
    return owners.owner(session, key if ":" in key else f"employee:{key}")[0]


@click.group()
def mailbox() -> None:
    """Mailboxes; OWNER is employee:ID (or just ID) or pool:ID."""


@mailbox.command("show")
@click.argument("key", metavar="OWNER")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show a mailbox."""
    with reading(ctx) as session:
        found = owner_of(session, key).mailbox
    print_record(found, as_json)


@mailbox.command("set")
@click.argument("key", metavar="OWNER")
@click.option("--enabled/--disabled", default=None)
@click.option("--answer/--no-answer", "answer_calls", default=None, help="Whether it takes calls.")
@click.option("--after", type=int, help="Seconds of ringing before it answers.")
@click.option("--schedule", metavar="NAME", help="Takes calls by this schedule.")
@click.option("--when", type=click.Choice(["open", "closed"]), help="… while the schedule is open, or closed.")
@click.option("--always", is_flag=True, help="Takes calls at any time.")
@click.option("--pin", help="4 to 10 digits.")
@click.option("--audio", type=click.Choice(["mp3", "wav", "none"]), help="What the mail carries.")
@click.pass_context
def change(
    ctx: click.Context,
    key: str,
    enabled: bool | None,
    answer_calls: bool | None,
    after: int | None,
    schedule: str | None,
    when: str | None,
    always: bool,
    pin: str | None,
    audio: str | None,
) -> None:
    """Change a mailbox; what is not named stays."""
    if always and (schedule or when):
        raise RuleError("--always and --schedule exclude each other")
    with changing(ctx) as session:
        owner = owner_of(session, key)
        new = changed(
            owner.mailbox, enabled=enabled, answer_calls=answer_calls, answer_after=after, pin=pin, audio=audio
        )
        if always:
            new = new.model_copy(update={"schedule": None})
        elif schedule:
            new = changed(new, schedule={"name": schedule, "when": when or "open"})
        elif when:
            if new.schedule is None:
                raise RuleError(f"the mailbox of {key} has no schedule; name one with --schedule")
            new = new.model_copy(update={"schedule": changed(new.schedule, when=when)})
        owners.save(session, owner.model_copy(update={"mailbox": new}))
    tell(ctx, f"mailbox of {key} changed")
