"""Cases, their mails in a real IMAP mailbox, and a member's mail program: what tests of the two in step need."""

from __future__ import annotations

import datetime as dt
import email
from collections.abc import Iterable

from imapclient import IMAPClient
from sqlalchemy import select, update

from callrouter.cases import changes
from callrouter.cases.mailbox_sync import MailboxSync
from callrouter.cases.rules import Change
from callrouter.cases.store import Missed, Thread, open_or_append
from callrouter.directory import audit
from callrouter.directory.database import Database
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CaseChangeRow, CaseRow, MailSyncMailRow, OutboxRow
from callrouter.mail import compose, message, outbox
from callrouter.mail.imap import ImapMailbox
from callrouter.settings import Imap
from tests.mail.dovecot import PASSWORD, USER, Dovecot

#: Dovecot takes no mail from the future.
START = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=100)
COMPANY = compose.Company("Muster GmbH", "Europe/Berlin", "DE", "pbx.muster.example")
SIGNALS = ["answered", "flagged", "unflagged", "keyword:Erledigt", "folder:Erledigt"]
ANNA_CALLER, BEN_CALLER = "+4917604069001", "+4917604069002"


class World:
    """Mails go to the team of the pool; ``mails`` of a case are Message-IDs."""

    def __init__(self, database: Database, dovecot: Dovecot, done: str, *, folder: str = "INBOX") -> None:
        self.database = database
        self.dovecot = dovecot
        self.now = START
        self.calls = 0
        self.signal = done
        self.settings = Imap(
            host="127.0.0.1", port=dovecot.port, security="none", username=USER, password=PASSWORD, folder=folder,
            done=done, poll_seconds=1, timeout_seconds=20,
        )  # fmt: skip
        self.program = dovecot.client()
        self.done_folder = done.removeprefix("folder:") if done.startswith("folder:") else ""
        for name in {folder, self.done_folder} - {"", "INBOX"}:
            self.program.create_folder(name)
        with database.write() as session:
            session.execute(update(OwnerRow).where(OwnerRow.key == "sales").values(handled_mail=True))
        self.sync = self.worker("one")

    def worker(self, owner: str) -> MailboxSync:
        return MailboxSync(
            "sales", self.settings.done, ImapMailbox("sales", self.settings), self.database,
            clock=lambda: self.now, poll_seconds=1, timeout_seconds=20, owner=owner,
        )  # fmt: skip

    def look(self, *, minutes: float = 1) -> None:
        """Let the worker look until it has nothing more to do."""
        self.now += dt.timedelta(minutes=minutes)
        while self.sync.run_once():
            pass

    def missed(self, caller: str = ANNA_CALLER, *, deliver: bool = True) -> int:
        """A missed call with its mail; returns its case."""
        self.calls += 1
        uuid = f"00000000-0000-4000-8000-{self.calls:012x}"
        mail_id = compose.message_id(uuid, "1", COMPANY.sip_domain)
        with self.database.write() as session:
            owner = session.scalars(select(OwnerRow).where(OwnerRow.key == "sales")).one()
            thread = Thread(mail_id, f"Anruf von {caller}")
            [case] = open_or_append(session, [Missed(owner.id, caller, uuid, self.now, 0, thread)])
            event = compose.Event("missed", uuid, "1", self.now, "Vertrieb", "+493023125000", caller)
            mail = compose.compose(
                event, COMPANY, case_id=case.id, case_subject=case.subject, root_message_id=case.root_message_id,
                language="de",
            )  # fmt: skip
            posting = outbox.Posting(mail, "missed", USER, None, case.id, None, audio="none")
            outbox.add(session, [posting], self.now)
        if deliver:
            self.deliver()
        return case.id

    def deliver(self) -> int:
        """Put all mails of the outbox into the mailbox; returns how many."""
        leased = outbox.lease(self.database, "test", self.now, dt.timedelta(minutes=1), 100)
        for mail in leased:
            self.put(message.build(mail, "telefon@muster.example").as_bytes())
            outbox.mark_sent(self.database, mail.id, self.now)
        return len(leased)

    def put(self, raw: bytes) -> None:
        self.program.append(self.settings.folder, raw, msg_time=self.now)

    def do(self, case: int, what: Change) -> None:
        """As somebody does it on the page."""
        with self.database.write() as session:
            audit.act_as(session, "web:anna")
            changes.change(session, case, what, at=self.now)

    def mark(self, mail_id: str, done: bool) -> None:
        """As a member does it in the mail program."""
        for folder, uid, was in self._found(mail_id):
            if was == done:
                continue
            self.program.select_folder(folder)
            if self.done_folder:
                self.program.move([uid], self.done_folder if done else self.settings.folder)
                continue
            flags = {"answered": b"\\Answered", "flagged": b"\\Flagged", "unflagged": b"\\Flagged"}
            flag = flags.get(self.signal, self.signal.removeprefix("keyword:").encode())
            add = done != (self.signal == "unflagged")
            (self.program.add_flags if add else self.program.remove_flags)([uid], [flag])

    def mails(self, case: int) -> list[str]:
        with self.database.read() as session:
            query = select(OutboxRow.mail_id).where(OutboxRow.case_id == case).order_by(OutboxRow.id)
            return list(session.scalars(query))

    def marks(self, *cases: int) -> list[bool]:
        """Whether the mails of *cases* are marked as done, as a mail program shows it."""
        return [was for case in cases for mail in self.mails(case) for _, _, was in self._found(mail)]

    def states(self, *cases: int) -> list[str]:
        with self.database.read() as session:
            found = {row.id: row.state for row in session.scalars(select(CaseRow))}
        return [found[case] for case in cases]

    def story(self, case: int) -> list[tuple[str, str]]:
        with self.database.read() as session:
            query = select(CaseChangeRow).where(CaseChangeRow.case_id == case).order_by(CaseChangeRow.id)
            return [(row.change, row.actor) for row in session.scalars(query)]

    def notes(self, case: int) -> list[str]:
        with self.database.read() as session:
            query = select(CaseChangeRow.note).where(CaseChangeRow.case_id == case).order_by(CaseChangeRow.id)
            return list(session.scalars(query))

    def known(self) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(MailSyncMailRow.id)).all())

    def _found(self, mail_id: str) -> Iterable[tuple[str, int, bool]]:
        for folder in filter(None, (self.settings.folder, self.done_folder)):
            self.program.select_folder(folder)
            uids = self.program.search("ALL")
            for uid, data in sorted(self.program.fetch(uids, ["FLAGS", "BODY.PEEK[HEADER]"]).items()):
                if email.message_from_bytes(data[b"BODY[HEADER]"])["Message-ID"] == mail_id:
                    yield folder, uid, self._is_done(folder, data[b"FLAGS"])

    def _is_done(self, folder: str, flags: tuple[bytes, ...]) -> bool:
        if self.done_folder:
            return folder == self.done_folder
        if self.signal == "unflagged":
            return b"\\Flagged" not in flags
        flags_of = {"answered": b"\\Answered", "flagged": b"\\Flagged"}
        return flags_of.get(self.signal, self.signal.removeprefix("keyword:").encode()) in flags


def threads(program: IMAPClient, algorithm: str) -> list[set[int]]:
    """The threads of the selected folder as the server makes them, as UIDs."""

    def flat(part: object) -> set[int]:
        return {part} if isinstance(part, int) else set().union(*map(flat, part))  # type: ignore[call-overload]

    return sorted((flat(thread) for thread in program.thread(algorithm)), key=min)
