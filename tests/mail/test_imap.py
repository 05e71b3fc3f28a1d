"""The IMAP mailbox as an edge: who it is signed in to, how long it waits, and what it says when something is wrong."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from callrouter.mail.imap import ImapMailbox
from callrouter.mail.mailbox import MailboxError, Mark
from callrouter.settings import Imap
from tests.mail.dovecot import PASSWORD, USER, Dovecot

TODAY = dt.date(2026, 1, 1)
#: What comes in one mail; the last one is nobody's.
HEADERS = {
    b"Message-ID: <a.1@pbx.muster.example>": "<a.1@pbx.muster.example>",
    b"message-id:\r\n <b.1@pbx.muster.example> ": "<b.1@pbx.muster.example>",
    b"Subject: x": "",
    b"Message-ID: <\xfc@x>": "",
    b"Message-ID: =?utf-8?q?=3Cc=2E1=40pbx=3E?=": "=?utf-8?q?=3Cc=2E1=40pbx=3E?=",
    b"Message-ID: <" + b"d" * 3000 + b"@x>": "<" + "d" * 987,
}


def mailbox(port: int, **changes: object) -> ImapMailbox:
    values: dict[str, object] = {
        "host": "localhost", "port": port, "security": "none", "username": USER, "password": PASSWORD,
        "timeout_seconds": 20,
    }  # fmt: skip
    return ImapMailbox("sales", Imap(**(values | changes)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    """A server with a certificate for localhost, by an authority that nobody knows yet."""
    file = tmp_path_factory.mktemp("tls") / "tls.pem"
    made = authority.issue_cert("localhost")
    file.write_bytes(b"".join(blob.bytes() for blob in (made.private_key_pem, *made.cert_chain_pems)))
    with Dovecot(file) as running:
        yield running


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.dovecot
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_encrypted_connection_to_the_right_server(secure: Dovecot, security: str) -> None:
    one = mailbox(secure.tls_port if security == "tls" else secure.port, security=security)
    one.check()
    assert isinstance(one._connected().socket(), ssl.SSLSocket)
    one.close()


@pytest.mark.dovecot
@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("flaw", ["unknown authority", "other name"])
def test_a_server_that_is_not_the_right_one_gets_no_password(
    secure: Dovecot, security: str, flaw: str, request: pytest.FixtureRequest
) -> None:
    if flaw == "other name":
        request.getfixturevalue("trusted")
    changes = {"security": security, "host": "127.0.0.1" if flaw == "other name" else "localhost"}
    port = secure.tls_port if security == "tls" else secure.port
    before = secure.log().count("Login: user=")
    with pytest.raises(MailboxError, match=r"cannot be used: .*CERTIFICATE_VERIFY_FAILED"):
        mailbox(port, **changes).check()
    unchecked = mailbox(port, verify=False, **changes)
    unchecked.check()
    unchecked.close()
    assert secure.log().count("Login: user=") == before + 1


@pytest.mark.dovecot
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"password": "falsch"}, "does not let us in; check user name and password: .*AUTHENTICATIONFAILED"),
        ({"folder": "Anrufe"}, "cannot open the folder Anrufe: "),
        ({"done": "folder:Erledigt"}, "cannot open the folder Erledigt: "),
    ],
)
def test_what_is_wrong_is_told_without_the_password(secure: Dovecot, changes: dict[str, str], message: str) -> None:
    with pytest.raises(MailboxError, match=message) as raised:
        mailbox(secure.tls_port, security="tls", **changes).check()
    assert str(raised.value).startswith(f"mailbox sales ({USER} on localhost:{secure.tls_port}) ")
    assert changes.get("password", PASSWORD) not in str(raised.value)


@pytest.mark.dovecot
def test_message_ids_as_they_stand_in_mails() -> None:
    with Dovecot() as dovecot:
        program = dovecot.client()
        for header in HEADERS:
            program.append("INBOX", header + b"\r\nX-Callrouter-Case: 1\r\n\r\nx")
        one = mailbox(dovecot.port)
        look = one.look({}, TODAY, list)
        assert [mail.mail_id for mail in look.arrived] == list(HEADERS.values())
        places = [mail.place for mail in look.arrived]
        assert one.gone([*places, "1.1.INBOX", places[0].replace(".1.", ".99.")]) == {
            "1.1.INBOX", places[0].replace(".1.", ".99."),
        }  # fmt: skip
        one.mark([places[0], "1.1.INBOX"], Mark.COMPLETE)
        again = one.look(look.cursor, TODAY, lambda: [*places, "1.1.INBOX", f"{places[0]}2"])
        assert (again.arrived, dict(again.changed)) == ((), {places[0]: Mark.COMPLETE})
        assert one.look(again.cursor, TODAY, lambda: pytest.fail("nothing has changed")).changed == {}
        one.close()


class Slow:
    """A server that lets everybody in, and then answers a byte at a time, for ever."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Slow:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rwb", buffering=0) as file:
            file.write(b"* OK ready\r\n")
            while line := file.readline():
                tag, command = line.split()[:2]
                if command == b"CAPABILITY":
                    file.write(b"* CAPABILITY IMAP4rev1\r\n")
                elif command != b"LOGIN":
                    break
                file.write(tag + b" OK done\r\n")
            with suppress(OSError):
                while not self._stop.wait(0.05):
                    file.write(b"*")


def test_a_server_that_drips_is_waited_for_once_and_not_for_each_byte() -> None:
    with Slow() as server:
        started = time.monotonic()
        with pytest.raises(MailboxError, match="cannot open the folder INBOX"):
            mailbox(server.port, host="127.0.0.1", password="geheim", timeout_seconds=1).check()
        assert time.monotonic() - started < 20


def test_a_port_where_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(MailboxError, match=r"cannot be used: .*refused"):
            mailbox(taken.getsockname()[1], host="127.0.0.1").check()
