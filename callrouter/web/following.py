"""Pages that follow what goes on, by server-sent events: a part is sent at once, and again whenever it changes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import gevent
from flask import Response, stream_with_context
from flask_login import current_user

#: Looks so often whether something changed, says at least so often that it is there, and ends after so long, so that
#: who was signed out meanwhile is asked who it is (seconds).
_STEP, _HEARTBEAT, _LONGEST = 1.0, 15.0, 50.0


class Watchers:
    """Counts those who follow something: each of them keeps a connection open."""

    def __init__(self, most_watchers: int = 100, most_of_one: int = 20) -> None:
        """So many watch at most, and of them so many who are one person: windows left open, or a program."""
        self._most_watchers = most_watchers
        self._most_of_one = most_of_one
        self._watchers: Counter[str] = Counter()

    def watch(self, who: str = "") -> bool:
        """Count one more watching who is *who*; False: there are too many."""
        if self._watchers.total() >= self._most_watchers or self._watchers[who] >= self._most_of_one:
            return False
        self._watchers[who] += 1
        return True

    def leave(self, who: str = "") -> None:
        """*who* watches once less."""
        self._watchers -= Counter({who: 1})


def follow(watched: Watchers, look: Callable[[], str]) -> Response:
    """What *look* makes (HTML), as events for ``static/live.js``; *watched* counts all who watch."""
    who = str(current_user.get_id())
    if not watched.watch(who):
        return Response("too many watch already\n", 503, {"Retry-After": "15"}, content_type="text/plain")
    events = Response(stream_with_context(_events(look)), content_type="text/event-stream")
    events.headers["X-Accel-Buffering"] = "no"
    events.call_on_close(partial(watched.leave, who))
    return events


def _events(look: Callable[[], str]) -> Iterator[str]:
    began = said = time.monotonic()
    sent = ""
    yield "retry: 1000\n\n"
    while (now := time.monotonic()) - began < _LONGEST:
        text = look()
        if text != sent:
            sent, said = text, now
            yield "event: board\n" + "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
        if now - said >= _HEARTBEAT:
            said = now
            yield ": still here\n\n"
        gevent.sleep(_STEP)
