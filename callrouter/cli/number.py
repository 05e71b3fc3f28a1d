"""``callrouter number`` and ``callrouter block``: what may take numbers away from their owners."""

from __future__ import annotations

from typing import Any

import click
from pydantic import ValidationError

from callrouter.cli.common import changing, load_settings, print_json, reading
from callrouter.cli.config import apply_after_change
from callrouter.cli.directory import print_page, print_record, tell
from callrouter.directory import document, lists, numbers
from callrouter.directory.exporting import read_blocks
from callrouter.directory.numbers import Loss
from callrouter.errors import RuleError


@click.group()
def number() -> None:
    """Single numbers."""


@click.group()
def block() -> None:
    """Blocks of numbers."""


def _block(prefix: str, first: str, last: str) -> document.Block:
    try:
        return document.Block(prefix=prefix, first=first, last=last)
    except ValidationError as error:
        raise RuleError(f"{prefix} {first} {last} is no block; write for example +4930231250 00 99") from error


def _print_loss(what: str, loss: Loss) -> None:
    click.echo(what)
    for owner in loss.owners:
        click.echo(f"  {owner.replace(':', ' ')} lost its number")
    for owner in loss.shown_by:
        click.echo(f"  {owner.replace(':', ' ')} shows its personal number to others now")


@number.command("list")
@click.argument("search", required=False, default="")
@click.option("--state", type=click.Choice(["active", "inactive"]))
@click.option("--free", is_flag=True, help="Only active numbers that nobody owns.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_numbers(ctx: click.Context, search: str, state: str | None, free: bool, page: int, as_json: bool) -> None:
    """List numbers; SEARCH looks into numbers and owners."""
    with reading(ctx) as session:
        found = lists.numbers(session, search, state=state or "", free=free, page=page)
    print_page(found, ("e164", "state", "owner", "owner_name"), lists.PAGE, as_json)


@number.command("activate")
@click.argument("e164", metavar="NUMBER")
@click.pass_context
def activate(ctx: click.Context, e164: str) -> None:
    """Activate a number of a block, or add a single one that was ported in."""
    with changing(ctx) as session:
        numbers.activate(session, e164)
    tell(ctx, f"{e164} is active")


@number.command("deactivate")
@click.argument("e164", metavar="NUMBER")
@click.pass_context
def deactivate(ctx: click.Context, e164: str) -> None:
    """Deactivate a number that nobody uses."""
    with changing(ctx) as session:
        numbers.deactivate(session, e164)
    tell(ctx, f"{e164} is inactive")


@number.command("assign")
@click.argument("e164", metavar="NUMBER")
@click.argument("owner")
@click.pass_context
def assign(ctx: click.Context, e164: str, owner: str) -> None:
    """Give NUMBER, active and free, to OWNER (employee:ID or pool:ID); an employee's old one becomes free."""
    with changing(ctx) as session:
        numbers.assign(session, e164, owner)
    tell(ctx, f"{e164} belongs to {owner.replace(':', ' ')}")


@number.command("free")
@click.argument("e164", metavar="NUMBER")
@click.pass_context
def free(ctx: click.Context, e164: str) -> None:
    """Take NUMBER from its owner; it stays active. An employee with devices needs another one first."""
    with changing(ctx) as session:
        owner = numbers.free(session, e164)
    tell(ctx, f"{e164} is free; it belonged to {owner.replace(':', ' ')}")


@number.command("anonymous")
@click.argument("e164", metavar="NUMBER")
@click.argument("what", type=click.Choice(["reject", "accept"]))
@click.pass_context
def anonymous(ctx: click.Context, e164: str, what: str) -> None:
    """Turn callers without a number away who call NUMBER, with an announcement, or accept their calls."""
    with changing(ctx) as session:
        numbers.reject_anonymous(session, e164, reject=what == "reject")
    tell(ctx, f"{e164} {what}s calls without a number")


@number.command("show")
@click.argument("e164", metavar="NUMBER")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, e164: str, as_json: bool) -> None:
    """Show what is mailed of the calls by NUMBER where its owner does not say it all."""
    with reading(ctx) as session:
        wishes, _, _, _ = numbers.notify(session, e164)
    if wishes == type(wishes)() and not as_json:
        click.echo(f"{e164}: all is as its owner says")
        return
    print_record(wishes, as_json)


@number.command("set")
@click.argument("e164", metavar="NUMBER")
@click.option("--notify", "about", type=click.Choice(["owner", "none", "all", "missed", "voicemail"]))
@click.option("--email", metavar="ADDRESS", help="Where mails about calls by this number go.")
@click.option("--language", type=click.Choice(["owner", "de", "en"]), help="Of these mails.")
@click.option("--salutation", metavar="TEXT", help="The line they begin with; an empty one is none.")
@click.option("--handled-mail", type=click.Choice(["owner", "yes", "no"]), help="A mail when a caller was called back.")
@click.pass_context
def change(
    ctx: click.Context,
    e164: str,
    about: str | None,
    email: str | None,
    language: str | None,
    salutation: str | None,
    handled_mail: str | None,
) -> None:
    """Change what is mailed of the calls by NUMBER; what is not named stays, and "owner" is as its owner says."""
    given = {"about": about, "email": email, "language": language, "salutation": salutation}
    said: dict[str, Any] = {
        name: None if value == "owner" else value for name, value in given.items() if value is not None
    }
    if handled_mail is not None:
        said["handled_mail"] = {"owner": None, "yes": True, "no": False}[handled_mail]
    with changing(ctx) as session:
        numbers.set_notify(session, e164, **said)
    tell(ctx, f"{e164} changed")


@number.command("port-away", short_help="Remove a number that goes to another provider.")
@click.argument("e164", metavar="NUMBER")
@click.pass_context
def port_away(ctx: click.Context, e164: str) -> None:
    """NUMBER (E.164) goes to another provider; its owner may be left without one."""
    with changing(ctx) as session:
        loss = numbers.port_away(session, e164)
    apply_after_change(load_settings(ctx))
    _print_loss(f"{e164} is no longer a number of the company.", loss)


@block.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_blocks(ctx: click.Context, as_json: bool) -> None:
    """List the blocks of numbers."""
    with reading(ctx) as session:
        blocks = [found.model_dump() for found in read_blocks(session)]
    if as_json:
        print_json(blocks)
    for found in [] if as_json else blocks:
        click.echo(f"{found['prefix']} {found['first']} {found['last']}")


@block.command("add")
@click.argument("prefix")
@click.argument("first")
@click.argument("last")
@click.pass_context
def add(ctx: click.Context, prefix: str, first: str, last: str) -> None:
    """Add the block PREFIX FIRST LAST; its numbers are inactive until activated."""
    new = _block(prefix, first, last)
    with changing(ctx) as session:
        numbers.add_block(session, new)
    tell(ctx, f"The block {prefix}{first}–{last} is added.")


@block.command("remove", short_help="Remove a block with all its numbers.")
@click.argument("prefix")
@click.argument("first")
@click.argument("last")
@click.pass_context
def remove(ctx: click.Context, prefix: str, first: str, last: str) -> None:
    """Remove the block PREFIX FIRST LAST with all its numbers; their owners may be left without one."""
    gone = _block(prefix, first, last)
    with changing(ctx) as session:
        loss = numbers.remove_block(session, gone)
    apply_after_change(load_settings(ctx))
    _print_loss(f"The block {prefix}{first}–{last} is removed.", loss)
