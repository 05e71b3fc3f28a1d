"""IMAP servers that mean harm, or are broken: none holds the worker up, fills its memory or gets a password logged."""

from __future__ import annotations

import base64
import datetime as dt
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from callrouter.mail.imap import ImapMailbox
from callrouter.mail.mailbox import MailboxError, Mark
from callrouter.settings import Imap

PASSWORD = 'streng "geheim" ü'
TODAY = dt.date(2026, 1, 1)
GREETING = b"* OK ready\r\n"
HEADER = b"BODY[HEADER.FIELDS (MESSAGE-ID)]<0>"
ANSWERS = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n",
    b"SELECT": b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 5] x\r\n",
    b"SEARCH": b"* SEARCH 1 2\r\n",
    b"FETCH": b"* 1 FETCH (UID 1 FLAGS ())\r\n",
}
_LONGEST = 60.0
_MEGABYTES = 100


@contextmanager
def server(greeting: bytes = GREETING, *, forever: bytes = b"", at: bytes = b"", **answers: bytes) -> Iterator[int]:
    """A server's port. It says *forever* again and again, instead of an answer to the command *at*, or at once."""
    said = ANSWERS | {name.encode(): answer for name, answer in answers.items()}
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(greeting)
                repeats = bool(forever) and not at
                while not repeats and (line := lines.readline()):
                    words = [*line.upper().split(), b"SECRET"]
                    name = words[2] if words[1] == b"UID" else words[1]
                    answer = said.get(name, b"").replace(b"%LINE%", line.strip())
                    connection.sendall(answer)
                    if name == at:
                        break
                    if not answer.startswith((b"* NO", b"+")):
                        connection.sendall(line.split()[0] + b" OK done\r\n")
                while forever and not stop.is_set():
                    connection.sendall(forever)
                    if len(forever) == 1:
                        stop.wait(0.02)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        stop.set()
        listening.close()
        thread.join(10)


def mailbox(port: int, seconds: int = 20, **changes: object) -> ImapMailbox:
    values: dict[str, object] = {
        "host": "127.0.0.1", "port": port, "security": "none", "username": "u", "password": PASSWORD,
        "timeout_seconds": seconds,
    }  # fmt: skip
    return ImapMailbox("sales", Imap(**(values | changes)))  # type: ignore[arg-type]


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_a_greeting_that_drips_is_waited_for_once() -> None:
    with server(b"", forever=b"*") as port:
        started = time.monotonic()
        with pytest.raises(MailboxError, match="cannot be used: timed out"):
            mailbox(port, 1).check()
        assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("at", "forever", "message"),
    [
        (b"SELECT", b"* OK " + b"x" * 8000 + b"\r\n", "got more than 8000000 bytes for one command"),
        (b"FETCH", b"x" * 65536, "got more than 1000000 bytes in one line"),
    ],
)
def test_an_answer_without_an_end(at: bytes, forever: bytes, message: str) -> None:
    before = megabytes()
    with server(at=at, forever=forever) as port, pytest.raises(MailboxError, match=message):
        mailbox(port).look({}, TODAY, list)
    assert megabytes() - before < _MEGABYTES


@pytest.mark.parametrize("size", [4_294_967_296, 10**17, 10**30])
def test_a_literal_that_no_memory_holds(size: int) -> None:
    before = megabytes()
    answer = b"* 1 FETCH (UID 1 FLAGS () %s {%d}\r\n" % (HEADER, size)
    with server(at=b"FETCH", forever=bytes(65536), FETCH=answer) as port:
        one = mailbox(port)
        with pytest.raises(MailboxError, match=r"failed at fetch: .*got more than 8000000 bytes"):
            one.look({}, TODAY, list)
        assert one._client is None
    assert megabytes() - before < _MEGABYTES


@pytest.mark.parametrize(
    "answers",
    [
        {"FETCH": b"* 1 FETCH (UID 1 FLAGS " + b"(" * 900_000 + b"\r\n"},
        {"FETCH": b"* 1 FETCH (UID x FLAGS ())\r\n"},
        {"SELECT": b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %s] x\r\n" % (b"9" * 5000)},
        {"SELECT": b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 999999999999] x\r\n"},
        {"SELECT": b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT -3] x\r\n"},
        {"SEARCH": b"* SEARCH x (\r\n"},
        {"SEARCH": b"junk\r\n"},
    ],
)
def test_answers_that_mean_nothing(answers: dict[str, bytes]) -> None:
    with server(**answers) as port, pytest.raises(MailboxError, match="mailbox sales"):
        mailbox(port).look({}, TODAY, list)


def test_odd_flags_and_mails_that_nobody_asked_for() -> None:
    odd = b"* 1 FETCH (UID 1 FLAGS 7 %s NIL)\r\n* 9 FETCH (FLAGS (\\Answered))\r\n* 2 FETCH (UID 2 FLAGS (1 (2)))\r\n"
    with server(FETCH=odd % HEADER) as port:
        look = mailbox(port).look({}, TODAY, list)
    assert [(mail.place, mail.mail_id, mail.mark) for mail in look.arrived] == [
        ("7.1.INBOX", "", Mark.NONE),
        ("7.2.INBOX", "", Mark.NONE),
    ]


def test_uids_that_leap_are_not_all_asked_for() -> None:
    leaps = b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4294967295] x\r\n"
    with server(SELECT=leaps, SEARCH=b"* SEARCH\r\n") as port:
        started = time.monotonic()
        look = mailbox(port).look({"INBOX": [7, 5, 0]}, TODAY, list)
        assert (look.arrived, look.cursor["INBOX"][1], look.more) == ((), 4294967295, False)
        assert time.monotonic() - started < _LONGEST


@pytest.mark.parametrize(
    ("password", "capability"),
    [("simple", b"STARTTLS"), ('qu"oted \\', b"STARTTLS"), (PASSWORD, b"AUTH=PLAIN"), ("simple", b"AUTH=PLAIN")],
)
def test_a_server_that_repeats_the_password(password: str, capability: bytes) -> None:
    echo = b"* NO [ALERT] \0\x1b%LINE%\r\nwhat: %LINE%\r\n"
    answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 %s\r\n" % capability, "LOGIN": echo, "SECRET": echo}
    with server(AUTHENTICATE=b"+ \r\n", **answers) as port, pytest.raises(MailboxError) as raised:
        mailbox(port, password=password).check()
    said = str(raised.value)
    assert "***" in said
    assert said.isprintable()
    assert not any(part in said for part in ("geheim", "simple", "oted", base64.b64encode(b"\0u\0").decode()[:4]))
