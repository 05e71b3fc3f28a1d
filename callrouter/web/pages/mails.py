"""Mails that have not left: what the mail server said, and what to do with those that were given up."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _

from callrouter.directory import audit
from callrouter.directory.records import OutboxRow
from callrouter.mail import outbox
from callrouter.web.forms import Answer, ConfirmForm, answer, confirm, done
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow

pages = Blueprint("mails", __name__, url_prefix="/mails")

#: So many are shown; what is wrong with one is mostly wrong with all.
_SHOWN = 100


@pages.get("")
@allow("admin")
def index() -> Answer:
    """Mails that were given up, then those that wait."""
    with reading() as session:
        mails = outbox.waiting_or_dead(session, _SHOWN)
    return answer("mails/index.html", mails=mails, most=_SHOWN)


@pages.post("/<int(max=2147483647):number>/retry")
@allow("admin")
def retry(number: int) -> Answer:
    """Try a mail that was given up from now on again."""
    with changing() as session:
        if outbox.revive(session, number, parts().clock()):
            audit.record(session, "mail", str(number), {"state": outbox.DEAD}, {"state": outbox.WAITING})
    return done(_("The mail is tried again."), "mails.index")


@pages.route("/<int(max=2147483647):number>/drop", methods=["GET", "POST"])
@allow("admin")
def drop(number: int) -> Answer:
    """Never send a mail that was given up."""
    with reading() as session:
        mail = session.get(OutboxRow, number)
    if mail is None or mail.state != outbox.DEAD:
        abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            if outbox.drop(session, number):
                audit.record(session, "mail", str(number), {"state": outbox.DEAD}, {"state": outbox.DROPPED})
        if form.saved:
            return done(_("The mail is dropped."), "mails.index")
    return confirm(
        form,
        title=_("Drop the mail to %(recipient)s?", recipient=mail.recipient),
        text=_("“%(subject)s” is never sent. The call and the message it tells of stay.", subject=mail.subject),
        button=_("Drop mail"),
        cancel=url_for("mails.index"),
    )
