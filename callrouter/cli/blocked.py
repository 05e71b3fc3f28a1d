"""``callrouter blocked``: callers who are refused."""

from __future__ import annotations

import click

from callrouter.cli.common import changing, reading
from callrouter.cli.directory import print_page, tell
from callrouter.directory import callers, lists


@click.group()
def blocked() -> None:
    """Callers who are refused."""


@blocked.command("list")
@click.argument("search", required=False, default="")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_blocked(ctx: click.Context, search: str, page: int, as_json: bool) -> None:
    """List callers who are refused; SEARCH looks into numbers and notes."""
    with reading(ctx) as session:
        found = lists.blocked_callers(session, search, page=page)
    print_page(found, ("caller", "note", "created_at"), lists.PAGE, as_json)


@blocked.command("add")
@click.argument("caller")
@click.option("--note", default="", help="Why, for people.")
@click.pass_context
def add(ctx: click.Context, caller: str, note: str) -> None:
    """Refuse calls of CALLER from now on: a number, its beginning (+4917604*), or anonymous."""
    caller = callers.spelled(caller)
    with changing(ctx) as session:
        callers.block(session, caller, note=note)
    tell(ctx, f"{caller} is blocked")


@blocked.command("remove")
@click.argument("caller")
@click.pass_context
def remove(ctx: click.Context, caller: str) -> None:
    """Let calls of CALLER through again."""
    caller = callers.spelled(caller)
    with changing(ctx) as session:
        callers.unblock(session, caller)
    tell(ctx, f"{caller} is not blocked")
