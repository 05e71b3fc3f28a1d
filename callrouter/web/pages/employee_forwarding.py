"""Where calls to an employee go on, chosen by the employee: to colleagues, pools, mailboxes, numbers outside."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from callrouter.directory import employees as directory
from callrouter.directory import owners
from callrouter.routing.forwarding import MAILBOX
from callrouter.web.forms import Answer, Form, WholeNumber, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.pages import employees
from callrouter.web.parts import reading
from callrouter.web.roles import allow
from callrouter.web.security import may_change_owner, require

pages = employees.pages

#: The fields of ``document.Forwarding`` that name a target.
_WHEN = ("always", "busy", "no_answer", "offline")
_PHONES = "phones"
_OUTSIDE = "outside"
_PLACES = [
    SelectChoice("", _l("not forwarded")),
    SelectChoice(_PHONES, _l("to the phones of")),
    SelectChoice("mailbox", _l("to the mailbox of")),
    SelectChoice(_OUTSIDE, _l("to the number outside")),
]


def _place(label: str) -> SelectField:
    return SelectField(label, choices=_PLACES)


def _who() -> StringField:
    return StringField(
        _l("Name, extension or number"), [Length(max=120)], render_kw={"list": "places", "autocomplete": "off"}
    )


class ForwardingForm(Form):
    """For each case a kind of place, and whose."""

    fields_of = {f"forwarding.{when}": f"{when}_who" for when in _WHEN}  # noqa: RUF012
    always = _place(_l("All calls"))
    always_who = _who()
    busy = _place(_l("When busy or declined"))
    busy_who = _who()
    no_answer = _place(_l("When nobody answers"))
    no_answer_who = _who()
    after = WholeNumber(
        _l("after so many seconds of ringing"),
        [InputRequired(_l("Enter a whole number.")), NumberRange(5, 120, _l("Enter 5 to 120."))],
        render_kw={"class": "short"},
    )
    offline = _place(_l("When no phone can be reached"))
    offline_who = _who()

    def values(self) -> dict[str, object]:
        """As the service takes it; who was entered is found. A mistake goes beside its field."""
        found: dict[str, object] = {"after": self.after.data}
        for when in _WHEN:
            place, who = self[when].data, self[f"{when}_who"]
            text, target = (who.data or "").strip(), None
            if place == _OUTSIDE:
                target = text if text[:1] in set("+0123456789") else None
                if target is None:
                    who.errors = [*who.errors, _("Enter a telephone number.")]
            elif place:
                with reading() as session:
                    key = owners.find(session, text)
                if key is None:
                    who.errors = [*who.errors, _("Nobody is called so; enter the whole name, or the extension.")]
                target = key if key is None or place == _PHONES else MAILBOX + key
            found[when] = target
        return found


def _entries(session: Session, target: str) -> tuple[str, str]:
    """Kind of place, and whose, as the form shows them."""
    if not target:
        return "", ""
    if target.startswith("+"):
        return _OUTSIDE, target
    kind = "mailbox" if target.startswith(MAILBOX) else _PHONES
    return kind, owners.called(session, target.removeprefix(MAILBOX))


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
        for when in _WHEN:
            target = getattr(known, when) or ""
            data[when], data[f"{when}_who"] = _entries(session, target)
    form = ForwardingForm(data=data)
    if form.validate_on_submit():
        values = form.values()
        if not form.refused:
            with form.saving(apply=True) as session:
                directory.set_forwarding(session, key, version=form.expected_version, **values)
        if form.saved:
            return done(_("The forwarding is changed."), "employees.forwarding", key=key)
    return answer("employees/forwarding.html", form, owner=owner, places=places)
