"""What the commands of the directory's nouns share: tables, whole records, and putting a change into FreeSWITCH."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import click
import yaml
from pydantic import BaseModel
from rich.console import Console
from rich.table import Column, Table

from callrouter.cli.common import load_settings, print_json
from callrouter.cli.config import apply_after_change
from callrouter.directory import document
from callrouter.directory.changing import revised
from callrouter.directory.lists import Page

_T = TypeVar("_T", bound=document.Part)

_PIPE_COLUMNS = 240
#: Never shown by a command; ``export --with-secrets`` has them.
_SECRET = {"sip_password", "password", "pin"}


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table that leaves nothing out: what does not fit goes on in the next line; as wide as needed in a pipe."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=_PIPE_COLUMNS)
    table = Table(*[Column(name, overflow="fold") for name in headers])
    for row in rows:
        table.add_row(*[_cell(value) for value in row])
    console.print(table)


def print_page(page: Page[Any], columns: Sequence[str], shown: int, as_json: bool) -> None:
    """A page of a list as a table, or as JSON with the total; says how many more there are."""
    if as_json:
        values = {"total": page.total, "rows": [plain(dataclasses.asdict(row)) for row in page.rows]}
        print_json(values | ({"next": page.next} if page.next else {}))
        return
    print_table(
        [name.replace("_", " ") for name in columns],
        [[getattr(row, name) for name in columns] for row in page.rows],
    )
    if page.next:
        click.echo(f"{_in_all(page)}--before {page.next} shows the next page.")
    elif page.total > shown:
        click.echo(f"{_in_all(page)}--page shows the others.")


def _in_all(page: Page[Any]) -> str:
    return f"{'more than ' if page.capped else ''}{page.total} in all; " if page.total else ""


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """*values* with moments as text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M"))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def without_secrets(value: Any) -> Any:
    """*value* with secrets told as set or not, and nothing else of them."""
    if isinstance(value, dict):
        return {key: ("set" if one else None) if key in _SECRET else without_secrets(one) for key, one in value.items()}
    return [without_secrets(one) for one in value] if isinstance(value, list) else value


def print_record(part: BaseModel, as_json: bool) -> None:
    """One record whole, as YAML for people or JSON for scripts, without secrets."""
    print_values(part.model_dump(mode="json", by_alias=True, exclude_none=not as_json), as_json)


def print_values(values: dict[str, Any], as_json: bool) -> None:
    """The same of a record that has more than its part says."""
    values = without_secrets(values)
    if as_json:
        print_json(values)
    else:
        click.echo(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), nl=False)


def print_records(parts: Iterable[BaseModel]) -> None:
    """Whole records as JSON for scripts, without secrets; as many as there are."""
    print_json([without_secrets(part.model_dump(mode="json", by_alias=True)) for part in parts])


def changed(part: _T, **values: Any) -> _T:
    """*part* with those of *values* that were given (not None), checked anew; raises RuleError naming the field."""
    return revised(part, **{key: value for key, value in values.items() if value is not None})


def tell_silent(names: Iterable[str]) -> None:
    """Say of the mailboxes of *names*, to which calls are to go, that they take none."""
    for name in names:
        click.echo(f"The mailbox of {name} takes no calls, so none goes there: `callrouter mailbox set --help`")


def tell(ctx: click.Context, text: str) -> None:
    """Say what was changed, then bring FreeSWITCH's configuration up to it and say how that went."""
    click.echo(text)
    apply_after_change(load_settings(ctx))
