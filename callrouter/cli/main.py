"""The command ``callrouter``: a table of its subcommands, and what a mistake ends with.

A told mistake (CallrouterError) is one message on standard error and exit code 2; anything else is a bug: traceback, 1.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click

from callrouter import __version__
from callrouter.errors import CallrouterError

#: Subcommand → module below ``callrouter.cli`` and the click command in it; imported only when it is asked for.
COMMANDS = {
    "init": ("init", "init"),
    "import": ("company", "import_"),
    "export": ("company", "export"),
    "employee": ("employee", "employee"),
    "device": ("employee", "device"),
    "mailbox": ("mailbox", "mailbox"),
    "pool": ("pool", "pool"),
    "schedule": ("schedule", "schedule"),
    "trunk": ("schedule", "trunk"),
    "number": ("number", "number"),
    "block": ("number", "block"),
    "blocked": ("blocked", "blocked"),
    "phonebook": ("phonebook", "phonebook"),
    "call": ("call", "call"),
    "case": ("case", "case"),
    "message": ("call", "message"),
    "mail": ("mail", "mail"),
    "retention": ("retention", "retention_"),
    "user": ("user", "user"),
    "token": ("token", "token"),
    "audit": ("user", "audit"),
    "doctor": ("doctor", "doctor"),
    "config": ("config", "config"),
    "serve": ("serve", "serve"),
    "explain": ("explain", "explain"),
    "demo": ("demo", "demo"),
    "completion": ("completion", "completion"),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module when it is used: ``callrouter --version`` needs no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"callrouter.cli.{module}"), name)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file; default: $CALLROUTER_CONFIG, else callrouter.toml here.",
)
@click.version_option(__version__, prog_name="callrouter")
@click.pass_context
def callrouter(ctx: click.Context, config: Path | None) -> None:
    """Call routing for FreeSWITCH: numbers, phones, mailboxes, pools, and a mail for every missed call."""
    ctx.obj = config


def main() -> None:
    """Run the command line; always ends the process."""
    try:
        callrouter(prog_name="callrouter")
    except CallrouterError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
