"""Keeps cases and the marks in a team's mailbox the same: looks into it, does what people meant, marks the rest.

A loop of its own for each mailbox: a server that is slow or gone delays nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from callrouter import log, metrics
from callrouter.cases import changes
from callrouter.cases import mailbox_store as store
from callrouter.cases.mailbox_rules import Marked, wanted
from callrouter.cases.rules import Change, State
from callrouter.directory import audit
from callrouter.directory.database import TROUBLE, Database
from callrouter.directory.models import CompanyRow
from callrouter.directory.records import MailSyncMailRow
from callrouter.errors import RuleError, UnknownError
from callrouter.mail.delivery import Stop
from callrouter.mail.mailbox import Look, Mailbox, MailboxError, Signal
from callrouter.mail.outbox import lease_owner
from callrouter.mail.words import WORDS

#: Waits after the first, second… failure in a row (seconds); the last one repeats.
BACK_OFF = (30.0, 60.0, 120.0, 300.0, 600.0)
#: So many times the longest wait for the server a worker has the mailbox to itself without a word.
_LEASE_WAITS = 5
#: A connection that is used less often than that (seconds) is not kept: servers end it.
_KEPT_OPEN = 120.0


class MailboxSync:
    """One mailbox's loop in one worker. Several workers take turns: one looks, and another one when that is gone."""

    def __init__(
        self,
        name: str,
        place: str,
        mailbox: Mailbox,
        database: Database,
        *,
        clock: Callable[[], dt.datetime],
        poll_seconds: float,
        timeout_seconds: float,
        owner: str = "",
    ) -> None:
        """*place* names the mailbox and its signal: when it is another one, what was known is forgotten.

        *owner* tells this worker from others; empty: by its process.
        """
        self._name = name
        self._place = place
        self._mailbox = mailbox
        self._database = database
        self._clock = clock
        self._poll = poll_seconds
        self._lease = dt.timedelta(seconds=poll_seconds + 60 + _LEASE_WAITS * timeout_seconds)
        self._owner = owner or lease_owner()
        self._log = log.get("imap")

    def run(self, stop: Stop) -> None:
        """Look every ``poll_seconds`` until *stop* is set; less and less often while the mailbox cannot be used."""
        failures, told = 0, ""
        while not stop.is_set():
            problem = ""
            try:
                more = self.run_once()
            except MailboxError as error:
                problem, more = str(error), False
            except TROUBLE as error:
                problem, more = f"mailbox {self._name}: the database cannot be used: {error}", False
            except store.Lost:
                more = False
            except Exception as error:  # nothing in a mailbox may end the worker's other work
                self._log.exception(f"mailbox {self._name} failed in a way that was not foreseen")
                problem, more = f"mailbox {self._name}: {type(error).__name__}: {error}", False
            if problem and problem != told:
                self._log.error(f"{problem}; it is tried again")
            elif told and not problem:
                self._log.info(f"mailbox {self._name} can be used again")
            failures, told = failures + 1 if problem else 0, problem
            if problem:
                self._failed(problem)
            if not more:
                stop.wait(max(self._poll, BACK_OFF[min(failures, len(BACK_OFF)) - 1]) if failures else self._poll)
        self.close()

    def close(self) -> None:
        """Sign out, and leave the mailbox to another worker."""
        self._mailbox.close()
        try:
            with self._database.write() as session:
                store.release(session, self._name, self._owner)
        except TROUBLE as error:
            self._log.warning(f"mailbox {self._name}: another worker takes it only later: {error}")

    def run_once(self) -> bool:
        """Look once, and mark what has to be; True when there is more to do at once.

        Raises MailboxError, what TROUBLE names, and Lost.
        """
        now = self._clock()
        with self._database.write() as session:
            cursor = store.take(session, self._name, self._place, self._owner, now, now + self._lease)
            since = store.since(session, now)
        if cursor is None:
            self._mailbox.close()
            return False
        look = self._mailbox.look(cursor, since, self._watched)
        with self._database.read() as session:
            ours = store.ours(session, (one.mail_id for one in look.arrived))
            places = {row.place for row in store.rows_of(session, self._name, list(ours.values()))}
        elsewhere = places - {one.place for one in look.arrived}
        gone = self._mailbox.gone(elsewhere) if elsewhere else set()
        with self._database.write() as session:
            row = store.keep(session, self._name, self._owner, self._until())
            self._enter(session, look, ours, gone)
            row.cursor, row.failing_since, row.error = dict(look.cursor), None, ""
        # Only when all has been seen: a mail may be at another place than we know.
        marked = 0 if look.more else self._mark(done=True) + self._mark(done=False)
        metrics.IMAP_LOOKS.labels(self._name, "ok").inc()
        more = look.more or marked >= store.MOST_MARKED
        if not more and self._poll > _KEPT_OPEN:
            self._mailbox.close()
        return more

    def _watched(self) -> list[str]:
        with self._database.read() as session:
            return store.watched(session, self._name, self._clock())

    def _until(self) -> dt.datetime:
        return self._clock() + self._lease

    def _failed(self, problem: str) -> None:
        metrics.IMAP_LOOKS.labels(self._name, "failed").inc()
        try:
            with self._database.write() as session:
                store.failed(session, self._name, problem, self._clock())
        except Exception:  # the loop goes on, whatever the text and the database make of each other
            self._log.debug(f"mailbox {self._name}: the database cannot be told", exc_info=True)

    def _enter(self, session: Session, look: Look, ours: dict[str, store.Ours], gone: set[str]) -> None:
        """Note what was seen, and change the cases as people have marked their mails."""
        audit.act_as(session, f"mailbox:{self._name}")
        signal = self._mailbox.signal
        seen: dict[int, list[tuple[int, Marked]]] = {}
        for row, case in store.rows_at(session, self._name, look.changed.keys()):
            mark = look.changed[row.place]
            seen.setdefault(case, []).append((row.outbox_id, Marked(row.done, mark)))
            row.done = mark is signal.done
        rows = store.rows_of(session, self._name, list(ours.values()))
        new = {mail.outbox for mail in ours.values()} - {row.outbox_id for row in rows}
        for one in look.arrived:
            if one.mail_id not in ours:
                continue  # not from us, whatever its headers say
            mail = ours[one.mail_id]
            same = [row for row in rows if row.outbox_id == mail.outbox]
            here = next((row for row in same if row.place == one.place), None)
            # A mail that was moved, or numbered anew, is the one that it was; a copy is a new one.
            before = here or next((row for row in same if row.place in gone), None)
            seen.setdefault(mail.case, []).append((mail.outbox, Marked(before.done if before else None, one.mark)))
            row = before or MailSyncMailRow(mailbox=self._name, outbox_id=mail.outbox)
            row.place, row.done = one.place, one.mark is signal.done
            if before is None:
                session.add(row)
                rows.append(row)
        for row in rows:
            if row.place in gone:
                session.delete(row)
        session.flush()
        for case in sorted(seen):
            self._change(session, case, seen[case], new, signal)

    def _change(
        self, session: Session, number: int, seen: Sequence[tuple[int, Marked]], new: set[int], signal: Signal
    ) -> None:
        try:
            row = changes.case(session, number)
        except UnknownError:
            return  # deleted just now, as it is kept no longer
        done = {outbox for outbox, mail in seen if mail.now_done(signal)}
        newer = bool(done) and store.has_newer(session, self._name, number, done, new, self._clock())
        what = wanted([mail for _, mail in seen], signal, closed=row.state == State.CLOSED, newer=newer)
        if what is None:
            return
        words = WORDS[session.scalars(select(CompanyRow.language)).one()]
        note = words[f"{what}_in_mailbox"].format(name=self._name)
        try:
            changes.change(session, number, what, at=self._clock(), note=note)
        except RuleError as error:
            self._log.info(f"case {number} is not changed by a mark in the mailbox {self._name}: {error}")
            note = words["not_reopened"].format(name=self._name)
            changes.change(session, number, Change.NOTE, at=self._clock(), note=note)
            return
        metrics.IMAP_CHANGES.labels(self._name, what.value).inc()

    def _mark(self, *, done: bool) -> int:
        """Mark the mails whose cases were changed here as the cases are; returns how many."""
        with self._database.read() as session:
            rows = store.differing(session, self._name, done=done)
        if not rows:
            return 0
        signal = self._mailbox.signal
        self._mailbox.mark(rows.keys(), signal.done if done else signal.todo)
        with self._database.write() as session:
            store.keep(session, self._name, self._owner, self._until())
            store.marked(session, list(rows.values()), done=done)
        metrics.IMAP_CHANGES.labels(self._name, "done" if done else "todo").inc(len(rows))
        return len(rows)
