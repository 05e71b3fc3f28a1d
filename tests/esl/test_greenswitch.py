"""What is wrong with greenswitch itself, shown on the version in use: why callrouter.esl overrides what it overrides.

Each test fails once greenswitch has repaired that defect; the override, and its own test beside this file, tell then
whether it is still needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from greenswitch import esl

from tests.esl import peer
from tests.esl.peer import Peer, reply, until

Call = tuple[esl.OutboundSession, Peer]
#: Long enough for an answer on loopback, short enough to wait for one that never comes (seconds).
SOON = 0.2


@pytest.fixture
def call() -> Iterator[Call]:
    """greenswitch's own session, connected."""
    with gevent.Timeout(peer.DEADLINE), peer.connection() as (sock, other):
        session = esl.OutboundSession(("127.0.0.1", 0), sock)
        gevent.spawn(other.answer, peer.CONNECTED)
        session.connect()
        yield session, other
        session._run = False
        gevent.killall([session._receive_events_greenlet, session._process_events_greenlet])


@pytest.mark.parametrize("forged", ["a%0AUnique-ID: forged", "a%E2%80%A8Unique-ID: forged", "a%C2%85Unique-ID: forged"])
def test_values_forge_headers(forged: str) -> None:
    block = f"Event-Name: CHANNEL_DATA\nUnique-ID: real\nvariable_sip_h_X-Test: {forged}\n"
    assert esl.ESLEvent(block).headers["Unique-ID"] == "forged"


def test_end_of_file_wakes_nobody(call: Call) -> None:
    session, other = call
    waiting = gevent.spawn(session.call_command, "bridge", "sofia/phones/a")
    other.expect()
    other.close()
    until(lambda: not session.connected)
    assert waiting.join(SOON) is None
    assert not waiting.ready()
    waiting.kill()


def test_end_of_file_in_a_body_stops_the_whole_hub() -> None:
    """In a process of its own, which has to be ended from outside."""
    program = textwrap.dedent("""
        import gevent
        from gevent import socket
        from greenswitch.esl import OutboundSession
        from tests.esl import peer

        with peer.connection() as (sock, other):
            session = OutboundSession(("127.0.0.1", 0), sock)
            other.send("Content-Type: api/response\\nContent-Length: 9\\n\\nhalf")
            other.close()
            gevent.sleep(0.01)
            print("the hub runs")
    """)
    command = [sys.executable, "-c", program]
    with pytest.raises(subprocess.TimeoutExpired) as hung:
        subprocess.run(command, capture_output=True, timeout=2, check=False, cwd=os.getcwd())
    assert b"the hub runs" not in (hung.value.stdout or b"")


@pytest.mark.parametrize("message", [b"Reply-Text: +OK\n\n", b"Content-Type: text/event-plain\n\n"])
def test_one_strange_message_ends_the_reader_but_not_the_connection(
    call: Call, message: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    session, other = call
    other.send(message)
    until(session._receive_events_greenlet.ready)
    assert session.connected
    assert "KeyError" in capsys.readouterr().err


def test_a_large_command_is_sent_in_part(call: Call) -> None:
    session, other = call
    session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    waiting = gevent.spawn(session.call_command, "set", "a=" + "x" * 8_000_000)
    other.sock.settimeout(SOON)
    with pytest.raises(TimeoutError):
        other.expect()
    waiting.kill()


def test_no_wait_has_a_limit(call: Call) -> None:
    session, other = call
    waiting = gevent.spawn(session.call_command, "bridge", "sofia/phones/a", response_timeout=0.01)
    other.expect()
    waiting.join(SOON)
    assert not waiting.ready()
    waiting.kill()


def test_an_argument_becomes_commands(call: Call) -> None:
    session, other = call
    waiting = gevent.spawn(session.call_command, "set", "name=x\n\napi system reboot")
    other.answer(reply())
    assert other.expect() == "api system reboot\n\n"
    waiting.get()


def test_a_handler_of_one_event_hides_it_from_the_others(call: Call) -> None:
    session, other = call
    heard: list[str] = []
    session.register_handle("*", lambda event: heard.append("*"))
    session.register_handle("CHANNEL_ANSWER", lambda event: heard.append("own"))
    other.send(peer.event("Event-Name: CHANNEL_ANSWER\n\n"), peer.event("Event-Name: CHANNEL_PARK\n\n"))
    until(lambda: len(heard) == 2)
    assert heard == ["own", "*"]


def test_the_body_of_a_disconnect_notice_is_left_in_the_stream(call: Call) -> None:
    session, other = call
    session._process_esl_event_queue = False
    other.send(peer.NOTICE, "\n\n")
    until(session._receive_events_greenlet.ready)  # died on the body, taken for a message


def test_a_lingering_socket_fails_what_is_still_answered(call: Call) -> None:
    session, other = call
    waiting = gevent.spawn(session.send, "getvar record_ms")
    other.expect()
    other.send(peer.LINGER)  # the answer is still to come
    with pytest.raises(esl.OutboundSessionHasGoneAway):
        waiting.get()


def test_its_server_does_not_outlive_a_failed_accept(monkeypatch: pytest.MonkeyPatch) -> None:
    server = esl.OutboundESLServer("127.0.0.1", 1, application=object)

    class NoDescriptorLeft(socket.socket):
        def bind(self, _address: object) -> None:
            super().bind(("127.0.0.1", 0))

        def accept(self) -> None:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(esl.socket, "socket", NoDescriptorLeft)
    with pytest.raises(OSError, match="Too many open files"):
        server.listen()
    server.server.close()
