"""Calls: the history with its filters, as a file for a spreadsheet too, and the story of each call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import gevent
from flask import Blueprint, Response, abort, flash, redirect, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from callrouter.directory import clicks, csv_cells, history
from callrouter.directory.explaining import Explanation
from callrouter.directory.history import CallLine
from callrouter.directory.privacy import Whose
from callrouter.directory.timeline import CallDetail, LinkedCall, call_detail
from callrouter.errors import CallrouterError, RuleError
from callrouter.routing.numbers import clean_number
from callrouter.web import call_words, format
from callrouter.web.forms import Answer, answer, done
from callrouter.web.languages import company, language
from callrouter.web.owner_filter import OwnerFilter, chosen_owner, suggestions
from callrouter.web.paging import CursorPager, cursor, search_text
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import limiter, may_see_owner, viewer

pages = Blueprint("calls", __name__, url_prefix="/calls")

#: An export has no more calls than this.
MOST_EXPORTED = 100_000
#: So many calls of an export are read at a time, each time in a transaction of its own.
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class _Filters:
    """What the request asks for: ``wanted`` are arguments of ``history.calls``; ``problems`` by field."""

    owner: OwnerFilter
    wanted: dict[str, Any]
    problems: dict[str, str]

    @property
    def any(self) -> bool:
        """Whether the list is less than all that the user may see."""
        return bool(self.owner.text) or any(
            value for name, value in self.wanted.items() if name not in ("owners", "viewer")
        )


def _day(name: str, problems: dict[str, str], later: int = 0) -> dt.datetime | None:
    """Midnight (UTC) of the company's day in the argument *name*, or of so many days *later*."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=later)
        return dt.datetime.combine(day, dt.time(), ZoneInfo(company().timezone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        problems[name] = _("Write the date as 2026-11-21.")
        return None


def _choice(name: str, choices: Any) -> str:
    text = request.args.get(name, "")
    return text if text in choices else ""


def _filters(session: Session) -> _Filters:
    problems: dict[str, str] = {}
    owner = chosen_owner(session, everybodys=viewer().whose is Whose.ALL)
    wanted = {
        "search": search_text(),
        "owners": owner.owners,
        "outcome": _choice("outcome", call_words.OUTCOMES),
        "direction": _choice("direction", call_words.DIRECTIONS),
        "interrupted": request.args.get("interrupted") == "yes",
        "since": _day("since", problems),
        "until": _day("until", problems, later=1),
        "viewer": viewer(),
    }
    if owner.problem:
        problems["owner"] = owner.problem
    return _Filters(owner, wanted, problems)


@pages.get("")
@allow("employee")
def index() -> Answer:
    """The list, the latest first."""
    with reading() as session:
        filters = _filters(session)
        try:
            found = history.calls(session, **filters.wanted, before=cursor())
        except RuleError:  # a cursor that is none
            abort(404)
    return answer(
        "calls/index.html",
        calls=found.rows,
        pager=CursorPager.of(found),
        filters=filters,
        outcomes=[("", _("Every outcome")), *((name, call_words.outcome(name)) for name in call_words.OUTCOMES)],
        directions=[
            ("", _("Every direction")),
            *((name, call_words.direction(name)) for name in call_words.DIRECTIONS),
        ],
        most=MOST_EXPORTED,
    )


@pages.get("/owners")
@allow("admin")
def owners() -> Answer:
    """Suggestions for the filter by employee or pool."""
    with reading() as session:
        found = suggestions(session, request.args.get("owner", "").strip()[:120])
    return answer("calls/owners.html", owners=found)


_COLUMNS = (
    _l("When"),
    _l("Direction"),
    _l("Outcome"),
    _l("Caller"),
    _l("Caller's name"),
    _l("Number called"),
    _l("For"),
    _l("Answered by"),
    _l("Device"),
    _l("Seconds talked"),
    _l("Interrupted"),
    _l("Call"),
)


def _cells(line: CallLine, zone: ZoneInfo) -> list[str]:
    cell = csv_cells.cell
    return [
        line.started_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        call_words.direction(line.direction),
        call_words.outcome(line.outcome),
        _number_cell(line.caller),
        cell(line.caller_name),
        _number_cell(line.number or ""),
        cell(line.owner_name or line.owner),
        cell(call_words.handler(line.answered_by)),
        cell(line.device or ""),
        "" if line.talked is None else str(round(line.talked)),
        _("yes") if line.interrupted else "",
        cell(line.uuid),
    ]


def _number_cell(number: str) -> str:
    return csv_cells.number_cell(number if number.startswith("+") else format.number(number))


def _exported(wanted: dict[str, Any]) -> Iterator[str]:
    """The file in pieces: a batch of calls in memory at a time, however many there are."""
    zone = ZoneInfo(company().timezone)
    separator = ";" if language() == "de" else ","  # what spreadsheets of that language split lines at
    yield csv_cells.BOM + csv_cells.lines([map(str, _COLUMNS)], separator)
    before, left = "", MOST_EXPORTED
    while left > 0:
        with reading() as session:
            found = history.calls(session, **wanted, before=before, size=min(_BATCH, left))
        yield csv_cells.lines((_cells(line, zone) for line in found.rows), separator)
        left -= len(found.rows)
        if not found.next:
            return
        before = found.next
        gevent.sleep(0)  # other requests' turn
    note = _(
        "The file ends here: it has the latest %(most)d calls. Choose a time range for the others.", most=MOST_EXPORTED
    )
    yield csv_cells.lines([[note]], separator)


@pages.get("/export.csv")
@allow("employee")
def export() -> Answer:
    """The filtered list as a file; columns and separator in the language of the page, numbers and times to sort by."""
    with reading() as session:
        filters = _filters(session)
    if filters.problems:
        abort(400)
    today = parts().clock().astimezone(ZoneInfo(company().timezone)).date()
    name = _("calls") + f"-{today}.csv"
    response = Response(stream_with_context(_exported(filters.wanted)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@pages.post("/<uuid>/call-back")
@allow("employee")
@limiter.limit("20 per minute")
def call_back(uuid: str) -> Answer:
    """Ring the user's own phones, and connect whoever answers with the number of a call."""
    call = _call(uuid)
    number = _to_call_back(call)
    if number is None:
        abort(404)
    try:
        with reading() as session:
            command = clicks.click(session, current_user.employee, number)
        parts().switch.begin(command)
    except CallrouterError as error:
        flash(_("The call did not begin: %(why)s", why=str(error)), "bad")
        return redirect(url_for("calls.show", uuid=uuid), 303)
    called = format.number(number)
    return done(_("Your phones ring; then %(number)s is called.", number=called), "calls.show", uuid=uuid)


@pages.get("/<uuid>")
@allow("employee")
def show(uuid: str) -> Answer:
    """One call as a story; what concerns other people's mails and messages is for them (and for administrators)."""
    call = _call(uuid)
    return answer(
        "calls/show.html",
        call=call,
        call_back=_to_call_back(call),
        opens=_opens,
        messages=[one for one in call.messages if viewer().sees_cases_of(one.owner)],
        mails=[one for one in call.mails if viewer().sees_cases_of(one.owner)],
        cases=[one for one in call.cases if viewer().sees_cases_of(one.owner)],
        explanation=_explanation(call),
    )


def _opens(other: LinkedCall) -> bool:
    """Whether the user may open another call of the same story; where handlers are hidden, no other is there."""
    seen, steps = viewer(), other.steps
    return not seen.handlers or seen.sees_call((step.owner, step.outcome, step.device) for step in steps)


def _explanation(call: CallDetail) -> Explanation | None:
    """What the present settings would do with such a call at its time, if the router left no reasons of its own."""
    if call.reasons or not viewer().handlers or call.direction != "inbound" or not call.number:
        return None
    caller = call.caller if call.caller.startswith("+") else None
    try:
        found = parts().explain(call.number, call.started_at, language(), caller=caller)
    except CallrouterError:
        return None
    return found if may_see_owner(found.owner or "") else None


def _call(uuid: str) -> CallDetail:
    with reading() as session:
        try:
            return call_detail(session, uuid, viewer())
        except RuleError:  # somebody else's is as if it were not there
            abort(404)


def _to_call_back(call: CallDetail) -> str | None:
    """The other side's number, for a user who is an employee; None where there is none."""
    number = call.number if call.direction == "outbound" else call.caller
    return number if current_user.employee and number and clean_number(number) else None
