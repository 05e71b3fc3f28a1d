"""Accepts FreeSWITCH's outbound sockets: one greenlet a call, overload shed at once, no failure kept but its own.

Closing a socket is always safe: FreeSWITCH then goes on with the dialplan, which is the static fallback.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from callrouter import log, metrics
from callrouter.errors import ChannelGone, SwitchError
from callrouter.esl.channel import Channel

#: Connections the kernel holds while the hub is busy.
_BACKLOG = 1024
#: Time for handlers to notice that their sockets were closed (seconds).
_LAST_WORDS = 1.0


class OutboundServer:
    """Runs ``handler(channel)`` for each call on *address* (host, port; port 0 takes a free one).

    Above *max_calls* at a time a connection is closed unanswered. A handler's exception is logged with the call's
    UUID and closes the socket of that call only; a call that merely ended (ChannelGone) is no error.
    """

    def __init__(self, address: tuple[str, int], handler: Callable[[Channel], None], *, max_calls: int = 500) -> None:
        self._address = address
        self._handler = handler
        self._max_calls = max_calls
        self._channels: set[Channel] = set()
        self._greenlets = Pool()
        self._server = StreamServer(address, self._accepted, backlog=_BACKLOG, spawn=self._greenlets)
        self._server.max_delay = 0.1  # after a failed accept (no file descriptor left) callers wait no longer
        self._shedding = False
        self._log = log.get("router")

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return int(self._server.server_port)

    @property
    def calls(self) -> int:
        """Calls held now."""
        return len(self._channels)

    def start(self) -> None:
        """Listen and accept. Raises SwitchError when the address cannot be bound."""
        try:
            self._server.init_socket()
        except OSError as error:
            host, port = self._address
            raise SwitchError(f"cannot listen for calls on {host}:{port}: {error.strerror or error}") from error
        _inherit_options(self._server.socket)
        self._server.start()

    def stop(self, timeout: float = 0.0) -> None:
        """Accept no more, give calls *timeout* seconds to end, then close their sockets: they go on in the dialplan."""
        self._server.close()
        self._greenlets.join(timeout)
        for channel in list(self._channels):
            channel.close()
        self._greenlets.join(_LAST_WORDS)
        self._greenlets.kill(timeout=_LAST_WORDS)

    def _accepted(self, sock: Any, address: Any) -> None:
        if len(self._channels) >= self._max_calls:
            self._shed(sock)
            return
        self._shedding = False
        channel = Channel(address, sock)
        self._channels.add(channel)
        metrics.CALLS_NOW.inc()
        try:
            self._handler(channel)
        except ChannelGone as gone:
            if channel.uuid:
                self._log.info(f"a call ended before its handler did: {gone}", call=channel.uuid)
            else:  # a health check that only wanted to know whether somebody listens
                self._log.debug(f"a connection brought no call: {gone}")
        except Exception:
            metrics.CALL_ERRORS.inc()
            self._log.exception("an error gives the call to the static fallback", call=channel.uuid)
        finally:
            self._channels.discard(channel)
            metrics.CALLS_NOW.dec()
            channel.close()

    def _shed(self, sock: Any) -> None:
        sock.close()
        metrics.CALLS_SHED.inc()
        if not self._shedding:
            self._shedding = True
            self._log.warning(f"{self._max_calls} calls at a time: further ones go into the static fallback")


def _inherit_options(listener: Any) -> None:
    """Options that accepted sockets take over from *listener*: no delay, and a dead peer is noticed within a minute."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
