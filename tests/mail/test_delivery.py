"""Mails as they arrive at the far end of a real SMTP connection."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from callrouter.directory.database import Database
from callrouter.directory.records import MessageRow, OutboxRow
from callrouter.mail import outbox
from callrouter.mail.delivery import Delivery
from callrouter.mail.smtp import DeliveryError
from callrouter.settings import Settings, Smtp
from tests.ledger.company import wav
from tests.mail.conftest import START, Clock, Options, put_mail
from tests.mail.server import MailServer

# aiosmtpd does not count implicit TLS as TLS
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def rows(database: Database) -> list[OutboxRow]:
    with database.read() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def test_a_mail_arrives_as_it_was_written(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    mail_id = put_mail(database)
    assert Delivery(database, settings(), clock=clock).run_once() == 1
    [mail] = server.taken
    assert server.recipients == ["anna@muster.example"]
    assert (mail["From"], mail["To"]) == ("telefon@muster.example", "anna@muster.example")
    assert (mail["Subject"], mail["Message-ID"]) == ("Anruf für Anna Schmidt", mail_id)
    assert (mail["Auto-Submitted"], mail["Date"]) == ("auto-generated", "Sat, 21 Nov 2026 15:42:00 +0100")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["Verpasster Anruf: Günther"]
    assert html.get_content().splitlines() == ["<p>Verpasster Anruf: Günther</p>"]
    [row] = rows(database)
    assert (row.state, row.sent_at, row.attempts, row.lease_owner) == ("sent", START, 1, None)
    assert Delivery(database, settings(), clock=clock).run_once() == 0


@pytest.mark.parametrize(("audio", "kind"), [("mp3", "audio/mpeg"), ("wav", "audio/x-wav")])
def test_the_recording_is_attached(
    server: MailServer, settings: Options, database: Database, clock: Clock, audio: str, kind: str
) -> None:
    put_mail(database, audio=audio)
    Delivery(database, settings(), clock=clock).run_once()
    [attachment] = server.taken[0].iter_attachments()
    assert (attachment.get_content_type(), attachment.get_filename()) == (kind, f"Nachricht-2026-11-21-1542.{audio}")
    data = attachment.get_content()
    if audio == "wav":
        assert data == wav()
    else:
        assert data[0] == 0xFF  # an MPEG frame's first byte
        assert 2000 < len(data) < len(wav()) / 4


def test_a_recording_that_cannot_be_made_into_mp3_goes_out_as_it_is(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    put_mail(database, audio="mp3")
    with database.write() as session:
        session.execute(update(MessageRow).values(audio=b"RIFF, but no more"))
    Delivery(database, settings(), clock=clock).run_once()
    [attachment] = server.taken[0].iter_attachments()
    assert attachment.get_content() == b"RIFF, but no more"
    assert attachment.get_filename() == "Nachricht-2026-11-21-1542.wav"


def test_several_mails_go_over_one_connection(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    ids = [put_mail(database, number) for number in range(5)]
    assert Delivery(database, settings(), clock=clock).run_once() == 5
    assert server.ids == ids
    assert server.sessions == 1


@pytest.mark.parametrize("reply", ["451 later", "421 too busy"])
def test_a_temporary_refusal_is_tried_again_later(
    server: MailServer, settings: Options, database: Database, clock: Clock, reply: str
) -> None:
    server.replies = [reply]
    put_mail(database)
    delivery = Delivery(database, settings(), clock=clock)
    assert delivery.run_once() == 0
    [row] = rows(database)
    assert (row.state, row.attempts, row.next_try_at) == ("waiting", 1, START + dt.timedelta(minutes=1))
    assert reply.split(maxsplit=1)[0] in row.error
    assert delivery.run_once() == 0
    clock.forward(minutes=1)
    assert delivery.run_once() == 1


@pytest.mark.parametrize("where", ["recipient", "data"])
def test_a_permanent_refusal_is_a_dead_letter_and_the_others_go_on(
    server: MailServer, settings: Options, database: Database, clock: Clock, where: str
) -> None:
    put_mail(database, 1)
    delivery = Delivery(database, settings(), clock=clock)
    if where == "recipient":
        server.recipient_reply = "550 no such user"
    else:
        server.replies = ["554 we do not like it"]
        put_mail(database, 2)
    delivery.run_once()
    first = rows(database)[0]
    assert first.state == "dead"
    assert ("550 no such user" if where == "recipient" else "554 we do not like it") in first.error
    assert server.ids == ([] if where == "recipient" else ["<2.1@pbx.muster.example>"])


def test_what_cannot_be_delivered_for_two_days_is_a_dead_letter(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    server.recipient_reply = "450 mailbox full"
    put_mail(database)
    delivery = Delivery(database, settings(), clock=clock)
    tries = 0
    while rows(database)[0].state == "waiting":
        delivery.run_once()
        tries += 1
        clock.now = rows(database)[0].next_try_at
    assert dt.timedelta(hours=44) < clock.now - START <= dt.timedelta(hours=52)
    assert 10 < tries < 25


def test_a_connection_lost_before_the_answer_may_send_twice_with_one_message_id(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    server.drops = 1
    mail_id = put_mail(database)
    delivery = Delivery(database, settings(), clock=clock)
    with pytest.raises(DeliveryError, match="broke off"):
        delivery.run_once()
    clock.forward(minutes=1)
    assert delivery.run_once() == 1
    assert server.ids == [mail_id, mail_id]


def test_a_server_that_is_down_is_found_again(settings: Options, database: Database, clock: Clock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        put_mail(database)
        delivery = Delivery(database, settings(port=closed.getsockname()[1]), clock=clock)
        with pytest.raises(DeliveryError, match="cannot be used"):
            delivery.run_once()
    assert rows(database)[0].state == "waiting"
    clock.forward(minutes=1)
    assert Delivery(database, settings(), clock=clock).run_once() == 1


def test_a_server_that_drips_its_words_is_cut_off_in_time(database: Database, clock: Clock) -> None:
    """Each byte would start a time limit per read anew."""
    done = threading.Event()

    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            while not done.wait(0.1):
                try:
                    peer.sendall(b"2")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        put_mail(database)
        smtp = Smtp(port=listener.getsockname()[1], timeout_seconds=1)
        begun = time.monotonic()
        with pytest.raises(DeliveryError):
            Delivery(database, Settings(smtp=smtp), clock=clock).run_once()
        assert time.monotonic() - begun < 30
        done.set()
        thread.join(10)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(authority: trustme.CA, kind: str, name: str = "localhost") -> MailServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return MailServer(**{kind: context})


def trust(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


def secure(server: MailServer, kind: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "host": "localhost",
        "port": server.port,
        "security": kind,
        "username": "callrouter",
        "password": "geheim",
        "timeout_seconds": 2,
    }
    return Settings(smtp=Smtp(**(values | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_encryption_with_a_checked_certificate_and_authentication(
    kind: str,
    authority: trustme.CA,
    database: Database,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(authority, tmp_path, monkeypatch)
    put_mail(database)
    with tls_server(authority, kind) as server:
        assert Delivery(database, secure(server, kind), clock=clock).run_once() == 1
        assert server.users == ["callrouter"]


@pytest.mark.parametrize("kind", ["starttls", "tls"])
@pytest.mark.parametrize("flaw", ["unknown authority", "other name", "wrong password"])
def test_a_server_that_is_not_the_right_one_gets_nothing(
    kind: str,
    flaw: str,
    authority: trustme.CA,
    database: Database,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if flaw != "unknown authority":
        trust(authority, tmp_path, monkeypatch)
    put_mail(database)
    name = "other.muster.example" if flaw == "other name" else "localhost"
    with tls_server(authority, kind, name) as server:
        password = "falsch" if flaw == "wrong password" else "geheim"
        with pytest.raises(DeliveryError, match="cannot be used"):
            Delivery(database, secure(server, kind, password=password), clock=clock).run_once()
        assert server.taken == []
    assert rows(database)[0].state == "waiting"


def test_verify_off_takes_any_certificate(authority: trustme.CA, database: Database, clock: Clock) -> None:
    put_mail(database)
    with tls_server(authority, "starttls", "other.muster.example") as server:
        assert Delivery(database, secure(server, "starttls", verify=False), clock=clock).run_once() == 1


def test_starttls_is_demanded(settings: Options, server: MailServer, database: Database, clock: Clock) -> None:
    put_mail(database)
    with pytest.raises(DeliveryError, match="STARTTLS"):
        Delivery(database, settings(security="starttls"), clock=clock).run_once()
    assert server.taken == []


def test_an_address_in_utf_8_is_delivered(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    put_mail(database, recipient="jürgen@muster.example")
    assert Delivery(database, settings(), clock=clock).run_once() == 1
    assert server.recipients == ["jürgen@muster.example"]


def test_a_mail_with_a_line_break_in_a_header_is_never_sent(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    put_mail(database, 1, subject="x\r\nBcc: everybody@muster.example")
    put_mail(database, 2)
    assert Delivery(database, settings(), clock=clock).run_once() == 1
    assert [row.state for row in rows(database)] == ["dead", "sent"]
    assert server.recipients == ["anna@muster.example"]


def test_a_mail_that_nobody_foresaw_stops_nobody(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    put_mail(database, 1, audio="wav", headers={"Message-ID": "<x@y>"})
    put_mail(database, 2)
    assert Delivery(database, settings(), clock=clock).run_once() == 1
    assert [row.state for row in rows(database)] == ["waiting", "sent"]


def test_two_workers_at_once_send_each_mail_once(
    server: MailServer, settings: Options, either_database: Database
) -> None:
    database = either_database
    ids = [put_mail(database, number) for number in range(12)]
    start = threading.Barrier(3)

    def work() -> None:
        own = Database(database.url)
        start.wait(10)
        Delivery(own, settings(), clock=Clock()).run_once()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(server.ids) == sorted(ids)


def test_what_was_taken_but_not_written_down_is_not_sent_again_by_this_worker(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    put_mail(database)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON outbox WHEN NEW.state = 'sent' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    delivery = Delivery(database, settings(), clock=clock)
    for _ in range(2):
        with pytest.raises(IntegrityError):
            delivery.run_once()
        clock.forward(hours=1)  # the lease has run out
    with database.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER full")
    assert delivery.run_once() == 0
    assert rows(database)[0].state == "sent"
    assert len(server.taken) == 1


class _Sleeps:
    """Before the second mail the worker stands still for an hour, and *meanwhile* happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self._meanwhile = meanwhile
        self._asked = 0

    def is_set(self) -> bool:
        self._asked += 1
        if self._asked == 3:
            self._meanwhile()
        return False

    def wait(self, timeout: float) -> None:
        raise AssertionError("nothing is waited for here")


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_worker_that_slept_beyond_its_lease_sends_nothing_of_another(
    server: MailServer, settings: Options, database: Database, clock: Clock, taken_over: bool
) -> None:
    for number in range(3):
        put_mail(database, number)

    def meanwhile() -> None:
        clock.forward(hours=1)
        if taken_over:
            taken = outbox.lease(database, "b:1:1", clock(), dt.timedelta(hours=1), 9)
            outbox.mark_sent(database, taken[0].id, clock())

    Delivery(database, settings(), clock=clock).run_once(_Sleeps(meanwhile))
    assert len(server.taken) == (1 if taken_over else 3)
    assert [row.state for row in rows(database)] == ["sent", "sent", "waiting" if taken_over else "sent"]


def test_the_loop_delivers_when_woken_and_stops(server: MailServer, settings: Options, database: Database) -> None:
    stop = threading.Event()
    delivery = Delivery(database, settings(), clock=Clock())
    thread = threading.Thread(target=delivery.run, args=(stop,))
    thread.start()
    put_mail(database)
    delivery.wake()
    assert server.reached.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(server.taken) == 1


def test_mails_let_what_is_more_urgent_go_first(server: MailServer, settings: Options, database: Database) -> None:
    sent_before: list[int] = []
    for number in range(12):
        put_mail(database, number)
    delivery = Delivery(
        database, settings(), clock=Clock(), hold=lambda _seconds: sent_before.append(len(server.taken))
    )
    assert delivery.run_once() == 12
    assert sent_before == [0, 10, 12]


WORKER = """
import datetime, sys, threading
from callrouter.directory.database import Database
from callrouter.mail.delivery import Delivery
from callrouter.settings import Settings, Smtp
clock = lambda: datetime.datetime.fromisoformat("2026-11-21T14:42:00+00:00")
smtp = Smtp(port=int(sys.argv[2]), timeout_seconds=60)
Delivery(Database(sys.argv[1]), Settings(smtp=smtp), clock=clock).run(threading.Event())
"""


def test_the_mail_of_a_worker_killed_while_sending_leaves_after_the_restart(
    server: MailServer, settings: Options, database: Database, clock: Clock
) -> None:
    mail_id = put_mail(database)
    server.go_on.clear()
    worker = subprocess.Popen([sys.executable, "-c", WORKER, database.url, str(server.port)])
    try:
        assert server.reached.wait(30)
        [leased] = rows(database)
        assert leased.lease_owner is not None
        assert f":{worker.pid}:" in leased.lease_owner
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
    assert server.lost.wait(10)
    server.go_on.set()
    delivery = Delivery(database, settings(), clock=clock)
    assert delivery.run_once() == 0, "the dead worker's lease still holds"
    assert outbox.free_dead_leases(database) == 1
    assert delivery.run_once() == 1
    assert server.ids == [mail_id]


def test_leases_of_the_living_and_of_other_hosts_are_left_alone(either_database: Database) -> None:
    database = either_database
    mine, there = outbox.lease_owner(), "elsewhere:1:1"
    reused = mine.rpartition(":")[0] + ":1"  # our pid, but a process that started at another time
    for number, owner in enumerate((mine, there, reused, "nonsense")):
        put_mail(database, number, lease_owner=owner, lease_until=START + dt.timedelta(hours=1))
    assert outbox.free_dead_leases(database) == 1
    assert [row.lease_owner for row in rows(database)] == [mine, there, None, "nonsense"]


def test_a_lease_that_ran_out_is_taken_over(either_database: Database) -> None:
    database = either_database
    put_mail(database)
    hour = dt.timedelta(hours=1)
    assert outbox.lease(database, "a:1:1", START, hour)
    assert outbox.lease(database, "b:1:1", START, hour) == []
    assert outbox.lease(database, "b:1:1", START + hour + dt.timedelta(seconds=1), hour)
    with database.write() as session:
        session.execute(update(OutboxRow).values(lease_owner="b:1:1"))
    assert not outbox.mark_failed(database, 1, "a:1:1", START, "late", permanent=True)
    assert rows(database)[0].state == "waiting"


def test_several_are_leased_at_once_and_two_workers_share(either_database: Database) -> None:
    for number in range(5):
        put_mail(either_database, number)
    hour = dt.timedelta(hours=1)
    first = outbox.lease(either_database, "a:1:1", START, hour, 3)
    second = outbox.lease(either_database, "b:1:1", START, hour, 3)
    assert [mail.id for mail in first + second] == [1, 2, 3, 4, 5]
    assert len(first) == 3
    outbox.give_back(either_database, first[1:], "a:1:1")
    outbox.give_back(either_database, second, "somebody else")
    assert [mail.id for mail in outbox.lease(either_database, "c:1:1", START, hour, 9)] == [2, 3]


def test_what_was_leased_and_not_tried_is_given_back(settings: Options, database: Database, clock: Clock) -> None:
    for number in range(3):
        put_mail(database, number)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(DeliveryError):
            Delivery(database, settings(port=unused.getsockname()[1]), clock=clock).run_once()
    assert [(row.attempts, row.lease_owner) for row in rows(database)] == [(1, None), (0, None), (0, None)]
