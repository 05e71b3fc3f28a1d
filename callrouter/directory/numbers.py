"""Single changes of numbers and blocks, and what is wrong with them; the rest is as in ``directory.services``.

A number lies in a block, or was ported in by itself: such a single number is active as long as it is there. Only
:func:`remove_block` and :func:`port_away` may leave an employee without a number.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from callrouter.directory import audit, document, number_store, outgoing_numbers, owners, store
from callrouter.directory.changing import revised
from callrouter.directory.exporting import read_blocks, read_number_notify
from callrouter.directory.models import DeviceRow, EmployeeRow, NumberRow, OwnerRow
from callrouter.directory.part_rules import block_text, check_blocks, check_e164, span
from callrouter.directory.rules import check_number_notify, said
from callrouter.directory.services import refuse
from callrouter.directory.versions import check_version
from callrouter.directory.views import DatabaseView
from callrouter.errors import RuleError, UnknownError, say


@dataclass(frozen=True, slots=True)
class Loss:
    """What numbers that went away leave behind, by owner key: who lost a number, and who showed one to others."""

    owners: tuple[str, ...]
    shown_by: tuple[str, ...]


def add_block(session: Session, block: document.Block) -> None:
    """Add a block; its numbers are inactive, but for those the company had as single ones."""
    store.count_up(session)
    refuse(check_blocks([*read_blocks(session), block]))
    number_store.write_blocks(session, [block], [])
    audit.record(session, "number block", block_text(block), None, {})


def remove_block(session: Session, block: document.Block) -> Loss:
    """Remove a block with all its numbers, used or not."""
    store.count_up(session)
    known = read_blocks(session)
    if block not in known:
        there = ", ".join(block_text(one) for one in known) or "none"
        raise UnknownError(
            say("there is no block %(block)s; there are: %(there)s", block=block_text(block), there=there)
        )
    length, first, last = span(block)
    gone = [
        e164
        for e164 in session.scalars(select(NumberRow.e164).where(NumberRow.block_id.is_not(None)))
        if len(e164) - 1 == length and first <= int(e164[1:]) <= last
    ]
    loss = _lose(session, gone)
    number_store.write_blocks(session, [], [block])
    number_store.deactivate(session, gone)
    audit.record(session, "number block", block_text(block), _said_loss(loss), None)
    return loss


def port_away(session: Session, e164: str) -> Loss:
    """Let a number go to another provider: a single one is gone, a block is split around it."""
    store.count_up(session)
    if DatabaseView(session).number_state(e164) is None:
        raise UnknownError(say("%(e164)s is no number of the company", e164=e164))
    loss = _lose(session, [e164])
    for block in read_blocks(session):
        length, first, last = span(block)
        if len(e164) - 1 == length and first <= int(e164[1:]) <= last:
            parts = ((first, int(e164[1:]) - 1), (int(e164[1:]) + 1, last))
            left = [_part(block, start, end) for start, end in parts if start <= end]
            number_store.write_blocks(session, left, [block])
    number_store.deactivate(session, [e164])
    audit.record(session, "number", e164, _said_loss(loss), None)
    return loss


def _said_loss(loss: Loss) -> dict[str, object]:
    return {"owner": ", ".join(loss.owners), "shown by": ", ".join(loss.shown_by)}


def _part(block: document.Block, first: int, last: int) -> document.Block:
    start = len(block.prefix)
    return document.Block(prefix=block.prefix, first=f"+{first}"[start:], last=f"+{last}"[start:])


def _lose(session: Session, gone: list[str]) -> Loss:
    owners: set[str] = set()
    shown_by: list[str] = []
    concerned: set[int] = set()
    for some in store.chunks(gone):
        query = select(OwnerRow.id, OwnerRow.kind, OwnerRow.key, NumberRow.e164).join(
            NumberRow, NumberRow.owner_id == OwnerRow.id
        )
        for row_id, kind, key, e164 in session.execute(query.where(NumberRow.e164.in_(some))).all():
            owners.add(f"{kind}:{key}")
            concerned.add(row_id)
            audit.record(session, kind, key, {"number": e164}, {"number": None})
        showed = outgoing_numbers.clear(session, some)
        shown_by += [f"employee:{key}" for key in showed.values()]
        concerned.update(showed)
    store.count_owners(session, concerned)
    return Loss(tuple(sorted(owners)), tuple(sorted(shown_by)))


def assign(session: Session, e164: str, owner: str, *, version: int | None = None) -> None:
    """Give an active, free number to *owner* (``employee:anna``: as the personal number; ``pool:sales``: one more)."""
    store.hold(session)
    part, _ = owners.owner(session, owner)
    if isinstance(part, document.Employee):
        owners.change(session, owner, version=version, personal_number=e164)
    elif e164 not in part.numbers:
        owners.change(session, owner, version=version, numbers=[*part.numbers, e164])


def free(session: Session, e164: str) -> str:
    """Take a number from its owner, whose key is the answer; an employee with devices needs another one first."""
    store.hold(session)
    owner = next(iter(DatabaseView(session).number_owners(e164)), None)
    if owner is None:
        raise RuleError(say("%(e164)s belongs to nobody", e164=e164))
    part, _ = owners.owner(session, owner)
    if isinstance(part, document.Employee):
        owners.change(session, owner, personal_number=None)
    else:
        owners.change(session, owner, numbers=[number for number in part.numbers if number != e164])
    return owner


def activate(session: Session, e164: str) -> None:
    """Activate a number of a block, or add a single number that was ported in."""
    store.count_up(session)
    refuse(check_e164(e164))
    before = {"state": DatabaseView(session).number_state(e164)}
    number_store.activate(session, [e164])
    audit.record(session, "number", e164, before, {"state": "active"})


def deactivate(session: Session, e164: str) -> None:
    """Deactivate a number that nobody uses; a single number is removed with that."""
    store.count_up(session)
    view = DatabaseView(session)
    if view.number_state(e164) is None:
        raise UnknownError(say("%(e164)s is no number of the company", e164=e164))
    if users := ", ".join(said(owner) for owner in view.number_owners(e164)):
        raise RuleError(say("%(e164)s belongs to %(users)s; give them another number first", e164=e164, users=users))
    shown_by = session.scalars(select(EmployeeRow.key).where(EmployeeRow.outgoing_number == e164))
    if users := ", ".join(shown_by):
        raise RuleError(
            say(
                "%(e164)s is the outgoing number of employee %(users)s; give them another one first",
                e164=e164,
                users=users,
            )
        )
    number_store.deactivate(session, [e164])
    audit.record(session, "number", e164, {"state": "active"}, {"state": view.number_state(e164)})


def reject_anonymous(session: Session, e164: str, *, reject: bool) -> None:
    """Turn callers without a number away who call *e164*, an active number, with an announcement; or no longer."""
    store.count_up(session)
    state = DatabaseView(session).number_state(e164)
    if state is None:
        raise UnknownError(say("%(e164)s is no number of the company", e164=e164))
    if state != "active":
        raise RuleError(say("%(e164)s is inactive; activate it first", e164=e164))
    before = session.scalar(select(NumberRow.reject_anonymous).where(NumberRow.e164 == e164))
    number_store.reject_anonymous(session, [e164], reject=reject)
    audit.record(session, "number", e164, {"reject_anonymous": before}, {"reject_anonymous": reject})


def notify(session: Session, e164: str) -> tuple[document.NumberNotify, document.Notify, str, int]:
    """What is mailed of the calls by *e164*: as it says itself, as its owner says; the owner's key and version."""
    owner = next(iter(DatabaseView(session).number_owners(e164)), None)
    if owner is None:
        raise RuleError(say("%(e164)s belongs to nobody", e164=e164))
    part, version = owners.owner(session, owner)
    wishes = read_number_notify(session, [e164]).get(e164) or document.NumberNotify()
    return wishes, part.notify, owner, version


def set_notify(session: Session, e164: str, *, version: int | None = None, **values: object) -> document.NumberNotify:
    """Change what is mailed of the calls by *e164*: about, email, language, salutation; None: as its owner says.

    *version* is that of the owner.
    """
    store.count_up(session)
    before, of_owner, owner, found = notify(session, e164)
    kind, _, key = owner.partition(":")
    check_version(session, kind, key, found, version)
    wishes = revised(before, **values)
    refuse(check_number_notify(e164, wishes, of_owner))
    number_store.write_notify(session, {e164: wishes})
    store.count_owners(session, store.owner_ids(session, kind, [key]).values())
    audit.record(session, "number", e164, {"notify": before.model_dump()}, {"notify": wishes.model_dump()})
    return wishes


def employees_without_number(session: Session) -> list[str]:
    """Ids of employees who have devices but lost their number; their internal and emergency calls go on."""
    has_number = exists().where(NumberRow.owner_id == EmployeeRow.id, NumberRow.personal)
    has_device = exists().where(DeviceRow.employee_id == EmployeeRow.id)
    return list(session.scalars(select(EmployeeRow.key).where(has_device, ~has_number).order_by(EmployeeRow.key)))


def numbers_without_owner(session: Session) -> list[str]:
    """Active numbers that belong to nobody: who calls them is turned away."""
    query = select(NumberRow.e164).where(NumberRow.state == "active", NumberRow.owner_id.is_(None))
    return list(session.scalars(query.order_by(NumberRow.e164)))
