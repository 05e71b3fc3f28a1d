"""Whether the inbox changed: asked of the database once for all who watch it, and only while somebody does."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import current_app

from callrouter.cases import waiting
from callrouter.directory.database import Database
from callrouter.web.following import Watchers
from callrouter.web.parts import parts

#: The database is asked no more often than this (seconds).
_SECONDS = 1.0
_MOST_WATCHERS = 500
_NAME = "callrouter.inbox"


class Inbox(Watchers):
    """Keeps the last mark."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(_MOST_WATCHERS)
        self._database = database
        self._monotonic = monotonic
        self._good_until = float("-inf")
        self._mark: tuple[object, ...] = ()

    def mark(self) -> tuple[object, ...]:
        """What was not yet so a second ago is another one."""
        if self._monotonic() >= self._good_until:
            self._good_until = self._monotonic() + _SECONDS
            with self._database.read() as session:
                self._mark = waiting.mark(session)
        return self._mark


def inbox() -> Inbox:
    """The application's inbox."""
    found: Inbox = current_app.extensions.setdefault(_NAME, Inbox(parts().database))
    return found
