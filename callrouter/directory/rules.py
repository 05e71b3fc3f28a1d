"""The directory's rules: who may own which number, what must be unique, what must exist.

Each rule looks at one part of the document and asks a :class:`View` of the company about the rest, so that the same
rule serves an import (the view is the file) and a single change (the view is the database). What a part must be by
itself stands in ``part_rules``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

from callrouter.directory import document, personal
from callrouter.directory.digits import digit_rules, known_country
from callrouter.directory.part_rules import (
    Path,
    Problem,
    check_blocks,
    check_company,
    check_schedule,
    check_trunk,
    twice,
)
from callrouter.errors import say
from callrouter.routing.for_pool import MayShow, may_show
from callrouter.routing.forwarding import ANNOUNCEMENT, MAILBOX

#: Of Alert-Info, that makes phones pick up: alert-autoanswer, answer-after, ring-answer, intercom.
_ANSWERS = re.compile("answer|intercom", re.IGNORECASE)


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
    def has_owner(self, key: str) -> bool: ...
    def has_employee(self, key: str) -> bool: ...
    def next_of(self, pool: str) -> Collection[str]:
        """Where calls to that pool go on."""

    def shows(self, pool: str) -> tuple[str, Collection[str]]:
        """Who may show the numbers of that pool (a ``MayShow``), and the ids of its members."""

    def shown_by(self, e164s: Collection[str]) -> Collection[tuple[str, str]]:
        """Employees (ids) who show any of these numbers, and which."""

    def may_lack_number(self, key: str) -> bool:
        """Whether this employee's number was lost: ported away, or its block removed."""


def said(owner: str) -> str:
    """``employee:anna`` as people read it."""
    kind, _, key = owner.partition(":")
    return say("pool %(key)s", key=key) if kind == "pool" else say("employee %(key)s", key=key)


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
        yield from _check_hours(
            schedule, say("%(who)s: mailbox schedule", who=who), view, (*path, "mailbox", "schedule")
        )
    if part.notify.about != "none" and not part.notify.email:
        yield Problem(
            (*path, "notify"), say("%(who)s: notify about %(about)s needs an email", who=who, about=part.notify.about)
        )


def _check_hours(hours: document.Hours, what: str, view: View, path: Path) -> Iterator[Problem]:
    """A schedule that is there, or times of their own; *what* names it in messages."""
    own = bool(hours.open or hours.closed or hours.timezone)
    if hours.name is not None and own:
        yield Problem(path, say("%(what)s: it has a name and times of its own; write one of them", what=what))
    elif hours.name is not None and not view.has_schedule(hours.name):
        text = say(
            "%(what)s: there is no schedule %(name)r; add it under schedules, or correct the name",
            what=what,
            name=hours.name,
        )
        yield Problem((*path, "name"), text)
    elif hours.name is None:
        yield from check_schedule(hours, view.company, path, what)


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
        if other != owner and owner.startswith("pool:") and other.startswith("employee:"):
            yield Problem(path, personal.not_for_pool(said(owner), e164, said(other)))
        elif other != owner:
            yield Problem(
                path,
                say(
                    "%(owner)s: %(e164)s belongs to %(other)s; a number has one owner",
                    owner=said(owner),
                    e164=e164,
                    other=said(other),
                ),
            )


def check_location(company: document.Company, view: View, path: Path = ()) -> Iterator[Problem]:
    """The number shown on emergency calls is one that the company has."""
    shown = company.location_number
    if shown and view.number_state(shown) != "active":
        text = say("location_number: %(shown)s is none of the company's active numbers; take one of them", shown=shown)
        yield Problem((*path, "location_number"), text)


def check_limits(company: document.Company, schedules: Iterable[str], path: Path = ()) -> Iterator[Problem]:
    """The schedule of the limits is one of *schedules*."""
    name = company.limits.schedule
    if name is not None and name not in schedules:
        text = say("limits: there is no schedule %(name)r; add it under schedules, or correct the name", name=name)
        yield Problem((*path, "limits", "schedule"), text)


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
    for pool in view.number_owners(shown or ""):
        if pool.startswith("pool:"):
            yield from _check_shown(employee.id, str(shown), pool, *view.shows(pool), (*path, "outgoing_number"))
    yield from _check_targets(owner, employee.forwarding.targets, view, (*path, "forwarding"))
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


def _check_shown(
    employee: str, e164: str, pool: str, who: str, members: Collection[str], path: Path
) -> Iterator[Problem]:
    """An employee shows the number of a *pool* only as *who* of that says."""
    if may_show(who, member=employee in members):
        return
    names = {"who": said(f"employee:{employee}"), "e164": e164, "pool": said(pool)}
    if who == MayShow.NOBODY:
        text = say("%(who)s: nobody may show %(e164)s, says %(pool)s (may_show); show another, or change that", **names)
    else:
        text = say(
            "%(who)s: members alone may show %(e164)s, says %(pool)s (may_show); show another, or change that", **names
        )
    yield Problem(path, text)


def check_shown(pool: document.Pool, view: View) -> Iterator[Problem]:
    """Who shows one of the numbers of *pool* still may, once that is as it is here."""
    for employee, e164 in view.shown_by(pool.numbers):
        yield from _check_shown(employee, e164, f"pool:{pool.id}", pool.may_show, pool.members, ())


def _check_targets(owner: str, targets: Mapping[str, str], view: View, path: Path) -> Iterator[Problem]:
    """Where calls go on from *owner*, by field: it is there, it is not *owner*, and they never come back to it."""
    who = said(owner)
    for field, target in targets.items():
        here = (*path, field)
        place = target.removeprefix(MAILBOX)
        if target.startswith(ANNOUNCEMENT):
            continue
        if target.startswith("+"):
            if view.number_state(target) is not None:
                text = say(
                    "%(who)s: forwards to %(number)s, which is the company's own; choose whose it is",
                    who=who,
                    number=target,
                )
                yield Problem(here, text)
        elif target == owner:
            yield Problem(here, say("%(who)s: forwards to itself; choose somebody else, or a mailbox", who=who))
        elif not view.has_owner(place):
            text = say(
                "%(who)s: forwards to %(place)s, which does not exist; choose another", who=who, place=said(place)
            )
            yield Problem(here, text)
        elif owner in _beyond(target, view):
            text = say(
                "%(who)s: calls would come back from %(place)s; choose another, or change what comes next there",
                who=who,
                place=said(place),
            )
            yield Problem(here, text)


def _beyond(target: str, view: View) -> set[str]:
    """All pools that a call at the pool *target* may go on to."""
    found: set[str] = set()
    ahead = {target}
    while ahead:
        ahead = {place for pool in ahead if pool.startswith("pool:") for place in view.next_of(pool)} - found
        found |= ahead
    return found


def check_pool(pool: document.Pool, view: View, path: Path = ()) -> Iterator[Problem]:
    """Numbers, extension, members, hours, what comes next, mailbox schedule and mail of a pool."""
    owner = f"pool:{pool.id}"
    yield from _check_owner(owner, pool, view, path)
    for index, e164 in enumerate(pool.numbers):
        yield from _check_number(owner, e164, view, (*path, "numbers", index))
    yield from twice(pool.numbers, (*path, "numbers"), f"{said(owner)}: number")
    yield from twice(pool.members, (*path, "members"), f"{said(owner)}: member")
    yield from _check_rings(pool, path)
    for index, member in enumerate(pool.members):
        if not view.has_employee(member):
            text = say(
                "%(owner)s: there is no employee %(member)s; add the employee, or remove the member",
                owner=said(owner),
                member=member,
            )
            yield Problem((*path, "members", index), text)
    yield from _check_targets(owner, pool.next.targets, view, (*path, "next"))
    if pool.hours is not None:
        yield from _check_hours(pool.hours, say("%(who)s: hours", who=said(owner)), view, (*path, "hours"))
    if pool.switch_until is not None and pool.switch == "scheduled":
        text = say("%(who)s: switch_until is of a switch that is open or closed; set it so", who=said(owner))
        yield Problem((*path, "switch_until"), text)
    yield from twice(pool.signed_out, (*path, "signed_out"), f"{said(owner)}: member")
    for field, named in (("signed_out", pool.signed_out), ("delays", pool.delays)):
        for one in named:
            if one not in pool.members:
                text = say(
                    "%(owner)s: %(member)s is no member; list it under members first", owner=said(owner), member=one
                )
                yield Problem((*path, field), text)


def _check_rings(pool: document.Pool, path: Path) -> Iterator[Problem]:
    """No ring that phones take as an order to answer by themselves, with an open microphone."""
    who = said(f"pool:{pool.id}")
    for field in ("alert", "internal_alert"):
        ring = getattr(pool, field)
        if ring and _ANSWERS.search(ring):
            text = say(
                "%(who)s: phones may answer by themselves when asked for %(ring)s; change it", who=who, ring=ring
            )
            yield Problem((*path, field), text)
    if pool.internal_alert and not pool.alert:
        text = say("%(who)s: internal_alert differs from alert; give that, too", who=who)
        yield Problem((*path, "internal_alert"), text)


def check_number_notify(
    e164: str, wishes: document.NumberNotify, owner: document.Notify, path: Path = ()
) -> Iterator[Problem]:
    """Whatever is mailed of the calls by a number has somewhere to go."""
    if wishes.about not in (None, "none") and not (wishes.email or owner.email):
        text = say(
            "%(e164)s: notify about %(about)s needs an email, at the number or at its owner",
            e164=e164,
            about=wishes.about,
        )
        yield Problem((*path, "email"), text)


def _check_number_notifications(file: document.CompanyFile, view: View) -> Iterator[Problem]:
    told = {f"employee:{employee.id}": employee.notify for employee in file.employees}
    told |= {f"pool:{pool.id}": pool.notify for pool in file.pools}
    for e164, wishes in file.number_notifications.items():
        path = ("number_notifications", e164)
        owner = next(iter(view.number_owners(e164)), None)
        if owner is None:
            yield Problem(path, say("%(e164)s belongs to nobody; give it to somebody first, or remove this", e164=e164))
        else:
            yield from check_number_notify(e164, wishes, told[owner], path)


def check_file(file: document.CompanyFile, view: View) -> Iterator[Problem]:
    """Every rule over a whole company file; *view* shows that file."""
    for problem in check_company(file.company):
        yield Problem(("company", *problem.path), problem.text)
    yield from check_limits(file.company, [schedule.name for schedule in file.schedules], ("company",))
    yield from check_location(file.company, view, ("company",))
    yield from twice((trunk.name for trunk in file.trunks), ("trunks",), "trunk")
    yield from twice((schedule.name for schedule in file.schedules), ("schedules",), "schedule")
    yield from twice((employee.id for employee in file.employees), ("employees",), "employee")
    yield from twice((pool.id for pool in file.pools), ("pools",), "pool")
    yield from twice(file.numbers, ("numbers",), "number")
    yield from twice(file.blocked_callers, ("blocked_callers",), "caller")
    yield from twice(file.reject_anonymous, ("reject_anonymous",), "number")
    for index, e164 in enumerate(file.reject_anonymous):
        if view.number_state(e164) != "active":
            text = say("%(e164)s is none of the active numbers; list it under numbers first", e164=e164)
            yield Problem(("reject_anonymous", index), text)
    yield from _check_number_notifications(file, view)
    for index, trunk in enumerate(file.trunks):
        yield from check_trunk(trunk, ("trunks", index))
    yield from check_blocks(file.number_blocks, ("number_blocks",))
    for index, schedule in enumerate(file.schedules):
        yield from check_schedule(schedule, file.company, ("schedules", index), f"schedule {schedule.name!r}")
    for index, employee in enumerate(file.employees):
        yield from check_employee(employee, view, ("employees", index))
    for index, pool in enumerate(file.pools):
        yield from check_pool(pool, view, ("pools", index))
