"""One call's socket: what it sends, what it makes of every kind of answer, and that no wait is without an end."""

from __future__ import annotations

import gc
import socket as plain_socket
import struct
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent import socket

from callrouter.errors import ChannelGone, SwitchError, SwitchTimeout
from callrouter.esl import command
from callrouter.esl.channel import Channel
from tests.esl import peer
from tests.esl.peer import Peer, reply

Call = tuple[Channel, Peer]


@pytest.fixture
def fresh() -> Iterator[Call]:
    """A channel before ``connect``, and the switch's end of it."""
    with gevent.Timeout(peer.DEADLINE), peer.connection() as (sock, other):
        channel = Channel(("127.0.0.1", 0), sock)
        yield channel, other
        channel.close()


@pytest.fixture
def call(fresh: Call) -> Call:
    """A connected channel."""
    channel, other = fresh
    script = gevent.spawn(other.answer, peer.CONNECTED)
    channel.connect()
    assert script.get() == "connect\n\n"
    return channel, other


def test_connect_tells_of_the_call(fresh: Call) -> None:
    channel, other = fresh
    assert channel.uuid == ""
    gevent.spawn(other.answer, peer.CONNECTED)
    info = channel.connect()
    assert info is channel.info
    assert channel.uuid == peer.UUID
    assert info["variable_sip_from_user"] == "+493023125100"


def test_an_asynchronous_socket_is_refused(fresh: Call) -> None:
    channel, other = fresh
    gevent.spawn(other.answer, peer.CONNECTED.replace("static", "async"))
    with pytest.raises(SwitchError, match="async"):
        channel.connect()
    assert other.expect() == ""


def test_execute_returns_when_the_application_has_ended(call: Call) -> None:
    channel, other = call
    script = gevent.spawn(other.answer, reply())
    channel.execute("playback", "/prompts/beep.wav", timeout=5)
    assert script.get() == command.execute("playback", "/prompts/beep.wav")


def test_execute_tells_what_was_refused(call: Call) -> None:
    channel, other = call
    gevent.spawn(other.answer, reply("-ERR memory error"))
    with pytest.raises(SwitchError, match="refused bridge: -ERR memory error"):
        channel.execute("bridge", "sofia/phones/a", timeout=5)


def test_a_pipeline_is_sent_whole_before_any_answer_and_shows_each_refusal(call: Call) -> None:
    channel, other = call
    commands = [
        command.execute("set", "a=b"),
        command.execute("ring_ready"),
        command.api("nosuch"),
        command.getvar("a"),
    ]

    def script() -> list[str]:
        got = [other.expect() for _ in commands]
        other.send(reply(), reply(), "Content-Type: api/response\nContent-Length: 5\n\n-ER")
        other.send("R!", reply("b"))
        return got

    running = gevent.spawn(script)
    replies = channel.pipeline(commands, timeout=5)
    assert running.get() == commands
    assert [(answer.ok, answer.text) for answer in replies] == [
        (True, "+OK"),
        (True, "+OK"),
        (False, "-ERR!"),
        (True, "b"),
    ]


@pytest.mark.parametrize(
    ("text", "value"), [("SUCCESS", "SUCCESS"), ("-ERR command not found", None), ("a%0Ab", "a%0Ab")]
)
def test_getvar(call: Call, text: str, value: str | None) -> None:
    channel, other = call
    gevent.spawn(other.answer, reply(text))
    assert channel.getvar("originate_disposition") == value


def test_getvar_of_a_value_too_long_for_a_reply(call: Call) -> None:
    channel, other = call
    whole = "ARRAY::" + "|:".join(f"{n};NO_ANSWER" for n in range(100))

    def script() -> str:
        other.answer(reply(whole[:511]))
        return other.answer(peer.response(whole))

    running = gevent.spawn(script)
    assert channel.getvar("originate_causes") == whole
    assert running.get() == f"api uuid_getvar {peer.UUID} originate_causes\n\n"


def test_events_and_log_lines_are_no_answers(call: Call) -> None:
    channel, other = call
    noise = peer.event("Event-Name: CHANNEL_ANSWER\n\n") + "Content-Type: log/data\nContent-Length: 2\n\nhi"
    gevent.spawn(other.answer, noise, reply("yes"))
    assert channel.getvar("a") == "yes"


def test_bare_end_of_file_fails_the_pending_pipeline(call: Call) -> None:
    channel, other = call

    def script() -> None:
        other.answer(reply())
        other.expect()
        other.close()

    gevent.spawn(script)
    with pytest.raises(ChannelGone) as gone:
        channel.pipeline([command.execute("answer"), command.execute("record", "x.wav 60")], timeout=5)
    assert gone.value.hung_up is False


@pytest.mark.parametrize(
    "half", [peer.NOTICE[:-20], "Content-Type: api/response\nContent-Length: 9\n\nab", "Content-T"]
)
def test_end_of_file_in_the_middle_of_a_message(call: Call, half: str) -> None:
    channel, other = call

    def script() -> None:
        other.answer(half)
        other.close()

    gevent.spawn(script)
    with pytest.raises(ChannelGone) as gone:
        channel.execute("answer", timeout=5)
    assert gone.value.hung_up is False


def test_hang_up_is_told_from_a_dead_switch(call: Call) -> None:
    channel, other = call
    gevent.spawn(other.answer, reply() + peer.NOTICE[:120])
    channel.execute("bridge", "sofia/phones/a", timeout=5)
    assert not channel.hung_up
    gevent.spawn(lambda: (other.expect(), other.send(peer.NOTICE[120:]), other.close()))
    with pytest.raises(ChannelGone) as gone:
        channel.getvar("originate_disposition")
    assert gone.value.hung_up is True
    assert channel.hung_up
    with pytest.raises(ChannelGone) as again:
        channel.getvar("originate_disposition")
    assert again.value.hung_up is True


@pytest.mark.parametrize("reset", [False, True])
def test_hang_up_while_nobody_waits_is_still_a_hang_up(call: Call, reset: bool) -> None:
    channel, other = call
    other.send(peer.NOTICE)
    if reset:  # the kernel answers what we write with RST at once
        other.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    other.close()
    for commands in ([command.getvar("a")], [command.getvar("b")] * 2000):
        with pytest.raises(ChannelGone) as gone:
            channel.pipeline(commands, timeout=5)
        assert gone.value.hung_up is True


def test_answers_go_on_while_the_socket_lingers(call: Call) -> None:
    channel, other = call
    gevent.spawn(other.answer, peer.LINGER, reply("2940"))
    assert channel.getvar("record_ms") == "2940"
    assert channel.hung_up
    gevent.spawn(other.answer, peer.NOTICE)
    with pytest.raises(ChannelGone) as gone:
        channel.execute("set", "a=b", timeout=5)
    assert gone.value.hung_up is True


def test_silence_ends_with_the_time_limit_and_the_channel_with_it(call: Call) -> None:
    channel, other = call
    with pytest.raises(SwitchTimeout, match=r"within 0.05 s"):
        channel.execute("playback", "x.wav", timeout=0.05)
    assert other.expect() == command.execute("playback", "x.wav")
    assert other.expect() == ""
    with pytest.raises(ChannelGone, match="closed"):
        channel.getvar("a")


def test_connect_has_a_time_limit(fresh: Call) -> None:
    channel, _ = fresh
    with pytest.raises(SwitchTimeout):
        channel.connect(timeout=0.05)


def test_a_switch_that_reads_nothing_meets_the_time_limit(call: Call) -> None:
    channel, _ = call
    with pytest.raises(SwitchTimeout):
        channel.execute("set", "a=" + "x" * 16_000_000, timeout=0.2)


def test_a_command_larger_than_the_socket_takes_at_once_arrives_whole(call: Call) -> None:
    channel, other = call
    channel.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    long = "a=" + "x" * 300_000
    script = gevent.spawn(other.answer, reply())
    channel.execute("set", long, timeout=5)
    assert script.get() == command.execute("set", long)


def test_two_greenlets_each_get_their_own_answers(call: Call) -> None:
    channel, other = call
    channel.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    padding = "x" * 20_000

    def script() -> None:
        for _ in range(8):
            other.send(reply(other.expect().split("_")[1]))

    gevent.spawn(script)
    asked = {n: gevent.spawn(channel.getvar, f"name_{n}_{padding}") for n in range(8)}
    assert {n: greenlet.get() for n, greenlet in asked.items()} == {n: str(n) for n in range(8)}


def test_a_broken_stream_closes_the_channel(call: Call) -> None:
    channel, other = call
    gevent.spawn(other.answer, "SIP/2.0 200 OK\n\n")
    with pytest.raises(SwitchError, match="no message"):
        channel.getvar("a")
    with pytest.raises(ChannelGone):
        channel.getvar("a")


def test_close_from_another_greenlet_ends_the_wait_and_sends_nothing(call: Call) -> None:
    channel, other = call
    waiting = gevent.spawn(channel.execute, "bridge", "sofia/phones/a", timeout=5)
    other.expect()
    channel.close()
    channel.close()
    with pytest.raises(ChannelGone, match="closed here"):
        waiting.get()
    assert other.expect() == ""


def test_a_killed_greenlet_leaves_no_channel_with_an_answer_under_way(call: Call) -> None:
    channel, other = call
    waiting = gevent.spawn(channel.getvar, "a")
    other.expect()
    waiting.kill()
    assert other.expect() == ""
    with pytest.raises(ChannelGone):
        channel.getvar("b")


def test_an_outer_timeout_of_the_caller_is_not_swallowed(call: Call) -> None:
    channel, _ = call
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        channel.getvar("a", timeout=5)
    assert not channel.connected


@pytest.mark.parametrize(
    "attempt",
    [
        lambda channel: channel.execute("set", "a=b\n\napi system reboot", timeout=5),
        lambda channel: channel.execute("set", "a=b\r", timeout=5),
        lambda channel: channel.getvar("a\n\nexit"),
        lambda channel: channel.call_command("set", "a=b\n\nexit"),
        lambda channel: channel.send("getvar a\n\nexit"),
        lambda channel: channel.playback("x.wav"),
    ],
)
def test_what_is_refused_is_not_sent_and_leaves_the_channel_usable(
    call: Call, attempt: Callable[[Channel], object]
) -> None:
    channel, other = call
    with pytest.raises(SwitchError):
        attempt(channel)
    script = gevent.spawn(other.answer, reply("fine"))
    assert channel.getvar("next") == "fine"
    assert script.get() == "getvar next\n\n"


def test_methods_of_greenswitch_work_on_it(call: Call) -> None:
    channel, other = call
    gevent.spawn(lambda: [other.answer(reply()) for _ in range(3)])
    assert channel.answer() == "+OK"
    assert channel.bridge("sofia/phones/a").headers["Reply-Text"] == "+OK"
    channel.linger(5)


def test_a_channel_costs_no_greenlet() -> None:
    def greenlets() -> int:
        return sum(isinstance(each, gevent.Greenlet) for each in gc.get_objects())

    with peer.connection() as (sock, _):
        before = greenlets()
        channel = Channel(("127.0.0.1", 0), sock)
        assert greenlets() == before
        descriptor = sock.fileno()
        channel.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            plain_socket.socket(fileno=descriptor)
