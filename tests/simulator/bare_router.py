"""The event socket by hand: what a router sends and reads, without any of callrouter's own code in between."""

from __future__ import annotations

from urllib.parse import unquote

import gevent
import gevent.socket
from gevent.queue import Queue

LIMIT = 15.0
Headers = dict[str, str]


class Connection:
    """One accepted outbound connection (or an inbound one we made)."""

    def __init__(self, connection: gevent.socket.socket) -> None:
        connection.settimeout(LIMIT)
        self.socket = connection
        self._stream = connection.makefile("rb")

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def read(self) -> tuple[Headers, str]:
        """The next block with its body; raises EOFError at the end of the connection."""
        headers: Headers = {}
        while True:
            line = self._stream.readline()
            if not line:
                raise EOFError
            if line == b"\n":
                if headers:
                    break
                continue
            name, _, value = line.decode("utf-8", "replace").rstrip("\n").partition(": ")
            headers[name] = value
        body = self._stream.read(int(headers["Content-Length"])) if "Content-Length" in headers else b""
        return headers, body.decode("utf-8", "replace")

    def command(self, text: str) -> str:
        """Send one command and return its Reply-Text."""
        self.send(text + "\n\n")
        headers, _ = self.read()
        return headers.get("Reply-Text", headers["Content-Type"])

    def connect(self) -> Headers:
        """Say ``connect`` and return the channel data, decoded."""
        self.send("connect\n\n")
        return {name: unquote(value) for name, value in self.read()[0].items()}

    def execute(self, app: str, argument: str = "") -> str:
        """Run an application to its end."""
        return self.command(execute_text(app, argument))

    def getvar(self, name: str) -> str:
        return self.command(f"getvar {name}")

    def close(self) -> None:
        self._stream.close()
        self.socket.close()


def execute_text(app: str, argument: str = "") -> str:
    text = f"sendmsg\ncall-command: execute\nexecute-app-name: {app}"
    return f"{text}\nexecute-app-arg: {argument}" if argument else text


class BareRouter:
    """Listens where the dialplan's ``socket`` goes."""

    def __init__(self) -> None:
        self._listener = gevent.socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(20)
        self.port = self._listener.getsockname()[1]
        self._accepted: Queue = Queue()
        self._loop = gevent.spawn(self._accept)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._accepted.put(Connection(connection))

    def accept(self) -> Connection:
        """The next connection that the switch makes."""
        connection: Connection = self._accepted.get(timeout=LIMIT)
        return connection

    def close(self) -> None:
        self._loop.kill()
        self._listener.close()
