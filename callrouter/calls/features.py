"""Does what a phone's code asks for: the one thing that the router changes in the directory."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import cast

import gevent

from callrouter.directory import audit
from callrouter.directory.database import Database
from callrouter.errors import CallrouterError
from callrouter.routing import features
from callrouter.routing.plan import Switch

#: Longest time somebody waits for the answer (seconds).
_SECONDS = 5.0


class Features:
    """Carries out steps of kind :class:`Switch`, each in a thread: a database must not hold the hub."""

    def __init__(self, database: Database, changed: Callable[[], object], clock: Callable[[], dt.datetime]) -> None:
        """*changed* is called in that thread after each change: FreeSWITCH's configuration is to follow."""
        self._database = database
        self._changed = changed
        self._clock = clock

    def __call__(self, step: Switch) -> str:
        """Carry out *step*; returns the prompt to be played.

        Raises CallrouterError when it is not done in time, and what the database raises.
        """
        too_late = threading.Event()
        try:
            with gevent.Timeout(_SECONDS, CallrouterError("the directory was not changed in time")):
                return cast(str, gevent.get_hub().threadpool.apply(self._change, (step, too_late)))
        finally:
            too_late.set()

    def _change(self, step: Switch, too_late: threading.Event) -> str:
        from callrouter.directory import employees, opening, pools, services  # they bring what a router seldom needs

        with self._database.write() as session:
            audit.act_as(session, f"phone:{step.device}")
            key = step.employee.removeprefix("employee:")
            said = step.feature
            if step.pool:
                extension, _, own = step.pool.partition("*")
                pool = pools.of_extension(session, extension)
                employee = services.employee(session, key)[0]
                switches = step.feature in features.SWITCHES
                allowed = pool and (key in pool.members or (switches and employee.role == "admin"))
                if pool is None or not allowed:
                    return features.NO_MEMBER
                if own and own != employee.extension:  # the lamp key of another
                    return features.NO_MEMBER
                if switches:
                    said = opening.dialled(session, pool, step.feature, self._clock())
                else:
                    if step.feature == features.SIGN:
                        said = features.SIGNED_IN if key in pool.signed_out else features.SIGNED_OUT
                    pools.sign(session, pool.id, key, signed_in=said == features.SIGNED_IN)
            else:
                employees.set_ringing(session, key, do_not_disturb=step.feature == features.DND_ON)
            if too_late.is_set():  # the caller was told that it is not done
                raise CallrouterError("the directory was not changed in time")
        self._changed()
        return said
