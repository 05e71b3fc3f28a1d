"""The entries of the navigation: one list for all, of which everybody sees what is theirs and exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from callrouter.cases import waiting
from callrouter.directory import messages
from callrouter.web.parts import reading
from callrouter.web.security import viewer


@dataclass(frozen=True, slots=True)
class Entry:
    """A link to *endpoint*; *own*: it is given the signed-in employee's id as ``key``."""

    endpoint: str
    label: str
    own: bool = False


_ADMIN = (
    Entry("start.index", _l("Start")),
    Entry("employees.index", _l("Employees")),
    Entry("numbers.index", _l("Numbers")),
    Entry("pools.index", _l("Pool numbers")),
    Entry("schedules.index", _l("Schedules")),
    Entry("trunks.index", _l("Trunks")),
    Entry("calls_out.index", _l("Calls out")),
    Entry("blocked.index", _l("Blocked callers")),
    Entry("phonebook.index", _l("Phone book")),
    Entry("inbox.index", _l("Call-backs")),
    Entry("calls.index", _l("Calls")),
    Entry("messages.index", _l("Messages")),
    Entry("settings.index", _l("Settings")),
    Entry("users.index", _l("Users")),
    Entry("tokens.index", _l("API tokens")),
    Entry("audit.index", _l("Audit log")),
)
_EMPLOYEE = (
    Entry("start.index", _l("Start")),
    Entry("employees.ringing", _l("Ringing"), own=True),
    Entry("employees.forwarding", _l("Forwarding"), own=True),
    Entry("employees.mailbox", _l("Mailbox"), own=True),
    Entry("employees.notifications", _l("Notifications"), own=True),
    Entry("employees.devices", _l("Devices"), own=True),
    Entry("inbox.index", _l("Call-backs")),
    Entry("calls.index", _l("Calls")),
    Entry("messages.index", _l("Messages")),
    Entry("phonebook.index", _l("Phone book")),
)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is shown; *here*: the page belongs to it. ``new``: how much waits there; None: nothing can.

    ``kind`` is the class of that number, by which scripts find it; ``source``: where they follow it, if they do.
    """

    url: str
    label: str
    here: bool
    new: int | None = None
    kind: str = ""
    source: str = ""


def new_messages() -> int:
    """How many messages the signed-in user may hear and nobody has heard yet."""
    if current_user.employee_row is None:
        return 0
    with reading() as session:
        return messages.unheard(session, current_user.employee_row)


def open_cases() -> int:
    """How many callers wait to be called back, of those whom the signed-in user may see."""
    if not current_user.is_admin and current_user.employee_row is None:
        return 0
    with reading() as session:
        return waiting.count_for(session, viewer())


#: What counts what waits, the class of its number, and where scripts follow it.
_COUNTED = {"messages.index": (new_messages, "unheard", ""), "inbox.index": (open_cases, "awaited", "inbox.count")}


def links() -> Iterator[Link]:
    """The navigation of the signed-in user."""
    if not current_user.is_authenticated:
        return
    for entry in _ADMIN if current_user.is_admin else _EMPLOYEE:
        if entry.endpoint in current_app.view_functions:
            here = (
                request.endpoint == entry.endpoint if entry.own else request.blueprint == entry.endpoint.split(".")[0]
            )
            url = url_for(entry.endpoint, key=current_user.employee) if entry.own else url_for(entry.endpoint)
            new, kind, source = _COUNTED.get(entry.endpoint, (None, "", ""))
            yield Link(url, entry.label, here, new() if new else None, kind, url_for(source) if source else "")
