"""Tokens for the REST API: what programs may do here, since when, and until when."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from callrouter.directory import tokens
from callrouter.directory.tokens import TokenRow
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done, shown_once
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

pages = Blueprint("tokens", __name__, url_prefix="/tokens")

_DAYS = [
    SelectChoice("30", _l("in 30 days")),
    SelectChoice("90", _l("in 90 days")),
    SelectChoice("365", _l("in a year")),
    SelectChoice("", _l("never")),
]


class NewTokenForm(Form):
    """A program that is to have access; its token is made."""

    fields_of = {"scopes": "read"}  # noqa: RUF012
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Say which program this is for.")), Length(max=80)],
        description=_l("What uses it, for example “Directory sync”. The audit log names its changes so."),
        render_kw={"autocomplete": "off", "autofocus": True},
    )
    read = BooleanField(
        _l("Read"),
        description=_l("See numbers, employees, settings and the history of calls. No passwords, no messages."),
    )
    write = BooleanField(_l("Change"), description=_l("Change everything that administrators change on these pages."))
    messages = BooleanField(
        _l("Messages"),
        description=_l(
            "Hear the voice messages of all employees and pools. Not even administrators may do that on these pages: "
            "tick it only if everybody concerned knows of it, and the law and your company's agreements permit it."
        ),
    )
    ends = SelectField(_l("Ends"), choices=_DAYS)

    @property
    def scopes(self) -> list[str]:
        """The scopes that are ticked."""
        return [scope for scope in tokens.SCOPES if self[scope].data]

    @property
    def days(self) -> int | None:
        """It ends after so many days; None: never."""
        return int(self.ends.data) if self.ends.data else None


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list."""
    with reading() as session:
        return answer("tokens/index.html", tokens=tokens.tokens(session), now=parts().clock())


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a token, shown on the page that follows."""
    form = NewTokenForm(data={"read": True, "ends": "365"})
    if form.validate_on_submit():
        at = parts().clock()
        with form.saving() as session:
            row, secret = tokens.create(
                session,
                form.name.data,
                form.scopes,
                at=at,
                created_by=f"web:{current_user.login}",
                expires_at=at + dt.timedelta(days=form.days) if form.days else None,
            )
        if form.saved:
            return shown_once(
                _("Token for %(name)s", name=row.name),
                {_("Token"): secret},
                text=_("Put it where the program keeps its secrets. Whoever has it may do what it may do."),
                then=url_for("tokens.index"),
                back=_("To the API tokens"),
            )
    return answer("tokens/new.html", form)


@pages.route("/<int(max=2147483647):number>/revoke", methods=["GET", "POST"])
@allow("admin")
def revoke(number: int) -> Answer:
    """Revoke a token."""
    with reading() as session:
        row = session.get(TokenRow, number)
    if row is None:
        abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            tokens.revoke(session, row.name)
        if form.saved:
            return done(_("The token for %(name)s is revoked.", name=row.name), "tokens.index")
    return confirm(
        form,
        title=_("Revoke the token for %(name)s?", name=row.name),
        text=_("The program that uses it is refused from now on. It cannot be given back; a new one can be made."),
        button=_("Revoke token"),
        cancel=url_for("tokens.index"),
    )
