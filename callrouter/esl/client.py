"""The inbound connection: what must be asked of FreeSWITCH, or heard from it, outside of any one call.

It comes back by itself after every kind of loss; what depends on it (subscriptions, a known state) is renewed then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

import gevent
from gevent.event import Event as Flag

from callrouter import log
from callrouter.errors import CallrouterError, SwitchError
from callrouter.esl import command
from callrouter.esl.command import Command
from callrouter.esl.connection import Connection, Handlers, WrongPassword
from callrouter.esl.event import Event, Reply

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
#: Between tries with a password that was refused (seconds): nothing but a changed configuration helps.
_REFUSED_PAUSE = 30.0
_PING = command.api("strepoch")


class InboundClient:
    """Keeps one authenticated connection to *address* (host, port); *name* says in the log whose it is.

    *on_connected* is called after each (re)connect, when subscriptions are in place; it may use the client. *timeout*
    limits connecting and pings, *ping* is the pause between pings on an idle connection (seconds). *jitter* gives
    factors for the pauses between tries, which spread the reconnects of many nodes. To be used from one thread.
    """

    def __init__(
        self,
        address: tuple[str, int],
        password: str,
        *,
        name: str,
        on_connected: Callable[[], None] | None = None,
        timeout: float = 5.0,
        ping: float = 10.0,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0),
    ) -> None:
        self._address = address
        self._password = password
        self._on_connected = on_connected
        self._timeout = timeout
        self._ping = ping
        self._jitter = jitter
        self._handlers: Handlers = {}
        self._connection: Connection | None = None
        self._up = Flag()
        self._tried = Flag()
        self._greenlet: gevent.Greenlet | None = None
        self._where = f"FreeSWITCH's event socket at {address[0]}:{address[1]}"
        self._log = log.get(name)
        #: Why there is no connection now, for people; empty while there is one.
        self.problem = "not started"

    @property
    def connected(self) -> bool:
        """Whether commands can be sent now."""
        return self._connection is not None

    def start(self) -> None:
        """Connect in the background, and reconnect until stopped."""
        if self._greenlet is None:
            self.problem = "still connecting"
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Disconnect for good; pending commands fail."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
            self.problem = "stopped"

    def wait_connected(self, timeout: float) -> bool:
        """Wait at most *timeout* seconds for a connection; if False, ``problem`` says why."""
        return bool(self._up.wait(timeout))

    def first_try(self, timeout: float) -> bool:
        """Wait, at most *timeout* seconds, until the first try to connect has ended; True: it succeeded."""
        self._tried.wait(timeout)
        return self.connected

    def api(self, text: str, *, timeout: float = 5.0) -> str:
        """The output of an API command, without its last line break.

        Raises SwitchError when not connected or when FreeSWITCH answers -ERR or -USAGE, SwitchTimeout after *timeout*
        seconds. FreeSWITCH answers one command after the other, so that a time-out ends the connection (a new one
        follows): what may take long belongs into ``bgapi``.
        """
        return self._ask(command.api(text), f"`{text}`", timeout).text.rstrip("\n")

    def bgapi(self, text: str, *, timeout: float = 5.0) -> str:
        """Start an API command in the background; returns its Job-UUID. Raises as ``api`` does."""
        return self._ask(command.bgapi(text), f"`{text}`", timeout).text.removeprefix("+OK Job-UUID: ")

    def sendevent(self, name: str, headers: Mapping[str, str], body: str = "", *, timeout: float = 5.0) -> None:
        """Fire an event in the switch. Raises as ``api`` does."""
        self._ask(command.sendevent(name, headers, body), f"the event {name}", timeout)

    def subscribe(self, names: Iterable[str], handler: Callable[[Event], None]) -> None:
        """Call *handler* for each event of *names*, now and after each reconnect; one at a time, in their order.

        Names are ``CHANNEL_ANSWER`` and the like, or subclasses of CUSTOM events (``sofia::register``). Events missed
        while there was no connection are lost, and so are those not yet handled when it ended: *on_connected* is the
        place to read anew what they would have told.
        Raises SwitchError when the switch cannot take it now; *handler* stays registered for the next connection.
        """
        names = list(names)
        subscription = command.events(names)
        for name in names:
            self._handlers.setdefault(name, []).append(handler)
        if self._connection is not None:
            self._ask(subscription, f"the subscription to {', '.join(names)}", self._timeout)

    def _ask(self, text: Command, what: str, timeout: float) -> Reply:
        if self._connection is None:
            raise SwitchError(f"{self._where} cannot be asked for {what}: {self.problem}")
        reply = Reply.of(self._connection.ask(text, timeout))
        reply.check(what)
        return reply

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                with Connection(self._address, self._password, self._timeout, self._handlers) as connection:
                    pause = _FIRST_PAUSE
                    self._serve(connection)
            except WrongPassword as error:
                self._down(f"refuses the password, is [freeswitch] password the configured one? ({error})")
                pause = _REFUSED_PAUSE
            except CallrouterError as error:
                self._down(str(error))
            except Exception as error:
                self._down(f"unexpected error: {error!r}")
                self._log.exception("the connection to FreeSWITCH failed in an unexpected way; it is tried again")
            finally:
                self._connection = None
                self._up.clear()
            gevent.sleep(pause * self._jitter())
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _serve(self, connection: Connection) -> None:
        """Use *connection* until it ends; always raises the SwitchError that says why it did."""
        if self._handlers:
            subscribed = Reply.of(connection.ask(command.events(self._handlers), self._timeout))
            subscribed.check(f"the subscription to {', '.join(self._handlers)}")
        self._connection = connection
        self.problem = ""
        self._up.set()
        self._tried.set()
        self._log.info(f"connected to {self._where}")
        if self._on_connected is not None:
            try:
                self._on_connected()
            except Exception:
                self._log.exception("what was to be done after connecting to FreeSWITCH failed")
        while not connection.ended.wait(self._ping):
            if not connection.busy:
                connection.ask(_PING, self._timeout)
        raise SwitchError(connection.reason)

    def _down(self, problem: str) -> None:
        """Note why there is no connection; a change is logged, a repetition is not."""
        self._tried.set()
        if problem != self.problem:
            self.problem = problem
            self._log.warning(f"{self._where}: {problem}")
