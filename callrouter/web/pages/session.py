"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, logout_user
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from callrouter import log
from callrouter.directory import accounts
from callrouter.web.attempts import limited
from callrouter.web.bearer import network
from callrouter.web.forms import Answer, Form, answer
from callrouter.web.parts import changing
from callrouter.web.roles import allow
from callrouter.web.security import check_password, safe_next
from callrouter.web.security import sign_in as begin

pages = Blueprint("session", __name__)


class SignInForm(Form):
    """Who, and the proof."""

    login = StringField(
        _l("User name"),
        [InputRequired(_l("Enter your user name.")), Length(max=120)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "autofocus": True},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )


def _login() -> str:
    return request.form.get("login", "").strip().lower()[:120]


@pages.route("/sign-in", methods=["GET", "POST"])
@allow("anyone")
@limited(
    ("10 per 15 minutes", lambda: f"{network()} {_login()}"),
    ("50 per 15 minutes", network),
    ("100 per hour", _login),
)
def sign_in() -> Answer:
    """Start a session. Failures are counted per address, per login, and per both."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")), 303)
    form = SignInForm()
    if form.validate_on_submit():
        person = check_password(form.login.data, form.password.data)
        if person is not None:
            begin(person)
            log.get("web").info(f"{person.login} signed in")
            return redirect(safe_next(request.args.get("next")), 303)
        log.get("web").warning(f"a sign-in as {_login()!r} from {request.remote_addr} failed")
        form.form_errors.append(_("User name or password is wrong."))
    return answer("sign_in.html", form)


@pages.post("/sign-out")
@allow("employee")
def sign_out() -> Answer:
    """End this session, and those of the same user elsewhere: a copy of the cookie is worth nothing then."""
    with changing() as database:
        accounts.end_sessions(database, current_user.login)
    logout_user()
    session.clear()
    return redirect(url_for("session.sign_in"), 303)
