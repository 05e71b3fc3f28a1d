"""One authenticated connection to FreeSWITCH's event socket, from its connect to its end; never used again then.

greenswitch's InboundESL with its waits limited: whatever ends the connection fails all that wait for an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import gevent
from gevent import socket
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.lock import Semaphore
from gevent.queue import Full, Queue
from greenswitch.esl import InboundESL

from callrouter import log
from callrouter.errors import SwitchError, SwitchTimeout
from callrouter.esl import command
from callrouter.esl.command import Command
from callrouter.esl.event import Event, Parser, Reply

#: Event name or subclass → the functions to call with each such event.
Handlers = dict[str, list[Callable[[Event], None]]]

#: Events waiting for their handlers; beyond that the connection is given up, so that its user reads the state anew.
_QUEUE = 20_000


class WrongPassword(SwitchError):
    """FreeSWITCH refused the event socket password."""


class Connection(InboundESL):  # type: ignore[misc]
    """Use as a context manager: connected and authenticated inside. *timeout* (seconds) limits each step of that."""

    def __init__(self, address: tuple[str, int], password: str, timeout: float, handlers: Handlers) -> None:
        super().__init__(*address, password, timeout)
        self.event_handlers = handlers
        self._esl_event_queue = Queue(_QUEUE)
        self._parser = Parser()
        self._turn = Semaphore()
        #: Set when the connection is over; ``reason`` says why.
        self.ended = Flag()
        self.reason = ""

    @property
    def busy(self) -> bool:
        """Whether a command waits for its answer."""
        return bool(self._commands_sent)

    def connect(self) -> None:
        """Connect and authenticate. Raises WrongPassword, another SwitchError, or SwitchTimeout on silence."""
        try:
            self.sock = socket.create_connection((self.host, self.port), self.timeout)
        except OSError as error:
            raise SwitchError(f"cannot connect: {error.strerror or error}") from error
        self.sock.settimeout(None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connected = True
        self.start_event_handlers()
        try:
            if not self._auth_request_event.wait(self.timeout):
                raise SwitchTimeout(f"accepts connections but says nothing for {self.timeout:g} s")
            self.authenticate()
        except BaseException:
            self.stop()
            raise

    def authenticate(self) -> None:
        """Log in. Raises WrongPassword."""
        reply = Reply.of(self.ask(command.auth(self.password), self.timeout))
        if not reply.ok:
            raise WrongPassword(reply.text)

    def ask(self, text: Command, timeout: float) -> Event:
        """Send one command and wait for its answer, at most *timeout* seconds.

        Raises SwitchTimeout (which ends the connection: nothing behind it would be answered either) or SwitchError.
        """
        answer = AsyncResult()
        limit = gevent.Timeout.start_new(timeout)
        try:
            with self._turn:
                if not self.connected:
                    raise SwitchError(self.reason)
                self._commands_sent.append(answer)
                self._write(text)
            event: Event = answer.get()
            return event
        except gevent.Timeout as expired:
            if expired is not limit:
                raise
            self.stop(f"FreeSWITCH did not answer within {timeout:g} s")
            raise SwitchTimeout(self.reason) from None
        finally:
            limit.close()

    def send(self, data: str, timeout: float | None = None) -> Event:
        """One command by its text without the blank line, for greenswitch's own methods."""
        return self.ask(command.raw(data), self.timeout if timeout is None else timeout)

    def stop(self, reason: str = "the connection was closed here") -> None:
        """Close at once and fail what is pending with *reason*. May be called again and from any greenlet."""
        if not self.connected:
            return
        self.connected = self._run = False
        self.reason = reason
        self.sock.close()
        for answer in self._commands_sent:
            answer.set_exception(SwitchError(reason))
        self._commands_sent.clear()
        with suppress(Full):
            self._esl_event_queue.put_nowait(None)
        self._auth_request_event.set()
        self.ended.set()

    def receive_events(self) -> None:
        """The reader greenlet: ends with the connection, and the connection with it."""
        try:
            while (event := self._parser.read(self.sock.recv)) is not None:
                self.handle_event(event)
            self.stop("FreeSWITCH closed the connection")
        except OSError as error:
            self.stop(f"the connection broke: {error}")
        except SwitchError as error:
            self.stop(str(error))
        finally:
            self.stop("the reader of the connection failed")

    def handle_event(self, event: Event) -> None:
        """Hand one message to whoever waits for it. Raises SwitchError when it ends the connection."""
        match event.kind:
            case "command/reply" | "api/response":
                if not self._commands_sent:
                    raise SwitchError("FreeSWITCH answered more than it was asked")
                self._commands_sent.pop(0).set(event)
            case "text/event-plain":
                try:
                    self._esl_event_queue.put_nowait(Event.inside(event))
                except Full:
                    raise SwitchError(f"{_QUEUE} events wait for their handlers; starting anew") from None
            case "auth/request":
                self._auth_request_event.set()
            case "text/rude-rejection":
                raise SwitchError("refuses this host by its access list (apply-inbound-acl)")
            case "text/disconnect-notice":
                raise SwitchError("FreeSWITCH ended the connection")

    def process_events(self) -> None:
        """The greenlet that calls the handlers, one event after the other; ends with the connection."""
        while (event := self._esl_event_queue.get()) is not None and self.connected:
            for handler in list(self.event_handlers.get(event.name, ())):
                self._safe_exec_handler(handler, event)

    def _safe_exec_handler(self, handler: Callable[[Event], None], event: Event) -> None:
        try:
            handler(event)
        except Exception:
            log.get("esl").exception(f"a handler failed on the event {event.name}; it is skipped")

    def _write(self, text: Command) -> None:
        try:
            self.sock.sendall(text.encode())
        except OSError as error:
            self.stop(f"the connection broke: {error}")
        except BaseException:
            self.stop("a command was sent in part")
            raise
