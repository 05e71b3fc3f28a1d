"""What the start page tells: is anything wrong in the company, and what is there for one of its employees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callrouter.directory import contact_rows, messages
from callrouter.directory.history import CallLine, calls
from callrouter.directory.messages import MessageLine
from callrouter.directory.models import (
    DeviceRow,
    EmployeeRow,
    MailboxRow,
    NumberRow,
    OwnerRow,
    PoolMemberRow,
    PoolRow,
    TrunkRow,
)
from callrouter.directory.privacy import EVERYTHING, Viewer
from callrouter.directory.records import MessageRow, OutboxRow

#: So many employees without a number are named, so many last calls shown.
_NAMED, _LAST_CALLS = 5, 8
#: Missed calls are counted up to so many.
_MOST_MISSED = 1_000


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk, and how the switch learns whether its provider is there: ``ping`` in seconds, 0: not that way."""

    name: str
    register: bool
    ping: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The company in figures. ``lost`` are (id, name) of the first employees without number, ``oldest_mail`` is when
    the first of the mails that wait was made.
    """

    trunks: tuple[Trunk, ...]
    phones: int
    free_numbers: int
    lost: tuple[tuple[str, str], ...]
    lost_count: int
    mails_waiting: int
    mails_dead: int
    oldest_mail: dt.datetime | None
    last_calls: tuple[CallLine, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of an employee."""

    label: str
    sip_user: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that somebody listens to: ``owner`` is its owner key, ``unheard`` how many messages are new."""

    owner: str
    name: str
    enabled: bool
    answers: bool
    answer_after: int
    unheard: int


@dataclass(frozen=True, slots=True)
class Own:
    """What is an employee's own; the first of ``mailboxes`` is the personal one, pools follow by name."""

    number: str | None
    extension: str | None
    devices: tuple[Device, ...]
    mailboxes: tuple[Mailbox, ...]
    missed: tuple[CallLine, ...]
    missed_count: int
    new: tuple[MessageLine, ...]
    do_not_disturb: bool
    forwards_all: bool


def facts(session: Session, viewer: Viewer = EVERYTHING) -> Facts:
    """The figures, each read by an index, however many calls and mails there are; the last calls are *viewer*'s."""
    has_number = exists().where(NumberRow.owner_id == EmployeeRow.id, NumberRow.personal)
    has_device = exists().where(DeviceRow.employee_id == EmployeeRow.id)
    lost = select(EmployeeRow.key, EmployeeRow.name).where(has_device, ~has_number)
    named = [(key, name) for key, name in session.execute(lost.order_by(EmployeeRow.name).limit(_NAMED + 1))]
    count = len(named)
    if count > _NAMED:
        count = session.scalar(select(func.count()).select_from(lost.subquery())) or 0
    waiting = select(func.count(), func.min(OutboxRow.created_at)).where(OutboxRow.state == "waiting")
    mails_waiting, oldest = session.execute(waiting).one()
    dead = select(func.count()).select_from(OutboxRow).where(OutboxRow.state == "dead")
    free = select(func.count()).where(NumberRow.state == "active", NumberRow.owner_id.is_(None))
    trunks = select(TrunkRow.name, TrunkRow.register, TrunkRow.ping).order_by(TrunkRow.position, TrunkRow.name)
    return Facts(
        trunks=tuple(Trunk(*row) for row in session.execute(trunks)),
        phones=session.scalar(select(func.count()).select_from(DeviceRow).where(DeviceRow.enabled)) or 0,
        free_numbers=session.scalar(free) or 0,
        lost=tuple(named[:_NAMED]),
        lost_count=count,
        mails_waiting=mails_waiting,
        mails_dead=session.scalar(dead) or 0,
        oldest_mail=oldest,
        last_calls=tuple(calls(session, size=_LAST_CALLS, count_to=_LAST_CALLS, viewer=viewer).rows),
    )


def own(session: Session, key: str, *, since: dt.datetime) -> Own:
    """What the employee of that id sees first; missed calls are those after *since*."""
    person = session.execute(
        select(EmployeeRow.id, EmployeeRow.extension, EmployeeRow.ringing, EmployeeRow.forwarding, NumberRow.e164)
        .outerjoin(NumberRow, (NumberRow.owner_id == EmployeeRow.id) & NumberRow.personal)
        .where(EmployeeRow.key == key)
    ).one()
    devices = session.execute(
        select(DeviceRow.label, DeviceRow.sip_user, DeviceRow.enabled)
        .where(DeviceRow.employee_id == person.id)
        .order_by(DeviceRow.position)
    )
    pools = select(PoolRow.id).join(PoolMemberRow, PoolMemberRow.pool_id == PoolRow.id)
    owners = [person.id, *session.scalars(pools.where(PoolMemberRow.employee_id == person.id).order_by(PoolRow.name))]
    owner = f"employee:{key}"
    missed = calls(session, owner=owner, outcome="missed", since=since, size=_NAMED, count_to=_MOST_MISSED)
    return Own(
        number=person.e164,
        extension=person.extension,
        devices=tuple(Device(*row) for row in devices),
        mailboxes=_mailboxes(session, owners),
        missed=tuple(missed.rows),
        missed_count=missed.total,
        new=tuple(messages.listed(session, owner=owner, unheard=True, size=_NAMED).rows),
        do_not_disturb=bool(person.ringing.get("do_not_disturb")),
        forwards_all=bool(person.forwarding.get("always")),
    )


def _mailboxes(session: Session, owners: list[int]) -> tuple[Mailbox, ...]:
    unheard = (
        select(func.count())
        .where(MessageRow.owner_id == OwnerRow.id, MessageRow.heard_at.is_(None))
        .correlate(OwnerRow)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            OwnerRow.id,
            OwnerRow.kind,
            OwnerRow.key,
            OwnerRow.name,
            MailboxRow.enabled,
            MailboxRow.answer_calls,
            MailboxRow.answer_after,
            unheard.label("unheard"),
        )
        .join(MailboxRow, MailboxRow.owner_id == OwnerRow.id)
        .where(OwnerRow.id.in_(owners))
    )
    found = [
        (
            owners.index(row.id),
            Mailbox(
                owner=f"{row.kind}:{row.key}",
                name=row.name,
                enabled=row.enabled,
                answers=row.enabled and row.answer_calls,
                answer_after=row.answer_after,
                unheard=row.unheard,
            ),
        )
        for row in rows
    ]
    return tuple(mailbox for _place, mailbox in sorted(found, key=lambda one: one[0]))


def names_of(session: Session, numbers: Collection[str]) -> dict[str, str]:
    """Whose each of *numbers* (E.164 and extensions) is, by name, colleagues first; those of nobody are left out."""
    owned = select(NumberRow.e164, OwnerRow.name).join(OwnerRow, OwnerRow.id == NumberRow.owner_id)
    extended = select(OwnerRow.extension, OwnerRow.name).where(OwnerRow.extension.in_(numbers))
    return contact_rows.names(session, numbers) | {
        number: name
        for query in (owned.where(NumberRow.e164.in_(numbers)), extended)
        for number, name in session.execute(query)
        if number
    }
