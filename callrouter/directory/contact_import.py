"""A file of contacts into the phone book: what becomes of each line, to be looked at first, and the doing of it.

An import adds and changes, and removes nothing. A line is about the contact of its name (in upper or lower case), so
lines of one name are one contact; numbers that another contact has are left out and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callrouter.directory import audit, contacts, store
from callrouter.directory.contact_files import Entry
from callrouter.directory.contact_rows import ContactNumberRow, ContactRow
from callrouter.directory.contacts import (
    LONGEST_LABEL,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_NUMBERS,
    ContactLine,
    company_digits,
    read_number,
)
from callrouter.errors import say
from callrouter.routing.snapshot import DigitRules


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of an entry of the file: ``kind`` is new, changed, same or refused.

    ``numbers`` are those taken from it, E.164; ``problems`` say what was left out, or why it is refused.
    """

    line: int
    kind: str
    name: str
    numbers: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """All lines of a file, and how many there are of each kind."""

    lines: list[Line]

    @property
    def counts(self) -> dict[str, int]:
        return {kind: sum(line.kind == kind for line in self.lines) for kind in ("new", "changed", "same", "refused")}

    @property
    def changes(self) -> bool:
        """Whether anything is to be written."""
        return any(line.kind in ("new", "changed") for line in self.lines)


@dataclass(slots=True)
class _Contact:
    """A contact as it is and will be; ``id`` None: a new one. ``numbers`` has labels by E.164."""

    name: str
    note: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    id: int | None = None
    changed: bool = False


class _Book:
    """The phone book while lines are read into it."""

    def __init__(self, known: Sequence[ContactLine], digits: DigitRules) -> None:
        self._digits = digits
        self._by_name: dict[str, _Contact] = {}
        self._by_number: dict[str, _Contact] = {}
        for line in known:
            contact = _Contact(line.name, line.note, {one.number: one.label for one in line.numbers}, line.id)
            self._by_name.setdefault(line.name.casefold(), contact)
            self._by_number.update(dict.fromkeys(contact.numbers, contact))

    def take(self, entry: Entry) -> Line:
        """Put *entry* in, and say what became of it."""
        name = entry.name.strip()
        if entry.problem or not name or len(name) > LONGEST_NAME:
            why = entry.problem or (say("the name is too long") if name else say("there is no name"))
            return Line(entry.line, "refused", name[:LONGEST_NAME], (), (why,))
        contact = self._by_name.get(name.casefold())
        numbers, problems = self._numbers(entry, contact)
        if not numbers:
            why_not = tuple(problems) or (say("there is no number"),)
            return Line(entry.line, "refused", name, (), why_not)
        kind = "same"
        if contact is None:
            kind = "new"
            contact = self._by_name[name.casefold()] = _Contact(name, changed=True)
        if self._change(contact, numbers, entry.note[:LONGEST_NOTE]) and kind == "same":
            kind = "changed"
        return Line(entry.line, kind, contact.name, tuple(numbers), tuple(problems))

    def _numbers(self, entry: Entry, contact: _Contact | None) -> tuple[dict[str, str], list[str]]:
        """The numbers of *entry* that *contact* (None: a new one) has or can get, with labels, and the others."""
        numbers: dict[str, str] = {}
        problems: list[str] = []
        for text, label in entry.numbers:
            e164 = read_number(text, self._digits)
            holder = self._by_number.get(e164 or "")
            if e164 is None:
                problems.append(say("%(text)r is no telephone number", text=text[:40]))
            elif holder is not None and holder is not contact:
                problems.append(
                    say("%(number)s is in the phone book already, as %(name)s", number=e164, name=holder.name)
                )
            elif len({*numbers, *(contact.numbers if contact else ()), e164}) > MOST_NUMBERS:
                problems.append(say("%(name)s: more than %(most)s numbers", name=entry.name, most=MOST_NUMBERS))
            else:
                numbers[e164] = label[:LONGEST_LABEL]
        return numbers, problems

    def _change(self, contact: _Contact, numbers: dict[str, str], note: str) -> bool:
        merged = contact.numbers | {e164: label or contact.numbers.get(e164, "") for e164, label in numbers.items()}
        if merged == contact.numbers and note in ("", contact.note):
            return False
        contact.numbers, contact.note, contact.changed = merged, note or contact.note, True
        self._by_number.update(dict.fromkeys(numbers, contact))
        return True

    def changed(self) -> list[_Contact]:
        return [contact for contact in self._by_name.values() if contact.changed]


def look_at(session: Session, entries: Sequence[Entry]) -> Imported:
    """What would become of *entries*, those of a file (``contact_files.read``)."""
    return _read_into(_book(session), entries)


def import_contacts(session: Session, entries: Sequence[Entry], filename: str) -> Imported:
    """Take *entries* into the phone book; *filename* is for the audit log."""
    store.count_up(session)
    book = _book(session)
    imported = _read_into(book, entries)
    if imported.changes:
        changed = book.changed()
        _insert(session, [contact for contact in changed if contact.id is None])
        for contact in changed:
            if contact.id is not None:
                _update(session, session.get_one(ContactRow, contact.id), contact)
        audit.record(session, "import", filename, None, {"contacts": imported.counts})
    return imported


def _book(session: Session) -> _Book:
    return _Book(contacts.everything(session), company_digits(session))


def _read_into(book: _Book, entries: Sequence[Entry]) -> Imported:
    return Imported([book.take(entry) for entry in entries])


def _insert(session: Session, new: Sequence[_Contact]) -> None:
    if not new:
        return
    rows = [{"name": contact.name, "note": contact.note} for contact in new]
    ids = session.scalars(insert(ContactRow).returning(ContactRow.id, sort_by_parameter_order=True), rows)
    numbers = [
        {"contact_id": row_id, "e164": e164, "label": label, "position": position}
        for row_id, contact in zip(ids.all(), new, strict=True)
        for position, (e164, label) in enumerate(contact.numbers.items())
    ]
    session.execute(insert(ContactNumberRow), numbers)


def _update(session: Session, row: ContactRow, contact: _Contact) -> None:
    before = {"note": row.note, "numbers": ", ".join(one.e164 for one in row.numbers)}
    after = {"note": contact.note, "numbers": ", ".join(contact.numbers)}
    audit.record(session, "contact", row.name, before, after)
    row.note, row.version = contact.note, row.version + 1
    kept = {one.e164: one for one in row.numbers}
    for position, (e164, label) in enumerate(contact.numbers.items()):
        if e164 in kept:
            kept[e164].label = label
        else:
            row.numbers.append(ContactNumberRow(e164=e164, label=label, position=position))
