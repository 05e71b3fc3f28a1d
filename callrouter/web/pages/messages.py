"""Messages: heard in the browser, saved, deleted, by those whose mailbox they are in and by nobody else.

Administrators see that a message exists. Reading an address changes nothing: a message becomes heard by a POST, which
htmx sends when its player starts, and a button where there is no JavaScript.
"""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.http import parse_range_header

from callrouter.directory import lists, messages
from callrouter.directory.models import MailboxRow
from callrouter.directory.records import MessageRow
from callrouter.errors import RuleError
from callrouter.mail.message import to_mp3
from callrouter.web.forms import Answer, ConfirmForm, answer, confirm, done
from callrouter.web.languages import company
from callrouter.web.navigation import new_messages
from callrouter.web.owner_filter import chosen_owner
from callrouter.web.paging import Pager, page_number
from callrouter.web.parts import changing, parts, reading
from callrouter.web.roles import allow
from callrouter.web.security import elsewhere, may_listen, own_owners, safe_next, viewer

pages = Blueprint("messages", __name__, url_prefix="/messages")
pages.app_context_processor(lambda: {"own_owners": own_owners})


@pages.get("")
@allow("employee")
def index() -> Answer:
    """The list, the latest first; administrators see everybody's, without the audio."""
    page, unheard = page_number(), request.args.get("state") == "new"
    with reading() as session:
        owner = chosen_owner(session, everybodys=viewer().all_cases)
        found = messages.listed(session, owners=owner.owners, unheard=unheard, page=page, viewer=viewer())
    return answer(
        "messages/index.html",
        messages=found.rows,
        pager=Pager(page, lists.PAGE, found.total),
        owner=owner,
        unheard_only=unheard,
    )


def _own(number: int) -> MessageRow:
    """A message that the user may listen to. 403 for administrators; for others somebody else's is not there."""
    with reading() as session:
        try:
            row, owner = messages.message(session, number)
        except RuleError:
            abort(404)
    if not may_listen(owner):
        abort(403 if current_user.is_admin else 404)
    return row


def _recording(number: int) -> tuple[MessageRow, bytes, str]:
    """The message, its WAV file, and what its mailbox is set to: mp3, wav or none."""
    row = _own(number)
    with reading() as session:
        audio = messages.recording(session, number)
        mailbox = session.get(MailboxRow, row.owner_id)
    if audio is None:  # deleted just now
        abort(404)
    return row, audio, mailbox.audio if mailbox else "wav"


@pages.get("/<int(max=2147483647):number>/audio")
@allow("employee")
def audio(number: int) -> Answer:
    """The recording for the player, which seeks by asking for a range of it (RFC 9110, 14)."""
    _row, wav, _kind = _recording(number)
    asked = parse_range_header(request.headers.get("Range"))
    # Of other units, and of several parts at once, the whole is the answer (RFC 9110, 14.2).
    known = asked is not None and asked.units == "bytes" and len(asked.ranges) == 1
    conditional = known or "Range" not in request.headers
    return send_file(io.BytesIO(wav), "audio/wav", conditional=conditional, etag=f"message-{number}")


@pages.get("/<int(max=2147483647):number>/download")
@allow("employee")
def download(number: int) -> Answer:
    """The recording as a file: MP3 or WAV as the mailbox is set; WAV where its mails carry none."""
    row, wav, kind = _recording(number)
    local = row.recorded_at.astimezone(ZoneInfo(company().timezone))
    name = _("message") + f"-{local:%Y-%m-%d-%H%M%S}"
    if kind == "mp3":
        return send_file(io.BytesIO(elsewhere(to_mp3, wav)), "audio/mpeg", True, f"{name}.mp3")
    return send_file(io.BytesIO(wav), "audio/wav", True, f"{name}.wav")


def _mark(number: int, *, heard: bool) -> Answer:
    _own(number)
    try:
        with changing() as session:
            messages.mark(session, number, heard=heard, at=parts().clock())
    except RuleError:  # deleted just now
        abort(404)
    if "HX-Request" not in request.headers:
        return redirect(safe_next(request.form.get("back")), 303)
    row = _own(number)
    return render_template("messages/state.html", number=number, heard_at=row.heard_at, unheard=new_messages())


@pages.post("/<int(max=2147483647):number>/heard")
@allow("employee")
def heard(number: int) -> Answer:
    """It was listened to."""
    return _mark(number, heard=True)


@pages.post("/<int(max=2147483647):number>/unheard")
@allow("employee")
def unheard(number: int) -> Answer:
    """It is to be listened to again."""
    return _mark(number, heard=False)


@pages.route("/<int(max=2147483647):number>/delete", methods=["GET", "POST"])
@allow("employee")
def delete(number: int) -> Answer:
    """Delete it with its recording."""
    _own(number)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving() as session:
            messages.delete(session, number)
        if form.saved:
            return done(_("The message is deleted."), "messages.index")
    return confirm(
        form,
        title=_("Delete this message?"),
        text=_(
            "The recording is gone then, for everybody whose mailbox it is in. The call stays in the list of calls."
        ),
        button=_("Delete message"),
        cancel=url_for("messages.index"),
    )
