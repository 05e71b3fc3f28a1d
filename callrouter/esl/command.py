"""Commands to FreeSWITCH as values: each function gives the exact bytes-to-be of one command.

A line break or NUL in an argument would start another command, so it is refused here, never sent and never dropped
in silence. An application's argument travels as a body: FreeSWITCH reads header bytes one by one (some 2 µs each,
5 ms for a long dial string), but a body at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NewType

from callrouter.errors import SwitchError

#: The wire text of one command, whole; only the functions here make one.
Command = NewType("Command", str)

CONNECT = Command("connect\n\n")
EXIT = Command("exit\n\n")

_BREAKS = re.compile(r"[\r\n\0]")
_WORD = re.compile(r"[0-9A-Za-z_.:-]+")
_HEADER_NAME = re.compile(r"(?!content-length$)[0-9A-Za-z_.-]+", re.IGNORECASE)
_EVENT = re.compile(r"[A-Z_]+")


def _line(text: str, what: str, *, secret: bool = False) -> str:
    """*text* unless it has CR, LF, NUL or a lone surrogate; SwitchError names *what* then."""
    try:
        text.encode()
        broken = _BREAKS.search(text) is not None
    except UnicodeEncodeError:
        broken = True
    if broken:
        shown = "" if secret else f": {text[:80]!r}"
        raise SwitchError(f"{what} must be UTF-8 text without line break or NUL; nothing was sent{shown}")
    return text


def _word(text: str, what: str) -> str:
    if not _WORD.fullmatch(text):
        raise SwitchError(f"{what} must be one word of ASCII letters, digits and -_.:; nothing was sent: {text[:80]!r}")
    return text


def execute(app: str, arg: str = "") -> Command:
    """Run the dialplan application *app*; in a synchronous socket it is answered when the application has ended."""
    head = f"sendmsg\ncall-command: execute\nexecute-app-name: {_word(app, 'an application name')}\n"
    if not arg:
        return Command(head + "\n")
    _line(arg, f"the argument of {app}")
    return Command(f"{head}content-type: text/plain\ncontent-length: {len(arg.encode())}\n\n{arg}")


def getvar(name: str) -> Command:
    """Read the channel variable *name* (see Reply.value)."""
    return Command(f"getvar {_word(name, 'a variable name')}\n\n")


def linger(seconds: int) -> Command:
    """Keep the socket for *seconds* after hang-up, so that ``getvar`` and ``set`` still work."""
    return Command(f"linger {seconds:d}\n\n")


def api(text: str) -> Command:
    """Run the API command *text* (name and arguments) and wait for its output; short ones only, see bgapi."""
    return Command(f"api {_line(text, 'an API command')}\n\n")


def bgapi(text: str) -> Command:
    """Run the API command *text* in a thread of its own; the reply names its Job-UUID."""
    return Command(f"bgapi {_line(text, 'an API command')}\n\n")


def auth(password: str) -> Command:
    """Log in with *password*, which no error message shows."""
    return Command(f"auth {_line(password, 'the event socket password', secret=True)}\n\n")


def raw(text: str) -> Command:
    """A command given as text of one or several lines without the blank line at its end, as greenswitch does."""
    for line in text.split("\n"):
        if not line:
            raise SwitchError(f"a blank line would end the command; nothing was sent: {text[:80]!r}")
        _line(line, "each line of a command")
    return Command(f"{text}\n\n")


def events(names: Iterable[str]) -> Command:
    """Subscribe to events by *names*: ``CHANNEL_ANSWER``, or the subclass of a CUSTOM event (``sofia::register``)."""
    words = [_word(name, "an event name") for name in names]
    plain = [word for word in words if _EVENT.fullmatch(word)]
    custom = [word for word in words if not _EVENT.fullmatch(word)]
    return Command(" ".join(["event plain", *plain, *(["CUSTOM", *custom] if custom else [])]) + "\n\n")


def sendevent(name: str, headers: Mapping[str, str], body: str = "") -> Command:
    """Fire the event *name* in the switch, with *headers* and *body* (which may have several lines)."""
    lines = [f"sendevent {_word(name, 'an event name')}"]
    for key, value in headers.items():
        if not _HEADER_NAME.fullmatch(key):
            raise SwitchError(f"{key[:80]!r} cannot be a header of an event; nothing was sent")
        lines.append(f"{key}: {_line(value, f'header {key}')}")
    if body:
        for line in body.split("\n"):
            _line(line, "each line of an event's body")
        lines.append(f"Content-Length: {len(body.encode())}")
    return Command("\n".join(lines) + "\n\n" + body)
