"""The switch's end of the outbound event socket, synchronous: ``socket HOST:PORT full`` of one call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import gevent
import gevent.socket
from gevent.queue import Empty, Queue

from callrouter.simulator import apps
from callrouter.simulator.channel import Channel

_GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
_CONNECT_LIMIT = 5.0
_FIRST_COMMAND_LIMIT = 25.0
_LONGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its header lines and body."""

    line: str
    headers: dict[str, str]
    body: str


def read_command(stream: object) -> Command | None:
    """Read the next command from a binary file object; None at the end of the connection."""
    lines: list[str] = []
    while True:
        raw = stream.readline(_LONGEST_HEAD)  # type: ignore[attr-defined]
        if not raw.endswith(b"\n"):
            return None
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line:
            lines.append(line)
        elif lines:
            break
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    body = stream.read(int(length)) if length.isdigit() and length != "0" else b""  # type: ignore[attr-defined]
    return Command(lines[0], headers, body.decode("utf-8", "replace"))


def reply(text: str) -> bytes:
    """A command's reply."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    """The answer to an ``api`` command."""
    body = text.encode()
    return f"Content-Type: api/response\nContent-Length: {len(body)}\n\n".encode() + body


class OutboundSocket:
    """Connects a channel to the router and serves its commands until one side ends it."""

    def __init__(self, channel: Channel, router: tuple[str, int], api: Callable[[str], str]) -> None:
        self._channel, self._router, self._api = channel, router, api
        self._commands: Queue = Queue()
        self._linger: float | None = None

    def run(self) -> bool:
        """Serve; True when the dialplan goes on afterwards (the caller is still there)."""
        channel = self._channel
        try:
            connection = gevent.socket.create_connection(self._router, timeout=_CONNECT_LIMIT)
        except OSError:
            channel.note("switch", "does not reach the router")
            return not channel.hung_up.is_set()
        connection.settimeout(None)
        reader = gevent.spawn(self._read, connection)
        waker = gevent.spawn(self._wake_at_hangup)
        try:
            self._serve(connection)
        except OSError:
            pass  # the router is gone: the same as its end of file
        finally:
            gevent.killall([reader, waker])
            connection.close()
        return not channel.hung_up.is_set()

    def _read(self, connection: gevent.socket.socket) -> None:
        stream = connection.makefile("rb")
        try:
            while (command := read_command(stream)) is not None:
                self._commands.put(command)
        except OSError:
            pass  # reset by the router
        finally:
            self._commands.put(None)

    def _wake_at_hangup(self) -> None:
        self._channel.hung_up.wait()
        self._commands.put("hung up")

    def _serve(self, connection: gevent.socket.socket) -> None:
        channel, connected, told = self._channel, False, False
        while True:
            if channel.hung_up.is_set() and not told:
                told = True
                if self._linger is None:
                    break
                connection.sendall(self._lingering())
            limit = None if connected else _FIRST_COMMAND_LIMIT / channel.speed
            if told and self._linger is not None:
                limit = self._linger / channel.speed
            try:
                command = self._commands.get(timeout=limit)
            except Empty:
                break
            if command == "hung up":
                continue
            if command is None:
                return
            connected = True
            connection.sendall(self._answer(command))
            if command.line == "exit":
                break
        connection.sendall(self._notice("disconnect", _GOODBYE))

    def _answer(self, command: Command) -> bytes:
        word, _, argument = command.line.partition(" ")
        if word == "connect":
            return self._channel.data().encode("utf-8", "surrogateescape")
        if word == "sendmsg":
            return self._sendmsg(command)
        if word == "getvar":
            return reply(self._channel.variables.get(argument) or "-ERR command not found")
        if word == "linger":
            self._linger = float(argument) if argument.isdigit() else float(10**6)
            return reply(f"+OK will linger {argument} seconds" if argument else "+OK will linger")
        if word == "nolinger":
            self._linger = None
            return reply("+OK will not linger")
        if word == "api":
            return api_response(self._api(argument))
        if word == "sendevent":
            return reply(f"+OK {uuid.uuid4()}")
        if word == "myevents":
            return reply("+OK Events Enabled")
        if word == "event":
            return reply("+OK event listener enabled plain")
        return reply("+OK bye" if word == "exit" else "-ERR command not found")

    def _sendmsg(self, command: Command) -> bytes:
        if command.headers.get("call-command") == "execute":
            argument = command.headers.get("execute-app-arg", command.body)
            apps.run(self._channel, command.headers.get("execute-app-name", ""), argument)
        elif command.headers.get("call-command") == "hangup":
            self._channel.hangup(command.headers.get("hangup-cause", "NORMAL_CLEARING"))
        return reply("+OK")

    def _lingering(self) -> bytes:
        name = self._channel.variables["channel_name"]
        return self._notice("linger", "", f"Channel-Name: {name}\nLinger-Time: {int(self._linger or 0)}\n")

    def _notice(self, disposition: str, body: str, more: str = "") -> bytes:
        head = f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {self._channel.uuid}\n"
        return f"{head}Content-Disposition: {disposition}\n{more}Content-Length: {len(body)}\n\n{body}".encode()
