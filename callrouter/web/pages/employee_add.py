"""A new employee in one form, with number, first device and sign-in; the page that follows shows the secrets."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField, StringField
from wtforms.validators import Length, ValidationError

from callrouter.directory import accounts
from callrouter.directory import employees as directory
from callrouter.web.forms import Answer, NewForm, answer, done
from callrouter.web.pages import employees
from callrouter.web.pages.employee_devices import KINDS
from callrouter.web.pages.employee_numbers import OFFERED, number_choices
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import elsewhere
from callrouter.web.setup_card import card_of

pages = employees.pages


class NewEmployeeForm(NewForm, employees.EmployeeForm):
    """Who, the number, and if wanted a device and a user."""

    fields_of = {"personal_number": "number", "devices.0.label": "label", "devices.0.kind": "kind"}  # noqa: RUF012
    number = SelectField(
        _l("Incoming number"),
        validate_choice=False,
        description=_l("The personal number: it rings on all devices of this employee."),
        render_kw={"autocomplete": "off"},
    )
    label = StringField(
        _l("First device"),
        [Length(max=120)],
        description=_l("For example “Desk phone”. Empty: none yet."),
        render_kw={"autocomplete": "off"},
    )
    kind = SelectField(_l("Kind"), choices=KINDS)
    login = StringField(
        _l("User name"),
        [Length(max=120)],
        description=_l("For signing in to these pages, a mail address for example. Empty: not yet."),
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )

    def validate_number(self, field: Field) -> None:
        """Who has a device needs a number."""
        if self.label.data and not field.data:
            raise ValidationError(_("Choose a number; who has a device needs one."))


@pages.route("/_add", methods=["GET", "POST"])
@allow("admin")
def add() -> Answer:
    """Add an employee. (No employee's id begins with an underscore: the address is nobody's.)"""
    form = NewEmployeeForm(data={"number": employees.wanted_number() or "", "kind": "desk"})
    with reading() as session:
        none = _("Please choose")
        form.number.choices, free = number_choices(session, own=None, chosen=form.number.data, none=none)
    if form.validate_on_submit():
        login = (form.login.data or "").strip()
        secret = accounts.new_password()
        label = (form.label.data or "").strip()
        with form.saving(apply=True) as session:
            added = directory.create(
                session,
                **form.values(),
                personal_number=form.number.data or None,
                devices=[{"label": label, "kind": form.kind.data}] if label else [],
            )
            if login:
                at = parts().clock()
                elsewhere(accounts.add, session, login, secret, role="employee", at=at, employee=added.id)
        if form.saved and (label or login):
            sign_in = {_("User name"): login.lower(), _("Password"): secret} if login else {}
            return answer(
                "employees/setup_card.html",
                name=added.name,
                cards=[card_of(device) for device in added.devices],
                sign_in=sign_in,
                then=url_for("employees.show", key=added.id),
                back=_("To the employee"),
            )
        if form.saved:
            return done(_("%(name)s is added.", name=added.name), "employees.show", key=added.id)
    return answer("employees/add.html", form, free=free, offered=OFFERED)
