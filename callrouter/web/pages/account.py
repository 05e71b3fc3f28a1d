"""One's own account: language and password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import PasswordField, SelectChoice, SelectField
from wtforms.validators import EqualTo, InputRequired, Length

from callrouter.directory import accounts
from callrouter.directory.accounts import MIN_PASSWORD
from callrouter.web import security
from callrouter.web.attempts import limited
from callrouter.web.forms import Answer, Form, answer
from callrouter.web.parts import parts
from callrouter.web.roles import allow

pages = Blueprint("account", __name__, url_prefix="/account")


class LanguageForm(Form):
    """In which language the pages are shown."""

    language = SelectField(
        _l("Language"),
        choices=[
            SelectChoice("", _l("As the browser asks")),
            SelectChoice("de", "Deutsch"),
            SelectChoice("en", "English"),
        ],
    )


class PasswordForm(Form):
    """The old password and, twice, the new one."""

    current = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Enter your current password.")), Length(max=1024)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        _l("New password"),
        [
            InputRequired(_l("Enter a new password.")),
            Length(min=MIN_PASSWORD, max=1024, message=_l("Take %(min)d characters or more.")),
        ],
        description=_l("Ten characters or more; a sentence is easy to remember and hard to guess."),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password again"),
        [EqualTo("password", _l("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


def _shown(language: LanguageForm, password: PasswordForm) -> Answer:
    refused = next((form for form in (language, password) if form.refused), None)
    return answer("account.html", refused, language_form=language, password_form=password)


def _forms() -> tuple[LanguageForm, PasswordForm]:
    return LanguageForm(formdata=None, data={"language": current_user.language or ""}), PasswordForm(formdata=None)


@pages.get("")
@allow("employee")
def index() -> Answer:
    """Both forms."""
    return _shown(*_forms())


@pages.post("/language")
@allow("employee")
def language() -> Answer:
    """Choose the language of the pages."""
    form = LanguageForm()
    if form.validate_on_submit():
        with form.saving() as session:
            accounts.set_language(session, current_user.login, form.language.data or None, at=parts().clock())
    if not form.saved:
        return _shown(form, _forms()[1])
    with force_locale(form.language.data or get_locale()):
        flash(_("Your language is changed."), "good")
    return redirect(url_for("account.index"), 303)


@pages.post("/password")
@allow("employee")
@limited(("10 per 15 minutes", lambda: current_user.login))
def password() -> Answer:
    """Choose another password; all other sessions of this user end."""
    form = PasswordForm()
    login = current_user.login
    if form.validate_on_submit():
        if security.check_password(login, form.current.data) is None:
            form.current.errors = [_("This is not your current password.")]
        else:
            with form.saving() as session:
                security.elsewhere(accounts.set_password, session, login, form.password.data, at=parts().clock())
    if not form.saved:
        return _shown(_forms()[0], form)
    person = security.check_password(login, form.password.data)
    if person is not None:
        security.sign_in(person)
    flash(_("Your password is changed. Other sessions of yours have ended."), "good")
    return redirect(url_for("account.index"), 303)
