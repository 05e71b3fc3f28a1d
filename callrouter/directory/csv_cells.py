"""CSV files (RFC 4180, UTF-8 with BOM) whose cells spreadsheets show as text and never compute.

A spreadsheet takes a cell that begins with ``= + - @`` for a formula, and a caller may be called so. Such cells get
an apostrophe in front (OWASP, CSV Injection). Telephone numbers need none: they are written as plus, digits and
spaces, of which no formula can be made, and the spaces keep a spreadsheet from adding the digits up.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from callrouter.directory.digits import format_number

#: What a file begins with, so that spreadsheets know its encoding.
BOM = "\ufeff"
#: The full-width forms count too: some spreadsheets read them as the narrow ones.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"\+[0-9]+( [0-9]+)*")
_ABROAD = "ZZ"


def cell(text: str) -> str:
    """*text* on one line, without what cannot be seen (control and bidirectional characters), and as no formula."""
    plain = "".join(" " if char in "\t\r\n" else char for char in text)
    plain = "".join(char for char in plain if unicodedata.category(char) not in ("Cc", "Cf")).strip()
    return f"'{plain}" if _FORMULA.match(plain) else plain


def number_cell(number: str) -> str:
    """A telephone number (E.164) in groups: ``+49 30 23125010``; what is none as any text."""
    written = re.sub(r"[^0-9+]+", " ", format_number(number, _ABROAD)).strip() if number.startswith("+") else ""
    return written if _NUMBER.fullmatch(written) else cell(number)


def lines(rows: Iterable[Iterable[str]], separator: str) -> str:
    """*rows* of cells as lines of the file."""
    target = io.StringIO()
    csv.writer(target, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return target.getvalue()
