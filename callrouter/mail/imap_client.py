"""An IMAP connection by which no server holds us up or fills our memory: each answer has its time and its bytes.

imaplib waits anew at each byte, and believes a server that announces a literal of gigabytes.
"""

from __future__ import annotations

import imaplib
import io
import socket
import ssl
import time
from typing import Any

from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

#: So much may be said in answer to one command (bytes): several times what any of ours asks for.
MOST_BYTES = 8_000_000
#: The longest line (bytes): UIDs that were searched for are in one.
_LONGEST_LINE = 1_000_000


class _Answers(io.RawIOBase):
    """What comes by *sock*, as long as *limits* allow it."""

    def __init__(self, sock: socket.socket, limits: _Limits) -> None:
        self._sock = sock
        self._limits = limits

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        seconds = self._limits.until - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(seconds)
        count = self._sock.recv_into(buffer)
        self._limits.take(count)
        return count


class _Limits:
    """What is left of an answer's time (``until`` then, by the monotonic clock) and of its bytes."""

    def __init__(self, seconds: float) -> None:
        self.renew(seconds)

    def renew(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.left = MOST_BYTES

    def take(self, count: int) -> None:
        if count > self.left:
            raise imaplib.IMAP4.abort(f"got more than {MOST_BYTES} bytes for one command")
        self.left -= count


class _Limited:
    """Mixed into a connection of imaplib's: reads by itself, from the socket that it has now (STARTTLS changes it)."""

    sock: socket.socket
    _of: socket.socket | None = None
    _answers: io.BufferedReader

    def __init__(self, *arguments: Any, limits: _Limits) -> None:
        self._limits = limits
        super().__init__(*arguments)

    def read(self, size: int) -> bytes:
        if size > MOST_BYTES:
            raise imaplib.IMAP4.abort(f"got more than {MOST_BYTES} bytes for one command")
        return self._file().read(size)

    def readline(self) -> bytes:
        line = self._file().readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise imaplib.IMAP4.abort(f"got more than {_LONGEST_LINE} bytes in one line")
        return line

    def _file(self) -> io.BufferedReader:
        if self._of is not self.sock:
            self._of, self._answers = self.sock, io.BufferedReader(_Answers(self.sock, self._limits))
        return self._answers


class _Plain(_Limited, IMAP4WithTimeout):  # type: ignore[misc]
    pass


class _Tls(_Limited, IMAP4_TLS):  # type: ignore[misc]
    pass


class LimitedClient(IMAPClient):  # type: ignore[misc]
    """As IMAPClient; ``allow`` is called before each command. Signing on has its time and bytes as a command has."""

    def __init__(self, host: str, port: int, seconds: float, tls: ssl.SSLContext | None) -> None:
        self._limits = _Limits(seconds)
        super().__init__(host, port, ssl=tls is not None, ssl_context=tls, timeout=seconds)

    def allow(self, seconds: float) -> None:
        """Let the next answer take so long."""
        self._limits.renew(seconds)
        self.socket().settimeout(seconds)

    def _create_IMAP4(self) -> imaplib.IMAP4:
        seconds = self._timeout.connect
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, seconds, limits=self._limits)
        return _Plain(self.host, self.port, seconds, limits=self._limits)
