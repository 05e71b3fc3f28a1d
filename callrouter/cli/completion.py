"""``callrouter completion``: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from callrouter.errors import CallrouterError


@click.command(short_help="Print the completion for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion for a shell; in bash: eval "$(callrouter completion bash)"."""
    kind = get_completion_class(shell)
    if kind is None:
        raise CallrouterError(f"there is no completion for {shell}")
    root = ctx.find_root()
    click.echo(kind(root.command, {}, "callrouter", "_CALLROUTER_COMPLETE").source())
