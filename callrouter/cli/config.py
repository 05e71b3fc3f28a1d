"""``callrouter config``: the FreeSWITCH configuration made from the directory; shown, compared, put in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from callrouter import log
from callrouter.cli.common import load_settings, open_database, print_json
from callrouter.directory.digits import digits_of
from callrouter.directory.exporting import export_company
from callrouter.directory.models import CompanyRow
from callrouter.directory.schedules import holiday_dates
from callrouter.errors import RenderError
from callrouter.esl.client import InboundClient
from callrouter.rendering import certificates
from callrouter.rendering.apply import Api, Applied, EditedError, apply
from callrouter.rendering.changes import compare
from callrouter.rendering.render import render
from callrouter.resources import prompts_dir
from callrouter.settings import Settings, parse_address

#: Exit codes beside 0: something differs or was edited; written, but FreeSWITCH could not be asked to reload.
DIFFERENT, NOT_RELOADED = 1, 3
#: Public holidays are written out as dates for this year and as many more.
_HOLIDAY_YEARS = 3
_CONNECT_SECONDS = 3.0
_RELOAD_SECONDS = 30.0


def rendered_files(settings: Settings) -> tuple[dict[str, bytes], int]:
    """Every file of ``conf_dir`` by relative path, prompts included, and the configuration's version."""
    with open_database(settings) as database, database.read() as session:
        document = export_company(session)
        row = session.get(CompanyRow, 1)
        assert row is not None
        version = row.version
    company = document.company
    year = dt.datetime.now(ZoneInfo(company.timezone)).year
    holidays = (
        holiday_dates(company.holidays, company.language, range(year, year + _HOLIDAY_YEARS))
        if company.holidays
        else {}
    )
    digits = digits_of(company)
    files = render(document, settings, version, holidays, digits)
    files |= certificates.files(settings, document, dt.datetime.now(dt.UTC))
    prompts = prompts_dir()
    files |= {
        f"prompts/{prompt.relative_to(prompts).as_posix()}": prompt.read_bytes() for prompt in prompts.glob("*/*.wav")
    }
    return files, version


@contextmanager
def _connection(settings: Settings) -> Iterator[tuple[Api | None, str]]:
    """A way to send API commands to FreeSWITCH, or None and why there is none."""
    address = parse_address(settings.freeswitch.event_socket, "[freeswitch] event_socket")
    client = InboundClient(address, settings.freeswitch.password, name="config")
    client.start()
    try:
        if client.first_try(_CONNECT_SECONDS):
            yield (lambda command: client.api(command, timeout=_RELOAD_SECONDS)), ""
        else:
            yield None, client.problem
    finally:
        client.stop()


@click.group()
def config() -> None:
    """The FreeSWITCH configuration that belongs to the directory."""


@config.command("render")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write it into this folder.")
@click.pass_context
def render_command(ctx: click.Context, out: Path | None) -> None:
    """Render the configuration: the list of files, or the files themselves into --out."""
    files, version = rendered_files(load_settings(ctx))
    if out is None:
        for path, data in sorted(files.items()):
            click.echo(f"{len(data):>9}  {path}")
        return
    apply(files, out, version, api=None)
    click.echo(f"configuration {version}: {len(files)} files in {out}")


@config.command()
@click.pass_context
def diff(ctx: click.Context) -> None:
    """Show what `config apply` would change, as a unified diff. Exit code 1: something."""
    settings = load_settings(ctx)
    files, _ = rendered_files(settings)
    found = compare(files, settings.conf_dir)
    click.echo(found.diff(), nl=False)
    for path in found.edited:
        click.echo(f"not as callrouter wrote it: {path}", err=True)
    ctx.exit(DIFFERENT if found else 0)


@config.command("apply")
@click.option("--force", is_flag=True, help="Take ours where somebody edited a file.")
@click.option("--no-reload", is_flag=True, help="Only write; FreeSWITCH is told nothing.")
@click.option("--only-reloaded", is_flag=True, help="Write nothing while FreeSWITCH cannot be reached.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def apply_command(ctx: click.Context, force: bool, no_reload: bool, only_reloaded: bool, as_json: bool) -> None:
    """Write the configuration and have FreeSWITCH reload it.

    Exit code 1: a file was edited, nothing was written; 3: written, but FreeSWITCH could not be reached.
    """
    settings = load_settings(ctx)
    log.configure("error", settings.log.format)
    files, version = rendered_files(settings)
    settings.spool.create()
    try:
        if no_reload:
            done, problem = apply(files, settings.conf_dir, version, api=None, force=force), ""
        else:
            with _connection(settings) as (api, problem):
                if problem and only_reloaded:
                    raise RenderError(f"FreeSWITCH cannot be told, nothing was written: {problem}")
                done = apply(files, settings.conf_dir, version, api=api, force=force)
    except EditedError as error:
        if as_json:
            print_json({"version": version, "edited": error.changes.edited, "written": [], "reloaded": False})
        else:
            click.echo(error.changes.diff(error.changes.edited), nl=False)
            click.echo(str(error), err=True)
        ctx.exit(DIFFERENT)
    except OSError as error:
        raise RenderError(f"{settings.conf_dir}: {error}") from error
    _tell(done, version, problem, as_json)
    ctx.exit(NOT_RELOADED if problem else 0)


def apply_after_change(settings: Settings) -> None:
    """Bring the configuration up to a change just made, and say how that went; never raises for FreeSWITCH's sake."""
    log.configure("error", settings.log.format)
    files, version = rendered_files(settings)
    try:
        with _connection(settings) as (api, problem):
            done = apply(files, settings.conf_dir, version, api=api)
    except (EditedError, RenderError, OSError) as error:
        click.echo(f"FreeSWITCH's configuration is not up to date: {error}", err=True)
        click.echo("run `callrouter config apply` when that is mended", err=True)
        return
    _tell(done, version, problem, as_json=False)


def _tell(done: Applied, version: int, problem: str, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "version": version,
                "edited": [],
                "written": done.written,
                "removed": done.removed,
                "reloaded": done.reloaded,
                "restart": done.restart,
                "problem": problem,
            }
        )
        return
    click.echo(f"configuration {version}: {len(done.written)} files written, {len(done.removed)} removed")
    if done.reloaded:
        click.echo("FreeSWITCH has taken it over")
    for reason in done.restart:
        click.echo(f"takes effect only at a restart: {reason}")
    if problem:
        click.echo(f"FreeSWITCH was not told: {problem}", err=True)
        click.echo("the web role does it once FreeSWITCH answers; so does `callrouter config apply`", err=True)
