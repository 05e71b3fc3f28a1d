"""Blocked callers: who is refused, and why."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import Length

from callrouter.directory import callers, lists, number_use
from callrouter.web.format import number as readable
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.paging import Pager, page_number, search_text
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

pages = Blueprint("blocked", __name__, url_prefix="/blocked")


class BlockedForm(Form):
    """A caller who is to be refused."""

    caller = StringField(
        _l("Caller"),
        [Length(max=40)],
        description=_l(
            "The number as it is shown: +49 176 04069001, or 0176 04069001. With a * behind it, all that begin so: "
            "+49 17604*."
        ),
        render_kw={"autocomplete": "off", "inputmode": "tel", "autofocus": True},
    )
    anonymous = BooleanField(_l("All callers who withhold their number"))
    note = StringField(
        _l("Why"),
        [Length(max=200, message=_l("Take 200 characters or fewer."))],
        description=_l("For those who wonder about it later; the caller does not hear it."),
        render_kw={"autocomplete": "off"},
    )

    def validate(self, extra_validators: object = None) -> bool:
        """Either a number, or all who withhold theirs."""
        good = bool(super().validate(extra_validators))
        if good and bool(self.anonymous.data) == bool((self.caller.data or "").strip()):
            self.caller.errors = [_("Enter a number, or choose the callers without one.")]
            return False
        return good


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, searchable."""
    page, search = page_number(), search_text()
    with reading() as session:
        found = lists.blocked_callers(session, search, page=page)
    since = {row.caller: dt.datetime.fromisoformat(row.created_at) for row in found.rows if row.created_at}
    pager = Pager(page, lists.PAGE, found.total)
    return answer("blocked/index.html", callers=found.rows, since=since, pager=pager, search=search)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Block a caller; who is blocked already gets the new note."""
    wanted = request.args.get("caller", "")[:40]
    form = BlockedForm(data={"caller": "" if wanted == "anonymous" else wanted, "anonymous": wanted == "anonymous"})
    if form.validate_on_submit():
        caller = "anonymous"
        with form.saving(apply=True) as session:
            if not form.anonymous.data:
                caller = number_use.spelled_refused(session, form.caller.data, "caller")
            callers.block(session, caller, note=form.note.data or "", at=parts().clock())
        if form.saved:
            return done(_("Calls of %(caller)s are refused from now on.", caller=readable(caller)), "blocked.index")
    return answer("blocked/new.html", form)


@pages.route("/<caller>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(caller: str) -> Answer:
    """Let a caller through again."""
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            callers.unblock(session, caller)
        if form.saved:
            return done(_("Calls of %(caller)s come through again.", caller=readable(caller)), "blocked.index")
    return confirm(
        form,
        title=_("Let %(caller)s through again?", caller=readable(caller)),
        text=_("Calls are put through as those of anybody else, from the next one on."),
        button=_("Let through"),
        cancel=url_for("blocked.index"),
        danger=False,
    )
