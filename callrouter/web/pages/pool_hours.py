"""When a pool is open: its hours, and the switch that opens and closes it by hand."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectChoice, SelectField

from callrouter.directory import document, opening, services, timetables
from callrouter.directory import pools as directory
from callrouter.errors import RuleError
from callrouter.routing.opening import CLOSED, OPEN, SCHEDULED
from callrouter.web.forms import Answer, answer, done
from callrouter.web.languages import language, translated
from callrouter.web.opening import opening_said
from callrouter.web.owners import owner_frame
from callrouter.web.pages import pools
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow
from callrouter.web.rows import rearranged
from callrouter.web.security import may_see_owner, require
from callrouter.web.times_form import USUAL, TimesForm, times_of

pages = pools.pages

#: In the words of the mailboxes' form, whose style sheet it shares.
_NAMED, _OWN = "open", "own"


class HoursForm(TimesForm):
    """When it is open. The times are its own, for those who choose them."""

    timing = RadioField(_l("Is open"))
    schedule = SelectField(_l("Schedule"), validate_choice=False)

    def offer(self, names: list[str]) -> None:
        """Let one of the schedules *names* be chosen, if there are any."""
        self.schedule.choices = [SelectChoice(name, name) for name in names]
        choices = [SelectChoice("always", _("at any time"))]
        choices += [SelectChoice(_NAMED, _("while a schedule is open"))] if names else []
        self.timing.choices = [*choices, SelectChoice(_OWN, _("during hours of its own"))]

    def validate(self, extra_validators: object = None) -> bool:
        """Only what was chosen is looked at."""
        self.hours.used = self.closed.used = self.timing.data == _OWN
        good = super().validate(extra_validators)
        if self.timing.data == _NAMED and self.schedule.data not in {one.value for one in self.schedule.choices or ()}:
            self.schedule.errors = [_("Choose a schedule.")]
            return False
        return good

    def chosen(self, before: document.Hours | None) -> dict[str, Any] | None:
        """The hours as ``directory.pools`` takes them."""
        if self.timing.data == _NAMED:
            return {"name": self.schedule.data}
        return self.rules(before or document.Hours()) if self.timing.data == _OWN else None


def _data(hours: document.Hours | None) -> dict[str, Any]:
    if hours is None or hours.name is not None:
        blank = {"hours": USUAL, "holidays": False, "closed": []}
        return {**blank, "timing": _NAMED if hours else "always", "schedule": hours.name if hours else None}
    return {**times_of(hours), "timing": _OWN, "schedule": None}


@pages.route("/<key>/hours", methods=["GET", "POST"])
@allow("admin")
def hours(key: str) -> Answer:
    """The hours of one pool, to change."""
    owner = owner_frame(f"pool:{key}")
    now = parts().clock()
    with reading() as session:
        names, company = timetables.names(session), services.company(session)[0]
        said = opening_said(session, owner.pool, now, language())
    form = HoursForm(data={**_data(owner.pool.hours), "version": owner.version})
    form.offer(names)
    form.prepare(company, now.date())
    if form.is_submitted() and not rearranged(form) and form.validate():
        with form.saving(apply=True) as session:
            directory.change(session, key, version=form.expected_version, hours=form.chosen(owner.pool.hours))
        if form.saved:
            return done(_("The opening hours are changed."), "pools.hours", key=key)
    return answer("pools/hours.html", form, owner=owner, said=said)


@pages.post("/<key>/switch")
@allow("employee")
def switch(key: str) -> Answer:
    """Open or close the pool by hand, or let its hours hold again: members, and administrators."""
    require(may_see_owner(f"pool:{key}"))
    owner = owner_frame(f"pool:{key}")
    place, text, now = request.form.get("switch", ""), request.form.get("until", "").strip(), parts().clock()
    if place not in (SCHEDULED, OPEN, CLOSED):
        abort(400)
    endpoint, shown = "pools.show", key
    if (employee := request.form.get("employee")) and may_see_owner(f"employee:{employee}"):
        endpoint, shown = "employees.show", employee
    try:
        with changing(apply=True) as session:
            zone = services.company(session)[0].timezone
            until = opening.moment(text, zone, now) if text and place != SCHEDULED else None
            known = opening.switch(session, key, place, until=until, now=now)
            said = opening_said(session, known, now, language())
    except RuleError as error:
        flash(_("%(pool)s is as it was: %(why)s", pool=owner.name, why=translated(error.args[0])), "bad")
        return redirect(url_for(endpoint, key=shown), 303)
    return done(f"{owner.name}: {said.text}", endpoint, key=shown)
