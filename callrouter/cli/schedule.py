"""``callrouter schedule`` and ``callrouter trunk``: when we are open, and by which lines calls come."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from callrouter.cli.common import changing, in_language, print_json, reading
from callrouter.cli.directory import changed, print_record, print_records, print_table, tell
from callrouter.directory import document, kinds, services
from callrouter.directory.calendar import YEARS, Day, schedule_preview
from callrouter.directory.changing import made
from callrouter.directory.exporting import read_schedules, read_trunks
from callrouter.directory.schedules import clock_text
from callrouter.directory.yaml_lines import parse
from callrouter.errors import RuleError


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: {error}") from error
    return parse(text, str(path))[0]


@click.group()
def schedule() -> None:
    """Weekly hours, exceptions and public holidays."""


@schedule.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_schedules(ctx: click.Context, as_json: bool) -> None:
    """List schedules."""
    with reading(ctx) as session:
        schedules = read_schedules(session)
    if as_json:
        print_records(schedules)
        return
    rows = [
        (
            found.name,
            [f"{window.days} {window.from_}–{window.to}" for window in found.open],
            len(found.closed),
        )
        for found in schedules
    ]
    print_table(("name", "open", "closed dates"), rows)


@schedule.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one schedule."""
    with reading(ctx) as session:
        found, _ = services.schedule(session, name)
    print_record(found, as_json)


@schedule.command("preview")
@click.argument("name")
@click.option("--month", metavar="YYYY-MM", help="Which month; else this one.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def preview(ctx: click.Context, name: str, month: str | None, as_json: bool) -> None:
    """Show a month of a schedule: when it is open each day, and why it is not."""
    with reading(ctx) as session:
        found, _version = services.schedule(session, name)
        company, _version = services.company(session)
    if month is None:
        month = f"{dt.datetime.now(ZoneInfo(company.timezone)):%Y-%m}"
    if not (match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)) or int(match[1]) not in YEARS:
        raise RuleError(f"{month!r} is no month; write for example 2026-12")
    days = schedule_preview(found, company, int(match[1]), int(match[2]), in_language("de", "en"))
    if as_json:
        print_json([_day_values(day) for day in days])
        return
    table = Table("date", "day", "open", "why not")
    for day in days:
        times = ", ".join(f"{clock_text(start)}–{clock_text(end)}" for start, end in day.windows)
        why = (day.closed or "closed") if day.closes else day.holiday and f"({day.holiday})"
        table.add_row(day.date.isoformat(), kinds.DAYS[day.date.weekday()], times or "–", why or "")
    Console().print(table)


def _day_values(day: Day) -> dict[str, Any]:
    windows = [{"from": clock_text(start), "to": clock_text(end)} for start, end in day.windows]
    return {
        "date": day.date.isoformat(),
        "open": windows,
        "closed": (day.closed or "") if day.closes else None,
        "holiday": day.holiday,
    }


@schedule.command("set")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def change(ctx: click.Context, name: str, file: Path) -> None:
    """Make the schedule NAME what FILE says (open, closed, timezone, as in the company file)."""
    values = _from_file(file)
    new = changed(document.Schedule(name="new"), **(values | {"name": name}))
    with changing(ctx) as session:
        services.save_schedule(session, new)
    tell(ctx, f"schedule {name!r} saved")


@schedule.command("remove")
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Remove a schedule that no mailbox uses."""
    with changing(ctx) as session:
        services.remove_schedule(session, name)
    tell(ctx, f"schedule {name!r} removed")


@click.group()
def trunk() -> None:
    """Lines of providers."""


@trunk.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_trunks(ctx: click.Context, as_json: bool) -> None:
    """List trunks in the order they are tried."""
    with reading(ctx) as session:
        trunks = read_trunks(session)
    if as_json:
        print_records(trunks)
        return
    rows = [(found.name, found.proxy, found.peers, found.username if found.register_ else None) for found in trunks]
    print_table(("name", "proxy", "calls come from", "registers as"), rows)


@trunk.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def show_trunk(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one trunk, without its password."""
    with reading(ctx) as session:
        found, _ = services.trunk(session, name)
    print_record(found, as_json)


@trunk.command("set")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def change_trunk(ctx: click.Context, name: str, file: Path) -> None:
    """Make the trunk NAME what FILE says (proxy, peers, did_from …, as in the company file)."""
    values = _from_file(file)
    new = made(document.Trunk, **(values | {"name": name}))
    with changing(ctx) as session:
        services.save_trunk(session, new)
    tell(ctx, f"trunk {name} saved")


@trunk.command("remove")
@click.argument("name")
@click.pass_context
def remove_trunk(ctx: click.Context, name: str) -> None:
    """Remove a trunk: no more calls come by it."""
    with changing(ctx) as session:
        services.remove_trunk(session, name)
    tell(ctx, f"trunk {name} removed")
