"""Where calls to an employee go on, chosen by the employee."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired, NumberRange

from callrouter.directory import employees as directory
from callrouter.directory import owners
from callrouter.web.forms import Answer, WholeNumber, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.pages import employees
from callrouter.web.parts import reading
from callrouter.web.places import PlacesForm, entries, place, who
from callrouter.web.roles import allow
from callrouter.web.security import may_change_owner, require

pages = employees.pages

#: The fields of ``document.Forwarding`` that name a target.
_WHEN = ("always", "busy", "no_answer", "offline")


class ForwardingForm(PlacesForm):
    """For each case a kind of place, and whose."""

    fields_of = {f"forwarding.{when}": f"{when}_who" for when in _WHEN}  # noqa: RUF012
    always = place(_l("All calls"))
    always_who = who()
    busy = place(_l("When busy or declined"))
    busy_who = who()
    no_answer = place(_l("When nobody answers"))
    no_answer_who = who()
    after = WholeNumber(
        _l("after so many seconds of ringing"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(5, 120, _l("Enter 5 to 120."))],
        render_kw={"class": "short"},
    )
    offline = place(_l("When no phone can be reached"))
    offline_who = who()


@pages.route("/<key>/forwarding", methods=["GET", "POST"])
@allow("employee")
def forwarding(key: str) -> Answer:
    """The settings of one employee, to change."""
    require(may_change_owner(f"employee:{key}"))
    owner = owner_frame(f"employee:{key}")
    known = owner.employee.forwarding
    data: dict[str, object] = {"after": known.after, "version": owner.version}
    with reading() as session:
        places = owners.listed(session)
        silent = owners.silent(session, known.targets.values())
        for when in _WHEN:
            data |= entries(session, when, getattr(known, when))
    form = ForwardingForm(data=data)
    if form.validate_on_submit():
        values = form.targets(*_WHEN)
        if not form.refused:
            with form.saving(apply=True) as session:
                directory.set_forwarding(session, key, version=form.expected_version, **values, after=form.after.data)
        if form.saved:
            return done(_("The forwarding is changed."), "employees.forwarding", key=key)
    return answer("employees/forwarding.html", form, owner=owner, places=places, silent=silent)
