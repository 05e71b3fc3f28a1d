"""Where calls to a pool go on that nobody took."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from callrouter.directory import owners
from callrouter.directory import pools as directory
from callrouter.web.forms import Answer, answer, done
from callrouter.web.owners import owner_frame
from callrouter.web.pages import pools
from callrouter.web.parts import reading
from callrouter.web.places import PlacesForm, entries, place, who
from callrouter.web.roles import allow

pages = pools.pages

#: The fields of ``document.Next``.
_WHEN = ("busy", "no_answer", "offline", "closed")


class NextForm(PlacesForm):
    """For each case a kind of place, and whose."""

    fields_of = {f"next.{when}": f"{when}_who" for when in _WHEN}  # noqa: RUF012
    busy = place(_l("When all are busy or decline"), announced=True)
    busy_who = who()
    no_answer = place(_l("When nobody answers"), announced=True)
    no_answer_who = who()
    offline = place(_l("When no phone can be reached"), announced=True)
    offline_who = who()
    closed = place(_l("While it is closed"), announced=True)
    closed_who = who()


@pages.route("/<key>/next", methods=["GET", "POST"])
@allow("admin")
def next(key: str) -> Answer:
    """The settings of one pool, to change."""
    owner = owner_frame(f"pool:{key}")
    known = owner.pool.next
    data: dict[str, object] = {"version": owner.version}
    with reading() as session:
        places = owners.listed(session)
        silent = owners.silent(session, known.targets.values())
        for when in _WHEN:
            data |= entries(session, when, getattr(known, when))
    form = NextForm(data=data)
    if form.validate_on_submit():
        values = form.targets(*_WHEN)
        if not form.refused:
            with form.saving(apply=True) as session:
                directory.set_next(session, key, version=form.expected_version, **values)
        if form.saved:
            return done(_("What comes next is changed."), "pools.next", key=key)
    return answer("pools/next.html", form, owner=owner, places=places, silent=silent)
