"""What is mailed of the calls by one number, where its owner's notifications do not say it all: a team's mailbox."""

from __future__ import annotations

from flask import redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import Length

from callrouter.directory import numbers
from callrouter.web.format import number as readable
from callrouter.web.forms import Answer, Form, answer, done
from callrouter.web.notifications import ABOUT, Salutation
from callrouter.web.pages import numbers as single
from callrouter.web.parts import reading
from callrouter.web.roles import allow

pages = single.pages


class NumberNotificationsForm(Form):
    """As the owner's form; whatever is left empty is as the owner says."""

    about = SelectField(_l("Mail about"), choices=[SelectChoice("", _l("as the owner says")), *ABOUT])
    email = StringField(
        _l("To the mail address"),
        [Length(max=254)],
        description=_l("Empty: to the owner’s address."),
        render_kw={"inputmode": "email", "autocapitalize": "none", "autocomplete": "off"},
    )
    language = SelectField(
        _l("Language of the mails"),
        choices=[
            SelectChoice("", _l("as the owner says")),
            SelectChoice("de", "Deutsch"),
            SelectChoice("en", "English"),
        ],
    )
    salutation = Salutation(_l("For example: Dear sales team, (empty: as the owner says.)"))
    handled_mail = SelectField(
        _l("Mail when a caller was called back"),
        choices=[
            SelectChoice("", _l("as the owner says")),
            SelectChoice("yes", _l("yes")),
            SelectChoice("no", _l("no")),
        ],
    )


@pages.route("/<e164>/notifications", methods=["GET", "POST"])
@allow("admin")
def notifications(e164: str) -> Answer:
    """Change what is mailed of the calls by a number that belongs to somebody."""
    use = single.use_of(e164)
    if use.owner is None:
        return redirect(url_for("numbers.show", e164=e164), 303)
    with reading() as session:
        wishes, _of_owner, _owner, version = numbers.notify(session, e164)
    known = {name: getattr(wishes, name) or "" for name in type(wishes).model_fields}
    known["handled_mail"] = {None: "", True: "yes", False: "no"}[wishes.handled_mail]
    form = NumberNotificationsForm(data={**known, "version": version})
    if form.validate_on_submit():
        values: dict[str, object] = {name: (form[name].data or "").strip() or None for name in known}
        values["handled_mail"] = {"": None, "yes": True, "no": False}[form.handled_mail.data]
        with form.saving() as session:
            numbers.set_notify(session, e164, version=form.expected_version, **values)
        if form.saved:
            told = _("The notifications of %(number)s are changed.", number=readable(e164))
            return done(told, "numbers.show", e164=e164)
    return answer("numbers/notifications.html", form, use=use)
