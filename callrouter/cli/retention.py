"""``callrouter retention``: what is kept no longer, and its deletion at once instead of at night."""

from __future__ import annotations

import threading

import click

from callrouter.cli.common import load_settings, now, open_database, print_json
from callrouter.ledger import retention


@click.command("retention", short_help="What is deleted because it is old.")
@click.option("--delete", "delete_now", is_flag=True, help="Delete it now; the worker does so at night.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def retention_(ctx: click.Context, delete_now: bool, as_json: bool) -> None:
    """Show how much is older than the company keeps it, and would be deleted now; without --delete nothing is.

    How long that is stands in the company's settings (company.retention). Archived files are left to the worker.
    """
    at = now()
    with open_database(load_settings(ctx)) as database:
        with database.read() as session:
            kept = retention.kept(session)
            counts = {} if delete_now else retention.count(session, at)
        if delete_now:
            counts = retention.run(database, at, threading.Event())
    what = "deleted" if delete_now else "to_delete"
    if as_json:
        print_json({name: {"days": days, what: counts.get(name, 0)} for name, days in kept})
        return
    for name, days in kept:
        told = f"{counts[name]} {what.replace('_', ' ')}" if days else "nothing is deleted"
        long = "for ever" if days is None else "for 1 day" if days == 1 else f"for {days} days"
        click.echo(f"{name}: kept {long}; {told}")
