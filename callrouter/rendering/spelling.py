"""In how many ways a number of the company is dialled, and the tables of patterns that read them all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callrouter.routing import numbers
from callrouter.routing.snapshot import DigitRules, Number, NumberBlock

#: A table of more rows than this is split by ending: FreeSWITCH compiles every pattern anew for every call.
SPLIT_ABOVE = 300
#: Rows in each part of a split table, roughly.
_PART = 100


@dataclass(frozen=True, slots=True)
class Row:
    """Something that is dialled: what it is called, how it is spelled, which number it stands for, whose it is.

    ``callers`` is where callers who are refused are looked up: ``any``, or ``named`` where the number takes no calls
    without one.
    """

    name: str
    spellings: tuple[str, ...]
    number: str
    owner: Any
    callers: str = "any"
    by_extension: bool = False

    @property
    def pattern(self) -> str:
        """The regular expression that reads exactly the spellings."""
        return f"^(?:{'|'.join(re.escape(spelling) for spelling in self.spellings)})$"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in one list, or by the last digits of what is dialled when they are many."""

    rows: tuple[Row, ...] = ()
    by_ending: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


def spellings(
    e164: str, digits: DigitRules, blocks: Sequence[NumberBlock], known: Mapping[str, Number]
) -> tuple[str, ...]:
    """Every way to dial *e164* that the router reads as just this number, the longest first.

    *known* holds all numbers of the company; a spelling that could mean another one is left out.
    """
    bare = e164[1:]
    ways = [e164, digits.international_prefix + bare, bare]
    if bare.startswith(digits.country_code):
        national = bare[len(digits.country_code) :]
        ways += [digits.trunk_prefix + national, national]
        if digits.area_code and national.startswith(digits.area_code):
            ways.append(national[len(digits.area_code) :])
    for block in blocks:
        if e164.startswith(block.prefix) and len(e164) == len(block.prefix) + len(block.first):
            ways.append(e164[len(block.prefix) :])
    return tuple(
        way for way in dict.fromkeys(ways) if way and numbers.resolve(way, digits, blocks, known) == known[e164]
    )


def table(rows: Iterable[Row]) -> Table:
    """Put *rows* into one list, or into one for each ending when there are more than :data:`SPLIT_ABOVE`."""
    rows = tuple(rows)
    if len(rows) <= SPLIT_ABOVE:
        return Table(rows)
    digits = max(2, len(str(len(rows) // _PART - 1)))
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        endings: dict[str, list[str]] = defaultdict(list)
        for spelling in row.spellings:
            endings[spelling[-digits:]].append(spelling)
        for ending, spelled in endings.items():
            parts[ending].append(replace(row, spellings=tuple(spelled)))
    return Table(by_ending={ending: tuple(parts[ending]) for ending in sorted(parts, key=lambda e: (-len(e), e))})
