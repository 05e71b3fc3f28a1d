"""How an employee's phones ring, chosen by the employee: all of them, and when each begins."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FieldList, RadioField, SelectChoice, SelectField
from wtforms.validators import InputRequired, NumberRange

from callrouter.directory import employees as directory
from callrouter.web.forms import Answer, Form, WholeNumber, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.pages import employees
from callrouter.web.roles import allow
from callrouter.web.security import may_change_owner, require

pages = employees.pages


class RingingForm(Form):
    """All of ``document.Ringing``; ``delays`` has an entry for each phone, in the order of the phones."""

    do_not_disturb = BooleanField(
        _l("Do not disturb"),
        description=_l(
            "No phone rings, for calls to pools neither; the mailbox answers at once, else callers hear that you are "
            "busy. From your phones: *78 turns it on, *79 off."
        ),
    )
    calls_at_once = SelectField(
        _l("Calls at once"),
        choices=[SelectChoice("", _l("any number")), *(SelectChoice(str(most), str(most)) for most in range(1, 11))],
        coerce=lambda most: int(most) if most else None,
        description=_l(
            "While you talk, your call and those that wait, on all of your phones together. 1: none of your phones "
            "rings then. 2: one more call may wait."
        ),
    )
    declining = RadioField(
        _l("When I decline a call on one phone"),
        choices=[
            SelectChoice("one", _l("the others go on ringing")),
            SelectChoice("all", _l("all stop ringing")),
            SelectChoice("all-or-busy", _l("all stop ringing, also when the phone only says that it is busy")),
        ],
    )
    delays = FieldList(
        WholeNumber(
            validators=[InputRequired(_l("Enter a whole number.")), NumberRange(0, 60, _l("Enter 0 to 60."))],
            render_kw={"class": "short"},
        )
    )


def codes() -> list[tuple[str, str]]:
    """What phones can dial beside numbers: as people write it, and what it does."""
    extension, pool = _("extension"), _("pool's extension")
    return [
        (f"** {extension}", _("pick up the call that rings there")),
        ("*8", _("pick up a call of one's pools and their members")),
        (f"*9 {extension}", _("let its mailbox take a message; also to transfer a caller there")),
        ("*78", _("turn do not disturb on")),
        ("*79", _("turn it off")),
        (f"*60 {pool}", _("sign in to the pool, or out of it")),
        (f"*61 {pool}", _("sign in")),
        (f"*62 {pool}", _("sign out")),
    ]


@pages.route("/<key>/ringing", methods=["GET", "POST"])
@allow("employee")
def ringing(key: str) -> Answer:
    """The settings of one employee, to change."""
    require(may_change_owner(f"employee:{key}"))
    owner = owner_frame(f"employee:{key}")
    devices = owner.employee.devices
    delays = [device.ring_delay for device in devices]
    form = RingingForm(data={**owner.employee.ringing.model_dump(), "delays": delays, "version": owner.version})
    for device, entry in zip(devices, form.delays, strict=False):
        entry.label.text = device.label
    if form.validate_on_submit():
        entered = {device.sip_user: entry.data for device, entry in zip(devices, form.delays, strict=False)}
        with form.saving(apply=True) as session:
            directory.set_ringing(
                session,
                key,
                version=form.expected_version,
                delays=entered,
                do_not_disturb=form.do_not_disturb.data,
                calls_at_once=form.calls_at_once.data,
                declining=form.declining.data,
            )
        if form.saved:
            return done(_("It is changed how the phones ring."), "employees.ringing", key=key)
    return answer("employees/ringing.html", form, owner=owner, codes=codes())
