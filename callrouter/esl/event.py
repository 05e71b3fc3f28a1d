"""Reading the event socket without a socket: bytes in, events out.

Whatever a caller puts into a SIP header reaches us inside header values. A block is therefore split into lines first
and each value is decoded afterwards, so that no value can become a header of its own (greenswitch decodes first).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from callrouter.errors import SwitchError

#: Longest header block taken (bytes); FreeSWITCH's own data of a call is some 10 kB.
MAX_HEAD = 4 * 1024 * 1024
#: Longest body taken (bytes), as FreeSWITCH's own limit.
MAX_BODY = 16 * 1024 * 1024

#: ``name: value`` with a token (RFC 9110, 5.6.2) as name. Lines end with LF and nothing else: not with U+2028, not CR.
_HEADER = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ ]?([^\n]*)$", re.MULTILINE)


class Encoded(Mapping[str, str]):
    """Headers whose values are decoded when they are read: of a call's 170, few ever are."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        return unquote(self._values[name], errors="replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def parse_headers(block: str) -> Mapping[str, str]:
    """The headers of one *block* (lines ended by LF): of equal names the first wins, lines that are none are left out.

    FreeSWITCH URL-encodes the values of events, which all carry an Event-Name; everything else comes as it is.
    """
    headers = dict(reversed(_HEADER.findall(block)))
    return Encoded(headers) if "Event-Name" in headers else headers


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the event socket: a reply, a notice, or an event proper."""

    headers: Mapping[str, str]
    body: str = ""

    @property
    def kind(self) -> str:
        """The Content-Type of the message: ``command/reply``, ``api/response``, ``text/event-plain``…"""
        return self.headers.get("Content-Type", "")

    @property
    def name(self) -> str:
        """The Event-Name; the Event-Subclass (``sofia::register``) of a CUSTOM event."""
        name = self.headers.get("Event-Name", "")
        return self.headers.get("Event-Subclass", name) if name == "CUSTOM" else name

    @property
    def data(self) -> str:
        """The Reply-Text, by greenswitch's name for it."""
        return self.headers.get("Reply-Text", "")

    @classmethod
    def inside(cls, message: Event) -> Event:
        """The event that a ``text/event-plain`` *message* carries in its body."""
        head, _, body = message.body.partition("\n\n")
        return cls(parse_headers(head), body)


@dataclass(frozen=True, slots=True)
class Reply:
    """The switch's answer to one command: its text as FreeSWITCH sent it (at most 511 bytes unless of ``api``)."""

    text: str

    @classmethod
    def of(cls, event: Event) -> Reply:
        """The reply in a ``command/reply`` or ``api/response``."""
        return cls(event.body if event.kind == "api/response" else event.headers.get("Reply-Text", ""))

    @property
    def ok(self) -> bool:
        """False when the switch refused the command."""
        return not self.text.startswith(("-ERR", "-USAGE"))

    @property
    def value(self) -> str | None:
        """What ``getvar`` read; None for a variable that is not set (or empty: FreeSWITCH tells no difference)."""
        return None if self.text == "-ERR command not found" else self.text

    def check(self, what: str) -> None:
        """Raise SwitchError naming *what* when the switch refused it."""
        if not self.ok:
            raise SwitchError(f"FreeSWITCH refused {what}: {self.text.strip()}")


@dataclass(slots=True)
class Parser:
    """Cuts a byte stream into events; one for each connection."""

    _buffer: bytearray = field(default_factory=bytearray)
    _searched: int = 0
    _headers: Mapping[str, str] | None = None
    _missing: int = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes as they came."""
        self._buffer += data

    def next(self) -> Event | None:
        """The next whole event, or None until more bytes are fed.

        Raises SwitchError when the stream cannot be followed any more; the connection is of no use then.
        """
        if self._headers is None and not self._read_head():
            return None
        if len(self._buffer) < self._missing:
            return None
        body = self._buffer[: self._missing].decode("utf-8", "replace")
        del self._buffer[: self._missing]
        headers, self._headers = self._headers or {}, None
        return Event(headers, body)

    def read(self, receive: Callable[[int], bytes]) -> Event | None:
        """The next event, with bytes from *receive* (a socket's ``recv``) as needed; None at the end of file."""
        while (event := self.next()) is None:
            data = receive(65536)
            if not data:
                return None
            self.feed(data)
        return event

    def _read_head(self) -> bool:
        if self._buffer[:1] == b"\n":
            self._buffer = self._buffer.lstrip(b"\n")
        end = self._buffer.find(b"\n\n", self._searched)
        if (end if end >= 0 else len(self._buffer)) > MAX_HEAD:
            raise SwitchError(f"the event socket sent a header block of more than {MAX_HEAD} bytes")
        if end < 0:
            self._searched = max(0, len(self._buffer) - 1)
            return False
        headers = parse_headers(self._buffer[:end].decode("utf-8", "replace"))
        del self._buffer[: end + 2]
        self._searched = 0
        if "Content-Type" not in headers:
            raise SwitchError("the event socket sent something that is no message (no Content-Type)")
        length = headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MAX_BODY:
            raise SwitchError(
                f"the event socket announced a body of {length[:40]!r} bytes; at most {MAX_BODY} are taken"
            )
        self._headers, self._missing = headers, int(length)
        return True
