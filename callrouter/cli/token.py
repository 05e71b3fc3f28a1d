"""``callrouter token``: what programs sign in with at the REST API."""

from __future__ import annotations

import datetime as dt

import click
from rich.console import Console
from rich.table import Table

from callrouter.cli.common import actor, changing, now, print_json, reading
from callrouter.directory import tokens


@click.group()
def token() -> None:
    """Tokens for the REST API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(tokens.SCOPES), default=("read",), show_default=True
)
@click.option("--days", type=click.IntRange(1, 3650), help="It ends after so many days; without it never.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def add(ctx: click.Context, name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Make a token for what NAME says; it is printed, this once. --scope can be given several times."""
    at = now()
    ends = at + dt.timedelta(days=days) if days else None
    with changing(ctx) as session:
        row, text = tokens.create(session, name, scopes, at=at, created_by=actor(), expires_at=ends)
        name, given = row.name, list(row.scopes)
    if as_json:
        print_json({"name": name, "scopes": given, "token": text, "expires_at": ends.isoformat() if ends else None})
        return
    click.echo(f"Token {name!r} may {', '.join(given)}{f' until {ends:%Y-%m-%d}' if ends else ''}.")
    click.echo(f"Token, shown this once: {text}")


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    """List tokens: what they may do, and when they were used last. Times are UTC."""
    with reading(ctx) as session:
        rows = [
            {
                "name": row.name,
                "scopes": row.scopes,
                "created_at": row.created_at.isoformat(),
                "created_by": row.created_by,
                "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
                "expires_at": row.expires_at.isoformat() if row.expires_at else None,
            }
            for row in tokens.tokens(session)
        ]
    if as_json:
        print_json(rows)
        return
    table = Table("name", "scopes", "created at", "created by", "last used at", "expires at")
    for one in rows:
        table.add_row(*[", ".join(value) if isinstance(value, list) else value or "–" for value in one.values()])
    Console().print(table)


@token.command("remove")
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Revoke the token NAME: it is refused from now on."""
    with changing(ctx) as session:
        tokens.revoke(session, name)
    click.echo(f"token {name!r} is revoked")
