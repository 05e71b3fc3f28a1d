"""The start page: is telephony all right? It follows by itself what goes on; employees see what is their own."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_login import current_user

from callrouter.directory import overview
from callrouter.web.board import Overview, board, problems
from callrouter.web.following import follow
from callrouter.web.forms import Answer, answer
from callrouter.web.navigation import links
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

pages = Blueprint("start", __name__)

#: An employee is told of the calls missed in so long.
_MISSED = dt.timedelta(days=7)


@pages.get("/")
@allow("employee")
def index() -> Answer:
    """For administrators the state of everything, for others what is theirs."""
    if current_user.is_admin:
        now = board().look(fresh=True)
        return answer("start/index.html", now=now, problems=problems(now, parts().clock()), at=parts().clock())
    if not current_user.employee:
        own = [link.url for link in links() if not link.here]
        return redirect(own[0] if own else url_for("account.index"), 303)
    with reading() as session:
        mine = overview.own(session, current_user.employee, since=parts().clock() - _MISSED)
    return answer("start/own.html", own=mine, key=current_user.employee, live=parts().switch.live())


@pages.get("/live")
@allow("admin")
def live() -> Response:
    """The start page's state as server-sent events: at once, and whenever it changes."""
    watched = board()
    shown: Overview | None = None
    text = ""

    def look() -> str:
        nonlocal shown, text
        seen = watched.look()
        if seen is not shown:
            shown = seen
            text = render_template("start/_board.html", now=seen, problems=problems(seen, parts().clock()))
        return text

    return follow(watched, look)


@pages.get("/applying")
@allow("admin")
def applying() -> Answer:
    """The banner alone, for the page that waits for it."""
    return render_template("_applying.html", waited=True)


@pages.post("/applying")
@allow("admin")
def retry() -> Answer:
    """Try at once to have FreeSWITCH take over what is pending; with scripts one stays on the page."""
    parts().apply.retry()
    if "HX-Request" in request.headers:
        return applying()
    return redirect(url_for("start.index"), 303)
