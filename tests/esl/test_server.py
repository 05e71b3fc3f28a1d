"""The server of outbound sockets: calls beside each other, overload shed, errors kept to their call, a clean stop."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
import pytest
import structlog
from gevent import socket
from gevent.event import Event as Flag

from callrouter import metrics
from callrouter.errors import ChannelGone, SwitchError
from callrouter.esl.channel import Channel
from callrouter.esl.server import OutboundServer
from tests.esl import peer
from tests.esl.peer import Peer, until


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    with gevent.Timeout(peer.DEADLINE):
        yield


@contextmanager
def serving(handler: Callable[[Channel], None], max_calls: int = 10) -> Iterator[OutboundServer]:
    server = OutboundServer(("127.0.0.1", 0), handler, max_calls=max_calls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def call(server: OutboundServer) -> Peer:
    return Peer(socket.create_connection(("127.0.0.1", server.port)))


def wait_for_the_end(channel: Channel) -> None:
    channel.connect()
    channel.execute("park", timeout=peer.DEADLINE)


def test_calls_run_beside_each_other_and_are_closed_when_handled() -> None:
    go_on = Flag()

    def handler(channel: Channel) -> None:
        channel.connect()
        go_on.wait()

    with serving(handler) as server:
        calls = [call(server) for _ in range(3)]
        for each in calls:
            assert each.answer(peer.CONNECTED) == "connect\n\n"
        assert server.calls == 3
        assert metrics.CALLS_NOW._value.get() == 3
        go_on.set()
        for each in calls:
            assert each.expect() == ""
        until(lambda: server.calls == 0)
        assert metrics.CALLS_NOW._value.get() == 0


def test_above_the_limit_a_call_goes_on_at_once() -> None:
    before = metrics.CALLS_SHED._value.get()
    with structlog.testing.capture_logs() as logs, serving(wait_for_the_end, max_calls=2) as server:
        held = [call(server) for _ in range(2)]
        for each in held:
            each.answer(peer.CONNECTED)
        for _ in range(3):
            assert call(server).expect() == ""
        assert server.calls == 2
        held[0].close()
        until(lambda: server.calls == 1)
        assert call(server).expect() == "connect\n\n"
    assert metrics.CALLS_SHED._value.get() == before + 3
    assert [entry["event"] for entry in logs].count("2 calls at a time: further ones go into the static fallback") == 1


def test_an_error_closes_its_own_call_only() -> None:
    before = metrics.CALL_ERRORS._value.get()

    def handler(channel: Channel) -> None:
        channel.connect()
        if channel.getvar("fail"):
            raise ValueError("deliberate")
        wait = channel.getvar("wait")
        assert wait == "done"

    with structlog.testing.capture_logs() as logs, serving(handler) as server:
        good, bad = call(server), call(server)
        for each in (good, bad):
            each.answer(peer.CONNECTED)
        bad.answer(peer.reply("yes"))
        good.answer(peer.reply("-ERR command not found"))
        assert bad.expect() == ""
        assert good.answer(peer.reply("done")) == "getvar wait\n\n"
        assert good.expect() == ""
    assert metrics.CALL_ERRORS._value.get() == before + 1
    [error] = [entry for entry in logs if entry["log_level"] == "error"]
    assert error["call"] == peer.UUID


def test_a_call_that_ended_is_no_error() -> None:
    before = metrics.CALL_ERRORS._value.get()
    with structlog.testing.capture_logs() as logs, serving(wait_for_the_end) as server:
        caller = call(server)
        caller.answer(peer.CONNECTED)
        caller.send(peer.NOTICE)
        assert caller.expect().startswith("sendmsg")
        assert caller.expect() == ""
        until(lambda: server.calls == 0)
    assert metrics.CALL_ERRORS._value.get() == before
    assert [entry["log_level"] for entry in logs] == ["info"]


def test_a_health_check_that_only_connects_is_no_news() -> None:
    with structlog.testing.capture_logs() as logs, serving(wait_for_the_end) as server:
        call(server).close()
        until(lambda: bool(logs))
    assert [entry["log_level"] for entry in logs] == ["debug"]


def test_stop_lets_calls_end_within_its_time() -> None:
    ended: list[str] = []

    def handler(channel: Channel) -> None:
        wait_for_the_end(channel)
        ended.append("by itself")

    with serving(handler) as server:
        port = server.port
        caller = call(server)
        caller.answer(peer.CONNECTED)
        stopping = gevent.spawn(server.stop, peer.DEADLINE)
        caller.expect()
        until(lambda: server._server.closed)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        caller.send(peer.reply())
        stopping.get()
    assert ended == ["by itself"]


def test_stop_closes_what_has_not_ended_in_time() -> None:
    ended: list[ChannelGone] = []

    def handler(channel: Channel) -> None:
        try:
            wait_for_the_end(channel)
        except ChannelGone as gone:
            ended.append(gone)
            raise

    with serving(handler) as server:
        caller = call(server)
        caller.answer(peer.CONNECTED)
        caller.expect()
        server.stop(0.05)
        assert caller.expect() == ""
        assert server.calls == 0
    assert "closed here" in str(ended[0])


def test_accepted_sockets_have_no_delay_and_keepalive() -> None:
    options: list[int] = []

    def handler(channel: Channel) -> None:
        options.append(channel.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        options.append(channel.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        options.append(channel.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))

    with serving(handler) as server:
        assert call(server).expect() == ""
    assert options == [1, 1, 30]


def test_an_address_in_use_is_told() -> None:
    with serving(wait_for_the_end) as server:
        second = OutboundServer(("127.0.0.1", server.port), wait_for_the_end)
        with pytest.raises(SwitchError, match=rf"cannot listen for calls on 127\.0\.0\.1:{server.port}"):
            second.start()


def test_it_survives_having_no_file_descriptor_left() -> None:
    """In a process of its own, whose limit is lowered until ``accept`` fails with EMFILE, and raised again."""
    program = textwrap.dedent("""
        import os, resource, gevent
        from gevent import socket
        from callrouter.esl.server import OutboundServer

        served = []
        server = OutboundServer(("127.0.0.1", 0), served.append)
        server.start()
        caller = socket.socket()
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        caller.connect(("127.0.0.1", server.port))
        gevent.sleep(0.1)
        assert not served, "accept did not fail"
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with gevent.Timeout(5):
            assert caller.recv(1) == b""
        assert len(served) == 1
        server.stop()
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "Too many open files" in done.stderr
