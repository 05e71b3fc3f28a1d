"""The HTTP server under the pages: who sends nothing, or takes nothing, is let go and keeps nobody else waiting."""

from __future__ import annotations

import re
from typing import Any

import gevent
from gevent.pywsgi import WSGIHandler, WSGIServer

#: A connection on which nothing comes or goes for so long is closed, also one kept open between requests (seconds).
_SILENCE = 60.0
#: The head of a request that has begun is there within so long (seconds), however slowly it trickles in.
_HEAD = 10.0


class _Handler(WSGIHandler):
    """One connection, with time limits."""

    #: Not worth a traceback: the other side is gone, or does not take its answer.
    ignored_socket_errors = (*WSGIHandler.ignored_socket_errors, "timed out")

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        sock.settimeout(_SILENCE)
        super().__init__(sock, *args, **kwargs)

    def read_requestline(self) -> Any:
        """Wait for the next request; gevent takes an OSError for the end of the connection."""
        with gevent.Timeout(_SILENCE, TimeoutError()):
            return super().read_requestline()

    def read_request(self, raw_requestline: str) -> Any:
        """Read the head's other lines; gevent answers a ValueError with 400, without a traceback."""
        try:
            with gevent.Timeout(_HEAD, TimeoutError()):
                return super().read_request(raw_requestline)
        except Exception as error:
            raise ValueError(f"no head of a request: {error!r}") from error

    def MessageClass(self, *args: Any) -> Any:
        """The head's lines. Raises ValueError where others could read another length of the body (RFC 9112, 6.3)."""
        headers = super().MessageClass(*args)
        lengths, codings = headers.get_all("content-length", []), headers.get_all("transfer-encoding", [])
        if len(lengths) + len(codings) > 1:
            raise ValueError("the length of the body is told twice")
        if not all(re.fullmatch("[0-9]{1,18}", one) for one in lengths):
            raise ValueError("Content-Length is no number")
        if any(one.lower() != "chunked" for one in codings):
            raise ValueError("Transfer-Encoding is not chunked")
        return headers


def create_server(address: tuple[str, int], application: Any) -> WSGIServer:
    """A server of *application*, not yet started."""
    return WSGIServer(address, application, log=None, error_log=None, handler_class=_Handler)
