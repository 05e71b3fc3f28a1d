"""An employee's devices: added, renamed, disabled, removed by administrators; a new password also by the employee."""

from __future__ import annotations

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from callrouter.directory import devices as directory
from callrouter.directory import document
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.owners import OwnerFrame, owner_frame
from callrouter.web.pages import employees
from callrouter.web.parts import parts
from callrouter.web.roles import allow
from callrouter.web.security import may_change_owner, may_see_owner, require
from callrouter.web.setup_card import account, card_of

pages = employees.pages

KINDS = [
    SelectChoice("desk", _l("Desk phone")),
    SelectChoice("softclient", _l("Softphone")),
    SelectChoice("other", _l("Other")),
]


class DeviceForm(Form):
    """What a device is called and what it is."""

    label = StringField(
        _l("Label"),
        [InputRequired(_l("Enter what people call this device.")), Length(max=120)],
        render_kw={"autocomplete": "off"},
    )
    kind = SelectField(_l("Kind"), choices=KINDS)


class ChangeForm(DeviceForm):
    """A device that is there."""

    enabled = BooleanField(
        _l("Enabled"), description=_l("A disabled device neither rings nor registers; its password stays.")
    )


def _device(owner: OwnerFrame, sip_user: str) -> document.Device:
    try:
        return directory.device(owner.employee, sip_user)
    except RuleError:
        abort(404)


def card_page(owner: OwnerFrame, device: document.Device) -> Answer:
    """The set-up card; *device* has the password that was made just now."""
    return answer(
        "employees/setup_card.html",
        name=owner.name,
        cards=[card_of(device)],
        sign_in={},
        then=url_for("employees.devices", key=owner.id),
        back=_("To the devices"),
    )


@pages.route("/<key>/devices", methods=["GET", "POST"])
@allow("employee")
def devices(key: str) -> Answer:
    """All devices as they are now; an administrator adds one, whose card is the page that follows."""
    require(may_see_owner(f"employee:{key}") and (request.method == "GET" or current_user.is_admin))
    owner = owner_frame(f"employee:{key}")
    form = DeviceForm(data={"kind": "desk", "version": owner.version})
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            label, kind = form.label.data, form.kind.data
            added = directory.add(session, key, label=label, kind=kind, version=form.expected_version)
        if form.saved:
            return card_page(owner, added)
    return answer(
        "employees/devices.html",
        form,
        owner=owner,
        kinds={choice.value: choice.label for choice in KINDS},
        account=account(),
        live=parts().switch.live(),
    )


@pages.route("/<key>/devices/<sip_user>", methods=["GET", "POST"])
@allow("admin")
def device(key: str, sip_user: str) -> Answer:
    """Change one device."""
    owner = owner_frame(f"employee:{key}")
    known = _device(owner, sip_user)
    values = {"label": known.label, "kind": known.kind, "enabled": known.enabled, "version": owner.version}
    form = ChangeForm(data=values)
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            directory.change(
                session,
                key,
                sip_user,
                label=form.label.data,
                kind=form.kind.data,
                enabled=form.enabled.data,
                version=form.expected_version,
            )
        if form.saved:
            return done(_("%(label)s is changed.", label=form.label.data), "employees.devices", key=key)
    return answer("employees/device.html", form, owner=owner, device=known)


@pages.route("/<key>/devices/<sip_user>/password", methods=["GET", "POST"])
@allow("employee")
def device_password(key: str, sip_user: str) -> Answer:
    """Give a device a new password; its card is the page that follows."""
    require(may_change_owner(f"employee:{key}"))
    owner = owner_frame(f"employee:{key}")
    known = _device(owner, sip_user)
    form = ConfirmForm(data={"version": owner.version})
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            password = directory.renew_password(session, key, sip_user, version=form.expected_version)
        if form.saved:
            return card_page(owner, known.model_copy(update={"sip_password": password}))
    return confirm(
        form,
        title=_("New password for %(label)s?", label=known.label),
        text=_("The device can no longer register until it has been given the new password, which you see next."),
        button=_("Make a new password"),
        cancel=url_for("employees.devices", key=key),
        danger=False,
    )


@pages.route("/<key>/devices/<sip_user>/remove", methods=["GET", "POST"])
@allow("admin")
def device_remove(key: str, sip_user: str) -> Answer:
    """Remove a device."""
    owner = owner_frame(f"employee:{key}")
    known = _device(owner, sip_user)
    form = ConfirmForm(data={"version": owner.version})
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            directory.remove(session, key, sip_user, version=form.expected_version)
        if form.saved:
            return done(_("%(label)s is removed.", label=known.label), "employees.devices", key=key)
    return confirm(
        form,
        title=_("Remove %(label)s?", label=known.label),
        text=_("The device can no longer register or call. If it is only to be silent for a while, disable it."),
        button=_("Remove device"),
        cancel=url_for("employees.devices", key=key),
    )
