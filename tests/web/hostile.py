"""What a hostile or careless person or program sends, and what must hold whatever was sent."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from werkzeug.test import TestResponse

from callrouter.directory.database import Database
from callrouter.directory.digits import digit_rules
from callrouter.directory.exporting import export_company, to_yaml
from callrouter.directory.importing import import_company
from callrouter.directory.schedules import holiday_dates
from callrouter.rendering.render import render
from callrouter.settings import FreeSwitch, Settings

_T = TypeVar("_T")
#: A run tries some of all the odd requests, each time the same; with CALLROUTER_FUZZ=1 it tries every one.
_ALL = bool(os.environ.get("CALLROUTER_FUZZ"))
#: No answer may take more computing (seconds): the slowest make a password's hash, or look into all of an odd text.
SECONDS = 5.0
#: Where one of these comes back as it was sent, or computed, somebody's text was taken for a program.
TAG, SUM = "<x7 onload=alert(7)>", "60114493"
TEXTS = (
    "",
    " ",
    "x" * 10_000,
    "a\0b",
    "\u202eabc\u200b\u2066אב",
    "👩‍👩‍👧 \ufffe\uffff\ue000 a\u0301",
    "\x85\u2028\x1b[31m",
    "\ufeff=",
    "-1",
    "1" + "0" * 30,
    "9" * 5000,
    "NaN",
    "１２",
    '{"a": [{"b": null}]}',
    "$${x} ${system(id)} #{7}",
    "{{7171*8383}}{% raw %}",
    f"\"'--></title>{TAG}&amp;]]>",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "a\r\nSet-Cookie: x7=1\r\n\r\nb",
    "0001-01-01",
    "9999-12-31",
    "24:00",
    "'; DROP TABLE users; --",
    "%s %n %(x)s {0} {x}",
    "//[x7",
    "_undef_",
    "null",
)
#: Encoded for a form or an address, and no text: bytes that are no UTF-8, and half of a surrogate pair.
RAW = (b"%FF%FE", b"%ED%A0%80", b"%C3%28", b"%00", b"%", b"%u0041", b"\xff\xfe")


def some(kind: str, every: Iterable[_T], most: int) -> list[_T]:
    """*most* of *every*, in their order, chosen by *kind*."""
    found = list(every)
    if _ALL or len(found) <= most:
        return found
    return [found[place] for place in sorted(random.Random(kind).sample(range(len(found)), most))]


def in_a_hurry(database: Database) -> None:
    """Do not wait for the disk: nothing here is worth keeping."""

    def hurry(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(database.engine, "connect", hurry)
    database.engine.dispose()


def sound(answer: TestResponse, asked: str, seconds: float) -> None:
    """Fail unless the *answer* to what was *asked* is no accident, came in time, and shows texts as texts."""
    assert answer.status_code < 500, f"{answer.status_code}: {asked}"
    assert seconds < SECONDS, f"{seconds:.1f} s: {asked}"
    for name, value in answer.headers:
        assert not {"\r", "\n"} & set(name + value), f"{name}: {asked}"
        assert not value.startswith("x7="), f"{name}: {asked}"
    if answer.mimetype in ("text/html", "image/svg+xml"):
        assert TAG not in answer.text, asked
        assert SUM not in answer.text, asked


def timed(ask: Callable[[], TestResponse], asked: str) -> TestResponse:
    """The answer, which is :func:`sound`."""
    began = time.process_time()
    answer = ask()
    answer.get_data()
    sound(answer, asked, time.process_time() - began)
    return answer


def directory_is_sound(database: Database, folder: Path) -> None:
    """Fail unless the directory is exported as what imports as it is, and FreeSWITCH can be given it."""
    with database.read() as session:
        company = export_company(session)
    again = import_company(database, to_yaml(company, secrets=True), "export.yaml")
    assert not again.changed, again.counts
    settings = Settings(base=folder, freeswitch=FreeSwitch(password="nur-zum-Testen"))
    own = company.company
    days = holiday_dates(own.holidays, own.language, (2026, 2027, 2028)) if own.holidays else {}
    files = render(company, settings, 1, days, digit_rules(own.country, own.area_code, own.emergency, own.outside_line))
    assert files
