"""Files of contacts, CSV and vCard, as lists of names with numbers as they are written; and the phone book as CSV.

Nothing is looked up here and nothing decided: what becomes of each line is ``contact_import``'s.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from callrouter.directory import vcards
from callrouter.directory.contacts import LONGEST_NAME, ContactLine
from callrouter.directory.csv_cells import BOM, cell, lines, number_cell
from callrouter.errors import RuleError, say

#: The longest file (bytes): vCards with pictures are large.
MOST_BYTES = 5_000_000
#: Entries of one file at most.
MOST_LINES = 20_000
_NAME = frozenset(
    ("name", "vollständiger name", "anzeigename", "kontakt", "display name", "full name", "contact", "formatted name")
)
_FIRST = frozenset(("vorname", "first name", "given name"))
_LAST = frozenset(("nachname", "familienname", "last name", "family name", "surname"))
_COMPANY = frozenset(
    ("firma", "unternehmen", "organisation", "company", "organization", "organization name", "company name")
)
_NOTE = frozenset(("notiz", "notizen", "bemerkung", "bemerkungen", "kommentar", "note", "notes", "comment"))
_LABEL = frozenset(("bezeichnung", "art", "label", "type"))
_PHONE = re.compile(r"telefon|rufnummer|phone|mobil|handy|festnetz|\bcell\b|\btel\b|^(?:nummer|number)(?: \d+)?$")
_NO_PHONE = re.compile(r"fax|label|type|pager|\b(?:id|provider|anbieter)\b")
#: Headers that say no more of a number than that it is one.
_PLAIN = re.compile(r"(?:telefon(?:nummer)?|rufnummer|phone(?: number)?|tel|nummer|number)\.?(?: \d+)?(?: - value)?")
_HEADERS = {
    "de": ("Name", "Rufnummer", "Bezeichnung", "Notiz", ";"),
    "en": ("Name", "Number", "Label", "Note", ","),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in a file: ``line`` is where it begins, ``numbers`` are texts with labels.

    ``problem`` says why it cannot be read; then the rest is empty.
    """

    line: int
    name: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    note: str = ""
    problem: str = ""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, else Windows-1252; raises RuleError for one that is too long."""
    if len(data) > MOST_BYTES:
        raise RuleError(say("the file is longer than %(most)s MB", most=MOST_BYTES // 1_000_000))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(text: str, language: str) -> list[Entry]:
    """The entries of a file; *language* (de, en) is that of labels that vCards have as codes.

    Raises RuleError for what is neither vCard nor CSV with a name and a number in its first line.
    """
    text = text.removeprefix(BOM)
    if text.lstrip()[:11].upper() == "BEGIN:VCARD":
        found = [_of_card(card) for card in vcards.read(text, language)]
    else:
        found = list(_of_csv(text))
    if len(found) > MOST_LINES:
        raise RuleError(say("the file has more than %(most)s entries; import it in parts", most=MOST_LINES))
    if not found:
        raise RuleError(say("there is no entry in the file"))
    return found


def plain(text: str) -> str:
    """*text* on one line, without what cannot be seen."""
    shown = "".join(" " if char in "\t\r\n" else char for char in text)
    return " ".join("".join(char for char in shown if unicodedata.category(char) not in ("Cc", "Cf")).split())


def with_company(name: str, company: str) -> str:
    """Who calls, for displays: *name* with the *company* behind it, if both are there and fit."""
    both = f"{name} ({company})"
    if not name or company.casefold() in name.casefold() or len(both) > LONGEST_NAME:
        return name or company
    return both


def _of_card(card: vcards.Card) -> Entry:
    if card.problem:
        return Entry(card.line, problem=card.problem)
    numbers = tuple((plain(number), plain(label)) for number, label in card.numbers)
    return Entry(card.line, with_company(plain(card.name), plain(card.company)), numbers, plain(card.note))


def _of_csv(text: str) -> Iterator[Entry]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns, line = None, 1
    try:
        for row in rows:
            if any(field.strip() for field in row):
                if columns is None:
                    columns = _Columns([plain(field).casefold() for field in row], [plain(field) for field in row])
                else:
                    yield columns.entry(line, [_value(field) for field in row])
            line = rows.line_num + 1
    except csv.Error as error:
        raise RuleError(say("line %(line)s is no CSV: %(error)s", line=line, error=error)) from error


def _delimiter(text: str) -> str:
    """What the first line has most of."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(";,\t", key=first.count)


def _value(field: str) -> str:
    """A cell as it is meant: without what keeps a spreadsheet from computing it (``="0176…"``, ``'+49…``)."""
    text = plain(field)
    if formula := re.fullmatch(r'="?(.*?)"?', text):
        return formula[1]
    return text[1:] if re.match(r"'[=+\-@＝＋－＠]", text) else text


class _Columns:
    """Which column of a CSV file has what, by its header."""

    def __init__(self, headers: Sequence[str], written: Sequence[str]) -> None:
        self._headers = headers
        self._phones = [n for n, header in enumerate(headers) if _PHONE.search(header) and not _NO_PHONE.search(header)]
        named = [n for n, header in enumerate(headers) if header in _NAME | _FIRST | _LAST | _COMPANY]
        if not (self._phones and named):
            raise RuleError(
                say(
                    "the first line must say what the columns are, with a Name and a Number; it says %(headers)s",
                    headers=", ".join(written)[:200] or "-",
                )
            )
        self._labels = {n: self._label_column(n) for n in self._phones}
        self._own_labels = {n: "" if _PLAIN.fullmatch(headers[n]) else written[n] for n in self._phones}

    def _label_column(self, phone: int) -> int | None:
        base = self._headers[phone].removesuffix(" - value")
        for n, header in enumerate(self._headers):
            if header in (f"{base} - label", f"{base} - type") or (len(self._phones) == 1 and header in _LABEL):
                return n
        return None

    def entry(self, line: int, row: Sequence[str]) -> Entry:
        """The entry of *row*."""
        numbers = []
        for n in self._phones:
            column = self._labels[n]
            label = (row[column] if column is not None and column < len(row) else "") or self._own_labels[n]
            texts = row[n].split(":::") if n < len(row) else ()  # Google writes several into one cell
            numbers += [(text.strip(), label.strip("* ")) for text in texts if text.strip()]
        person = " ".join(filter(None, (self._first(row, _FIRST), self._first(row, _LAST))))
        name = with_company(self._first(row, _NAME) or person, self._first(row, _COMPANY))
        return Entry(line, name, tuple(numbers), self._first(row, _NOTE))

    def _first(self, row: Sequence[str], headers: frozenset[str]) -> str:
        found = (row[n] for n, header in enumerate(self._headers) if header in headers and n < len(row) and row[n])
        return next(found, "")


def to_csv(contacts: Iterable[ContactLine], language: str) -> str:
    """The phone book as CSV, a line for each number, as spreadsheets of *language* read it and an import does."""
    return _csv(
        (
            (cell(one.name), number_cell(number.number), cell(number.label), cell(one.note) if n == 0 else "")
            for one in contacts
            for n, number in enumerate(one.numbers)
        ),
        language,
    )


def shortened(entries: Iterable[Entry]) -> str:
    """*entries* as CSV that says the same, but for those without a name or a number: a file without its pictures."""
    return _csv(
        (
            (cell(one.name), cell(number), cell(label), cell(one.note))
            for one in entries
            for number, label in one.numbers
        ),
        "en",
    )


def _csv(rows: Iterable[tuple[str, ...]], language: str) -> str:
    *headers, separator = _HEADERS["de" if language == "de" else "en"]
    return BOM + lines([headers, *rows], separator)
