"""What people type into a search box, as conditions of the database: numbers in any spelling, names in any case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from callrouter.directory.digits import digit_rules
from callrouter.directory.models import CompanyRow
from callrouter.routing.snapshot import DigitRules

_BETWEEN = re.compile(r"[\s()/.\-–]")


@dataclass(frozen=True, slots=True)
class Digits:
    """A number, or a part of one: ``prefix`` is how it begins in E.164, ``part`` what it has somewhere.

    Either is empty where the spelling says nothing of it.
    """

    prefix: str
    part: str


def read_digits(text: str, rules: DigitRules) -> Digits | None:
    """Read ``+49 30 123``, ``0049 30…``, ``030/123`` or ``12 34`` as digits; None: it is not a number."""
    plain = _BETWEEN.sub("", text)
    if not re.fullmatch(r"\+?[0-9]{1,20}", plain):
        return None
    if plain.startswith("+"):
        return Digits(plain, "")
    for start, instead in ((rules.international_prefix, "+"), (rules.trunk_prefix, f"+{rules.country_code}")):
        if start and plain.startswith(start) and len(plain) > len(start):
            # It may also be the end of a number, which begins with a 0 as well as with anything else.
            return Digits(instead + plain[len(start) :], plain)
    return Digits("", plain)


def digits(session: Session, text: str) -> Digits | None:
    """As :func:`read_digits`, with the rules of the company's country."""
    row = session.execute(select(CompanyRow.country, CompanyRow.area_code)).first()
    return read_digits(text, digit_rules(row.country, row.area_code) if row else DigitRules())


def contains(session: Session, text: str, *columns: Any) -> ColumnElement[bool]:
    """Any of *columns* contains *text* in upper or lower case, its own ``%`` and ``_`` taken as they are.

    SQLite knows the case of ASCII letters only: there any one character stands for any other letter.
    """
    pattern = re.sub(r"([\\%_])", r"\\\1", text.strip())
    if session.get_bind().dialect.name == "sqlite":
        pattern = "%" + re.sub(r"[^\x00-\x7f]", "_", pattern) + "%"
        return or_(*(column.like(pattern, escape="\\") for column in columns))
    return or_(*(column.ilike(f"%{pattern}%", escape="\\") for column in columns))


def has_digits(session: Session, found: Digits, *columns: Any) -> ColumnElement[bool]:
    """Any of *columns* begins as *found* in E.164, or has its digits somewhere."""
    conditions = [column.like(f"{found.prefix}%") for column in columns] if found.prefix else []
    if found.part and session.get_bind().dialect.name == "sqlite":
        # A fifth less CPU than LIKE, which thinks of upper and lower case; in PostgreSQL LIKE is the faster one.
        conditions += [func.instr(column, found.part) > 0 for column in columns]
    elif found.part:
        conditions += [column.like(f"%{found.part}%") for column in columns]
    return or_(*conditions)
