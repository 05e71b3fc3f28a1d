"""What employees and pools have alike, changed one part at a time: mailbox and notifications; and ids for new ones.

Owners are named by their keys (``employee:anna``, ``pool:sales``). All is as in ``directory.services``; *version* is
the one the record must still be at (None: any).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter.directory import document, services, store
from callrouter.directory.changing import revised
from callrouter.directory.models import OwnerRow
from callrouter.errors import RuleError, UnknownError, say
from callrouter.routing.forwarding import MAILBOX

Owner = document.Employee | document.Pool
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "ı": "i"})
#: Room in an id (40 characters) for the number that makes it unique.
_LONGEST_ID = 34


def owner(session: Session, key: str) -> tuple[Owner, int]:
    """The owner of that key, with secrets, and the record's version; raises RuleError."""
    kind, _, name = key.partition(":")
    if kind == "employee":
        return services.employee(session, name)
    if kind == "pool":
        return services.pool(session, name)
    raise UnknownError(say("%(key)r is no owner; write employee:ID or pool:ID", key=key))


def save(session: Session, part: Owner, *, version: int | None = None) -> None:
    """Save an employee or a pool whole."""
    if isinstance(part, document.Employee):
        services.save_employee(session, part, expected_version=version)
    else:
        services.save_pool(session, part, expected_version=version)


def change(session: Session, key: str, *, version: int | None = None, **values: Any) -> Owner:
    """Change the fields *values* of an owner (names as in the company file), the others stay; returns it as it is."""
    store.hold(session)
    new = revised(owner(session, key)[0], **values)
    save(session, new, version=version)
    return owner(session, key)[0]


def find(session: Session, text: str) -> str | None:
    """The key of the one owner with that extension, that whole name, or that key; None: nobody, or several."""
    text = " ".join(text.split())
    kind, _, key = text.partition(":")
    for wanted in (
        (OwnerRow.extension == text,),
        (OwnerRow.name == text,),
        (OwnerRow.kind == kind, OwnerRow.key == key),
    ):
        found = session.execute(select(OwnerRow.kind, OwnerRow.key).where(*wanted).limit(2)).all()
        if len(found) == 1:
            return ":".join(found[0])
    return None


def called(session: Session, key: str) -> str:
    """How :func:`find` finds that owner: the name where it is nobody else's, else the key."""
    kind, _, name = key.partition(":")
    row = session.execute(select(OwnerRow.name).where(OwnerRow.kind == kind, OwnerRow.key == name)).first()
    return row.name if row and find(session, row.name) == key else key


def listed(session: Session, limit: int = 500) -> list[str]:
    """The names of owners, as far as there are no more than *limit*, to choose from while typing."""
    return list(session.scalars(select(OwnerRow.name).distinct().order_by(OwnerRow.name).limit(limit)))


def silent(session: Session, targets: Iterable[str]) -> list[str]:
    """The names of those whose mailboxes are among *targets* (of forwardings), but take no calls: none goes there."""
    wanted = [target.removeprefix(MAILBOX) for target in targets if target.startswith(MAILBOX)]
    parts = [owner(session, key)[0] for key in dict.fromkeys(wanted)]
    return [part.name for part in parts if not (part.mailbox.enabled and part.mailbox.answer_calls)]


def set_mailbox(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Mailbox:
    """Change fields of an owner's mailbox: enabled, answer_calls, answer_after, schedule, pin, audio.

    ``schedule`` None: always; else a mapping as in the company file (a name and when, or times of its own). ``pin``
    None removes it.
    """
    store.hold(session)
    return change(
        session, key, version=version, mailbox=_with(owner(session, key)[0].mailbox, values, "mailbox")
    ).mailbox


def set_notify(session: Session, key: str, *, version: int | None = None, **values: Any) -> document.Notify:
    """Change fields of an owner's notifications: those of ``document.Notify``."""
    store.hold(session)
    return change(session, key, version=version, notify=_with(owner(session, key)[0].notify, values, "notify")).notify


def new_id(session: Session, kind: str, name: str) -> str:
    """An id for a new owner of *kind*, made of *name*: ``anna-schmidt``, and ``anna-schmidt-2`` for her namesake.

    Hold off other changes before, so that nobody else gets it.
    """
    plain = unicodedata.normalize("NFKD", name.lower().translate(_GERMAN)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_ID].rstrip("-") or kind
    query = select(OwnerRow.key).where(OwnerRow.kind == kind, OwnerRow.key.startswith(stem, autoescape=True))
    taken = set(session.scalars(query))
    number = 2
    found = stem
    while found in taken:
        found = f"{stem}-{number}"
        number += 1
    return found


def _with(part: document.Part, values: dict[str, Any], where: str) -> document.Part:
    try:
        return revised(part, **values)
    except RuleError as error:
        raise RuleError(str(error), [(f"{where}.{path}", text) for path, text in error.problems]) from error
