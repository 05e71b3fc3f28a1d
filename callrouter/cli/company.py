"""``callrouter import`` and ``callrouter export``: the company as one file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress as Bars

from callrouter import spool
from callrouter.cli.common import actor, json_text, load_settings, open_database, print_json, reading
from callrouter.directory.exporting import export_company, to_data, to_yaml
from callrouter.directory.importing import ImportResult, Progress, import_company
from callrouter.errors import ImportFileError


@contextmanager
def _bars() -> Iterator[Progress]:
    """A bar for each stage of a long import, on a terminal's standard error only."""
    with Bars(console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield show


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ImportFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportFileError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error


def _print_result(result: ImportResult, dry_run: bool) -> None:
    if not result.changed:
        click.echo(f"Nothing to change; version {result.version}.")
        return
    for noun, count in result.counts.items():
        parts = [f"{number} {what}" for what, number in dataclasses.asdict(count).items() if number]
        if count.added or count.changed or count.removed:
            click.echo(f"{noun.replace('_', ' ')}: {', '.join(parts)}")
    click.echo("Dry run: nothing was changed." if dry_run else f"Version {result.version}.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="Remove what the file does not have.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would change; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
@click.pass_context
def import_(ctx: click.Context, file: Path, prune: bool, dry_run: bool, as_json: bool) -> None:
    """Make the company what FILE says, all of it or nothing.

    FILE describes the whole company; importing it again changes nothing. Passwords and PINs that it does not have
    stay as they are.
    """
    text = _read(file)
    with open_database(load_settings(ctx)) as database, _bars() as progress:
        result = import_company(
            database, text, str(file), prune=prune, dry_run=dry_run, actor=actor(), progress=progress
        )
    if as_json:
        values = {**dataclasses.asdict(result), "changed": result.changed, "dry_run": dry_run}
        print_json(values)
    else:
        _print_result(result, dry_run)


@click.command(short_help="Write the company as `callrouter import` reads it.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--with-secrets", is_flag=True, help="With SIP and trunk passwords and PINs.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of YAML; the import reads it too.")
@click.pass_context
def export(ctx: click.Context, file: Path | None, with_secrets: bool, as_json: bool) -> None:
    """Write the company to FILE (default: standard output) as `callrouter import` reads it."""
    with reading(ctx) as session:
        company = export_company(session)
    text = json_text(to_data(company, secrets=with_secrets)) if as_json else to_yaml(company, secrets=with_secrets)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        spool.write_whole(file, text.encode("utf-8"), mode=0o600 if with_secrets else 0o644)
    except OSError as error:
        raise ImportFileError(f"{file}: {error.strerror}") from error
