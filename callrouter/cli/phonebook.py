"""``callrouter phonebook``: who outside the company has which numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click
from sqlalchemy.orm import Session

from callrouter import spool
from callrouter.cli.common import changing, in_language, print_json, reading
from callrouter.cli.directory import print_table
from callrouter.directory import contact_files, contact_import, contacts, lists
from callrouter.directory.changing import made
from callrouter.directory.contacts import Contact
from callrouter.directory.csv_cells import BOM
from callrouter.errors import RuleError, say


@click.group()
def phonebook() -> None:
    """Names of callers from outside."""


def _contact(session: Session, name: str, numbers: tuple[str, ...], note: str) -> Contact:
    """NUMBER or NUMBER=LABEL, as people write them."""
    digits = contacts.company_digits(session)
    read = []
    for text in numbers:
        number, _, label = text.partition("=")
        e164 = contacts.read_number(number, digits)
        if e164 is None:
            raise RuleError(say("%(text)r is no telephone number", text=number[:40]))
        read.append({"number": e164, "label": label})
    return made(Contact, name=name, numbers=read, note=note)


@phonebook.command("list")
@click.argument("search", required=False, default="")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def list_contacts(ctx: click.Context, search: str, page: int, as_json: bool) -> None:
    """List entries; SEARCH looks into names, numbers and notes."""
    with reading(ctx) as session:
        found = contacts.listed(session, search, page=page)
    if as_json:
        rows = [{**dataclasses.asdict(row), "numbers": [one.model_dump() for one in row.numbers]} for row in found.rows]
        print_json({"total": found.total, "rows": rows})
        return
    print_table(
        ("id", "name", "numbers", "note"),
        [
            (row.id, row.name, [f"{one.number} {one.label}".strip() for one in row.numbers], row.note)
            for row in found.rows
        ],
    )
    if found.total > lists.PAGE:
        click.echo(f"{found.total} in all; --page shows the others.")


@phonebook.command("add")
@click.argument("name")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER[=LABEL]...")
@click.option("--note", default="")
@click.pass_context
def add(ctx: click.Context, name: str, numbers: tuple[str, ...], note: str) -> None:
    """Add NAME with one or more numbers: 0176 04069001=mobile."""
    with changing(ctx) as session:
        number = contacts.add(session, _contact(session, name, numbers, note))
    click.echo(f"{name} is entry {number} of the phone book")


@phonebook.command("change")
@click.argument("entry", type=click.IntRange(1, 2147483647))
@click.option("--name")
@click.option("--number", "numbers", multiple=True, metavar="NUMBER[=LABEL]", help="All that it is to have.")
@click.option("--note")
@click.pass_context
def change(ctx: click.Context, entry: int, name: str | None, numbers: tuple[str, ...], note: str | None) -> None:
    """Change ENTRY (an id of the list); what is not given stays."""
    with changing(ctx) as session:
        known, _ = contacts.contact(session, entry)
        new_name = known.name if name is None else name
        new = _contact(session, new_name, numbers, known.note if note is None else note)
        contacts.change(session, entry, new if numbers else new.model_copy(update={"numbers": known.numbers}))
    click.echo(f"{new_name} is changed")


@phonebook.command("remove")
@click.argument("entry", type=click.IntRange(1, 2147483647))
@click.pass_context
def remove(ctx: click.Context, entry: int) -> None:
    """Remove ENTRY (an id of the list)."""
    with changing(ctx) as session:
        name = contacts.remove(session, entry)
    click.echo(f"{name} is no longer in the phone book")


@phonebook.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would become of each line; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Every line, for scripts.")
@click.pass_context
def import_(ctx: click.Context, file: Path, dry_run: bool, as_json: bool) -> None:
    """Take the contacts of FILE (CSV with a header, or vCard) into the phone book; nothing is removed."""
    try:
        text = contact_files.decoded(file.read_bytes())
    except OSError as error:
        raise RuleError(f"{file}: {error.strerror}") from error
    entries = contact_files.read(text, in_language("de", "en"))
    if dry_run:
        with reading(ctx) as session:
            found = contact_import.look_at(session, entries)
    else:
        with changing(ctx) as session:
            found = contact_import.import_contacts(session, entries, file.name)
    if as_json:
        print_json({"lines": [dataclasses.asdict(line) for line in found.lines], "counts": found.counts})
        return
    for line in found.lines:
        if line.problems or (dry_run and line.kind != "same"):
            said = "; ".join(line.problems) or ", ".join(line.numbers)
            click.echo(": ".join(filter(None, (f"{file}:{line.line}", line.kind, line.name, said))))
    click.echo(", ".join(f"{number} {kind}" for kind, number in found.counts.items()))
    if dry_run:
        click.echo("Dry run: nothing was changed.")


@phonebook.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.pass_context
def export(ctx: click.Context, file: Path | None) -> None:
    """Write the phone book as CSV to FILE (default: standard output), as `callrouter phonebook import` reads it."""
    with reading(ctx) as session:
        text = contact_files.to_csv(contacts.everything(session), in_language("de", "en"))
    if file is None:
        click.echo(text.removeprefix(BOM).replace("\r\n", "\n"), nl=False)
        return
    try:
        spool.write_whole(file, text.encode())
    except OSError as error:
        raise RuleError(f"{file}: {error.strerror}") from error
