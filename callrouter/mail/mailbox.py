"""What a team's mailbox is to us, whatever kind of server holds it: mails that come, and a mark that people set.

The marks have the words of Microsoft Graph's ``flag.flagStatus``, so that such a mailbox can stand beside IMAP ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from callrouter.errors import CallrouterError

#: How far a mailbox has been looked through: its own affair, but JSON.
Cursor = Mapping[str, Any]


class MailboxError(CallrouterError):
    """The mailbox cannot be used now; the message says which, and what its server said."""


class Mark(StrEnum):
    NONE = "notFlagged"
    FLAGGED = "flagged"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Signal:
    """The marks that a mail has whose case is ``done``, or is still ``todo``."""

    done: Mark
    todo: Mark


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that was not at that ``place`` before; ``mail_id`` is its Message-ID, whoever wrote it."""

    place: str
    mail_id: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Look:
    """What is new. ``changed`` maps places that are known to the marks there; ``more``: look again at once."""

    arrived: tuple[Arrived, ...]
    changed: Mapping[str, Mark]
    cursor: Cursor
    more: bool = False


class Mailbox(Protocol):
    """Every method waits for a limited time, and raises MailboxError. A place is a name that is never given twice."""

    @property
    def signal(self) -> Signal: ...

    def check(self) -> None:
        """Raise MailboxError if it cannot be used as the settings say."""

    def look(self, cursor: Cursor, since: dt.date, known: Callable[[], Collection[str]]) -> Look:
        """What has come, and what was marked otherwise at the *known* places, since *cursor*.

        With an empty cursor, or when the server has numbered its mails anew: all mails that came *since* that day.
        """

    def gone(self, places: Collection[str]) -> set[str]:
        """Those of *places* at which there is no mail any more."""

    def mark(self, places: Collection[str], mark: Mark) -> None:
        """Mark the mails that are still at *places*; they may be at other ones then."""

    def close(self) -> None:
        """Sign out."""
