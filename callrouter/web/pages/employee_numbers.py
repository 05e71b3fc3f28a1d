"""An employee's numbers: the one under which they are called, and the one that those see whom they call.

Also what the dropdown of numbers offers, on every page that has one.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField

from callrouter.directory import document, lists, numbers, people
from callrouter.directory import employees as directory
from callrouter.web import format
from callrouter.web.destinations import destination_choices
from callrouter.web.forms import Answer, CheckList, Form, answer, done
from callrouter.web.owners import OwnerFrame, owner_frame
from callrouter.web.pages import employees
from callrouter.web.paging import Pager, page_number, search_text
from callrouter.web.parts import reading
from callrouter.web.roles import allow
from callrouter.web.security import may_see_owner, require, safe_next

pages = employees.pages

#: So many free numbers are in the dropdown; the others are found by searching.
OFFERED = 200
#: So many numbers are in the list below it at a time.
_FOUND = 20
#: So many numbers of an employee's pools can be chosen to be shown.
_SHOWABLE = 50


class NumberForm(Form):
    """The personal number."""

    fields_of = {"personal_number": "number"}  # noqa: RUF012
    number = SelectField(_l("Incoming number"), validate_choice=False, render_kw={"autocomplete": "off"})


class ShownForm(Form):
    """What is shown on calls into the public network, and what may be called there."""

    fields_of = {"outgoing_number": "shown"}  # noqa: RUF012
    shown = RadioField(_l("Those who are called see"), validate_choice=False)
    as_company = BooleanField(_l("May call what everybody may"))
    destinations = CheckList(_l("Otherwise may call"), choices=destination_choices)


class ActivateForm(Form):
    """The number whose button was pressed."""

    number = HiddenField()


def number_choices(
    session: Session, *, own: str | None, chosen: str | None, none: str | None
) -> tuple[list[SelectChoice], int]:
    """The dropdown: *none* in words (None: there must be one), *own*, the first free ones, *chosen*; and how many
    are free in all.

    *chosen* is there even where it is not free, so that a refused form keeps what was entered.
    """
    free = lists.numbers(session, free=True, size=OFFERED)
    choices = [] if none is None else [SelectChoice("", none)]
    if own:
        choices.append(SelectChoice(own, _("%(number)s (until now)", number=format.number(own))))
    offered = [line.e164 for line in free.rows]
    if chosen and chosen not in (own, *offered):
        offered.append(chosen)
    return [*choices, *(SelectChoice(e164, format.number(e164)) for e164 in offered)], free.total


def _showable(employee: document.Employee, pools: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Value and words of each choice; a number that was chosen elsewhere stays one."""
    own = employee.personal_number
    personal = _("the personal number %(number)s", number=format.number(own)) if own else _("the personal number")
    choices = [("", personal)]
    choices += [(e164, _("%(number)s (%(pool)s)", number=format.number(e164), pool=pool)) for e164, pool in pools]
    shown = employee.outgoing_number
    if shown and shown not in ("anonymous", *(value for value, _words in choices)):
        choices.append((shown, format.number(shown)))
    return [*choices, ("anonymous", _("no number: anonymous"))]


def _number_form(session: Session, owner: OwnerFrame, *, sent: bool) -> tuple[NumberForm, int]:
    employee = owner.employee
    own = employee.personal_number
    wanted = None if sent else employees.wanted_number()
    values = {"number": wanted or own or "", "version": owner.version}
    form = NumberForm(data=values) if sent else NumberForm(formdata=None, data=values)
    none = _("Please choose") if not own else None if employee.devices else _("no number")
    form.number.choices, free = number_choices(session, own=own, chosen=form.number.data, none=none)
    return form, free


def _shown_form(session: Session, owner: OwnerFrame, *, sent: bool) -> ShownForm:
    employee = owner.employee
    allowed = employee.destinations
    values = {
        "shown": employee.outgoing_number or "",
        "as_company": allowed is None,
        "destinations": [kind.value for kind in allowed or ()],
        "version": owner.version,
    }
    form = ShownForm(data=values) if sent else ShownForm(formdata=None, data=values)
    pools = people.pool_numbers(session, owner.id, limit=_SHOWABLE)
    form.shown.choices = [SelectChoice(*choice) for choice in _showable(employee, pools)]
    return form


def _page(owner: OwnerFrame, number: NumberForm, shown: ShownForm, free: int) -> Answer:
    """Both forms, and below them all numbers but the free ones; a search finds these too."""
    search, page = search_text(), page_number()
    with reading() as session:
        found = lists.assignable_numbers(
            session, search, for_owner=owner.key, others=not search, page=page, size=_FOUND
        )
    refused = next((form for form in (number, shown) if form.refused), None)
    return answer(
        "employees/numbers.html",
        refused,
        owner=owner,
        number_form=number,
        shown_form=shown,
        free=free,
        offered=OFFERED,
        found=found.rows,
        pager=Pager(page, _FOUND, found.total),
        search=search,
    )


@pages.route("/<key>/numbers", methods=["GET", "POST"], endpoint="numbers")
@allow("employee")
def numbers_page(key: str) -> Answer:
    """The personal number; an administrator chooses another one."""
    require(may_see_owner(f"employee:{key}") and (request.method == "GET" or current_user.is_admin))
    owner = owner_frame(f"employee:{key}")
    with reading() as session:
        form, free = _number_form(session, owner, sent=request.method == "POST")
        shown = _shown_form(session, owner, sent=False)
    if not current_user.is_admin:
        return answer("employees/own_numbers.html", owner=owner, shown=shown)
    if form.validate_on_submit():
        number = form.number.data or None
        if number is None and owner.employee.devices:
            form.number.errors = [_("Choose a number; without one these devices cannot make calls.")]
        else:
            with form.saving(apply=True) as session:
                directory.change(session, key, version=form.expected_version, personal_number=number)
        if form.saved:
            message = _("%(name)s has the number %(number)s.", name=owner.name, number=format.number(number))
            flash(message if number else _("%(name)s has no number any more.", name=owner.name), "good")
            then = request.args.get("then")
            return redirect(safe_next(then) if then else url_for("employees.numbers", key=key), 303)
    return _page(owner, form, shown, free)


@pages.post("/<key>/numbers/shown")
@allow("admin")
def shown_number(key: str) -> Answer:
    """Choose what those see whom the employee calls."""
    owner = owner_frame(f"employee:{key}")
    with reading() as session:
        number, free = _number_form(session, owner, sent=False)
        form = _shown_form(session, owner, sent=True)
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            directory.change(
                session,
                key,
                version=form.expected_version,
                outgoing_number=form.shown.data or None,
                destinations=None if form.as_company.data else form.destinations.data,
            )
        if form.saved:
            return done(_("The rules for calls out are changed."), "employees.numbers", key=key)
    return _page(owner, number, form, free)


@pages.post("/<key>/numbers/activate")
@allow("admin")
def activate_number(key: str) -> Answer:
    """Activate a number, and come back with it chosen."""
    owner_frame(f"employee:{key}")
    form = ActivateForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers.activate(session, form.number.data or "")
    if not form.saved:
        for error in form.form_errors:
            flash(error, "bad")
        return redirect(url_for("employees.numbers", key=key, then=request.args.get("then")), 303)
    number = form.number.data
    flash(_("%(number)s is active. Save to give it to this employee.", number=format.number(number)), "good")
    return redirect(
        url_for("employees.numbers", key=key, number=number, then=request.args.get("then"), _anchor="number"), 303
    )
