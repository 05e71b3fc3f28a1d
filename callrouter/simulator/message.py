"""SIP messages as values (RFC 3261): parsing, serialising, header parts, digest answers (RFC 7616). No I/O.

Text is UTF-8 with surrogate escapes, so that whatever bytes a peer sends survive and can be sent on purpose.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from callrouter.errors import CallrouterError


class SipTimeout(CallrouterError):
    """The other side did not answer, or what was waited for did not happen, in time."""


_COMPACT = {
    "f": "From",
    "t": "To",
    "v": "Via",
    "i": "Call-ID",
    "m": "Contact",
    "c": "Content-Type",
    "l": "Content-Length",
}
_COMMA = re.compile(r',(?=(?:[^"<>]|"[^"]*"|<[^>]*>)*$)')
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')
_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@dataclass
class Message:
    """One request or response: the start line, the headers in order (names as sent), the body."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    raw: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Read one datagram; raises ValueError on what is no SIP message."""
        head, separator, body = data.partition(b"\r\n\r\n")
        start, *lines = decode(head).split("\r\n")
        if not separator or "SIP/2.0" not in start:
            raise ValueError(f"no SIP message: {start[:60]!r}")
        headers: list[tuple[str, str]] = []
        for line in lines:
            if line[:1] in (" ", "\t") and headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"header without a colon: {line[:60]!r}")
            name = name.strip()
            headers.append((_COMPACT.get(name.lower(), name), value.strip()))
        message = cls(start, headers, body, data)
        words = start.split(" ")
        well_formed = words[1].isdecimal() if message.is_response else len(words) == 3
        if not well_formed or len(message.cseq.split()) != 2:
            raise ValueError(f"start line or CSeq is malformed: {start[:60]!r}")
        return message

    def to_bytes(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(self.body)}"]
        return encode("\r\n".join(lines) + "\r\n\r\n") + self.body

    def get(self, name: str) -> str:
        """The first header of that name, "" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def get_all(self, name: str) -> list[str]:
        """All values of that header, comma lists taken apart."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return [part.strip() for value in found for part in _COMMA.split(value)]

    @property
    def is_response(self) -> bool:
        return self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """The status code; 0 for a request."""
        return int(self.start.split(" ")[1]) if self.is_response else 0

    @property
    def method(self) -> str:
        """The request's method, or the one that this response answers."""
        return self.cseq.split()[1] if self.is_response else self.start.split(" ")[0]

    @property
    def uri(self) -> str:
        """The request-URI."""
        return self.start.split(" ")[1]

    @property
    def cseq(self) -> str:
        return self.get("CSeq")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via."""
        return parameter(next(iter(self.get_all("Via")), ""), "branch")

    def response(self, status: int, reason: str, tag: str, **headers: str) -> Message:
        """A response to this request; ``contact="<sip:…>"`` and the like add headers."""
        kept = [
            (n, v) for n, v in self.headers if n.lower() in ("via", "from", "to", "call-id", "cseq", "record-route")
        ]
        if status > 100:
            kept = [(n, f"{v};tag={tag}" if n.lower() == "to" and not parameter(v, "tag") else v) for n, v in kept]
        extra = [(name.replace("_", "-").title(), value) for name, value in headers.items()]
        return Message(f"SIP/2.0 {status} {reason}", kept + extra)


def parameter(value: str, name: str) -> str:
    """The header parameter *name* outside of the angle brackets, "" when absent."""
    match = re.search(rf";\s*{name}\s*=\s*([^;,\s]+)", value.rpartition(">")[2], re.IGNORECASE)
    return match[1] if match else ""


def address(value: str) -> str:
    """The URI of a name-addr or addr-spec header value."""
    match = re.search(r"<([^>]*)>", value)
    return match[1] if match else value.split(";", maxsplit=1)[0].strip()


def digest(challenges: list[str], method: str, uri: str, user: str, password: str) -> str:
    """The Authorization value for the first challenge whose algorithm is known; raises ValueError when none is.

    *challenges* are whole ``WWW-Authenticate`` values in the order of the response (RFC 7616: strongest first).
    """
    for challenge in challenges:
        given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(challenge)}
        algorithm = given.get("algorithm", "MD5")
        function = _HASHES.get(algorithm.upper())
        if function is None or not challenge.lower().startswith("digest"):
            continue

        def digest_of(text: str, function: Callable[[bytes], hashlib._Hash] = function) -> str:
            return function(encode(text)).hexdigest()

        realm, nonce = given.get("realm", ""), given.get("nonce", "")
        ha1, ha2 = digest_of(f"{user}:{realm}:{password}"), digest_of(f"{method}:{uri}")
        parts = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm={algorithm}'
        if "auth" in given.get("qop", "").split(","):
            cnonce = secrets.token_hex(8)
            answer = digest_of(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
            return f'Digest {parts}, qop=auth, nc=00000001, cnonce="{cnonce}", response="{answer}"'
        return f'Digest {parts}, response="{digest_of(f"{ha1}:{nonce}:{ha2}")}"'
    raise ValueError(f"no known digest algorithm in {challenges!r}")


def auth_challenges(message: Message) -> list[str]:
    """The whole ``WWW-`` and ``Proxy-Authenticate`` values (their commas do not separate values)."""
    return [v for n, v in message.headers if n.lower() in ("www-authenticate", "proxy-authenticate")]
