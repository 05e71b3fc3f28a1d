"""The company's phone book: entries that name callers from outside on phones, in mails and on the pages.

Each change counts the company's version up, for names are kept until that changes; call them inside
``Database.write()``. Files of many entries: ``contact_import``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from callrouter.directory import audit, searching, store
from callrouter.directory.contact_rows import ContactNumberRow, ContactRow
from callrouter.directory.digits import digit_rules
from callrouter.directory.document import Part
from callrouter.directory.exporting import read_company
from callrouter.directory.kinds import E164, Name
from callrouter.directory.lists import PAGE, Page
from callrouter.directory.part_rules import Problem, twice
from callrouter.directory.services import refuse
from callrouter.directory.versions import check_version
from callrouter.errors import UnknownError, say
from callrouter.routing import outgoing
from callrouter.routing.numbers import clean_number
from callrouter.routing.snapshot import DigitRules

MOST_NUMBERS = 20
LONGEST_NAME, LONGEST_LABEL, LONGEST_NOTE = 120, 40, 500
_SHORT = 6
_NOUN = "contact"


class ContactNumber(Part):
    """A number of a contact, and what it is (office, mobile)."""

    number: E164
    label: Annotated[str, StringConstraints(max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Contact(Part):
    """An entry of the phone book."""

    name: Name
    numbers: list[ContactNumber]
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """An entry in the list."""

    id: int
    name: str
    numbers: list[ContactNumber]
    note: str


def company_digits(session: Session) -> DigitRules:
    """How the company reads numbers; raises RuleError when there is no company yet."""
    company = read_company(session)
    return digit_rules(company.country, company.area_code)


def read_number(text: str, digits: DigitRules) -> str | None:
    """*text*, a number as people write it, as E.164: with ``+``, 00 or 0, or of the company's own town; else None.

    A few digits alone are an extension or a service as well as a number of the town, so they are none.
    """
    number = clean_number(text.strip().removeprefix("tel:"))
    found = (reading(number) for reading in outgoing.readings(digits)) if number and len(number) > _SHORT else ()
    return next((e164 for e164 in found if e164 and e164.startswith("+")), None)


def listed(session: Session, search: str = "", *, page: int = 1, size: int = PAGE) -> Page[ContactLine]:
    """Entries by name; *search* looks into names, notes and numbers."""
    query = select(ContactRow.id).order_by(func.lower(ContactRow.name), ContactRow.id)
    if search.strip():
        found = [searching.contains(session, search, ContactRow.name, ContactRow.note)]
        if digits := searching.digits(session, search):
            having = select(ContactNumberRow.contact_id)
            found.append(ContactRow.id.in_(having.where(searching.has_digits(session, digits, ContactNumberRow.e164))))
        query = query.where(or_(*found))
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    ids = list(session.scalars(query.limit(size).offset(max(page - 1, 0) * size)))
    rows = {row.id: row for row in _rows(session, ids)}
    return Page([_line(rows[row_id]) for row_id in ids], total)


def everything(session: Session) -> list[ContactLine]:
    """All entries by name, for files."""
    numbers: dict[int, list[ContactNumber]] = defaultdict(list)
    columns = (ContactNumberRow.contact_id, ContactNumberRow.e164, ContactNumberRow.label)
    for contact_id, e164, label in session.execute(select(*columns).order_by(ContactNumberRow.position)):
        numbers[contact_id].append(ContactNumber.model_construct(number=e164, label=label))
    rows = session.execute(select(ContactRow.id, ContactRow.name, ContactRow.note))
    found = [ContactLine(row_id, name, numbers[row_id], note) for row_id, name, note in rows]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


def contact(session: Session, row_id: int) -> tuple[Contact, int]:
    """The entry with that id and its version; raises UnknownError."""
    row = next(iter(_rows(session, [row_id])), None)
    if row is None:
        text = say("there is no entry %(id)s in the phone book; `callrouter phonebook list` shows them", id=row_id)
        raise UnknownError(text)
    return _part(row), row.version


def add(session: Session, new: Contact) -> int:
    """Add an entry; its id."""
    store.count_up(session)
    refuse(_check(session, new, None))
    row = ContactRow(name=new.name, note=new.note, numbers=_number_rows(new))
    session.add(row)
    session.flush()
    audit.record(session, _NOUN, new.name, None, new)
    return row.id


def change(session: Session, row_id: int, new: Contact, *, expected_version: int | None = None) -> None:
    """Put *new* in the place of the entry with that id."""
    store.count_up(session)
    row = session.get(ContactRow, row_id)
    check_version(session, _NOUN, row.name if row else "", row.version if row else None, expected_version)
    known, _ = contact(session, row_id)
    row = session.get_one(ContactRow, row_id)
    refuse(_check(session, new, row_id))
    row.name, row.note, row.version = new.name, new.note, row.version + 1
    row.numbers.clear()
    session.flush()  # a number that only moved is let go before it is given again
    row.numbers.extend(_number_rows(new))
    session.flush()
    audit.record(session, _NOUN, known.name, known, new)


def remove(session: Session, row_id: int) -> str:
    """Remove an entry; its name."""
    store.count_up(session)
    known, _ = contact(session, row_id)
    session.delete(session.get_one(ContactRow, row_id))
    session.flush()
    audit.record(session, _NOUN, known.name, known, None)
    return known.name


def holders(session: Session, e164s: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Id and name of the contact that has a number, for each of *e164s* that one has."""
    found: dict[str, tuple[int, str]] = {}
    query = select(ContactNumberRow.e164, ContactRow.id, ContactRow.name).join(ContactRow)
    for some in store.chunks(e164s):
        rows = session.execute(query.where(ContactNumberRow.e164.in_(some)))
        found.update((e164, (row_id, name)) for e164, row_id, name in rows)
    return found


def _check(session: Session, new: Contact, row_id: int | None) -> Iterator[Problem]:
    if not new.numbers:
        yield Problem(("numbers",), say("%(name)s has no number; give one", name=new.name))
    if len(new.numbers) > MOST_NUMBERS:
        yield Problem(("numbers",), say("%(name)s: more than %(most)s numbers", name=new.name, most=MOST_NUMBERS))
    yield from twice((one.number for one in new.numbers), ("numbers",), "number")
    known = holders(session, [one.number for one in new.numbers])
    for index, one in enumerate(new.numbers):
        holder, name = known.get(one.number, (row_id, ""))
        if holder != row_id:
            text = say("%(number)s is in the phone book already, as %(name)s", number=one.number, name=name)
            yield Problem(("numbers", index), text)


def _rows(session: Session, ids: Sequence[int]) -> Sequence[ContactRow]:
    query = select(ContactRow).where(ContactRow.id.in_(ids)).options(selectinload(ContactRow.numbers))
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _part(row: ContactRow) -> Contact:
    numbers = [ContactNumber.model_construct(number=one.e164, label=one.label) for one in row.numbers]
    return Contact.model_construct(name=row.name, numbers=numbers, note=row.note)


def _line(row: ContactRow) -> ContactLine:
    part = _part(row)
    return ContactLine(row.id, part.name, part.numbers, part.note)


def _number_rows(new: Contact) -> list[ContactNumberRow]:
    return [
        ContactNumberRow(e164=one.number, label=one.label, position=position)
        for position, one in enumerate(new.numbers)
    ]
