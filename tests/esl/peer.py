"""FreeSWITCH's side of the event socket as a script: reads commands off a real socket, answers what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from gevent import socket
from gevent.event import Event as Flag
from gevent.server import StreamServer

UUID = "60cad31e-5a4b-4ab9-9e7e-49fcc5bcfa45"
CONNECTED = (
    f"Event-Name: CHANNEL_DATA\nUnique-ID: {UUID}\nChannel-State: CS_EXECUTE\nvariable_sip_from_user: %2B493023125100\n"
    "Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: static\nControl: full\n\n"
)
NOTICE = (
    f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {UUID}\nContent-Disposition: disconnect\n"
    "Content-Length: 67\n\nDisconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
LINGER = (
    f"Content-Type: text/disconnect-notice\nControlled-Session-UUID: {UUID}\nContent-Disposition: linger\n"
    "Channel-Name: null/x\nLinger-Time: 5\nContent-Length: 0\n\n"
)
DEADLINE = 10.0


def reply(text: str = "+OK") -> str:
    """A reply to a command, as the switch writes it."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n"


def response(text: str) -> str:
    """The output of an API command."""
    return f"Content-Type: api/response\nContent-Length: {len(text.encode())}\n\n{text}"


def event(text: str) -> str:
    """An event to a subscriber; *text* is its header block with the blank line, and its body if any."""
    return f"Content-Length: {len(text.encode())}\nContent-Type: text/event-plain\n\n{text}"


class Peer:
    """The switch's end of one socket."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.file = sock.makefile("rb")

    def expect(self) -> str:
        """The next command as it came, with its body; empty at the end of file."""
        lines = []
        while (line := self.file.readline()) not in (b"\n", b""):
            lines.append(line)
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        return (b"".join(lines) + (line if lines else b"") + self.file.read(length)).decode()

    def send(self, *texts: str | bytes) -> None:
        """Send *texts* in one write."""
        self.sock.sendall(b"".join(text.encode() if isinstance(text, str) else text for text in texts))

    def answer(self, *texts: str) -> str:
        """Wait for a command, answer it with *texts*, and return it."""
        got = self.expect()
        self.send(*texts)
        return got

    def close(self) -> None:
        """Close with a bare end of file, as a killed switch does."""
        self.file.close()
        self.sock.close()


@contextmanager
def connection() -> Iterator[tuple[Any, Peer]]:
    """A connected pair: a plain gevent socket for the code under test, a Peer for the test."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    peer = Peer(theirs)
    try:
        yield ours, peer
    finally:
        peer.close()
        ours.close()


@contextmanager
def switch(script: Callable[[Peer], None]) -> Iterator[tuple[str, int]]:
    """An inbound event socket: runs *script* for each connection and closes it afterwards; gives the address."""

    def serve(sock: Any, _address: Any) -> None:
        peer = Peer(sock)
        try:
            script(peer)
        except OSError:
            pass  # the client has gone
        finally:
            peer.close()

    server = StreamServer(("127.0.0.1", 0), serve)
    server.start()
    try:
        yield ("127.0.0.1", server.server_port)
    finally:
        server.stop()


def log_in(peer: Peer) -> None:
    """The greeting of the inbound event socket and an accepted password."""
    peer.send("Content-Type: auth/request\n\n")
    assert peer.answer(reply("+OK accepted")) == "auth secret\n\n"


def until(condition: Callable[[], bool]) -> None:
    """Let other greenlets run until *condition* holds; fails after the deadline."""
    never = Flag()
    with gevent.Timeout(DEADLINE):
        while not condition():
            never.wait(0.002)
