"""``callrouter pool``: teams that share numbers."""

from __future__ import annotations

import click

from callrouter.cli.common import changing, reading
from callrouter.cli.directory import changed, print_page, print_record, tell
from callrouter.directory import document, lists, services
from callrouter.directory.exporting import read_pools
from callrouter.errors import RuleError


@click.group()
def pool() -> None:
    """Teams that share numbers."""


@pool.command("list")
@click.argument("search", required=False, default="")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_pools(ctx: click.Context, search: str, page: int, as_json: bool) -> None:
    """List pools; SEARCH looks into name, id and extension."""
    with reading(ctx) as session:
        found = lists.pools(session, search, page=page)
    print_page(found, ("id", "name", "numbers", "members", "strategy", "mailbox"), lists.PAGE, as_json)


@pool.command("show")
@click.argument("key", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, key: str, as_json: bool) -> None:
    """Show one pool whole, without secrets."""
    with reading(ctx) as session:
        found, _ = services.pool(session, key)
    print_record(found, as_json)


@pool.command("add")
@click.argument("key", metavar="ID")
@click.option("--name", required=True)
@click.option("--number", "numbers", multiple=True, help="A number of the pool, E.164; may be given again.")
@click.option("--member", "members", multiple=True, help="An employee's id; may be given again.")
@click.option("--extension")
@click.option("--ring-seconds", type=int)
@click.pass_context
def add(
    ctx: click.Context,
    key: str,
    name: str,
    numbers: tuple[str, ...],
    members: tuple[str, ...],
    extension: str | None,
    ring_seconds: int | None,
) -> None:
    """Add a pool."""
    with changing(ctx) as session:
        if read_pools(session, [key]):
            raise RuleError(f"there is a pool {key} already; change it with `callrouter pool set {key}`")
        blank = document.Pool(id="new", name="new")
        values = {"extension": extension, "ring_seconds": ring_seconds}
        new = changed(blank, id=key, name=name, numbers=list(numbers), members=list(members), **values)
        services.save_pool(session, new)
    tell(ctx, f"pool {key} added")


@pool.command("set")
@click.argument("key", metavar="ID")
@click.option("--name")
@click.option("--extension")
@click.option("--ring-seconds", type=int)
@click.option("--add-member", "joining", multiple=True, help="An employee's id; may be given again.")
@click.option("--drop-member", "leaving", multiple=True, help="An employee's id; may be given again.")
@click.option("--add-number", "coming", multiple=True, help="A number, E.164; it must be active and free.")
@click.option("--drop-number", "going", multiple=True, help="A number, E.164; it becomes free.")
@click.pass_context
def change(
    ctx: click.Context,
    key: str,
    name: str | None,
    extension: str | None,
    ring_seconds: int | None,
    joining: tuple[str, ...],
    leaving: tuple[str, ...],
    coming: tuple[str, ...],
    going: tuple[str, ...],
) -> None:
    """Change a pool; what is not named stays."""
    with changing(ctx) as session:
        known, _ = services.pool(session, key)
        for what, there, gone in (("member", known.members, leaving), ("number", known.numbers, going)):
            if missing := [one for one in gone if one not in there]:
                raise RuleError(f"pool {key} has no {what} {missing[0]}")
        new = changed(
            known,
            name=name,
            extension=extension,
            ring_seconds=ring_seconds,
            members=[one for one in dict.fromkeys([*known.members, *joining]) if one not in leaving],
            numbers=[one for one in dict.fromkeys([*known.numbers, *coming]) if one not in going],
        )
        services.save_pool(session, new)
    tell(ctx, f"pool {key} changed")


@pool.command("remove")
@click.argument("key", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, key: str) -> None:
    """Remove a pool with its mailbox; its numbers become free."""
    with changing(ctx) as session:
        services.remove_pool(session, key)
    tell(ctx, f"pool {key} removed")
