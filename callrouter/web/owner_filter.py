"""The filter of calls and messages by whose they are: among one's own for employees, by name for administrators."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from callrouter.directory import lists
from callrouter.directory.names import owner_names
from callrouter.web.security import own_owners, require

_KEY = re.compile(r"(employee|pool):[a-z0-9_-]{1,40}")
#: So many are suggested while typing.
_SUGGESTED = 20


@dataclass(frozen=True, slots=True)
class OwnerFilter:
    """``owners``: whose things are to be listed (None: everybody's), as the request says and the user may see.

    ``text`` stands in the field, ``problem`` beside it. ``choices`` are key and name: of an employee's own owners, or
    of those whom an administrator's *text* may mean. ``everybodys``: without a text everybody's are.
    """

    text: str
    owners: Collection[str] | None
    choices: list[tuple[str, str]]
    problem: str = ""
    everybodys: bool = True


def suggestions(session: Session, text: str) -> list[tuple[str, str]]:
    """Employees and pools, key and name, that *text* is a part of."""
    people = [(f"employee:{one.id}", one.name) for one in lists.employees(session, text, size=_SUGGESTED).rows]
    teams = [(f"pool:{one.id}", one.name) for one in lists.pools(session, text, size=_SUGGESTED).rows]
    return (teams[: _SUGGESTED // 2] + people)[:_SUGGESTED]


def chosen_owner(session: Session, *, everybodys: bool) -> OwnerFilter:
    """What ``?owner=`` of this request means; 403 where it is somebody's whose things the user may not see.

    *everybodys*: everybody's are listed; employees filter by what is their own all the same.
    """
    text = request.args.get("owner", "").strip()[:120]
    if not (current_user.is_admin and everybodys):
        own = own_owners()
        require(not text or text in own)
        names = owner_names(session, own)
        choices = sorted(names.items(), key=lambda one: (one[0].startswith("pool:"), one[1].lower()))
        return OwnerFilter(text, (text,) if text else None if everybodys else own, choices, everybodys=everybodys)
    if not text:
        return OwnerFilter(text, None, [])
    if _KEY.fullmatch(text):
        return OwnerFilter(text, (text,), [])
    found = suggestions(session, text)
    if len(found) == 1:
        return OwnerFilter(found[0][0], (found[0][0],), [])
    return OwnerFilter(text, (), found, _("Which one is meant?") if found else _("Nobody is called so."))
