"""The ledger's loop: takes each ended call out of the spool into the database, then archives its files.

A file that cannot be read goes into quarantine and never stops those behind it; a database that cannot be used stops
all of them, and nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from callrouter import log, metrics
from callrouter.directory.database import TROUBLE, Database
from callrouter.errors import RecordError
from callrouter.ledger import cdr, filing, store
from callrouter.ledger.audio import MAX_BYTES, Audio, inspect
from callrouter.ledger.entry import Heard
from callrouter.ledger.outcome import Outcome
from callrouter.mail.delivery import Stop
from callrouter.notes import Note
from callrouter.settings import Settings
from callrouter.spool import RECORDING_NAME, read_at_most

_POLL = 0.1
_LONGEST_PAUSE = 30.0
#: A CDR that is not complete after so long (seconds) never will be: FreeSWITCH writes one in milliseconds.
_WRITING_SECONDS = 10
#: So many calls are entered by one transaction, as long as the database refuses none of them.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Ended:
    """An ended call on its way into the ledger, with the files that tell of it; ``path``: its CDR, if it has one."""

    record: cdr.Cdr
    written_at: dt.datetime
    path: Path | None = None
    recordings: Mapping[str, Path] = field(default_factory=dict)


def _nothing() -> None:
    pass


class Ledger:
    """Takes calls out of the spool. Safe beside others of its kind, in other threads and processes."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Callable[[], dt.datetime],
        on_mail: Callable[[], None] = _nothing,
    ) -> None:
        """*on_mail* is called when new mails wait in the outbox."""
        self._database = database
        self._min_seconds = settings.voicemail.min_seconds
        self._clock = clock
        self._on_mail = on_mail
        self._told: set[str] = set()
        self._caught_up = threading.Event()
        self._caught_up.set()
        self._log = log.get("ledger")
        self.spool = settings.spool

    def run(self, stop: Stop) -> None:
        """Take calls until *stop* is set; waits with growing pauses while database or spool cannot be used."""
        pause = _POLL
        while not stop.is_set():
            try:
                self.run_once()
                pause = _POLL
            except (*TROUBLE, DatabaseError, store.NoCompany, OSError) as error:
                pause = min(_LONGEST_PAUSE, max(1.0, pause * 2))
                self._log.warning(f"calls wait in the spool, the next try is in {pause:.0f} s: {error}")
            stop.wait(pause)

    def wait_until_caught_up(self, seconds: float) -> None:
        """Return when no great number of calls waits to be entered, or after *seconds*."""
        self._caught_up.wait(seconds)

    def pending(self) -> int:
        """How many CDRs wait in the spool."""
        return len(self._cdrs())

    def run_once(self) -> int:
        """Take all complete CDRs; returns how many files were dealt with. Raises what TROUBLE names, and NoCompany."""
        cdrs = self._cdrs()
        if not cdrs:
            return 0
        recordings = self.recordings()  # after the CDRs: a recording is closed before its CDR is written
        done = 0
        if len(cdrs) > _BATCH:
            self._caught_up.clear()
        try:
            for start in range(0, len(cdrs), _BATCH):
                read = [self._read(name, recordings) for name in cdrs[start : start + _BATCH]]
                calls = [ended for ended in read if ended]
                self.take(calls)
                done += len(calls)
        finally:
            self._caught_up.set()
        return done

    def recordings(self) -> dict[str, dict[str, Path]]:
        """The recordings in the spool: paths by call UUID and step mark."""
        found: dict[str, dict[str, Path]] = {}
        with os.scandir(self.spool.recordings) as entries:
            for entry in entries:
                if (name := RECORDING_NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                    found.setdefault(name[1], {})[name[2]] = Path(entry.path)
        return found

    def take(self, calls: Sequence[Ended]) -> list[str]:
        """Enter *calls*, each whole or not at all, then put their files away.

        Returns the UUIDs of those that are new in the ledger, or replaced a note's record.
        """
        heard: list[tuple[Ended, dict[str, Audio | None]]] = []
        for ended in calls:
            if not ended.record.ours and ended.record.leg == "outbound":
                # The former B leg of a blind transfer by the calling phone; the call has a CDR of its own.
                self._put_away(ended, {})
            else:
                try:
                    heard.append((ended, self._listen(ended)))
                except OSError as error:
                    self._tell(ended.record.uuid, f"a recording cannot be opened, its call waits: {error}")
        if not heard:
            return []
        results = self._enter(
            [Heard(ended.record, audio, ended.written_at, self._reasons(ended.record.uuid)) for ended, audio in heard]
        )
        entered = []
        for (ended, audio), result in zip(heard, results, strict=True):
            if isinstance(result, Exception):
                why = getattr(result, "orig", None) or result  # SQLAlchemy's own text repeats the whole row
                self._reject(ended, f"it cannot be entered into the ledger: {type(result).__name__}: {why}")
                continue
            if result:
                metrics.CDRS.labels(result).inc()
                entered.append(ended.record.uuid)
            self._put_away(ended, audio)
        return entered

    def _cdrs(self) -> list[str]:
        """The names of the CDRs, oldest first: a case begins with its first call, and all workers go in one order."""
        found = []
        with os.scandir(self.spool.cdr) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                        found.append((entry.stat().st_mtime_ns, entry.name))
        return [name for _, name in sorted(found)]

    def _read(self, name: str, recordings: Mapping[str, Mapping[str, Path]]) -> Ended | None:
        path = self.spool.cdr / name
        try:
            data = read_at_most(path, cdr.MAX_BYTES + 1)
            written_at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        except FileNotFoundError:
            return None  # another worker was faster
        except OSError as error:
            self._tell(name, f"{name} cannot be opened, it waits: {error}")
            return None
        if not data.endswith(b"\n") and (self._clock() - written_at).total_seconds() < _WRITING_SECONDS:
            return None
        try:
            record = cdr.parse(data, name)
        except RecordError as error:
            self._quarantine(path, str(error))
            return None
        return Ended(record, written_at, path, recordings.get(record.uuid, {}))

    def _listen(self, ended: Ended) -> dict[str, Audio | None]:
        heard: dict[str, Audio | None] = {}
        for n, path in ended.recordings.items():
            try:
                heard[n] = inspect(read_at_most(path, MAX_BYTES + 1), path.name, min_seconds=self._min_seconds)
            except FileNotFoundError:
                continue
            except RecordError:
                heard[n] = None
        return heard

    def _reasons(self, uuid: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Why the router did what it did, if it was asked; a note that cannot be read costs nothing else."""
        try:
            return Note.read(self.spool.note(uuid)).reasons
        except (OSError, RecordError):
            return ()

    def _enter(self, calls: Sequence[Heard], *, again: bool = True) -> list[Outcome | Exception | None]:
        """Enter *calls* in one transaction; if they are refused, in halves, until those at fault stand alone.

        Returns each one's outcome (None: it was in the ledger already), or what is wrong with it.
        """
        try:
            with self._database.write() as session:
                entered = store.enter(session, calls, now=self._clock())
        except (*TROUBLE, store.NoCompany):
            raise
        except Exception as error:  # one broken record never stops those behind it
            if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError):
                raise  # a damaged database, or one without our tables: no record's fault, so nothing is put away
            if len(calls) > 1:
                middle = len(calls) // 2
                return self._enter(calls[:middle]) + self._enter(calls[middle:])
            if again and isinstance(error, IntegrityError):  # at first it is another worker that entered it just now
                return self._enter(calls, again=False)
            return [error]
        if entered.mails:
            self._on_mail()
        return list(entered.outcomes)

    def _put_away(self, ended: Ended, audio: Mapping[str, Audio | None]) -> None:
        """Move the call's files; its CDR last, so that a crash in between leaves what finds the others again."""
        for n, path in ended.recordings.items():
            if n in audio and audio[n] is None:
                self._quarantine(path, "it is no recording; its call is in the ledger as a lost message")
            else:
                self._archive(path, ended)
        with suppress(OSError):  # gone already, or no file at all: the sweep tells of that
            self.spool.note(ended.record.uuid).unlink()
        if ended.path is None:
            return
        if ended.record.salvaged:
            self._quarantine(ended.path, "the CDR is damaged; what could be read of it is in the ledger")
        else:
            self._archive(ended.path, ended)

    def _reject(self, ended: Ended, reason: str) -> None:
        for path in (*ended.recordings.values(), ended.path or self.spool.note(ended.record.uuid)):
            self._quarantine(path, reason)

    def _archive(self, path: Path, ended: Ended) -> None:
        try:
            filing.archive(self.spool, path, ended.written_at, private=ended.record.private)
        except OSError as error:
            self._tell(path.name, f"{path.name} is in the ledger, but cannot be moved to the archive: {error}")

    def _quarantine(self, path: Path, reason: str) -> None:
        try:
            filing.quarantine(self.spool, path, reason)
        except OSError as error:
            self._tell(path.name, f"{path.name} ({reason}) cannot be moved into quarantine: {error}")

    def _tell(self, what: str, message: str) -> None:
        """Log a trouble that lasts, once."""
        if what not in self._told:
            self._told.add(what)
            self._log.error(message)
