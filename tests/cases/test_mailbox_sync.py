"""Cases and a team's mailbox in step, both ways, on a real Dovecot."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from callrouter.cases import mailbox_store as store
from callrouter.cases import mailbox_sync
from callrouter.cases.rules import Change
from callrouter.directory.database import Database
from callrouter.directory.records import MailSyncRow
from callrouter.mail import imap
from callrouter.mail.imap import ImapMailbox
from callrouter.mail.mailbox import Look, MailboxError
from tests.cases.mailbox_world import ANNA_CALLER, BEN_CALLER, SIGNALS, World, threads
from tests.ledger.company import company
from tests.mail.dovecot import Dovecot
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]
pytestmark = pytest.mark.dovecot

Make = Callable[..., World]


@pytest.fixture(scope="module")
def company_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("company") / "callrouter.db"
    company(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(tmp_path: Path, company_file: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{shutil.copy(company_file, tmp_path)}")
    yield made
    made.close()


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.fixture
def world(database: Database, dovecot: Dovecot, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(database, dovecot, getattr(request, "param", "answered"))
    yield made
    made.sync.close()


@pytest.mark.parametrize("world", SIGNALS, indirect=True)
def test_done_in_the_mailbox_is_done_and_done_here_is_done_there(world: World) -> None:
    case, other = world.missed(), world.missed(BEN_CALLER)
    world.now += dt.timedelta(minutes=10)
    assert world.missed() == case
    world.look()
    assert world.marks(case, other) == [False, False, False]

    world.mark(world.mails(case)[0], done=True)
    world.look()
    assert world.states(case, other) == ["closed", "open"]
    assert world.story(case) == [("close", "mailbox:sales")]
    assert world.notes(case) == ["Im Postfach sales als erledigt markiert."]
    assert world.marks(case, other) == [True, True, False]

    assert world.deliver() == 1  # the reply that it is done comes into the mailbox, too
    world.look()
    world.look()
    assert (world.marks(case), world.story(case)) == ([True] * 3, [("close", "mailbox:sales")])

    world.mark(world.mails(case)[2], done=False)
    world.look()
    assert world.story(case)[1:] == [("reopen", "mailbox:sales")]
    assert world.marks(case, other) == [False] * 4

    world.do(case, Change.CLOSE)
    world.do(other, Change.CLOSE)
    world.look()
    assert world.marks(case, other) == [True] * 4
    world.do(other, Change.REOPEN)
    world.look()
    world.look()
    assert world.marks(case, other) == [True] * 3 + [False]
    assert (len(world.story(case)), world.story(other)) == (3, [("close", "web:anna"), ("reopen", "web:anna")])


@pytest.mark.parametrize("world", SIGNALS, indirect=True)
def test_done_before_the_first_look_counts(world: World) -> None:
    """But for flags that are taken away: a mail comes without one."""
    case = world.missed()
    world.mark(world.mails(case)[0], done=True)
    world.look()
    assert world.states(case) == ["open" if world.signal == "unflagged" else "closed"]


@pytest.mark.parametrize("world", ["answered", "folder:Erledigt"], indirect=True)
def test_what_was_done_and_undone_between_two_looks_is_as_it_was(world: World) -> None:
    case = world.missed()
    world.look()
    for done in (True, False):
        world.mark(world.mails(case)[0], done=done)
    world.do(case, Change.CLOSE)
    world.do(case, Change.REOPEN)
    world.look()
    assert (world.story(case)[2:], world.marks(case)) == ([], [False])
    # … and back again before we have seen where our own mark had put it
    world.do(case, Change.CLOSE)
    world.look()
    world.mark(world.mails(case)[0], done=False)
    world.look()
    assert world.states(case) == ["open"]


def test_strangers_change_nothing(world: World) -> None:
    case = world.missed()
    root = world.mails(case)[0]
    forged = f"X-Callrouter-Case: {case}\r\nReferences: {root}\r\nIn-Reply-To: {root}\r\nSubject: Anruf\r\n"
    for mail_id in ("<1@evil.example>", f"<{case}.1@pbx.muster.example>", f'"{root}"', f"{root}, {root}", "x" * 5000):
        world.program.append("INBOX", f"Message-ID: {mail_id}\r\n{forged}\r\nx".encode(), flags=[b"\\Answered"])
    world.program.append(
        "INBOX", b"Message-ID:\r\n\t<\xff\x00@x>\r\n\r\nx".replace(b"\x00", b""), flags=[b"\\Answered"]
    )
    world.program.append("INBOX", f"{forged}\r\nx".encode(), flags=[b"\\Answered"])
    world.look()
    assert (world.states(case), world.known()) == (["open"], 1)


def test_a_copy_of_our_mail_is_not_taken_for_an_unmarked_one(world: World) -> None:
    case = world.missed()
    world.look()
    world.do(case, Change.CLOSE)
    world.look()
    world.program.select_folder("INBOX")
    [raw] = world.program.fetch([1], ["BODY.PEEK[]"]).values()
    world.put(raw[b"BODY[]"])
    world.look()
    assert (world.story(case), world.marks(case)) == ([("close", "web:anna")], [True, True])
    world.mark(world.mails(case)[0], done=False)
    world.look()
    assert (world.states(case), world.marks(case)) == (["open"], [False, False])


@pytest.mark.parametrize("arrives", [True, False])
def test_who_calls_while_somebody_marks_stays_to_be_called_back(world: World, arrives: bool) -> None:
    case = world.missed()
    world.look()
    world.mark(world.mails(case)[0], done=True)
    world.missed(deliver=arrives)
    world.look()
    world.deliver()
    world.look()
    assert (world.states(case), world.marks(case)) == (["open"], [False, False])
    world.mark(world.mails(case)[0], done=True)  # now with the knowledge of both
    world.look()
    assert world.states(case) == ["closed"]


def test_a_caller_who_waits_in_a_newer_case_is_not_to_be_done_twice(world: World) -> None:
    case = world.missed()
    world.do(case, Change.CLOSE)
    newer = world.missed()
    world.look()
    world.mark(world.mails(case)[0], done=False)
    world.look()
    world.look()
    assert (world.states(case, newer), world.marks(case, newer)) == (["closed", "open"], [True, True, False])
    assert world.notes(case)[-1].startswith("Im Postfach sales nicht mehr als erledigt markiert. Es bleibt erledigt")


@pytest.mark.parametrize("world", ["answered", "folder:Erledigt"], indirect=True)
def test_a_server_that_dies_in_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.missed()
    world.look()
    world.do(case, Change.CLOSE)
    mark = ImapMailbox.mark

    def die(mailbox: ImapMailbox, *arguments: object) -> None:
        mark(mailbox, *arguments)  # type: ignore[arg-type]
        world.dovecot.stop()
        raise MailboxError("the connection broke before the answer")

    monkeypatch.setattr(ImapMailbox, "mark", die)
    with pytest.raises(MailboxError):
        world.look()
    monkeypatch.setattr(ImapMailbox, "mark", mark)
    for _ in range(2):
        with pytest.raises(MailboxError, match=r"mailbox sales \(.* on 127\.0\.0\.1:\d+\) cannot (open|be used)"):
            world.look()
    world.dovecot.start()
    world.program = world.dovecot.client()
    world.look()
    assert (world.marks(case), world.story(case)) == ([True], [("close", "web:anna")])
    world.mark(world.mails(case)[0], done=False)
    world.look()
    assert world.states(case) == ["open"]


@pytest.mark.parametrize("signal", ["answered", "unflagged"])
def test_mails_that_the_server_numbers_anew(database: Database, dovecot: Dovecot, signal: str) -> None:
    """As after a restored backup: a changed UIDVALIDITY makes all places worthless (RFC 3501 2.3.1.1)."""
    world = World(database, dovecot, signal, folder="Anrufe/Müller & Söhne")
    case, other = world.missed(), world.missed(BEN_CALLER)
    world.look()
    world.do(case, Change.CLOSE)
    world.look()
    folder = world.settings.folder
    world.program.select_folder(folder)
    mails = world.program.fetch(world.program.search("ALL"), ["BODY.PEEK[]", "FLAGS"])
    world.program.unselect_folder()
    world.program.delete_folder(folder)
    with pytest.raises(MailboxError, match="cannot open the folder Anrufe/Müller & Söhne: "):
        world.look()
    world.program.create_folder(folder)
    for data in reversed(mails.values()):
        world.program.append(folder, data[b"BODY[]"], flags=data[b"FLAGS"], msg_time=world.now)
    world.mark(world.mails(other)[0], done=True)
    world.look()
    assert (world.story(case), world.story(other)) == ([("close", "web:anna")], [("close", "mailbox:sales")])
    assert (world.marks(case, other), world.known()) == ([True, True], 2)
    world.sync.close()


def test_a_server_without_condstore(database: Database) -> None:
    with Dovecot(capabilities="IMAP4rev1 LITERAL+ UIDPLUS") as dovecot:
        world = World(database, dovecot, "flagged")
        case = world.missed()
        world.look()
        world.mark(world.mails(case)[0], done=True)
        world.look()
        assert world.states(case) == ["closed"]
        world.do(case, Change.REOPEN)
        world.look()
        world.look()
        assert (world.states(case), world.marks(case)) == (["open"], [False])
        world.sync.close()
        folders = World(database, dovecot, "folder:Erledigt")
        with pytest.raises(MailboxError, match="cannot move mails"):
            folders.look()


def test_a_large_mailbox_is_looked_through_bit_by_bit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old, case = world.missed(), world.missed(BEN_CALLER)
    letter = b"Message-ID: <%d@kunde.example>\r\nSubject: Angebot\r\n\r\nGuten Tag\r\n"
    world.program.multiappend("INBOX", [{"msg": letter % n, "flags": [b"\\Answered"]} for n in range(1200)])
    newest = world.missed("+4917604069003")
    sizes: list[int] = []
    command = ImapMailbox._command

    def count(mailbox: ImapMailbox, name: str, *arguments: object, **options: object) -> object:
        if name == "fetch":
            sizes.append(len(arguments[0]))  # type: ignore[arg-type]
        return command(mailbox, name, *arguments, **options)

    monkeypatch.setattr(ImapMailbox, "_command", count)
    world.look()
    assert (sum(sizes), max(sizes), world.known()) == (1203, 500, 3)
    sizes.clear()
    for one in (old, case, newest):
        world.mark(world.mails(one)[0], done=True)
    world.look()
    assert (world.states(old, case, newest), sum(sizes)) == (["closed"] * 3, 3)
    sizes.clear()
    world.look()
    world.look()
    assert sum(sizes) <= 3  # our own marks at most


def test_mails_of_old_times_are_not_looked_at(world: World) -> None:
    old = world.missed()
    world.do(old, Change.CLOSE)
    world.now += dt.timedelta(days=60)
    case = world.missed(BEN_CALLER)
    world.look()
    assert world.known() == 2  # that mail, and the reply about the old one, which came only now
    assert world.marks(old, case) == [False, True, False]


def test_of_two_workers_one_looks_and_the_other_goes_on_after_it(world: World) -> None:
    case = world.missed()
    second = world.worker("two")
    world.look()
    world.mark(world.mails(case)[0], done=True)
    assert second.run_once() is False
    assert world.states(case) == ["open"]
    world.now += dt.timedelta(hours=1)  # the first one is gone without a word
    second.run_once()
    assert world.states(case) == ["closed"]
    world.look()
    assert world.story(case) == [("close", "mailbox:sales")]
    second.close()
    world.mark(world.mails(case)[0], done=False)
    world.look()
    assert world.states(case) == ["open"]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_two_workers_at_the_same_time(kind: str, dovecot: Dovecot, request: pytest.FixtureRequest) -> None:
    if kind == "sqlite":
        database = request.getfixturevalue("database")
    else:
        database = company(request.getfixturevalue("postgresql_url"))
    world = World(database, dovecot, "folder:Erledigt")
    cases = [world.missed(f"+49176040690{n:02}") for n in range(5)]
    for case in cases[:3]:
        world.mark(world.mails(case)[0], done=True)
    world.do(cases[4], Change.CLOSE)
    workers = [world.worker("one"), world.worker("two")]
    start = threading.Barrier(2)
    failed: list[Exception] = []

    def work(sync: mailbox_sync.MailboxSync) -> None:
        start.wait(20)
        try:
            for _ in range(5):
                sync.run_once()
                sync.close()  # the other one may have it
        except Exception as error:
            failed.append(error)

    running = [threading.Thread(target=work, args=(sync,)) for sync in workers]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    assert [error for error in failed if not isinstance(error, mailbox_sync.store.Lost)] == []
    world.look()
    assert world.states(*cases) == ["closed"] * 3 + ["open", "closed"]
    assert world.marks(*cases) == [True] * 3 + [False, True]
    assert [len(world.story(case)) for case in cases] == [1, 1, 1, 0, 1]
    world.sync.close()
    if kind != "sqlite":
        database.close()


def test_another_signal_begins_anew(world: World) -> None:
    case = world.missed()
    world.look()
    changed = World(world.database, world.dovecot, "keyword:Erledigt")
    changed.now = world.now + dt.timedelta(hours=1)
    changed.mark(world.mails(case)[0], done=True)
    changed.look()
    assert (world.states(case), world.known()) == (["closed"], 1)
    changed.sync.close()


def test_the_loop_goes_on_when_the_server_comes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_sync, "BACK_OFF", (0.05,))
    case = world.missed()
    world.do(case, Change.CLOSE)
    world.dovecot.stop()
    stop = threading.Event()
    loop = threading.Thread(target=world.sync.run, args=(stop,))
    failing, fine = threading.Event(), threading.Event()

    def row() -> MailSyncRow | None:
        with world.database.read() as session:
            return session.scalar(select(MailSyncRow))

    def watch(condition: Callable[[MailSyncRow], bool], event: threading.Event) -> None:
        while not event.wait(0.05):
            if (found := row()) is not None and condition(found):
                event.set()

    def until(condition: Callable[[MailSyncRow], bool], event: threading.Event) -> None:
        watcher = threading.Thread(target=watch, args=(condition, event), daemon=True)
        watcher.start()
        assert event.wait(60)

    loop.start()
    try:
        until(lambda found: found.failing_since is not None and "cannot be used" in found.error, failing)
        world.dovecot.start()
        until(lambda found: found.failing_since is None and found.error == "" and bool(found.cursor), fine)
    finally:
        stop.set()
        loop.join(60)
    world.program = world.dovecot.client()
    assert world.marks(case) == [True]
    found = row()
    assert found is not None
    assert found.lease_owner is None


def test_a_mailbox_that_was_leased_by_a_clock_that_was_ahead(world: World) -> None:
    other = world.worker("elsewhere:1:1")
    world.look()
    right = world.now
    with world.database.write() as session:
        store.keep(session, "sales", "one", right + dt.timedelta(days=30_000))
    other.run_once()
    with world.database.read() as session:
        assert session.scalars(select(MailSyncRow.lease_owner)).one() == "elsewhere:1:1"
    with world.database.write() as session:
        store.keep(session, "sales", "elsewhere:1:1", right + dt.timedelta(minutes=10))
    world.sync.run_once()
    with world.database.read() as session:
        assert session.scalars(select(MailSyncRow.lease_owner)).one() == "elsewhere:1:1"
    other.close()


def test_mails_of_a_case_are_one_thread(world: World) -> None:
    """By their headers; what RFC 5256 calls REFERENCES puts equal subjects together besides."""
    case, other = world.missed(), world.missed(BEN_CALLER)
    world.now += dt.timedelta(minutes=10)
    assert world.missed() == case
    world.do(case, Change.CLOSE)
    assert world.deliver() == 1
    anew = world.missed(ANNA_CALLER)
    world.program.select_folder("INBOX")
    assert threads(world.program, "REFS") == [{1, 3, 4}, {2}, {5}]
    assert threads(world.program, "REFERENCES") == [{1, 3, 4, 5}, {2}]
    assert (len(world.mails(case)), len(world.mails(other)), len(world.mails(anew))) == (3, 1, 1)


def test_two_copies_that_we_have_moved_are_not_taken_for_done_anew(database: Database, dovecot: Dovecot) -> None:
    world = World(database, dovecot, "folder:Erledigt")
    case = world.missed()
    world.program.select_folder("INBOX")
    [raw] = world.program.fetch([1], ["BODY.PEEK[]"]).values()
    world.put(raw[b"BODY[]"])
    world.look()
    world.do(case, Change.CLOSE)
    world.look()
    assert world.marks(case) == [True, True]
    world.do(case, Change.REOPEN)
    world.look()
    world.look()
    assert (world.states(case), world.marks(case)) == (["open"], [False, False])
    world.sync.close()


def test_nothing_is_marked_before_all_has_been_looked_at(
    database: Database, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our mail, which we have moved behind two strangers', is not yet seen where it is when its case is open again."""
    monkeypatch.setattr(imap, "_BATCH", 1)
    world = World(database, dovecot, "folder:Erledigt")
    case = world.missed()
    world.look()
    for _ in range(2):
        world.program.append("Erledigt", b"Message-ID: <x@kunde.example>\r\n\r\nx")
    world.do(case, Change.CLOSE)
    look = ImapMailbox.look
    monkeypatch.setattr(ImapMailbox, "look", lambda _mailbox, cursor, *_: Look((), {}, cursor))
    world.look()
    monkeypatch.setattr(ImapMailbox, "look", look)
    assert world.marks(case) == [True]
    world.do(case, Change.REOPEN)
    world.look()
    assert (world.states(case), world.marks(case)) == (["open"], [False])
    world.sync.close()
