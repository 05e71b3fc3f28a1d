"""``callrouter serve``: all roles, restarted when they die, or one of them in the foreground."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from callrouter import log
from callrouter.cli.common import load_settings
from callrouter.errors import SettingsError


@click.command(short_help="Run the router, the worker and the web role.")
@click.argument("role", required=False, type=click.Choice(["router", "worker", "web"]))
@click.pass_context
def serve(ctx: click.Context, role: str | None) -> None:
    """Run the router, the worker and the web role; with ROLE that one alone, in the foreground.

    SIGTERM stops cleanly: calls in progress go on.
    """
    settings = load_settings(ctx)
    if not settings.freeswitch.password:
        raise SettingsError("[freeswitch] password is empty: this folder has no callrouter.toml; run `callrouter init`")
    config: Path | None = ctx.find_root().obj
    if role is not None:
        arguments = ["--config", str(config)] if config else []
        os.execv(sys.executable, [sys.executable, "-m", "callrouter.cli.role", role, *arguments])  # noqa: S606
    from callrouter.app import serve_all

    log.configure(settings.log.level, settings.log.format)
    raise SystemExit(serve_all(settings, config))
