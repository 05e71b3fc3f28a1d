"""The start page: is telephony all right?"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user

from callrouter.web.forms import Answer, answer
from callrouter.web.navigation import links
from callrouter.web.parts import parts
from callrouter.web.roles import allow

pages = Blueprint("start", __name__)


@pages.get("/")
@allow("employee")
def index() -> Answer:
    """For administrators the state of everything; others go to what is theirs."""
    if not current_user.is_admin:
        own = [link.url for link in links() if not link.here]
        return redirect(own[0] if own else url_for("account.index"), 303)
    return answer("start.html", live=parts().switch.live())


@pages.get("/applying")
@allow("admin")
def applying() -> Answer:
    """The banner alone, for the page that waits for it."""
    return render_template("_applying.html")


@pages.post("/applying")
@allow("admin")
def retry() -> Answer:
    """Try at once to have FreeSWITCH take over what is pending."""
    parts().apply.retry()
    return redirect(url_for("start.index"), 303)
