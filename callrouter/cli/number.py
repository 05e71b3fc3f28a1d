"""``callrouter number`` and ``callrouter block``: what may take numbers away from their owners."""

from __future__ import annotations

import click
from pydantic import ValidationError

from callrouter.cli.common import load_settings, open_database
from callrouter.directory import document, numbers
from callrouter.directory.numbers import Loss
from callrouter.errors import RuleError


@click.group()
def number() -> None:
    """Single numbers."""


@click.group()
def block() -> None:
    """Blocks of numbers."""


def _print_loss(what: str, loss: Loss) -> None:
    click.echo(what)
    for owner in loss.owners:
        click.echo(f"  {owner.replace(':', ' ')} lost its number")
    for owner in loss.shown_by:
        click.echo(f"  {owner.replace(':', ' ')} shows its personal number to others now")


@number.command("port-away", short_help="Remove a number that goes to another provider.")
@click.argument("e164", metavar="NUMBER")
@click.pass_context
def port_away(ctx: click.Context, e164: str) -> None:
    """NUMBER (E.164) goes to another provider; its owner may be left without one."""
    with open_database(load_settings(ctx)) as database, database.write() as session:
        loss = numbers.port_away(session, e164)
    _print_loss(f"{e164} is no longer a number of the company.", loss)


@block.command("remove", short_help="Remove a block with all its numbers.")
@click.argument("prefix")
@click.argument("first")
@click.argument("last")
@click.pass_context
def remove(ctx: click.Context, prefix: str, first: str, last: str) -> None:
    """Remove the block PREFIX FIRST LAST with all its numbers; their owners may be left without one."""
    try:
        gone = document.Block(prefix=prefix, first=first, last=last)
    except ValidationError as error:
        raise RuleError(f"{prefix} {first} {last} is no block; write for example +4930231250 00 99") from error
    with open_database(load_settings(ctx)) as database, database.write() as session:
        loss = numbers.remove_block(session, gone)
    _print_loss(f"The block {prefix}{first}–{last} is removed.", loss)
