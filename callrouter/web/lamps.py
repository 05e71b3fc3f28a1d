"""Shows on phones' lamp keys who is signed in to a pool, and which is closed: FreeSWITCH knows calls alone.

It forgets what it was told: a phone that begins to subscribe sees a dark lamp until this answers FreeSWITCH's question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gevent

from callrouter import log
from callrouter.errors import SwitchError


class Lamps:
    """*states* reads which addresses (``NAME@DOMAIN``) are lit, *tell* says it to FreeSWITCH (raises SwitchError)."""

    def __init__(self, states: Callable[[], Mapping[str, bool]], tell: Callable[[str, bool], None]) -> None:
        self._states = states
        self._tell = tell
        self._told: dict[str, bool] = {}

    def show(self) -> None:
        """Tell what is not as it was told; what cannot be told now is told next time."""
        now = self._states()
        for address in {**self._told, **now}:
            if now.get(address, False) != self._told.get(address):
                self._say(address, now.get(address, False))
        self._told = {address: lit for address, lit in self._told.items() if address in now}

    def follow(self, pause: float) -> None:
        """Tell every *pause* seconds what the time of day has changed, without end."""
        while True:
            gevent.sleep(pause)
            try:
                self.show()
            except Exception as error:  # a database out of reach, for a while
                log.get("web").warning(f"the lamps of phones are not up to date: {error}")

    def asked(self, event: Mapping[str, str]) -> None:
        """Answer a PRESENCE_PROBE: a phone subscribes to an address."""
        address = event.get("to", "")
        if address in self._told:
            self._say(address, self._told[address])

    def _say(self, address: str, lit: bool) -> None:
        try:
            self._tell(address, lit)
        except SwitchError as error:
            log.get("web").warning(f"the lamps of {address} are not up to date: {error}")
            self._told.pop(address, None)
        else:
            self._told[address] = lit


def presence(address: str, lit: bool) -> dict[str, str]:
    """The headers of a PRESENCE_IN event: FreeSWITCH tells all who subscribe to *address* of a dialog, or its end."""
    return {
        "proto": "sip",
        "login": address,
        "from": address,
        "status": "Active" if lit else "Idle",
        "rpid": "unknown",
        "event_type": "presence",
        "alt_event_type": "dialog",
        "unique-id": f"lamp-{address.partition('@')[0]}",
        "channel-state": "CS_ROUTING" if lit else "CS_HANGUP",
        "answer-state": "confirmed" if lit else "terminated",
        "presence-call-direction": "outbound",
    }
