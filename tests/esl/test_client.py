"""The inbound connection: logs in, asks, hears events, and comes back after every kind of loss."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest
import structlog
from gevent import socket
from gevent.event import Event as Flag
from gevent.queue import Queue
from gevent.subprocess import Popen

from callrouter.errors import SwitchError, SwitchTimeout
from callrouter.esl import connection
from callrouter.esl.client import InboundClient
from callrouter.esl.event import Event
from tests.esl import peer
from tests.esl.peer import Peer, log_in, reply, response, until


@pytest.fixture(autouse=True)
def deadline() -> Iterator[None]:
    with gevent.Timeout(peer.DEADLINE):
        yield


@contextmanager
def client(address: tuple[str, int], **options: Any) -> Iterator[InboundClient]:
    options.setdefault("jitter", lambda: 0.01)
    made = InboundClient(address, "secret", name="test", **options)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def stay(other: Peer) -> None:
    """Hold the connection until the client leaves."""
    while other.expect():
        pass


def test_api_and_its_relatives() -> None:
    asked: list[str] = []

    def script(other: Peer) -> None:
        log_in(other)
        asked.append(other.answer(response("true\n")))
        asked.append(other.answer(reply("+OK Job-UUID: 7f4d\nJob-UUID: 7f4d")))
        asked.append(other.answer(reply("+OK 1b2c")))
        other.answer(response("-ERR No such channel!\n"))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        assert switch.connected
        assert switch.problem == ""
        assert switch.api("uuid_exists x") == "true"
        assert switch.bgapi("originate y") == "7f4d"
        switch.sendevent("MESSAGE_WAITING", {"MWI-Messages-Waiting": "no"})
        with pytest.raises(SwitchError, match="refused `uuid_kill x`: -ERR No such channel!"):
            switch.api("uuid_kill x")
    assert asked == [
        "api uuid_exists x\n\n",
        "bgapi originate y\n\n",
        "sendevent MESSAGE_WAITING\nMWI-Messages-Waiting: no\n\n",
    ]


def test_not_connected_is_told_with_its_reason() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with client(unused.getsockname()) as switch:
            until(lambda: "refused" in switch.problem)
            assert not switch.wait_connected(0.01)
            with pytest.raises(
                SwitchError, match=r"127.0.0.1:\d+ cannot be asked for `status`: cannot connect: .*refused"
            ):
                switch.api("status")
    with pytest.raises(SwitchError, match="stopped"):
        switch.api("status")


def test_the_first_try_ends_at_once_when_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with client(unused.getsockname()) as switch, gevent.Timeout(5):
            assert not switch.first_try(60)
            assert "refused" in switch.problem


def test_the_first_try_waits_for_the_login() -> None:
    def script(other: Peer) -> None:
        log_in(other)
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.first_try(5)


def test_it_reconnects_subscribes_again_and_tells() -> None:
    subscriptions: list[str] = []
    connects: list[str] = []
    heard: Queue[Event] = Queue()

    def script(other: Peer) -> None:
        log_in(other)
        subscriptions.append(other.answer(reply("+OK event listener enabled plain")))
        other.answer(response(f"{len(subscriptions)}"))
        other.send(peer.event(f"Event-Name: CHANNEL_ANSWER\nUnique-ID: {len(subscriptions)}\n\n"))
        until(lambda: heard.qsize() == len(subscriptions))
        if len(subscriptions) > 2:
            stay(other)

    with peer.switch(script) as address:
        switch = InboundClient(
            address,
            "secret",
            name="test",
            jitter=lambda: 0.01,
            on_connected=lambda: connects.append(switch.api("strepoch")),
        )
        switch.subscribe(["CHANNEL_ANSWER", "sofia::register"], heard.put)
        switch.start()
        until(lambda: heard.qsize() == 3)
        switch.stop()
    assert [heard.get().headers["Unique-ID"] for _ in range(3)] == ["1", "2", "3"]
    assert subscriptions == ["event plain CHANNEL_ANSWER CUSTOM sofia::register\n\n"] * 3
    assert connects == ["1", "2", "3"]


def test_every_handler_of_an_event_hears_it_whatever_the_others_do() -> None:
    first: list[str] = []
    second: Queue[str] = Queue()

    def fails(event: Event) -> None:
        first.append(event.name)
        raise ValueError("deliberate")

    def script(other: Peer) -> None:
        log_in(other)
        other.answer(reply())
        other.answer(reply())
        for name in ("sofia%3A%3Aregister", "other", "sofia%3A%3Aregister"):
            other.send(peer.event(f"Event-Name: CUSTOM\nEvent-Subclass: {name}\n\n"))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        switch.subscribe(["sofia::register"], fails)
        switch.subscribe(["sofia::register"], lambda event: second.put(event.name))
        assert [second.get(), second.get()] == ["sofia::register"] * 2
    assert first == ["sofia::register"] * 2


def test_handlers_that_fall_behind_cost_the_connection_not_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_QUEUE", 5)
    busy = Flag()
    logins: list[Peer] = []

    def script(other: Peer) -> None:
        log_in(other)
        logins.append(other)
        other.answer(reply())
        other.send(*[peer.event("Event-Name: CHANNEL_ANSWER\n\n")] * (8 if len(logins) == 1 else 1))
        stay(other)

    with structlog.testing.capture_logs() as logs, peer.switch(script) as address:
        switch = InboundClient(address, "secret", name="test", jitter=lambda: 0.01)
        switch.subscribe(["CHANNEL_ANSWER"], lambda _: busy.wait())
        switch.start()
        until(lambda: len(logins) == 2)
        busy.set()
        switch.stop()
    assert any("5 events wait for their handlers" in entry["event"] for entry in logs)


def test_a_handler_may_ask_the_switch() -> None:
    answers: Queue[str] = Queue()

    def script(other: Peer) -> None:
        log_in(other)
        other.answer(reply())
        other.send(peer.event("Event-Name: MESSAGE_QUERY\n\n"))
        other.answer(response("yes"))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        switch.subscribe(["MESSAGE_QUERY"], lambda _: answers.put(switch.api("status")))
        assert answers.get() == "yes"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("", "FreeSWITCH closed the connection"),
        ("Content-Type: text/disconnect-notice\nContent-Length: 4\n\nBye\n", "FreeSWITCH ended the connection"),
        ("Content-Type: api/response\nContent-Length: 100\n\nhalf", "FreeSWITCH closed the connection"),
        ("HTTP/1.1 400 Bad Request\n\n", "no message"),
    ],
)
def test_whatever_ends_the_connection_fails_what_is_pending(end: str, reason: str) -> None:
    def script(other: Peer) -> None:
        log_in(other)
        other.expect()
        other.send(end)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        with pytest.raises(SwitchError, match=reason) as failed:
            switch.api("status", timeout=5)
        assert failed.type is SwitchError  # at once, not when its time was over


def test_an_answer_too_many_ends_the_connection() -> None:
    logins: list[Peer] = []

    def script(other: Peer) -> None:
        log_in(other)
        logins.append(other)
        if len(logins) == 1:
            other.send(reply())
        stay(other)

    with peer.switch(script) as address, client(address):
        until(lambda: len(logins) == 2)


def test_a_time_out_ends_the_connection_and_a_new_one_follows() -> None:
    logins: list[Peer] = []

    def script(other: Peer) -> None:
        log_in(other)
        logins.append(other)
        if len(logins) > 1:
            other.answer(response("late no more"))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        with pytest.raises(SwitchTimeout, match=r"within 0.05 s"):
            switch.api("status", timeout=0.05)
        until(lambda: len(logins) == 2)
        assert switch.wait_connected(5)
        assert switch.api("status") == "late no more"


def test_a_switch_that_falls_silent_is_noticed_by_the_ping() -> None:
    logins: list[Peer] = []

    def script(other: Peer) -> None:
        log_in(other)
        logins.append(other)
        if len(logins) == 1:
            assert other.answer(response("1")) == "api strepoch\n\n"
        stay(other)

    with peer.switch(script) as address, client(address, ping=0.02, timeout=0.1):
        until(lambda: len(logins) == 2)


def test_a_switch_that_accepts_and_says_nothing_is_left_again() -> None:
    accepted: list[Peer] = []

    def script(other: Peer) -> None:
        accepted.append(other)
        stay(other)

    with peer.switch(script) as address, client(address, timeout=0.05) as switch:
        until(lambda: len(accepted) > 1)
        assert "says nothing" in switch.problem


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            lambda other: (other.send("Content-Type: auth/request\n\n"), other.answer(reply("-ERR invalid"))),
            "refuses the password",
        ),
        (
            lambda other: other.send(
                "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
            ),
            "access list",
        ),
    ],
)
def test_a_refusal_is_logged_once_and_tried_again(script: Callable[[Peer], None], told: str) -> None:
    tries: list[int] = []

    def counting(other: Peer) -> None:
        tries.append(1)
        script(other)

    with (
        structlog.testing.capture_logs() as logs,
        peer.switch(counting) as address,
        client(address, jitter=lambda: 0.001) as switch,
    ):
        until(lambda: len(tries) > 3)
        assert told in switch.problem
    assert len([entry for entry in logs if told in entry["event"]]) == 1
    assert "secret" not in str(logs)


def test_what_is_refused_before_it_is_sent_costs_no_connection() -> None:
    def script(other: Peer) -> None:
        log_in(other)
        other.answer(response("fine"))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        with pytest.raises(SwitchError, match="nothing was sent"):
            switch.api("status\n\nexit")
        assert switch.api("status") == "fine"


def test_answers_reach_those_who_asked_when_many_ask_at_once() -> None:
    padding = "x" * 20_000

    def script(other: Peer) -> None:
        log_in(other)
        for _ in range(4):
            other.send(response(other.expect().split()[2]))
        stay(other)

    with peer.switch(script) as address, client(address) as switch:
        assert switch.wait_connected(5)
        assert switch._connection is not None
        switch._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # commands go out in parts
        asked = [gevent.spawn(switch.api, f"echo {n} {padding}") for n in range(4)]
        assert [each.get() for each in asked] == [str(n) for n in range(4)]


@pytest.mark.parametrize("patch", ["", "from gevent import monkey; monkey.patch_all()"])
def test_it_works_in_a_plain_script_and_in_a_patched_process(patch: str) -> None:
    program = textwrap.dedent("""
        import sys
        from callrouter import log
        from callrouter.esl.client import InboundClient

        log.configure()
        switch = InboundClient(("127.0.0.1", int(sys.argv[1])), "secret", name="script")
        switch.start()
        assert switch.wait_connected(5), switch.problem
        print(switch.api("reloadxml"))
        switch.stop()
    """)

    def script(other: Peer) -> None:
        log_in(other)
        other.answer(response("+OK [Success]\n"))
        stay(other)

    with peer.switch(script) as address:
        command = [sys.executable, "-c", f"{patch}\n{program}", str(address[1])]
        running = Popen(command, stdout=subprocess.PIPE, text=True)
        output, _ = running.communicate()
    assert (running.returncode, output) == (0, "+OK [Success]\n")
