"""Employees: the list, and one of them. Adding, numbers, devices and the mailbox are in files of their own.

``pages`` is the one blueprint of all of them.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from callrouter.directory import employees, history, lists, people, services, user_list
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.languages import language
from callrouter.web.notifications import notifications_page
from callrouter.web.opening import opening_said
from callrouter.web.owners import owner_frame
from callrouter.web.paging import CursorPager, Pager, cursor, page_number, search_text
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import may_see_owner, require, viewer

pages = Blueprint("employees", __name__, url_prefix="/employees")


class EmployeeForm(Form):
    """Who it is."""

    name = StringField(
        _l("Name"), [InputRequired(_l("Enter a name.")), Length(max=120)], render_kw={"autocomplete": "off"}
    )
    extension = StringField(
        _l("Extension"),
        [Length(max=8)],
        description=_l("Two to eight digits, by which colleagues call; it may stay empty."),
        render_kw={"autocomplete": "off", "inputmode": "numeric", "class": "short"},
    )
    email = StringField(
        _l("Mail address"),
        [Length(max=254)],
        render_kw={"autocomplete": "off", "inputmode": "email", "autocapitalize": "none"},
    )

    def values(self) -> dict[str, Any]:
        """As the services take it: what is empty is nothing."""
        return {
            "name": self.name.data,
            "extension": (self.extension.data or "").strip() or None,
            "email": (self.email.data or "").strip() or None,
        }


def wanted_number() -> str | None:
    """``?number=``: the number that another page, or a button of a list, asks to choose."""
    text = request.args.get("number", "")
    return text if re.fullmatch(r"\+[1-9][0-9]{2,14}", text) else None


@pages.get("")
@allow("admin")
def index() -> Answer:
    """The list, searchable; whoever lost the number stands first."""
    page, search, lost = page_number(), search_text(), request.args.get("state") == "lost"
    with reading() as session:
        found = lists.employees(session, search, without_number=lost, page=page)
        ids = [line.id for line in found.rows]
        devices, pools = people.devices(session, ids), people.pools(session, ids)
    return answer(
        "employees/index.html",
        employees=found.rows,
        devices=devices,
        pools=pools,
        live=parts().switch.live(),
        pager=Pager(page, lists.PAGE, found.total),
        search=search,
        lost=lost,
    )


@pages.route("/<key>", methods=["GET", "POST"])
@allow("employee")
def show(key: str) -> Answer:
    """One employee; an administrator changes name, extension and mail address here."""
    require(may_see_owner(f"employee:{key}") and (request.method == "GET" or current_user.is_admin))
    owner = owner_frame(f"employee:{key}")
    with reading() as session:
        pools = people.pools(session, [key]).get(key, ())
        opening = {
            one.id: opening_said(session, services.pool(session, one.id)[0], parts().clock(), language())
            for one in pools
        }
        users = user_list.of_employee(session, key) if current_user.is_admin else ()
    data = {
        "name": owner.name,
        "extension": owner.employee.extension,
        "email": owner.employee.email,
        "version": owner.version,
    }
    form = EmployeeForm(data={name: "" if value is None else value for name, value in data.items()})
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            employees.change(session, key, version=form.expected_version, **form.values())
        if form.saved:
            return done(_("The employee is changed."), "employees.show", key=key)
    return answer(
        "employees/show.html",
        form,
        owner=owner,
        pools=pools,
        opening=opening,
        users=users,
        live=parts().switch.live(),
    )


@pages.route("/<key>/notifications", methods=["GET", "POST"])
@allow("employee")
def notifications(key: str) -> Answer:
    """What is mailed to this employee."""
    return notifications_page(f"employee:{key}")


@pages.get("/<key>/calls")
@allow("employee")
def calls(key: str) -> Answer:
    """The calls that came to this employee, the latest first."""
    require(may_see_owner(f"employee:{key}") and viewer().sees_calls_of(f"employee:{key}"))
    owner = owner_frame(f"employee:{key}")
    with reading() as session:
        try:
            found = history.calls(session, owner=owner.key, before=cursor(), viewer=viewer())
        except RuleError:
            abort(404)
    return answer("employees/calls.html", owner=owner, calls=found.rows, pager=CursorPager.of(found))


@pages.route("/<key>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(key: str) -> Answer:
    """Remove the employee; the number stays with the company."""
    owner = owner_frame(f"employee:{key}")
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            services.remove_employee(session, key)
        if form.saved:
            return done(_("%(name)s is removed.", name=owner.name), "employees.index")
    return confirm(
        form,
        title=_("Remove %(name)s?", name=owner.name),
        text=_(
            "The devices, the mailbox and the sign-in go too. The number stays active and belongs to nobody. "
            "Calls stay in the history; messages stay listed, but nobody can hear them any more."
        ),
        button=_("Remove employee"),
        cancel=url_for("employees.show", key=key),
    )
