"""Does what a phone's code asks for: the one thing that the router changes in the directory."""

from __future__ import annotations

import threading
from collections.abc import Callable

import gevent

from callrouter.directory import audit
from callrouter.directory.database import Database
from callrouter.errors import CallrouterError
from callrouter.routing.features import DND_ON
from callrouter.routing.plan import Switch

#: Longest time somebody waits for the answer (seconds).
_SECONDS = 5.0


class Features:
    """Carries out steps of kind :class:`Switch`, each in a thread: a database must not hold the hub."""

    def __init__(self, database: Database, changed: Callable[[], object]) -> None:
        """*changed* is called in that thread after each change: FreeSWITCH's configuration is to follow."""
        self._database = database
        self._changed = changed

    def __call__(self, step: Switch) -> None:
        """Carry out *step*; raises CallrouterError when it is not done in time, and what the database raises."""
        too_late = threading.Event()
        try:
            with gevent.Timeout(_SECONDS, CallrouterError("the directory was not changed in time")):
                gevent.get_hub().threadpool.apply(self._change, (step, too_late))
        finally:
            too_late.set()

    def _change(self, step: Switch, too_late: threading.Event) -> None:
        from callrouter.directory import employees  # it brings the pages' sign-ins, which a router seldom needs

        with self._database.write() as session:
            audit.act_as(session, f"phone:{step.device}")
            key = step.employee.removeprefix("employee:")
            employees.set_ringing(session, key, do_not_disturb=step.feature == DND_ON)
            if too_late.is_set():  # the caller was told that it is not done
                raise CallrouterError("the directory was not changed in time")
        self._changed()
