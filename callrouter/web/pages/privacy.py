"""Privacy: who may see whose calls, and who handled them, by role. The rule itself is in ``directory.privacy``."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice

from callrouter.directory import services
from callrouter.directory.changing import revised
from callrouter.directory.privacy import Privacy
from callrouter.web.forms import Answer, Form, answer, done
from callrouter.web.pages import settings
from callrouter.web.parts import company_in, reading
from callrouter.web.roles import allow

pages = settings.pages

_OWN = SelectChoice("own", _l("their own, and those that nobody of their pools has answered"))
_POOLS = SelectChoice("pools", _l("their own, and all of their pools"))
_ALL = SelectChoice("all", _l("everybody’s"))
_HANDLERS = [SelectChoice("shown", _l("by name")), SelectChoice("hidden", _l("as “a colleague”"))]
_LIVE = [SelectChoice("shown", _l("shown")), SelectChoice("hidden", _l("not shown"))]


def _whose(description: Any) -> RadioField:
    return RadioField(_l("Whose calls they see"), choices=[_OWN, _POOLS, _ALL], description=description)


def _handlers(description: Any = "") -> RadioField:
    return RadioField(_l("Who answered a call or dealt with a case"), choices=_HANDLERS, description=description)


def _live(description: Any = "") -> RadioField:
    return RadioField(_l("Who is on the phone right now"), choices=_LIVE, description=description)


class PrivacyForm(Form):
    """``ROLE_SETTING``, for each setting of each role."""

    employee_whose_calls = _whose(
        _l("Callers of their pools who wait to be called back, and messages there, they see in any case.")
    )
    employee_handlers = _handlers(
        _l("Hidden too in the mails that a case is done. Who is on an open case is always named: else two call back.")
    )
    employee_live = _live(_l("On the pages of their pools. They see themselves in any case."))
    admin_whose_calls = _whose(
        _l("Where it is not everybody’s, they see no call-backs and no messages of others either.")
    )
    admin_handlers = _handlers(
        _l("An administrator can change this page; who did so, and when, stays in the audit log.")
    )
    admin_live = _live(
        _l("On the start page and on those of the pools. How many calls there are is shown all the same.")
    )
    api_handlers = _handlers(_l("What a program gets goes where it goes: into another database, into statistics."))
    api_live = _live()


@pages.route("/privacy", methods=["GET", "POST"])
@allow("admin")
def privacy() -> Answer:
    """What employees, administrators and programs see of others."""
    with reading() as session:
        if (found := company_in(session)) is None:
            return answer("settings/privacy.html", None)
    company, version = found
    now = company.privacy.model_dump(mode="json")
    values = {f"{role}_{name}": one for role, sees in now.items() for name, one in sees.items()}
    form = PrivacyForm(data=values | {"version": version})
    if form.validate_on_submit():
        entered = {role: {name: form[f"{role}_{name}"].data for name in sees} for role, sees in now.items()}
        with form.saving() as session:
            changed = revised(company, privacy=Privacy.model_validate(entered).model_dump(mode="json"))
            services.save_company(session, changed, expected_version=form.expected_version)
        if form.saved:
            return done(_("What people see of each other is changed."), "settings.privacy")
    return answer("settings/privacy.html", form)
