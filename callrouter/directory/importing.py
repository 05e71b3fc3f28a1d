"""``callrouter import FILE``: makes the directory what a company file says, in one transaction or not at all."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import accounts, audit, document, number_store, store
from callrouter.directory.database import Database
from callrouter.directory.exporting import export_company
from callrouter.directory.models import CompanyRow
from callrouter.directory.part_rules import block_text
from callrouter.directory.rules import check_file
from callrouter.directory.spelling import told
from callrouter.directory.views import FileView
from callrouter.directory.yaml_lines import Lines, parse
from callrouter.errors import ImportFileError, RuleError

#: Called with what is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]
_SHOWN = 50
_BATCH = 500


@dataclass(slots=True)
class Counts:
    """What an import did to one noun."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(slots=True)
class ImportResult:
    """What an import did, by noun (``employees``, ``numbers``, …), and the directory's version after it."""

    version: int
    counts: dict[str, Counts] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return any(count.added or count.changed or count.removed for count in self.counts.values())


def new_password() -> str:
    """A random SIP password of 32 characters."""
    return secrets.token_urlsafe(24)


def read_company_file(text: str, filename: str) -> tuple[document.CompanyFile, Lines]:
    """Parse a company file's *text*; raises ImportFileError with every mistake in it, a line each."""
    data, lines = parse(text, filename)
    try:
        return document.CompanyFile.model_validate(data), lines
    except ValidationError as error:
        raise ImportFileError("\n".join(_first(told(error, lines)))) from error


def _first(texts: Sequence[str]) -> list[str]:
    more = len(texts) - _SHOWN
    return [*texts[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def keep_secrets(file: document.CompanyFile, current: document.CompanyFile | None) -> None:
    """Fill in what *file* does not say: secrets that exist stay, a device without password gets a random one.

    A PIN or trunk password that the file sets to null is removed.
    """
    passwords = {d.sip_user: d.sip_password for e in current.employees for d in e.devices} if current else {}
    owners: list[document.Employee | document.Pool] = [*file.employees, *file.pools]
    old_owners: list[document.Employee | document.Pool] = [*current.employees, *current.pools] if current else []
    pins = {(type(owner), owner.id): owner.mailbox.pin for owner in old_owners}
    trunks = {trunk.name: trunk.password for trunk in current.trunks} if current else {}
    for employee in file.employees:
        for device in employee.devices:
            device.sip_password = device.sip_password or passwords.get(device.sip_user) or new_password()
    for owner in owners:
        pin = pins.get((type(owner), owner.id))
        if pin and "pin" not in owner.mailbox.model_fields_set:
            owner.mailbox = owner.mailbox.model_copy(update={"pin": pin})
    for trunk in file.trunks:
        if "password" not in trunk.model_fields_set:
            trunk.password = trunks.get(trunk.name)


class _Diff:
    """The parts of one noun in the file against those in the database, by their keys."""

    def __init__(self, new: dict[Any, Any], old: dict[Any, Any]) -> None:
        self.added = [part for key, part in new.items() if key not in old]
        self.changed = [part for key, part in new.items() if key in old and old[key] != part]
        self.removed = [key for key in old if key not in new]
        self.counts = Counts(len(self.added), len(self.changed), 0, len(self.removed))
        self.counts.unchanged = len(new) - len(self.added) - len(self.changed)

    @property
    def written(self) -> list[Any]:
        return [*self.added, *self.changed]


def _said_of_numbers(file: document.CompanyFile) -> dict[Any, Any]:
    blank = document.NumberNotify()
    return {e164: wishes for e164, wishes in file.number_notifications.items() if wishes != blank}


_NOUNS: dict[str, tuple[str, Callable[[document.CompanyFile], dict[Any, Any]]]] = {
    "company": ("company", lambda file: {"": file.company}),
    "trunks": ("trunk", lambda file: {trunk.name: (place, trunk) for place, trunk in enumerate(file.trunks)}),
    "number_blocks": ("number block", lambda file: {block_text(block): block for block in file.number_blocks}),
    "numbers": ("number", lambda file: {number: number for number in file.numbers}),
    "schedules": ("schedule", lambda file: {schedule.name: schedule for schedule in file.schedules}),
    "employees": ("employee", lambda file: {employee.id: employee for employee in file.employees}),
    "devices": ("device", lambda file: {d.sip_user: (e.id, d) for e in file.employees for d in e.devices}),
    "pools": ("pool", lambda file: {pool.id: pool for pool in file.pools}),
    "blocked_callers": ("blocked caller", lambda file: {caller: caller for caller in file.blocked_callers}),
    "reject_anonymous": ("anonymous rejection", lambda file: {number: number for number in file.reject_anonymous}),
    "number_notifications": ("notifications of number", _said_of_numbers),
}


#: Nouns with an entry for each change; devices are told with their employees.
_AUDITED = tuple(noun for noun in _NOUNS if noun != "devices")


def _compare(file: document.CompanyFile, current: document.CompanyFile | None) -> dict[str, _Diff]:
    return {noun: _Diff(parts(file), parts(current) if current else {}) for noun, (_, parts) in _NOUNS.items()}


def _refuse_removals(diffs: dict[str, _Diff], filename: str) -> None:
    gone = [f"  {_NOUNS[noun][0]} {key}" for noun, diff in diffs.items() for key in diff.removed]
    if gone:
        raise ImportFileError(
            f"{filename}:1: the file does not have these, and an import describes the whole company; nothing was "
            "changed. Add them, or import with --prune to remove them:\n" + "\n".join(_first(gone))
        )


def _lost(file: document.CompanyFile, current: document.CompanyFile | None) -> list[str]:
    """Who may stay without a number: it was lost before, or the file takes the number itself away."""
    if current is None:
        return []
    view = FileView(file)
    return [
        employee.id
        for employee in current.employees
        if (employee.devices and not employee.personal_number)
        or (employee.personal_number and view.number_state(employee.personal_number) is None)
    ]


def _write(
    session: Session,
    file: document.CompanyFile,
    current: document.CompanyFile | None,
    diffs: dict[str, _Diff],
    progress: Progress,
    at: dt.datetime,
) -> None:
    store.count_up(session)
    if diffs["company"].written:
        store.write_company(session, file.company)
    store.write_trunks(session, diffs["trunks"].written)
    store.drop_named(session, "trunks", diffs["trunks"].removed)
    store.write_schedules(session, diffs["schedules"].written)
    store.drop_owners(session, "pool", diffs["pools"].removed)
    accounts.remove_of_employees(session, store.owner_ids(session, "employee", diffs["employees"].removed).values())
    store.drop_owners(session, "employee", diffs["employees"].removed)
    progress("numbers", 0, len(file.numbers))
    old_blocks = {block_text(block): block for block in current.number_blocks} if current else {}
    removed_blocks = [old_blocks[key] for key in diffs["number_blocks"].removed]
    number_store.write_blocks(session, diffs["number_blocks"].added, removed_blocks)
    number_store.deactivate(session, diffs["numbers"].removed)
    number_store.activate(session, diffs["numbers"].added)
    number_store.reject_anonymous(session, diffs["reject_anonymous"].removed, reject=False)
    number_store.reject_anonymous(session, diffs["reject_anonymous"].added, reject=True)
    progress("numbers", len(file.numbers), len(file.numbers))
    employees, pools = diffs["employees"].written, diffs["pools"].written
    store.release_owners(session, employees, pools)
    for start in range(0, len(employees), _BATCH):
        progress("employees", start, len(employees))
        store.write_owners(session, employees=employees[start : start + _BATCH])
    progress("employees", len(employees), len(employees))
    store.write_owners(session, pools=pools)
    number_store.write_notify(session, dict.fromkeys(diffs["number_notifications"].removed))
    number_store.write_notify(session, file.number_notifications)
    store.drop_named(session, "schedules", diffs["schedules"].removed)
    store.write_blocked(session, diffs["blocked_callers"].added, diffs["blocked_callers"].removed, at=at)


def _audit(
    session: Session,
    file: document.CompanyFile,
    current: document.CompanyFile | None,
    diffs: dict[str, _Diff],
    filename: str,
) -> None:
    """One entry for the import, and one for each thing it changed or removed; what it added is only counted."""
    counts = {noun: diff.counts for noun, diff in diffs.items()}
    added = {noun: count.added for noun, count in counts.items() if count.added}
    audit.record(session, "import", filename, None, {"added": added})
    if current is None:
        return
    for noun in _AUDITED:
        said, parts = _NOUNS[noun]
        new, old = parts(file), parts(current)
        for key, before in old.items():
            if key not in new or new[key] != before:
                audit.record(session, said, str(key), _part(before), _part(new.get(key)))


def _part(value: Any) -> Any:
    part = value[1] if isinstance(value, tuple) else value
    return {"": part} if isinstance(part, str) else part


def import_company(
    database: Database,
    text: str,
    filename: str,
    *,
    prune: bool = False,
    dry_run: bool = False,
    actor: str = "system",
    progress: Progress = lambda stage, done, total: None,
) -> ImportResult:
    """Make the directory what the company file *text* says; *filename* is for messages.

    Raises ImportFileError, with every mistake in a line ``FILE:LINE: …``, and then nothing has changed. Whatever the
    directory has and the file has not is removed only with *prune*. With *dry_run* nothing is kept. An import that
    changes nothing leaves the version as it is.
    """
    file, lines = read_company_file(text, filename)
    with database.write() as session:
        audit.act_as(session, actor)
        version = session.scalar(select(CompanyRow.version).with_for_update()) or 0
        current = export_company(session) if version else None
        keep_secrets(file, current)
        problems = sorted((lines.line(p.path), p.text) for p in check_file(file, FileView(file, _lost(file, current))))
        if problems:
            raise ImportFileError("\n".join(_first([f"{filename}:{line}: {said}" for line, said in problems])))
        for pool in file.pools:
            pool.numbers.sort()
        diffs = _compare(file, current)
        if not prune:
            _refuse_removals(diffs, filename)
        result = ImportResult(version, {noun: diff.counts for noun, diff in diffs.items()})
        if result.changed:
            try:
                _write(session, file, current, diffs, progress, dt.datetime.now(dt.UTC))
            except RuleError as error:  # what no file shows: users
                raise ImportFileError(f"{filename}:1: {error}") from None
            _audit(session, file, current, diffs, filename)
            result.version += 1
        if dry_run:
            session.rollback()
    return result
