"""The HTTP server itself: who says nothing, or nonsense, is let go and keeps nobody waiting."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import gevent
import gevent.event
import pytest

from callrouter.web import server
from tests.web.world import World

_HEAD = b"GET /sign-in HTTP/1.1\r\nHost: x\r\n"
_POST = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def port(world: World) -> Iterator[int]:
    """The port of the pages, which are served by the hub of another thread."""
    ready = threading.Event()
    found: list[int] = []
    ends: list[gevent.event.Event] = []

    def run() -> None:
        running = server.create_server(("127.0.0.1", 0), world.application)
        running.start()
        found.append(running.server_port)
        ends.append(gevent.event.Event())
        ready.set()
        ends[0].wait()
        running.stop(timeout=1)
        gevent.get_hub().destroy()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    yield found[0]
    ends[0].set()
    thread.join(10)
    assert not thread.is_alive()


def exchange(port: int, sent: bytes) -> tuple[bytes, float]:
    """All that comes back until the server closes, and how long that took (seconds)."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        back = b""
        try:
            while more := connection.recv(65536):
                back += more
        except ConnectionResetError:
            pass
    return back, time.monotonic() - began


def test_who_sends_nothing_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_SILENCE", 0.3)
    back, seconds = exchange(port, b"")
    assert back == b""
    assert seconds < 5
    back, seconds = exchange(port, _HEAD + b"\r\n")
    assert back.startswith(b"HTTP/1.1 200 OK\r\n")
    assert seconds < 5, "kept open for a further request, and not for longer"


@pytest.mark.parametrize("head", [_HEAD, _POST + _FORM + b"Content-Length: 100\r\n\r\nlogin="])
def test_who_stops_in_the_middle_is_let_go(port: int, head: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_SILENCE", 0.3)
    monkeypatch.setattr(server, "_HEAD", 0.3)
    back, seconds = exchange(port, head)
    assert back.startswith(b"HTTP/1.1 400 ")
    assert seconds < 5


def test_who_trickles_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_HEAD", 0.3)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(_HEAD)
        with pytest.raises(OSError, match=r"Broken pipe|reset"):  # noqa: PT012 (who is let go sees it a little later)
            while time.monotonic() < began + 10:
                connection.sendall(b"X: y\r\n")
                gevent.sleep(0.02)


def test_others_are_answered_beside_hundreds_who_send_nothing(port: int):
    idle = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(200)]
    try:
        for connection in idle[::2]:
            connection.sendall(b"GET / HT")
        back, seconds = exchange(port, _HEAD + b"Connection: close\r\n\r\n")
        assert back.startswith(b"HTTP/1.1 200 OK\r\n")
        assert seconds < 5
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (_HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (_HEAD + b"".join(b"X%d: y\r\n" % n for n in range(200)) + b"\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET / HTTP/1\r\n\r\n", b"400"),
        (_POST + _CHUNKED + b"zz\r\n", b"400"),
        (_POST + _FORM + _CHUNKED + b"927c0\r\n" + b"a&" * 300_000 + b"\r\n0\r\n\r\n", b"400"),
        (_POST + _FORM + b"Content-Length: 600000\r\n\r\n" + b"a&" * 300_000, b"413"),
        (_POST + _FORM + _CHUNKED + b"3\r\na=b\r\n0\r\nX-Trailer: y\r\n\r\n", b"400"),
    ],
)
def test_nonsense_is_refused(port: int, sent: bytes, status: bytes):
    back, seconds = exchange(port, sent)
    assert back.split(b" ")[1] == status, back[:200]
    assert back.count(b"HTTP/1.1 ") == 1, "what came behind is no second request"
    assert seconds < 5


@pytest.mark.parametrize(
    "length",
    [
        b"Content-Length: -1\r\n",
        b"Content-Length: +1\r\n",
        b"Content-Length: 1_0\r\n",
        b"Content-Length: 7x\r\n",
        b"Content-Length: 0\r\nContent-Length: 0\r\n",
        b"Content-Length: 0, 0\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ],
)
def test_a_body_has_one_length(port: int, length: bytes):
    """Where a proxy reads another one, the rest would be the request of somebody else."""
    back, _ = exchange(
        port, b"GET /sign-in HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n"
    )
    assert back.startswith(b"HTTP/1.1 400 ")
    assert back.count(b"HTTP/1.1 ") == 1
