"""Users: who may sign in, as what, and new passwords for them."""

from __future__ import annotations

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from callrouter.directory import accounts, lists, user_list
from callrouter.directory.accounts import UserRow
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done, shown_once
from callrouter.web.paging import Pager, page_number, search_text
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import elsewhere

pages = Blueprint("users", __name__, url_prefix="/users")

_ROLES = [SelectChoice("employee", _l("Employee")), SelectChoice("admin", _l("Administrator"))]


class NewUserForm(Form):
    """Somebody who is to sign in; the password is made."""

    login = StringField(
        _l("User name"),
        [InputRequired(_l("Enter a user name.")), Length(max=120)],
        description=_l("Small letters, digits and . _ @ + -; a mail address will do."),
        render_kw={"autocapitalize": "none", "autocomplete": "off", "autofocus": True},
    )
    role = SelectField(
        _l("Role"),
        choices=_ROLES,
        description=_l("Employees see what is their own; administrators see and change everything but messages."),
    )
    employee = StringField(
        _l("Employee"),
        [Optional(), Length(max=40)],
        description=_l("The id of the employee who signs in so; an administrator may be none."),
        render_kw={"autocomplete": "off", "list": "employees"},
    )

    def validate(self, extra_validators: object = None) -> bool:
        """An employee must be one."""
        good = bool(super().validate(extra_validators))
        if good and self.role.data == "employee" and not self.employee.data:
            self.employee.errors = [_("Say which employee this is.")]
            return False
        return good


class RoleForm(Form):
    """What the user may do."""

    role = SelectField(_l("Role"), choices=_ROLES)


def _user(login: str) -> UserRow:
    with reading() as session:
        try:
            user = accounts.find(session, login)
        except RuleError:
            abort(404)
        assert user.employee is None or user.employee.name  # loaded while the session is open
        return user


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, searchable."""
    page, search = page_number(), search_text()
    with reading() as session:
        found = user_list.users(session, search, page=page)
    return answer("users/index.html", users=found.rows, pager=Pager(page, lists.PAGE, found.total), search=search)


@pages.get("/employees")
@allow("admin")
def employees() -> Answer:
    """Suggestions for the employee of a new user."""
    with reading() as session:
        found = lists.employees(session, request.args.get("employee", "")[:120], size=20)
    return answer("users/employees.html", employees=found.rows)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a user; the password is shown on the page that follows."""
    form = NewUserForm(data={"employee": request.args.get("employee", "")[:40]})
    if form.validate_on_submit():
        secret = accounts.new_password()
        with form.saving() as session:
            employee = form.employee.data.strip() or None
            added = elsewhere(
                accounts.add,
                session,
                form.login.data,
                secret,
                role=form.role.data,
                at=parts().clock(),
                employee=employee,
            )
        if form.saved:
            return _password_page(added.login, secret)
    return answer("users/new.html", form)


@pages.route("/<login>", methods=["GET", "POST"])
@allow("admin")
def show(login: str) -> Answer:
    """One user; the role can be changed."""
    user = _user(login)
    form = RoleForm(data={"role": user.role, "version": user.version})
    if form.validate_on_submit():
        with form.saving() as session:
            accounts.set_role(
                session, user.login, form.role.data, at=parts().clock(), expected_version=form.expected_version
            )
        if form.saved:
            return done(_("The role is changed."), "users.index")
    return answer("users/show.html", form, user=user)


@pages.route("/<login>/password", methods=["GET", "POST"])
@allow("admin")
def password(login: str) -> Answer:
    """Give the user a new password, shown on the page that follows."""
    user = _user(login)
    form = ConfirmForm()
    if form.validate_on_submit():
        secret = accounts.new_password()
        with form.saving() as session:
            elsewhere(accounts.set_password, session, user.login, secret, at=parts().clock())
        if form.saved:
            return _password_page(user.login, secret)
    return confirm(
        form,
        title=_("New password for %(login)s", login=user.login),
        text=_("The old password no longer works, and all sessions of this user end."),
        button=_("Make a new password"),
        cancel=url_for("users.show", login=user.login),
        danger=False,
    )


@pages.route("/<login>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(login: str) -> Answer:
    """Remove the user."""
    user = _user(login)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            accounts.remove(session, user.login, at=parts().clock())
        if form.saved:
            return done(_("%(login)s can no longer sign in.", login=user.login), "users.index")
    return confirm(
        form,
        title=_("Remove %(login)s?", login=user.login),
        text=_("This user can no longer sign in. The employee, with phones and mailbox, stays as it is."),
        button=_("Remove user"),
        cancel=url_for("users.show", login=user.login),
    )


def _password_page(login: str, secret: str) -> Answer:
    return shown_once(
        _("Password of %(login)s", login=login),
        {_("User name"): login, _("Password"): secret},
        text=_("Hand it over now. It can be changed under “My account” after signing in."),
        then=url_for("users.index") if current_user.login != login else url_for("session.sign_in"),
        back=_("To the users"),
    )
