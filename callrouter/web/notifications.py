"""The page on which an employee or a pool chooses what is mailed where; both have the same one."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from callrouter.directory import owners
from callrouter.web.forms import Answer, Form, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.security import may_change_owner, require

ABOUT = (
    SelectChoice("all", _l("missed calls and messages in the mailbox")),
    SelectChoice("missed", _l("missed calls")),
    SelectChoice("voicemail", _l("messages in the mailbox")),
    SelectChoice("none", _l("nothing")),
)


class Salutation(StringField):
    """The line that mails begin with; *example* is the hint below it."""

    def __init__(self, example: str, **more: Any) -> None:
        super().__init__(
            _l("Salutation"),
            [Length(max=120)],
            description=example,
            render_kw={"autocomplete": "off"},
            **more,
        )


class NotificationsForm(Form):
    """What is mailed, where, in which language."""

    fields_of = {"notify": "email"}  # noqa: RUF012
    about = RadioField(_l("Mail me about"), choices=list(ABOUT))
    email = StringField(
        _l("To the mail address"),
        [Length(max=254)],
        render_kw={"inputmode": "email", "autocapitalize": "none", "autocomplete": "email"},
    )
    language = SelectField(
        _l("Language of the mails"),
        choices=[
            SelectChoice("", _l("As the company’s")),
            SelectChoice("de", "Deutsch"),
            SelectChoice("en", "English"),
        ],
    )
    salutation = Salutation(_l("The line that mails begin with, for example: Dear sales team,"))
    internal = BooleanField(_l("Also about missed calls from colleagues"))
    handled_mail = BooleanField(_l("Also that a caller was called back: by whom, and how"))
    escalate_to = StringField(
        _l("Tell of callers who wait too long"),
        [Length(max=254)],
        render_kw={"inputmode": "email", "autocapitalize": "none", "autocomplete": "email"},
    )


def notifications_page(owner_key: str) -> Answer:
    """Answer a GET or POST of the notifications of ``employee:anna`` or ``pool:sales``; refuses whoever may not."""
    require(may_change_owner(owner_key))
    owner = owner_frame(owner_key)
    notify = owner.part.notify
    form = NotificationsForm(
        data={
            "about": notify.about,
            "email": notify.email or "",
            "language": notify.language or "",
            "salutation": notify.salutation,
            "internal": notify.internal,
            "handled_mail": notify.handled_mail,
            "escalate_to": notify.escalate_to or "",
            "version": owner.version,
        }
    )
    form.escalate_to.description = (
        _("One mail address. Empty: the company’s, if it has one.")
        if owner.kind == "pool"
        else _("One mail address. Empty: nobody is told.")
    )
    if form.validate_on_submit():
        values = {"about": form.about.data, "email": (form.email.data or "").strip() or None}
        values |= {"language": form.language.data or None, "internal": form.internal.data}
        values |= {"handled_mail": form.handled_mail.data, "escalate_to": (form.escalate_to.data or "").strip() or None}
        values["salutation"] = (form.salutation.data or "").strip()
        with form.saving() as session:
            owners.set_notify(session, owner_key, version=form.expected_version, **values)
        if form.saved and form.about.data == "none":
            return done(_("The notifications are changed: nothing is mailed."), str(request.endpoint), key=owner.id)
        if form.saved:
            return done(_("The notifications are changed."), str(request.endpoint), key=owner.id)
    return answer("owner/notifications.html", form, owner=owner)
