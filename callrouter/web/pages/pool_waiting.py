"""Whether and how callers wait for a free member of a pool."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import InputRequired, NumberRange

from callrouter.directory import document
from callrouter.directory import pools as directory
from callrouter.routing.waiting import MOST_PLACES
from callrouter.web.forms import Answer, Form, WholeNumber, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.pages import pools
from callrouter.web.roles import allow

pages = pools.pages

_WHOLE = _l("Enter a whole number.")


class WaitingForm(Form):
    """``document.Waiting``, and whether there is any."""

    fields_of = {f"waiting.{name}": name for name in document.Waiting.model_fields}  # noqa: RUF012
    waits = BooleanField(_l("Callers wait until somebody is free"))
    after = WholeNumber(
        _l("After (seconds)"),
        [InputRequired(_WHOLE), NumberRange(0, 120, _l("Enter 0 to 120 seconds."))],
        description=_l("So long it just rings. 0: callers are greeted at once. When all are busy, too."),
        render_kw={"class": "short"},
    )
    at_most = WholeNumber(
        _l("They wait at most (seconds)"),
        [InputRequired(_WHOLE), NumberRange(30, 1800, _l("Enter 30 to 1800 seconds."))],
        description=_l("Then the call goes on to what comes next when nobody answers."),
        render_kw={"class": "short"},
    )
    places = WholeNumber(
        _l("So many may wait"),
        [
            InputRequired(_WHOLE),
            NumberRange(1, MOST_PLACES, _l("Enter 1 to %(most)s.", most=MOST_PLACES)),
        ],
        description=_l("Any other call goes on to what comes next when all are busy."),
        render_kw={"class": "short"},
    )


@pages.route("/<key>/waiting", methods=["GET", "POST"])
@allow("admin")
def waiting(key: str) -> Answer:
    """The settings of one pool, to change."""
    owner = owner_frame(f"pool:{key}")
    known = owner.pool.waiting
    form = WaitingForm(
        data={**(known or document.Waiting()).model_dump(), "waits": known is not None, "version": owner.version}
    )
    if form.validate_on_submit():
        values = {name: form[name].data for name in document.Waiting.model_fields}
        with form.saving(apply=True) as session:
            wanted = values if form.waits.data else None
            directory.change(session, key, version=form.expected_version, waiting=wanted)
        if form.saved:
            return done(_("How callers wait is changed."), "pools.waiting", key=key)
    return answer("pools/waiting.html", form, owner=owner)
