"""Calls into the public network: what may be called there, how much of it, and who is told of too much."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from callrouter.directory import document, kinds, services
from callrouter.directory.changing import revised
from callrouter.directory.exporting import read_schedules
from callrouter.web.destinations import destination_choices
from callrouter.web.forms import Answer, CheckList, Form, WholeNumber, answer, done
from callrouter.web.parts import company_in, reading
from callrouter.web.roles import allow

pages = Blueprint("calls_out", __name__, url_prefix="/calls-out")

_WHOLE = _l("Enter a whole number.")


class LimitsForm(Form):
    """The company's ``limits`` and its outside line."""

    fields_of = {"limits.schedule": "schedule"}  # noqa: RUF012
    destinations = CheckList(_l("Everybody may call"), choices=destination_choices)
    schedule = SelectField(
        _l("Fewer numbers while this schedule is closed"), description=_l("At night, for example, or on weekends.")
    )
    closed_destinations = CheckList(_l("Of these, may be called while it is closed"), choices=destination_choices)
    calls = WholeNumber(
        _l("Calls out at once, of the company"),
        [InputRequired(_WHOLE), NumberRange(1, 1000, _l("Enter 1 to 1000."))],
        render_kw={"class": "short"},
    )
    calls_per_employee = WholeNumber(
        _l("Calls out at once, of an employee"),
        [InputRequired(_WHOLE), NumberRange(1, 100, _l("Enter 1 to 100."))],
        render_kw={"class": "short"},
    )
    new_numbers = WholeNumber(
        _l("New numbers a day, of an employee"),
        [InputRequired(_WHOLE), NumberRange(1, 10_000, _l("Enter 1 to 10000."))],
        description=_l("Numbers called again within the day do not count."),
        render_kw={"class": "short"},
    )
    alarm_email = StringField(
        _l("Send an alarm to"),
        [Regexp(rf"\s*$|{kinds.EMAIL}", message=_l("Enter one mail address.")), Length(max=254)],
        filters=[lambda text: text.strip() if text else text],
        description=_l("Empty: nobody is told."),
        render_kw={"type": "email", "autocomplete": "email"},
    )
    alarm_calls = WholeNumber(
        _l("when an employee calls out in ten minutes more often than"),
        [InputRequired(_WHOLE), NumberRange(1, 10_000, _l("Enter 1 to 10000."))],
        render_kw={"class": "short"},
    )
    outside_line = StringField(
        _l("Outside line"),
        [Regexp(r"\s*[0-9]{0,3}\s*$", message=_l("Enter up to three digits, or nothing."))],
        filters=[lambda text: text.strip() if text else text],
        description=_l("What phones dial before numbers of the public network: 0 in many companies. Empty: nothing."),
        render_kw={"inputmode": "numeric", "class": "short"},
    )


@pages.route("", methods=["GET", "POST"])
@allow("admin")
def index() -> Answer:
    """The limits, to change."""
    with reading() as session:
        if (found := company_in(session)) is None:
            return answer("calls_out/index.html", None)
        company, version = found
        names = [schedule.name for schedule in read_schedules(session)]
    limits = company.limits
    values = limits.model_dump(mode="json") | {"outside_line": company.outside_line, "version": version}
    form = LimitsForm(data=values | {"schedule": limits.schedule or ""})
    form.schedule.choices = [SelectChoice("", _("none: always alike")), *(SelectChoice(name, name) for name in names)]
    if form.validate_on_submit():
        entered = {name: form[name].data for name in document.Limits.model_fields}
        with form.saving(apply=True) as session:
            changed = revised(
                company,
                outside_line=form.outside_line.data or "",
                limits=entered | {"schedule": form.schedule.data or None, "alarm_email": form.alarm_email.data or None},
            )
            services.save_company(session, changed, expected_version=form.expected_version)
        if form.saved:
            return done(_("The limits are changed."), "calls_out.index")
    return answer("calls_out/index.html", form)
