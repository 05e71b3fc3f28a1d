"""``callrouter pool``: teams that share numbers."""

from __future__ import annotations

from typing import Any, get_args

import click
from pydantic import TypeAdapter

from callrouter.cli.common import changing, load_settings, now, reading, switch
from callrouter.cli.directory import changed, print_page, print_values, tell, tell_silent
from callrouter.directory import document, lists, opening, owners, pools, services
from callrouter.directory.changing import revised
from callrouter.directory.exporting import read_pools
from callrouter.errors import RuleError, SwitchError
from callrouter.routing.for_pool import MayShow
from callrouter.settings import Settings
from callrouter.web import pool_now
from callrouter.web.live import Live, read_live
from callrouter.web.pool_now import PoolNow

_STRATEGIES = get_args(document.Pool.model_fields["strategy"].annotation)


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
    """Show one pool whole, without secrets, and what goes on in it now."""
    with reading(ctx) as session:
        team = pool_now.team(session, key)
    now_there = team.now(_live(load_settings(ctx)), now())
    values = team.pool.model_dump(mode="json", by_alias=True, exclude_none=not as_json)
    values["now"] = TypeAdapter(PoolNow).dump_python(now_there, mode="json", exclude_none=not as_json)
    print_values(values, as_json)


def _live(settings: Settings) -> Live:
    try:
        with switch(settings, "pool") as client:
            return read_live(client.api)
    except SwitchError as error:
        return Live(problem=str(error))


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
@click.option("--strategy", type=click.Choice(_STRATEGIES))
@click.option("--member-seconds", type=int, help="For each member, where they are rung one after the other.")
@click.option(
    "--delay",
    "delays",
    type=(str, int),
    multiple=True,
    metavar="MEMBER SECONDS",
    help="With waves: begins so many seconds later; may be given again.",
)
@click.option(
    "--members-outside/--members-inside",
    default=None,
    help="Whether members whose calls all go to a number outside are rung there, too, and must press a key.",
)
@click.option("--show-name/--hide-name", default=None, help="Whether phones show the pool before the caller.")
@click.option("--short-name", help="What they show of it, up to 20 characters; empty: the name.")
@click.option("--alert", metavar="RING", help="The ring that phones are asked for (Alert-Info); empty: their own.")
@click.option("--internal-alert", metavar="RING", help="… for colleagues' calls; empty: the same.")
@click.option(
    "--may-show",
    type=click.Choice([who.value for who in MayShow]),
    help="Who may show its numbers when calling outside.",
)
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
    strategy: str | None,
    member_seconds: int | None,
    delays: tuple[tuple[str, int], ...],
    members_outside: bool | None,
    show_name: bool | None,
    short_name: str | None,
    alert: str | None,
    internal_alert: str | None,
    may_show: str | None,
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
        members = [one for one in dict.fromkeys([*known.members, *joining]) if one not in leaving]
        stays = pools.kept(known, members)
        new = changed(
            known,
            name=name,
            extension=extension,
            ring_seconds=ring_seconds,
            strategy=strategy,
            member_seconds=member_seconds,
            members=members,
            delays={**stays["delays"], **dict(delays)},
            signed_out=stays["signed_out"],
            numbers=[one for one in dict.fromkeys([*known.numbers, *coming]) if one not in going],
            members_outside=members_outside,
            show_name=show_name,
            may_show=may_show,
        )
        texts = {"short_name": short_name, "alert": alert, "internal_alert": internal_alert}
        new = revised(new, **{name: text or None for name, text in texts.items() if text is not None})
        services.save_pool(session, new)
    tell(ctx, f"pool {key} changed")


@pool.command("sign-in")
@click.argument("key", metavar="POOL")
@click.argument("member", metavar="EMPLOYEE")
@click.pass_context
def sign_in(ctx: click.Context, key: str, member: str) -> None:
    """Have a member's phones ring for the pool again."""
    with changing(ctx) as session:
        pools.sign(session, key, member, signed_in=True)
    tell(ctx, f"{member} is signed in to pool {key}")


@pool.command("sign-out")
@click.argument("key", metavar="POOL")
@click.argument("member", metavar="EMPLOYEE")
@click.pass_context
def sign_out(ctx: click.Context, key: str, member: str) -> None:
    """Have a member's phones not ring for the pool; their own number is as it was."""
    with changing(ctx) as session:
        pools.sign(session, key, member, signed_in=False)
    tell(ctx, f"{member} is signed out of pool {key}")


@pool.command("next")
@click.argument("key", metavar="ID")
@click.option("--busy", metavar="TARGET", help="Calls that all members are too busy for, or decline, go there.")
@click.option("--no-answer", metavar="TARGET", help="Calls that nobody answers go there.")
@click.option("--offline", metavar="TARGET", help="Calls that reach no phone go there.")
@click.option("--closed", metavar="TARGET", help="Calls go there while the pool is closed.")
@click.pass_context
def set_next(
    ctx: click.Context, key: str, busy: str | None, no_answer: str | None, offline: str | None, closed: str | None
) -> None:
    """Change where calls to a pool go that no member takes; what is not named stays.

    TARGET is employee:ID or pool:ID, mailbox:employee:ID or mailbox:pool:ID, a number outside, announcement:closed,
    announcement:busy or announcement:nobody, or none.
    """
    targets = {"busy": busy, "no_answer": no_answer, "offline": offline, "closed": closed}
    said: dict[str, Any] = {name: None if to == "none" else to for name, to in targets.items() if to is not None}
    with changing(ctx) as session:
        pools.set_next(session, key, **said)
        silent = owners.silent(session, filter(None, targets.values()))
    tell(ctx, f"pool {key} changed")
    tell_silent(silent)


@pool.command("hours")
@click.argument("key", metavar="POOL")
@click.option("--schedule", metavar="NAME", help="Is open while this schedule is.")
@click.option("--always", is_flag=True, help="Is open at any time.")
@click.pass_context
def set_hours(ctx: click.Context, key: str, schedule: str | None, always: bool) -> None:
    """Say when a pool is open; hours of its own are set on its page, or in the company file."""
    if always is (schedule is not None):
        raise RuleError("give one of --schedule NAME and --always")
    with changing(ctx) as session:
        pools.change(session, key, hours=None if schedule is None else {"name": schedule})
    tell(ctx, f"pool {key} changed")


def _switch(ctx: click.Context, key: str, place: str, until: str | None) -> None:
    with changing(ctx) as session:
        company = services.company(session)[0]
        moment = opening.moment(until, company.timezone, now()) if until else None
        known = opening.switch(session, key, place, until=moment, now=now())
        found = opening.pool_now(session, known, now())
    hand = " by hand" if found.state.by_hand else ""
    end = f" until {found.until:%Y-%m-%d %H:%M}" if found.until else ""
    tell(ctx, f"pool {key} is {'open' if found.state.open else 'closed'}{hand}{end}")


_UNTIL = click.option("--until", metavar="TIME", help="14:00 or 2026-11-24 08:00; else until it is switched again.")


@pool.command("open")
@click.argument("key", metavar="POOL")
@_UNTIL
@click.pass_context
def open_pool(ctx: click.Context, key: str, until: str | None) -> None:
    """Open a pool by hand, whatever its hours say."""
    _switch(ctx, key, "open", until)


@pool.command("close")
@click.argument("key", metavar="POOL")
@_UNTIL
@click.pass_context
def close_pool(ctx: click.Context, key: str, until: str | None) -> None:
    """Close a pool by hand: nobody of it is rung."""
    _switch(ctx, key, "closed", until)


@pool.command("as-scheduled")
@click.argument("key", metavar="POOL")
@click.pass_context
def as_scheduled(ctx: click.Context, key: str) -> None:
    """Let the hours of a pool hold again."""
    _switch(ctx, key, "scheduled", None)


@pool.command("waiting")
@click.argument("key", metavar="ID")
@click.option("--on/--off", default=None, help="Whether callers wait until somebody is free.")
@click.option("--after", type=int, metavar="SECONDS", help="So long it just rings; 0: they are greeted at once.")
@click.option("--at-most", type=int, metavar="SECONDS", help="So long they wait.")
@click.option("--places", type=int, help="So many may wait.")
@click.pass_context
def set_waiting(
    ctx: click.Context, key: str, on: bool | None, after: int | None, at_most: int | None, places: int | None
) -> None:
    """Change how callers wait for a free member of a pool; what is not named stays."""
    said = {"after": after, "at_most": at_most, "places": places}
    values = {name: value for name, value in said.items() if value is not None}
    with changing(ctx) as session:
        known, _ = services.pool(session, key)
        there = (known.waiting or document.Waiting()).model_dump()
        waits = on if on is not None else known.waiting is not None or bool(values)
        pools.change(session, key, waiting={**there, **values} if waits else None)
    tell(ctx, f"pool {key} changed")


@pool.command("remove")
@click.argument("key", metavar="ID")
@click.pass_context
def remove(ctx: click.Context, key: str) -> None:
    """Remove a pool with its mailbox; its numbers become free."""
    with changing(ctx) as session:
        services.remove_pool(session, key)
    tell(ctx, f"pool {key} removed")
