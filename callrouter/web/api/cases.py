"""Cases: callers who wait to be called back, and what people do about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callrouter.cases import changes, inbox
from callrouter.cases.inbox import CaseLine, CaseStory
from callrouter.cases.rules import Change
from callrouter.directory.document import Part
from callrouter.directory.kinds import Slug
from callrouter.directory.lists import Page
from callrouter.web.api import shapes
from callrouter.web.api.routes import Given, Routes
from callrouter.web.api.shapes import Listing

case_routes = Routes("Cases")
_CASE = "/cases/<int(max=2147483647):number>"


class CaseQuery(shapes.PageQuery):
    """``employee``: those that this one is on. ``closed``: those that are done, the latest first."""

    owner: Annotated[str, Field(pattern=f"{shapes.OWNER_KEY}|^$")] = ""
    employee: Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,40}$")] = ""
    closed: bool = False


class Claim(Part):
    """Who is on it; ``take_over``: also if a colleague is."""

    employee: Slug
    take_over: bool = False


class Done(Part):
    """For whom it is done, if it is one of the employees, and a note."""

    employee: Slug | None = None
    note: Annotated[str, Field(max_length=changes.LONGEST_NOTE)] = ""


@case_routes.get("/cases", asks=CaseQuery, gives=Listing[CaseLine])
def list_cases(given: Given) -> Page[CaseLine]:
    """Callers who wait, the one who waits longest first."""
    return inbox.listed(given.session, **given.query.model_dump(), viewer=given.viewer)


@case_routes.get(_CASE, gives=CaseStory)
def get_case(given: Given, number: int) -> CaseStory:
    """A case with all that happened: calls, who was on it, what was tried and said."""
    return inbox.story(given.session, number, given.viewer)


@case_routes.post(f"{_CASE}/claim", takes=Claim, gives=CaseStory, apply=False)
def claim_case(given: Given, number: int) -> CaseStory:
    """Say that an employee is on it; refused if somebody else is."""
    what = Change.TAKE_OVER if given.body.take_over else Change.CLAIM
    changes.change(given.session, number, what, given.body.employee, at=given.at, viewer=given.viewer)
    return inbox.story(given.session, number, given.viewer)


@case_routes.post(f"{_CASE}/release", takes=Done, gives=CaseStory, apply=False)
def release_case(given: Given, number: int) -> CaseStory:
    """Say that nobody is on it any more."""
    return _do(given, number, Change.RELEASE)


@case_routes.post(f"{_CASE}/close", takes=Done, gives=CaseStory, apply=False)
def close_case(given: Given, number: int) -> CaseStory:
    """Say that it is done."""
    return _do(given, number, Change.CLOSE)


@case_routes.post(f"{_CASE}/reopen", takes=Done, gives=CaseStory, apply=False)
def reopen_case(given: Given, number: int) -> CaseStory:
    """Say that it is not done after all."""
    return _do(given, number, Change.REOPEN)


@case_routes.post(f"{_CASE}/note", takes=Done, gives=CaseStory, apply=False)
def note_case(given: Given, number: int) -> CaseStory:
    """Write a note into the case."""
    return _do(given, number, Change.NOTE)


def _do(given: Given, number: int, what: Change) -> CaseStory:
    body, viewer = given.body, given.viewer
    changes.change(given.session, number, what, body.employee, at=given.at, note=body.note, viewer=viewer)
    return inbox.story(given.session, number, given.viewer)
