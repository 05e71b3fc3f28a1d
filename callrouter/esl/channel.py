"""One call in the hands of the router: a synchronous outbound socket, driven from the greenlet of its call.

FreeSWITCH sends nothing but answers here, one after the other. So the caller of a command reads its answer itself:
there is no reader greenlet, no queue and no polling for each call, and nobody is left waiting at the end of file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import gevent
from gevent.lock import Semaphore
from greenswitch.esl import OutboundSession

from callrouter.errors import ChannelGone, SwitchError, SwitchTimeout
from callrouter.esl import command
from callrouter.esl.command import Command
from callrouter.esl.event import Event, Parser, Reply

#: FreeSWITCH cuts the reply to a command at this length (bytes).
_REPLY_LIMIT = 511


class Channel(OutboundSession):  # type: ignore[misc]
    """The call behind one accepted socket. All time limits are in seconds.

    After a time limit, a hang-up or any broken exchange the channel is closed, and the call goes on in its dialplan
    once the running application has ended.
    """

    connected: bool

    def __init__(self, client_address: Any, sock: Any) -> None:
        super().__init__(client_address, sock)
        self.sock_file.close()  # it would keep the socket open; the parser reads from the socket
        self._parser = Parser()
        self._turn = Semaphore()
        #: What FreeSWITCH told of the call at ``connect``; empty before.
        self.info: Mapping[str, str] = {}
        #: True once FreeSWITCH has said that the call, or its part in it, is over (a disconnect-notice).
        self.hung_up = False

    def start_event_handlers(self) -> None:
        """A synchronous socket has no events, so no greenlets for them."""

    @property
    def uuid(self) -> str:
        """The UUID of the call; empty before ``connect``."""
        return self.info.get("Unique-ID", "")

    def connect(self, timeout: float = 5.0) -> Mapping[str, str]:
        """Take the call; returns all that FreeSWITCH knows of it. Raises SwitchError if the socket is asynchronous."""
        [event] = self._exchange([command.CONNECT], timeout)
        Reply.of(event).check("to hand over the call")
        self.info = self.session_data = event.headers
        self._outbound_connected = True
        if self.info.get("Socket-Mode") == "async":
            self.close()
            raise SwitchError("the dialplan's socket action says async; callrouter needs `socket HOST:PORT full`")
        return self.info

    def execute(self, app: str, arg: str = "", *, timeout: float) -> None:
        """Run a dialplan application and wait until it has ended. Raises SwitchError when it is refused."""
        [reply] = self.pipeline([command.execute(app, arg)], timeout=timeout)
        reply.check(app)

    def pipeline(self, commands: Sequence[Command], *, timeout: float) -> list[Reply]:
        """Send all *commands* in one write; returns their replies in order, refused ones among them.

        Raises ChannelGone when the call ends before the last reply, SwitchTimeout when that takes too long.
        """
        return [Reply.of(event) for event in self._exchange(commands, timeout)]

    def getvar(self, name: str, *, timeout: float = 5.0) -> str | None:
        """The value of a channel variable, None if it is not set.

        For one-line values that FreeSWITCH itself wrote. What a caller sent is to be read from ``info``, where it
        comes encoded: here it comes raw and a line break in it would end the reply.
        """
        [reply] = self.pipeline([command.getvar(name)], timeout=timeout)
        if len(reply.text.encode()) < _REPLY_LIMIT:
            return reply.value
        [whole] = self.pipeline([command.api(f"uuid_getvar {self.uuid} {name}")], timeout=timeout)
        return whole.text if whole.ok else reply.value

    def send(self, data: str, timeout: float = 5.0) -> Event:
        """One command by its text without the blank line, for greenswitch's own methods."""
        [event] = self._exchange([command.raw(data)], timeout)
        return event

    def call_command(
        self, app_name: str, app_args: str | None = None, block: bool = True, response_timeout: float | None = None
    ) -> Event:
        """``execute`` by greenswitch's name; always waits, at most *response_timeout* (default 60)."""
        [event] = self._exchange([command.execute(app_name, app_args or "")], response_timeout or 60.0)
        return event

    def register_expected_event(self, *_: Any) -> None:
        """Refused: greenswitch would wait for an event that a synchronous socket never sends."""
        raise SwitchError("a synchronous socket has no events; use execute and getvar")

    def close(self) -> None:
        """Close the socket at once, sending nothing: the dialplan goes on. Harmless if repeated, from any greenlet."""
        if self.connected:
            self.connected = self._outbound_connected = False
            self.sock.close()

    stop = close

    def _exchange(self, commands: Sequence[Command], timeout: float) -> list[Event]:
        data = "".join(commands).encode()
        limit = gevent.Timeout.start_new(timeout)
        try:
            with self._turn:
                if not self.connected:
                    raise self._gone("the channel is closed")
                with suppress(OSError):  # why it cannot be written to may lie in what is still to be read
                    self.sock.sendall(data)
                return [self._answer() for _ in commands]
        except gevent.Timeout as expired:
            self.close()
            if expired is not limit:
                raise
            raise SwitchTimeout(f"FreeSWITCH did not answer within {timeout:g} s; the channel is closed") from None
        except BaseException:
            self.close()  # an answer may still be under way: nothing could be matched any more
            raise
        finally:
            limit.close()

    def _answer(self) -> Event:
        while True:
            try:
                event = self._parser.read(self.sock.recv)
            except OSError as error:
                if not self.connected:
                    raise ChannelGone("the channel was closed here", hung_up=self.hung_up, here=True) from error
                raise self._gone(f"the channel's socket broke: {error}") from error
            if event is None:
                raise self._gone("FreeSWITCH closed the channel's socket without a notice")
            if event.kind in ("command/reply", "api/response"):
                return event
            if event.kind == "text/disconnect-notice":
                self.hung_up = True
                if event.headers.get("Content-Disposition") != "linger":  # else answers go on for a while
                    raise self._gone("FreeSWITCH has ended the channel's socket: hung up or transferred")

    def _gone(self, message: str) -> ChannelGone:
        return ChannelGone(message, hung_up=self.hung_up)
