"""``callrouter doctor``: what is wrong with the directory although no rule was broken."""

from __future__ import annotations

import sys

import click

from callrouter.cli.common import load_settings, open_database, print_json
from callrouter.directory.exporting import read_company
from callrouter.directory.numbers import employees_without_number, numbers_without_owner


@click.command(short_help="List what is wrong although no rule was broken.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """List employees without a number and numbers without an owner; exit code 1 if there are any."""
    with open_database(load_settings(ctx)) as database, database.read() as session:
        read_company(session)
        found = {
            "employees_without_number": employees_without_number(session),
            "numbers_without_owner": numbers_without_owner(session),
        }
    if as_json:
        print_json(found)
    else:
        for key in found["employees_without_number"]:
            click.echo(f"employee {key}: lost the personal number; give a new one")
        for e164 in found["numbers_without_owner"]:
            click.echo(f"number {e164}: active, but nobody's; give it to someone or deactivate it")
        if not any(found.values()):
            click.echo("Nothing is wrong.")
    if any(found.values()):
        sys.exit(1)
