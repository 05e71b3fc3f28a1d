"""Has FreeSWITCH take over what was changed on the pages: in the background, again and again until it did.

A page only says that something changed; everybody sees in a banner how far it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import gevent
from gevent.event import Event

from callrouter import log
from callrouter.errors import CallrouterError

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
#: Several changes shortly after another are applied together (seconds).
_GATHER = 0.3


@dataclass(frozen=True, slots=True)
class State:
    """``pending``: a change is not in FreeSWITCH yet. ``problem``: why the last try failed; ``next_try``: when again.

    ``restart``: what of the last configuration takes effect only when FreeSWITCH is restarted.
    """

    pending: bool = False
    applied_at: dt.datetime | None = None
    problem: str = ""
    next_try: dt.datetime | None = None
    restart: tuple[str, ...] = ()


class Applying:
    """Runs *put* once for all changes that were asked for since it last began.

    *put* renders the directory and has FreeSWITCH take it over; it returns what needs a restart, and raises
    CallrouterError when nothing was changed.
    """

    def __init__(self, put: Callable[[], tuple[str, ...]], clock: Callable[[], dt.datetime]) -> None:
        self._put = put
        self._clock = clock
        self._woken = Event()
        self._asked = 0
        self._pause = _FIRST_PAUSE
        self._greenlet: gevent.Greenlet | None = None
        self._log = log.get("apply")
        self.state = State()

    def request(self) -> None:
        """Something changed that FreeSWITCH must know; returns at once."""
        self._asked += 1
        self._pause = _FIRST_PAUSE
        self.state = replace(self.state, pending=True)
        self._woken.set()

    def retry(self) -> None:
        """Try a pending change now and not when the pause is over."""
        self._woken.set()

    def start(self) -> None:
        """Work in the background until stopped."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Stop; what is pending stays so."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    def once(self) -> None:
        """Try what is pending, once."""
        if not self.state.pending:
            return
        asked = self._asked
        try:
            restart = self._put()
        except Exception as error:
            if not isinstance(error, CallrouterError):
                self._log.exception("applying the configuration failed in a way that was not foreseen")
            self._failed(str(error) or type(error).__name__)
            return
        self._pause = _FIRST_PAUSE
        self.state = State(pending=asked != self._asked, applied_at=self._clock(), restart=restart)

    def _failed(self, problem: str) -> None:
        if problem != self.state.problem:
            self._log.error(f"FreeSWITCH's configuration is not up to date: {problem}")
        next_try = self._clock() + dt.timedelta(seconds=self._pause)
        self.state = replace(self.state, problem=problem, next_try=next_try)

    def _run(self) -> None:
        while True:
            self._woken.wait(self._pause if self.state.problem else None)
            gevent.sleep(_GATHER)
            self._woken.clear()
            self.once()
            if self.state.problem:
                self._pause = min(_LONGEST_PAUSE, self._pause * 2)
            elif self.state.pending:
                self._woken.set()


def follow(path: Path, changed: Callable[[], None], pause: float = 1.0) -> None:
    """Call *changed* whenever the file *path* was written anew; looks every *pause* seconds, without end."""
    before = _written(path)
    while True:
        gevent.sleep(pause)
        now = _written(path)
        if now != before:
            before = now
            changed()


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
