"""Who is to be called back: the list, the longest waiting first, and each case with its story and its buttons.

Reading changes nothing: links in mails lead here. What is done is done by a form, by who is signed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from callrouter.cases import belongings, changes, waiting
from callrouter.cases import inbox as cases
from callrouter.cases.inbox import CaseLine
from callrouter.cases.rules import Change, State
from callrouter.directory import clicks, lists
from callrouter.directory.names import owner_names
from callrouter.errors import CallrouterError, RuleError, UnknownError
from callrouter.routing.numbers import clean_number
from callrouter.web import format
from callrouter.web.following import follow
from callrouter.web.forms import Answer
from callrouter.web.inbox import inbox
from callrouter.web.languages import translated
from callrouter.web.paging import Pager, page_number
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import limiter, own_owners, require, safe_next, viewer

pages = Blueprint("inbox", __name__, url_prefix="/inbox")
_CASE = "/<int(max=2147483647):number>"

#: What a button is called in the address, what it does, and what is told then.
_BUTTONS = {
    "claim": (Change.CLAIM, _l("You are on it now.")),
    "take-over": (Change.TAKE_OVER, _l("You are on it now.")),
    "release": (Change.RELEASE, _l("Nobody is on it any more.")),
    "close": (Change.CLOSE, _l("It is done.")),
    "reopen": (Change.REOPEN, _l("It is to be done again.")),
    "note": (Change.NOTE, _l("The note is saved.")),
}
#: The one filter that is no owner: those that the user is on.
_MINE = "mine"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the address asks for: ``of`` is empty (all that one may see), ``mine``, or an owner key."""

    of: str
    closed: bool
    page: int

    @property
    def mine(self) -> bool:
        """Those that the user is on."""
        return self.of == _MINE

    def address(self, endpoint: str = "inbox.index", **changed: Any) -> str:
        """The list with other filters."""
        values = {"of": self.of, "state": "closed" if self.closed else None} | changed
        return url_for(endpoint, **{name: value for name, value in values.items() if value})

    def wanted(self) -> dict[str, Any]:
        """As arguments of ``cases.listed``."""
        found: dict[str, Any] = {"closed": self.closed, "page": self.page}
        if self.mine:
            return found | {"employee": current_user.employee}
        return found | {"owner": self.of}


def _shown() -> _Shown:
    """403 for somebody else's; administrators see everybody's."""
    of = request.args.get("of", "")[:60]
    require(viewer().sees_cases_of(of) if of not in ("", _MINE) else of != _MINE or bool(current_user.employee))
    return _Shown(of, request.args.get("state") == "closed", page_number())


def _tabs(session: Session, shown: _Shown) -> list[tuple[str, str, bool]]:
    """Address, label and whether it is this one: all, mine, my own number's, those of my pools."""
    own = own_owners()
    names = owner_names(session, own | ({shown.of} if shown.of not in ("", _MINE) else set()))
    entries = [("", _("All")), *([(_MINE, _("I am on it"))] if current_user.employee else [])]
    if current_user.owner in names:
        entries.append((current_user.owner, _("My own number")))
    pools = sorted(((key, name) for key, name in names.items() if key != current_user.owner), key=lambda one: one[1])
    return [(shown.address(of=key), label, key == shown.of) for key, label in (*entries, *pools)]


def _list(session: Session, shown: _Shown, at: dt.datetime) -> dict[str, Any]:
    found = cases.listed(session, **shown.wanted(), viewer=viewer())
    return {
        "cases": found.rows,
        "pager": Pager(shown.page, lists.PAGE, found.total),
        "waits": {} if shown.closed else waiting.waited(session, found.rows, at),
        "may_claim": _may_claim,
        "shown": shown,
    }


@pages.get("")
@allow("employee")
def index() -> Answer:
    """Callers who wait, the one who waits longest first; or those that are done, the latest first."""
    shown, at = _shown(), parts().clock()
    with reading() as session:
        return render_template("inbox/index.html", tabs=_tabs(session, shown), at=at, **_list(session, shown, at))


def _followed(look: Callable[[Session, dt.datetime], str], *, minutely: bool = True) -> Response:
    """What *look* makes, again whenever a case changed; *minutely*: and once a minute, for the clock goes on."""
    watched = inbox()
    last: tuple[object, ...] = ()
    text = ""

    def seen() -> str:
        nonlocal last, text
        at = parts().clock()
        if (now := (watched.mark(), at.replace(second=0, microsecond=0) if minutely else None)) != last:
            last = now
            with reading() as session:
                text = look(session, at)
        return text

    return follow(watched, seen)


@pages.get("/live")
@allow("employee")
def live() -> Response:
    """The list as server-sent events: at once, and whenever it changes."""
    shown = _shown()
    return _followed(lambda session, at: render_template("inbox/_list.html", **_list(session, shown, at)))


@pages.get("/count")
@allow("employee")
def count() -> Response:
    """How many wait, for the navigation of every page, as server-sent events: at once, and whenever it changes."""
    seen = viewer()
    return _followed(lambda session, _at: str(waiting.count_for(session, seen)), minutely=False)


def _may_claim(line: CaseLine) -> bool:
    """Whether the signed-in user is of the team whose case it is."""
    return bool(current_user.employee) and (not line.owner or line.owner in own_owners())


def _found(session: Session, number: int) -> dict[str, Any] | None:
    """A case's story and what may be done; somebody else's is as if it were not there."""
    try:
        story = cases.story(session, number, viewer())
    except UnknownError:
        return None
    line = story.line
    return {"case": line, "events": story.events, "may_claim": _may_claim, "number": _to_call(line)}


def _case(session: Session, number: int) -> dict[str, Any]:
    return _found(session, number) or abort(404)


def _waits(session: Session, line: CaseLine, at: dt.datetime) -> dict[int, waiting.Wait]:
    return waiting.waited(session, [line], at) if line.state != State.CLOSED else {}


def _to_call(line: CaseLine) -> str | None:
    """The caller's number, for who may call back by a click; None where there is none."""
    return line.caller if _may_claim(line) and clean_number(line.caller) else None


def _page(number: int, note: str = "", problem: str = "") -> str:
    at = parts().clock()
    with reading() as session:
        given = _case(session, number)
        line = given["case"]
        return render_template(
            "inbox/show.html",
            **given,
            messages=belongings.messages(session, number),
            mails=belongings.mails(session, number, line.owner),
            waits=_waits(session, line, at),
            note=note,
            problem=problem,
            most=changes.LONGEST_NOTE,
            at=at,
        )


@pages.get(_CASE)
@allow("employee")
def show(number: int) -> Answer:
    """One case: who is on it, what happened, and what can be done."""
    return _page(number)


@pages.get(f"{_CASE}/live")
@allow("employee")
def live_case(number: int) -> Response:
    """The case as server-sent events: at once, and whenever it changes."""

    def look(session: Session, at: dt.datetime) -> str:
        given = _found(session, number)
        return render_template("inbox/_case.html", **given, waits=_waits(session, given["case"], at)) if given else ""

    with reading() as session:
        _case(session, number)  # refused before the answer begins
    return _followed(look)


@pages.post(f"{_CASE}/<any({', '.join(map(repr, _BUTTONS))}):button>")
@allow("employee")
def change(number: int, button: str) -> Answer:
    """Press a button: claim, take over, release, close, reopen, note; refused with the name of who was faster."""
    what, told = _BUTTONS[button]
    note = request.form.get("note", "")
    with reading() as session:
        _case(session, number)
    try:
        with changing() as session:
            by, at = current_user.employee, parts().clock()
            changes.change(session, number, what, by, at=at, note=note, viewer=viewer())
    except RuleError as error:
        return _page(number, note, translated(error.args[0])), 422
    flash(str(told), "good")
    return redirect(safe_next(request.form.get("back") or url_for("inbox.show", number=number)), 303)


@pages.post(f"{_CASE}/call-back")
@allow("employee")
@limiter.limit("20 per minute")
def call_back(number: int) -> Answer:
    """Be on it, ring the user's own phones, and connect whoever answers with the caller; refused as claiming is."""
    with reading() as session:
        given = _case(session, number)
    called, line = given["number"], given["case"]
    if called is None:
        abort(404)
    try:
        with reading() as session:
            command = clicks.click(session, current_user.employee, called)
        if line.state != State.CLOSED:
            with changing() as session:
                changes.change(session, number, Change.CLAIM, current_user.employee, at=parts().clock())
        parts().switch.begin(command)
    except CallrouterError as error:
        said = _("The call did not begin: %(why)s", why=translated(error.args[0]))
        return _page(number, request.form.get("note", ""), said), 422
    flash(_("Your phones ring; then %(number)s is called.", number=format.number(called)), "good")
    return redirect(url_for("inbox.show", number=number), 303)
