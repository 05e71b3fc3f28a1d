"""Who is told of callers who wait too long, and how long data is kept: pages below the settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from callrouter.directory import document, kinds, services
from callrouter.directory.changing import revised
from callrouter.web.forms import Answer, Form, WholeNumber, answer, done
from callrouter.web.parts import company_in, parts, reading
from callrouter.web.roles import allow

pages = Blueprint("keeping", __name__, url_prefix="/settings")

_WHOLE = _l("Enter a whole number.")
_SHORT = {"class": "short"}


class EscalationForm(Form):
    """Of the company's ``cases``, who is told of callers who wait too long."""

    escalate_minutes = WholeNumber(
        _l("Callers wait too long after (minutes)"),
        [InputRequired(_WHOLE), NumberRange(0, 10_000, _l("Enter 0 to 10000."))],
        description=_l("Of the pool’s opening hours. 0: nobody is told."),
        render_kw=_SHORT,
    )
    escalate_to = StringField(
        _l("Tell of them"),
        [Regexp(rf"\s*$|{kinds.EMAIL}", message=_l("Enter one mail address.")), Length(max=254)],
        filters=[lambda text: text.strip() if text else text],
        description=_l("In one mail of all of them. A pool can have an address of its own. Empty: nobody is told."),
        render_kw={"type": "email", "autocomplete": "email"},
    )


class Days(WholeNumber):
    """A number of days; nothing entered: for ever."""

    def __init__(self, label: Any, description: Any, **more: Any) -> None:
        checks = [Optional(), NumberRange(1, 36_500, _l("Enter 1 to 36500, or nothing."))]
        super().__init__(label, checks, description=description, render_kw=_SHORT, **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was entered."""
        if valuelist and not valuelist[0].strip():
            self.data = None
        else:
            super().process_formdata(valuelist)


class RetentionForm(Form):
    """The company's ``retention``."""

    calls = Days(
        _l("Calls (days)"), _l("But for those that an open case needs, and those whose message is kept longer.")
    )
    messages = Days(_l("Messages (days)"), _l("Heard or not, with their sound. Messages of open cases stay."))
    cases = Days(_l("Closed cases (days)"), _l("After they were closed; with their notes and who was on them."))
    mails = Days(_l("Mails (days)"), _l("Only here: what is in people’s mailboxes stays there."))
    audit = Days(_l("Audit log (days)"), "")


def _changed(form: Form, company: document.Company, **values: dict[str, Any]) -> bool:
    with form.saving(apply=True) as session:
        services.save_company(session, revised(company, **values), expected_version=form.expected_version)
    return form.saved


@pages.route("/escalation", methods=["GET", "POST"])
@allow("admin")
def escalation() -> Answer:
    """Who is told of callers who wait too long."""
    with reading() as session:
        if (found := company_in(session)) is None:
            return answer("settings/escalation.html", None)
    company, version = found
    form = EscalationForm(data=company.cases.model_dump() | {"version": version})
    if form.validate_on_submit():
        entered = {"escalate_minutes": form.escalate_minutes.data, "escalate_to": form.escalate_to.data or None}
        if _changed(form, company, cases=company.cases.model_dump() | entered):
            return done(_("Who is told of callers who wait too long is changed."), "keeping.escalation")
    return answer("settings/escalation.html", form)


@pages.route("/retention", methods=["GET", "POST"])
@allow("admin")
def retention() -> Answer:
    """How long what calls leave behind is kept."""
    archive_days = parts().settings.worker.archive_days
    with reading() as session:
        if (found := company_in(session)) is None:
            return answer("settings/retention.html", None, archive_days=archive_days)
    company, version = found
    form = RetentionForm(data=company.retention.model_dump() | {"version": version})
    if form.validate_on_submit():
        values = {name: form[name].data for name in document.Retention.model_fields}
        if _changed(form, company, retention=values):
            return done(_("How long data is kept is changed. It holds from the next night on."), "keeping.retention")
    return answer("settings/retention.html", form, archive_days=archive_days)
