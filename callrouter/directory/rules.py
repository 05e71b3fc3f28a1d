"""The directory's rules: who may own which number, what must be unique, what must exist.

Each rule looks at one part of the document and asks a :class:`View` of the company about the rest, so that the same
rule serves an import (the view is the file) and a single change (the view is the database).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from callrouter.directory import document
from callrouter.directory.digits import digit_rules, known_country
from callrouter.directory.schedules import known_subdivision
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


class View(Protocol):
    """The company as it will be once the change is made. Owners are named by their keys (``employee:anna``)."""

    @property
    def company(self) -> document.Company: ...
    def number_state(self, e164: str) -> str | None:
        """``active``, ``inactive``, or None: no number of the company."""

    def number_owners(self, e164: str) -> Collection[str]: ...
    def extension_owners(self, extension: str) -> Collection[str]: ...
    def device_owners(self, sip_user: str) -> Collection[str]: ...
    def has_schedule(self, name: str) -> bool: ...
    def has_employee(self, key: str) -> bool: ...
    def may_lack_number(self, key: str) -> bool:
        """Whether this employee's number was lost: ported away, or its block removed."""


def said(owner: str) -> str:
    """``employee:anna`` as people read it."""
    kind, _, key = owner.partition(":")
    return say("pool %(key)s", key=key) if kind == "pool" else say("employee %(key)s", key=key)


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


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def check_company(company: document.Company) -> Iterator[Problem]:
    """Time zone, country and subdivision exist."""
    if not _zone_exists(company.timezone):
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
    if company.holidays and not known_subdivision(company.holidays):
        yield Problem(
            ("holidays",),
            say("%(holidays)r: no public holidays are known; write for example DE-BE", holidays=company.holidays),
        )


def check_trunk(trunk: document.Trunk, path: Path = ()) -> Iterator[Problem]:
    """Port, peers, and the account of a trunk that registers."""
    port = trunk.proxy.rpartition("]")[2].rpartition(":")[2]
    if ":" in trunk.proxy.rpartition("]")[2] and not 0 < int(port) < 65536:
        yield Problem(
            (*path, "proxy"),
            say("trunk %(name)s: %(port)s is no port; ports are 1 to 65535", name=trunk.name, port=port),
        )
    for index, peer in enumerate(trunk.peers):
        try:
            network = ipaddress.ip_network(peer)
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


def check_schedule(
    rules: document.ScheduleRules, company: document.Company, path: Path = (), what: str = "schedule"
) -> Iterator[Problem]:
    """Times and dates of a schedule, named or inline; *what* names it in messages."""
    if rules.timezone and not _zone_exists(rules.timezone):
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
        kinds = [entry.holidays, entry.date is not None, entry.from_ is not None or entry.to is not None]
        if kinds.count(True) != 1:
            yield Problem(here, say("%(what)s: write one of holidays: true, date, or from and to", what=what))
        elif kinds[2] and (entry.from_ is None or entry.to is None or entry.from_ > entry.to):
            yield Problem(here, say("%(what)s: a range needs from and to, from not after to", what=what))
        elif entry.holidays and not company.holidays:
            yield Problem(
                here,
                say(
                    "%(what)s: closes on holidays, but company.holidays says not which; set it to e.g. DE-BE", what=what
                ),
            )


def _check_owner(owner: str, part: document.Employee | document.Pool, view: View, path: Path) -> Iterator[Problem]:
    who = said(owner)
    if part.extension:
        for other in view.extension_owners(part.extension):
            if other != owner:
                text = say(
                    "%(who)s: extension %(extension)s is that of %(other)s too; give another",
                    who=who,
                    extension=part.extension,
                    other=said(other),
                )
                yield Problem((*path, "extension"), text)
        company = view.company
        if (
            known_country(company.country)
            and part.extension in digit_rules(company.country, "", company.emergency).emergency
        ):
            text = say(
                "%(who)s: extension %(extension)s is an emergency number; give another",
                who=who,
                extension=part.extension,
            )
            yield Problem((*path, "extension"), text)
    schedule = part.mailbox.schedule
    if schedule is not None:
        here = (*path, "mailbox", "schedule")
        own = bool(schedule.open or schedule.closed or schedule.timezone)
        if schedule.name is not None and own:
            yield Problem(
                here, say("%(who)s: the mailbox's schedule has a name and times of its own; write one of them", who=who)
            )
        elif schedule.name is not None and not view.has_schedule(schedule.name):
            text = say(
                "%(who)s: there is no schedule %(name)r; add it under schedules, or correct the name",
                who=who,
                name=schedule.name,
            )
            yield Problem((*here, "name"), text)
        elif schedule.name is None:
            yield from check_schedule(schedule, view.company, here, say("%(who)s: mailbox schedule", who=who))
    if part.notify.about != "none" and not part.notify.email:
        yield Problem(
            (*path, "notify"), say("%(who)s: notify about %(about)s needs an email", who=who, about=part.notify.about)
        )


def _check_number(owner: str, e164: str, view: View, path: Path) -> Iterator[Problem]:
    state = view.number_state(e164)
    if state is None:
        text = say(
            "%(owner)s: %(e164)s is no number of the company; add it to numbers, and its block to number_blocks",
            owner=said(owner),
            e164=e164,
        )
        yield Problem(path, text)
    elif state == "inactive":
        yield Problem(
            path,
            say(
                "%(owner)s: %(e164)s is inactive; activate it (list it under numbers) first",
                owner=said(owner),
                e164=e164,
            ),
        )
    for other in view.number_owners(e164):
        if other != owner:
            yield Problem(
                path,
                say(
                    "%(owner)s: %(e164)s belongs to %(other)s; a number has one owner",
                    owner=said(owner),
                    e164=e164,
                    other=said(other),
                ),
            )


def check_employee(employee: document.Employee, view: View, path: Path = ()) -> Iterator[Problem]:
    """Number, extension, outgoing number, devices, mailbox schedule and mail of an employee."""
    owner = f"employee:{employee.id}"
    who = said(owner)
    yield from _check_owner(owner, employee, view, path)
    if employee.personal_number:
        yield from _check_number(owner, employee.personal_number, view, (*path, "personal_number"))
    elif employee.devices and not view.may_lack_number(employee.id):
        yield Problem(path, say("%(who)s: has devices but no personal_number; give one of the active numbers", who=who))
    shown = employee.outgoing_number
    if shown and shown != "anonymous" and view.number_state(shown) != "active":
        text = say(
            "%(who)s: %(shown)s is none of the company's active numbers; show one of them, or anonymous",
            who=who,
            shown=shown,
        )
        yield Problem((*path, "outgoing_number"), text)
    own = set()
    for index, device in enumerate(employee.devices):
        here = (*path, "devices", index, "sip_user")
        if device.sip_user in own:
            yield Problem(
                here,
                say(
                    "%(who)s: two devices have the sip_user %(sip_user)s; one account per device",
                    who=who,
                    sip_user=device.sip_user,
                ),
            )
        own.add(device.sip_user)
        for other in view.device_owners(device.sip_user):
            if other != owner:
                text = say(
                    "%(who)s: sip_user %(sip_user)s is a device of %(other)s too; one account per device",
                    who=who,
                    sip_user=device.sip_user,
                    other=said(other),
                )
                yield Problem(here, text)


def check_pool(pool: document.Pool, view: View, path: Path = ()) -> Iterator[Problem]:
    """Numbers, extension, members, mailbox schedule and mail of a pool."""
    owner = f"pool:{pool.id}"
    yield from _check_owner(owner, pool, view, path)
    for index, e164 in enumerate(pool.numbers):
        yield from _check_number(owner, e164, view, (*path, "numbers", index))
    yield from twice(pool.numbers, (*path, "numbers"), f"{said(owner)}: number")
    yield from twice(pool.members, (*path, "members"), f"{said(owner)}: member")
    for index, member in enumerate(pool.members):
        if not view.has_employee(member):
            text = say(
                "%(owner)s: there is no employee %(member)s; add the employee, or remove the member",
                owner=said(owner),
                member=member,
            )
            yield Problem((*path, "members", index), text)


def check_file(file: document.CompanyFile, view: View) -> Iterator[Problem]:
    """Every rule over a whole company file; *view* shows that file."""
    for problem in check_company(file.company):
        yield Problem(("company", *problem.path), problem.text)
    yield from twice((trunk.name for trunk in file.trunks), ("trunks",), "trunk")
    yield from twice((schedule.name for schedule in file.schedules), ("schedules",), "schedule")
    yield from twice((employee.id for employee in file.employees), ("employees",), "employee")
    yield from twice((pool.id for pool in file.pools), ("pools",), "pool")
    yield from twice(file.numbers, ("numbers",), "number")
    yield from twice(file.blocked_callers, ("blocked_callers",), "caller")
    for index, trunk in enumerate(file.trunks):
        yield from check_trunk(trunk, ("trunks", index))
    yield from check_blocks(file.number_blocks, ("number_blocks",))
    for index, schedule in enumerate(file.schedules):
        yield from check_schedule(schedule, file.company, ("schedules", index), f"schedule {schedule.name!r}")
    for index, employee in enumerate(file.employees):
        yield from check_employee(employee, view, ("employees", index))
    for index, pool in enumerate(file.pools):
        yield from check_pool(pool, view, ("pools", index))
