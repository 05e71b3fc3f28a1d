"""Numbers and their blocks, and callers who are refused."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from callrouter.directory import callers, document, lists, number_use, numbers
from callrouter.directory.lists import BlockedLine, NumberLine, Page
from callrouter.directory.number_use import BlockLine
from callrouter.errors import UnknownError, say
from callrouter.web.api import shapes
from callrouter.web.api.routes import Created, Given, Routes, of_field
from callrouter.web.api.shapes import Listing, PhoneNumber

number_routes = Routes("Numbers")
block_routes = Routes("Number blocks")
blocked_routes = Routes("Blocked callers")

_E164 = re.compile(r"\+[1-9][0-9]{2,14}")


class NumberQuery(shapes.SearchQuery):
    """``free``: those alone that are active and nobody's."""

    state: Annotated[str, Field(pattern="^(active|inactive)?$")] = ""
    free: bool = False


def _number(given: Given, e164: str) -> PhoneNumber:
    found = number_use.number_use(given.session, e164)
    if found is None:
        raise UnknownError(say("%(e164)s is no number of the company", e164=e164))
    return PhoneNumber(
        e164=found.e164,
        state=found.state,
        owner=found.owner,
        owner_name=found.owner_name,
        block=found.block,
        shown_by=[key for key, _ in found.shown_by],
        reject_anonymous=found.reject_anonymous,
        notify=found.notify,
    )


@number_routes.get("/numbers", asks=NumberQuery, gives=Listing[NumberLine])
def list_numbers(given: Given) -> Page[NumberLine]:
    """Numbers in order; q looks into them, and into names and ids of their owners."""
    query = given.query
    return lists.numbers(given.session, query.q, state=query.state, free=query.free, page=query.page, size=query.size)


@number_routes.get("/numbers/<e164>", gives=PhoneNumber)
def get_number(given: Given, e164: str) -> PhoneNumber:
    """One number."""
    return _number(given, e164)


@number_routes.post("/numbers/<e164>/activate", gives=PhoneNumber)
def activate_number(given: Given, e164: str) -> PhoneNumber:
    """Activate a number of a block, or add a single number that was ported in."""
    if not _E164.fullmatch(e164):
        raise UnknownError(f"{e164!r} is no number as E.164; write for example +493023125010")
    numbers.activate(given.session, e164)
    return _number(given, e164)


@number_routes.post("/numbers/<e164>/deactivate")
def deactivate_number(given: Given, e164: str) -> None:
    """Deactivate a number that nobody uses; a single number is removed with that."""
    numbers.deactivate(given.session, e164)


@number_routes.patch("/numbers/<e164>", takes=shapes.NumberChange, gives=PhoneNumber)
def change_number(given: Given, e164: str) -> PhoneNumber:
    """Say whether an active number takes calls without a number, and what is mailed of its calls; the rest stays."""
    said = given.body.model_fields_set
    if "reject_anonymous" in said:
        numbers.reject_anonymous(given.session, e164, reject=given.body.reject_anonymous)
    if "notify" in said:
        numbers.set_notify(given.session, e164, **given.body.notify.model_dump(exclude_unset=True))
    return _number(given, e164)


@number_routes.post("/numbers/<e164>/assign", takes=shapes.Owner, gives=PhoneNumber)
def assign_number(given: Given, e164: str) -> PhoneNumber:
    """Give an active, free number to an owner: an employee as the personal number, a pool as one more."""
    _number(given, e164)
    try:
        numbers.assign(given.session, e164, given.body.owner)
    except UnknownError as error:
        raise of_field("owner", error) from error
    return _number(given, e164)


@number_routes.post("/numbers/<e164>/free", gives=PhoneNumber)
def free_number(given: Given, e164: str) -> PhoneNumber:
    """Take a number from its owner; an employee with devices needs another one first."""
    _number(given, e164)
    numbers.free(given.session, e164)
    return _number(given, e164)


@number_routes.post("/numbers/<e164>/port-away", gives=numbers.Loss)
def port_number_away(given: Given, e164: str) -> numbers.Loss:
    """Let a number go to another provider: a single one is gone, a block is split around it."""
    return numbers.port_away(given.session, e164)


@block_routes.get("/blocks", gives=Listing[BlockLine])
def list_blocks(given: Given) -> Page[BlockLine]:
    """Number blocks: how many numbers each has, how many of them are active, how many have an owner."""
    found = number_use.blocks(given.session)
    return Page(found, len(found))


@block_routes.post("/blocks", takes=document.Block, gives=document.Block, creates=True)
def add_block(given: Given) -> Created:
    """Add a block; its numbers are inactive, but for those the company had as single ones."""
    block: document.Block = given.body
    numbers.add_block(given.session, block)
    return Created(block, f"/blocks/{block.prefix}/{block.first}/{block.last}")


@block_routes.delete("/blocks/<prefix>/<first>/<last>", gives=numbers.Loss)
def remove_block(given: Given, prefix: str, first: str, last: str) -> numbers.Loss:
    """Remove a block with all its numbers, used or not."""
    return numbers.remove_block(given.session, document.Block.model_construct(prefix=prefix, first=first, last=last))


@blocked_routes.get("/blocked-callers", asks=shapes.SearchQuery, gives=Listing[BlockedLine])
def list_blocked_callers(given: Given) -> Page[BlockedLine]:
    """Callers who are refused; q looks into numbers and notes."""
    return lists.blocked_callers(given.session, given.query.q, page=given.query.page, size=given.query.size)


@blocked_routes.put("/blocked-callers/<caller>", takes=shapes.Note)
def block_caller(given: Given, caller: str) -> None:
    """Refuse calls of a caller (E.164, or anonymous, or all that begin so: +4917604*), with a note that says why."""
    callers.block(given.session, caller, note=given.body.note, at=given.at)


@blocked_routes.delete("/blocked-callers/<caller>")
def unblock_caller(given: Given, caller: str) -> None:
    """Let calls of a caller through again; nothing happens where they were not refused."""
    callers.unblock(given.session, caller)
