"""The rules of what stands by itself: numbers, the company, trunks, blocks of numbers, schedules."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from callrouter.directory import document, kinds, providers
from callrouter.directory.digits import digit_rules, known_country
from callrouter.directory.schedules import known_subdivision, known_zone
from callrouter.errors import say

Path = tuple[str | int, ...]
#: Most numbers of one block: a company with more has several, and a typing mistake does not fill the disk.
MAX_BLOCK = 100_000
_E164 = re.compile(r"\+[1-9][0-9]{2,14}")


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: where in the document, and what, with what to do about it."""

    path: Path
    text: str


def twice(items: Iterable[str], path: Path, what: str) -> Iterator[Problem]:
    """Each of *items* that was there before; the place of item 3 is *path* + (3,)."""
    seen = set()
    for index, item in enumerate(items):
        if item in seen:
            yield Problem(
                (*path, index),
                say("%(what)s %(item)s stands here again; each may be listed once", what=what, item=item),
            )
        seen.add(item)


def check_e164(text: str) -> Iterator[Problem]:
    """Spelling of a number that comes alone, outside a document."""
    if not _E164.fullmatch(text):
        yield Problem((), say("%(text)r is not a number as E.164; write for example +493023125010", text=text))


def check_refused(text: str) -> Iterator[Problem]:
    """Spelling of callers to be refused who come alone, outside a document."""
    if text.endswith("*") and not re.fullmatch(r"\+[1-9][0-9]{2,13}\*", text):
        yield Problem((), say("%(text)r is no beginning of numbers; write for example +4917604*", text=text))
    elif text != "anonymous" and not text.endswith("*"):
        yield from check_e164(text)


def check_company(company: document.Company) -> Iterator[Problem]:
    """Time zone, country and subdivision exist."""
    if not known_zone(company.timezone):
        yield Problem(
            ("timezone",),
            say("%(timezone)r is no time zone; write for example Europe/Berlin", timezone=company.timezone),
        )
    if not known_country(company.country):
        yield Problem(
            ("country",),
            say("%(country)r is no country with telephones; write for example DE", country=company.country),
        )
    elif company.area_code.startswith("0") and digit_rules(company.country, "").trunk_prefix.startswith("0"):
        yield Problem(
            ("area_code",),
            say("area_code %(area_code)s: write it without the 0 before it", area_code=company.area_code),
        )
    if company.outside_line and known_country(company.country):
        rules = digit_rules(company.country, "", company.emergency)
        for number in rules.emergency:
            if number.startswith(company.outside_line):
                text = say(
                    "outside_line %(line)s: the emergency number %(number)s begins with it; take another digit",
                    line=company.outside_line,
                    number=number,
                )
                yield Problem(("outside_line",), text)
    if company.holidays and not known_subdivision(company.holidays):
        yield Problem(
            ("holidays",),
            say("%(holidays)r: no public holidays are known; write for example DE-BE", holidays=company.holidays),
        )


def peer_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The address or network from which a trunk's calls come. Raises ValueError.

    No zone (``fe80::%eth0``): it can be any text, and FreeSWITCH knows none.
    """
    if "%" in text:
        raise ValueError("a zone behind % cannot stand here")
    return ipaddress.ip_network(text)


def check_trunk(trunk: document.Trunk, path: Path = ()) -> Iterator[Problem]:
    """Provider, ports, peers, pings, and the account of a trunk that registers."""
    if trunk.provider and trunk.provider not in providers.names():
        known = ", ".join(providers.names())
        text = say("trunk %(name)s: no file of its provider; there are %(known)s", name=trunk.name, known=known)
        yield Problem((*path, "provider"), text)
    for key, address in (("proxy", trunk.proxy), ("outbound_proxy", trunk.outbound_proxy or "")):
        port = address.rpartition("]")[2].rpartition(":")[2]
        if ":" in address.rpartition("]")[2] and not 0 < int(port) < 65536:
            yield Problem(
                (*path, key),
                say("trunk %(name)s: %(port)s is no port; ports are 1 to 65535", name=trunk.name, port=port),
            )
    if 0 < trunk.ping < 5:
        text = say("trunk %(name)s: ping is 0 (none) or 5 seconds and more", name=trunk.name)
        yield Problem((*path, "ping"), text)
    for index, peer in enumerate(trunk.peers):
        try:
            network = peer_network(peer)
        except ValueError as error:
            text = say(
                "trunk %(name)s: peer %(peer)r is no address or network (%(error)s); write 192.0.2.0/28",
                name=trunk.name,
                peer=peer,
                error=error,
            )
            yield Problem((*path, "peers", index), text)
            continue
        if network.prefixlen == 0:
            text = say(
                "trunk %(name)s: peer %(peer)s lets anyone call in; list the provider's addresses",
                name=trunk.name,
                peer=peer,
            )
            yield Problem((*path, "peers", index), text)
    if trunk.register_ and not (trunk.username and trunk.password):
        yield Problem((*path, "register"), say("trunk %(name)s: register needs username and password", name=trunk.name))


def span(block: document.Block) -> tuple[int, int, int]:
    """Length, first and last number of *block*, digits as integers."""
    digits = block.prefix[1:]
    return len(digits) + len(block.first), int(digits + block.first), int(digits + block.last)


def block_text(block: document.Block) -> str:
    """``+493023125000–99``: how messages name a block."""
    return f"{block.prefix}{block.first}–{block.last}"


def check_blocks(blocks: Sequence[document.Block], path: Path = ()) -> Iterator[Problem]:
    """Each block by itself, and that no two overlap."""
    sound = []
    for index, block in enumerate(blocks):
        length, first, last = span(block)
        if len(block.first) != len(block.last) or first > last:
            text = say(
                "block %(block)s: first and last must have equally many digits, first before last",
                block=block_text(block),
            )
        elif length > 15:
            text = say(
                "block %(block)s: its numbers have %(length)s digits; E.164 allows 15",
                block=block_text(block),
                length=length,
            )
        elif last - first >= MAX_BLOCK:
            text = say("block %(block)s: more than %(most)s numbers; split it", block=block_text(block), most=MAX_BLOCK)
        else:
            sound.append((length, first, last, index))
            continue
        yield Problem((*path, index), text)
    sound.sort()
    for before, after in pairwise(sound):
        if before[0] == after[0] and after[1] <= before[2]:
            text = say(
                "block %(block)s overlaps %(other)s; number each once",
                block=block_text(blocks[after[3]]),
                other=block_text(blocks[before[3]]),
            )
            yield Problem((*path, after[3]), text)


def _years(entry: document.ClosedDate) -> list[int]:
    years = [day.year for day in (entry.from_, entry.to) if day]
    if entry.date and len(entry.date) == len("2026-12-24"):
        years.append(int(entry.date[:4]))
    return years


def check_schedule(
    rules: document.ScheduleRules, company: document.Company, path: Path = (), what: str = "schedule"
) -> Iterator[Problem]:
    """Times and dates of a schedule, named or inline; *what* names it in messages."""
    if rules.timezone and not known_zone(rules.timezone):
        yield Problem(
            (*path, "timezone"),
            say("%(what)s: %(timezone)r is no time zone; write Europe/Berlin", what=what, timezone=rules.timezone),
        )
    if not rules.open:
        yield Problem(
            path, say("%(what)s: it has no open times, so it would never be open; list some under open", what=what)
        )
    for index, window in enumerate(rules.open):
        if window.from_ == "24:00":
            yield Problem(
                (*path, "open", index, "from"), say('%(what)s: nothing starts at 24:00; write "00:00"', what=what)
            )
    for index, entry in enumerate(rules.closed):
        here = (*path, "closed", index)
        ways = [entry.holidays, entry.date is not None, entry.from_ is not None or entry.to is not None]
        if ways.count(True) != 1:
            yield Problem(here, say("%(what)s: write one of holidays: true, date, or from and to", what=what))
        elif ways[2] and (entry.from_ is None or entry.to is None or entry.from_ > entry.to):
            yield Problem(here, say("%(what)s: a range needs from and to, from not after to", what=what))
        elif out := [year for year in _years(entry) if year not in kinds.YEARS]:
            text = say(
                "%(what)s: the year %(year)s is out of reach; dates lie in %(first)s to %(last)s",
                what=what,
                year=out[0],
                first=kinds.YEARS[0],
                last=kinds.YEARS[-1],
            )
            yield Problem(here, text)
        elif entry.holidays and not company.holidays:
            yield Problem(
                here,
                say(
                    "%(what)s: closes on holidays, but company.holidays says not which; set it to e.g. DE-BE", what=what
                ),
            )
