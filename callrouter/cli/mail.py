"""``callrouter mail``: mails that have not left, and those that were given up."""

from __future__ import annotations

import click

from callrouter.cli.common import changing, now, print_json, reading
from callrouter.directory import audit
from callrouter.errors import RuleError
from callrouter.mail import outbox


@click.group()
def mail() -> None:
    """Mails that have not left yet."""


@mail.command("list")
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 10000), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_mails(ctx: click.Context, last: int, as_json: bool) -> None:
    """List mails that wait or were given up (dead), with the mail server's last answer."""
    with reading(ctx) as session:
        rows = [
            {
                "id": row.id,
                "state": row.state,
                "to": row.recipient,
                "subject": row.subject,
                "created_at": row.created_at.isoformat(),
                "attempts": row.attempts,
                "error": row.error,
            }
            for row in outbox.waiting_or_dead(session, last)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['id']}  {row['state']}  {row['to']}  {row['subject']}")
        if row["error"]:
            click.echo(f"    after {row['attempts']} attempts: {row['error']}")
    if not rows:
        click.echo("All mails have left.")


@mail.command("retry")
@click.argument("number", metavar="ID", type=int)
@click.pass_context
def retry(ctx: click.Context, number: int) -> None:
    """Try a mail that was given up once more."""
    with changing(ctx) as session:
        if not outbox.revive(session, number, now()):
            raise RuleError(f"there is no mail {number} that was given up; `callrouter mail list` shows them")
        audit.record(session, "mail", str(number), {"state": outbox.DEAD}, {"state": outbox.WAITING})
    click.echo(f"mail {number} is tried again")
