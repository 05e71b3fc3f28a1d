"""The exact wire text of each command, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.errors import SwitchError
from callrouter.esl import command


@pytest.mark.parametrize(
    ("made", "wire"),
    [
        (command.CONNECT, "connect\n\n"),
        (command.EXIT, "exit\n\n"),
        (command.execute("answer"), "sendmsg\ncall-command: execute\nexecute-app-name: answer\n\n"),
        (
            command.execute("set", "name=Müller"),
            "sendmsg\ncall-command: execute\nexecute-app-name: set\ncontent-type: text/plain\ncontent-length: 12\n\n"
            "name=Müller",
        ),
        (command.getvar("record_ms"), "getvar record_ms\n\n"),
        (command.linger(5), "linger 5\n\n"),
        (command.api("uuid_exists x"), "api uuid_exists x\n\n"),
        (command.bgapi("status"), "bgapi status\n\n"),
        (command.auth("pass word"), "auth pass word\n\n"),
        (command.raw("sendmsg\ncall-command: hangup"), "sendmsg\ncall-command: hangup\n\n"),
        (
            command.events(["sofia::register", "CHANNEL_ANSWER", "sofia::expire", "MESSAGE_QUERY"]),
            "event plain CHANNEL_ANSWER MESSAGE_QUERY CUSTOM sofia::register sofia::expire\n\n",
        ),
        (
            command.sendevent("MESSAGE_WAITING", {"MWI-Messages-Waiting": "yes", "MWI-Voice-Message": "2/1 (0/0)"}),
            "sendevent MESSAGE_WAITING\nMWI-Messages-Waiting: yes\nMWI-Voice-Message: 2/1 (0/0)\n\n",
        ),
        (
            command.sendevent("NOTIFY", {"profile": "phones"}, "a: ä\nb: c"),
            "sendevent NOTIFY\nprofile: phones\nContent-Length: 10\n\na: ä\nb: c",
        ),
    ],
)
def test_wire_text(made: command.Command, wire: str) -> None:
    assert made == wire


TAKES_TEXT: list[Callable[[str], command.Command]] = [
    lambda text: command.execute("set", text),
    command.execute,
    command.getvar,
    command.api,
    command.bgapi,
    command.auth,
    lambda text: command.events([text]),
    lambda text: command.sendevent(text, {}),
    lambda text: command.sendevent("NOTIFY", {text: "value"}),
    lambda text: command.sendevent("NOTIFY", {"name": text}),
]


@given(
    st.sampled_from(TAKES_TEXT),
    st.text(),
    st.sampled_from(["\n", "\r", "\0", "\n\napi system reboot", "\ud800"]),
    st.text(),
)
def test_a_line_break_or_nul_is_refused_everywhere(
    make: Callable[[str], command.Command], before: str, broken: str, after: str
) -> None:
    with pytest.raises(SwitchError, match="nothing was sent"):
        make(before + broken + after)


@pytest.mark.parametrize(
    "make",
    [
        lambda: command.execute("set x"),
        lambda: command.execute(""),
        lambda: command.getvar("a b"),
        lambda: command.sendevent("NOTIFY", {"Content-Length": "3"}),
        lambda: command.sendevent("NOTIFY", {"a: b": "3"}),
        lambda: command.sendevent("NOTIFY", {}, "a\0b"),
        lambda: command.raw("getvar a\n\napi status"),
        lambda: command.raw("getvar a\n"),
    ],
)
def test_refused(make: Callable[[], command.Command]) -> None:
    with pytest.raises(SwitchError):
        make()


def test_a_refused_password_is_not_shown() -> None:
    with pytest.raises(SwitchError) as refused:
        command.auth("hunter2\n")
    assert "hunter2" not in str(refused.value)
