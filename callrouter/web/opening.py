"""Whether a pool is open, in words of the page's language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from callrouter.directory import document, opening
from callrouter.routing import reasons
from callrouter.web.format import moment


@dataclass(frozen=True, slots=True)
class OpeningSaid:
    """A pool as pages show whether it is open; ``place`` is where its switch stands, ``why`` says more of its hours."""

    id: str
    name: str
    open: bool
    place: str
    text: str
    why: str


def opening_said(session: Session, pool: document.Pool, now: dt.datetime, language: str) -> OpeningSaid:
    """What to tell of *pool* at *now*."""
    found = opening.pool_now(session, pool, now, language)
    why = ""
    if pool.hours is not None and not found.state.by_hand:
        why = reasons.text(found.state.why[0], language)
    return OpeningSaid(pool.id, pool.name, found.state.open, found.place, _text(found, always=pool.hours is None), why)


def _text(found: opening.PoolNow, *, always: bool) -> str:
    is_open, time = found.state.open, found.until and moment(found.until)
    if found.state.by_hand and time:
        return str(
            _("Opened by hand until %(time)s.", time=time)
            if is_open
            else _("Closed by hand until %(time)s.", time=time)
        )
    if found.state.by_hand:
        return str(
            _("Opened by hand, until it is switched again.")
            if is_open
            else _("Closed by hand, until it is switched again.")
        )
    if always:
        return str(_("Open at any time."))
    if time:
        return str(
            _("Open now, until %(time)s.", time=time) if is_open else _("Closed now, until %(time)s.", time=time)
        )
    return str(_("Open now.") if is_open else _("Closed now."))
