"""Finds calls that ended without a CDR, because FreeSWITCH died, and has the ledger record what is known of them."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Protocol

from callrouter import log
from callrouter.errors import RecordError, SwitchError
from callrouter.ledger import cdr, filing
from callrouter.ledger.worker import Ended, Ledger
from callrouter.notes import Note
from callrouter.spool import CDR_NAME

#: Notes and recordings younger than this are calls that may just be starting.
_YOUNG = dt.timedelta(seconds=5)
#: A call must be gone so long without a CDR: FreeSWITCH writes one milliseconds after the end.
_GONE = dt.timedelta(seconds=5)
#: A call that was there is not asked for again so soon.
_ALIVE = dt.timedelta(seconds=10)


class Switch(Protocol):
    """What the sweep asks FreeSWITCH; either may raise SwitchError."""

    def core_uuid(self) -> str | None:
        """The run of FreeSWITCH that answers now; None: out of reach."""

    def exists(self, uuid: str) -> bool:
        """Whether channel *uuid* exists in it."""


class NoteSweep:
    """Looks at the notes, and at recordings that neither a CDR nor a note tells of. Call ``run_once`` each second."""

    def __init__(self, ledger: Ledger, switch: Switch) -> None:
        self._ledger = ledger
        self._spool = ledger.spool
        self._switch = switch
        self._alive_until: dict[str, dt.datetime] = {}
        self._gone_since: dict[str, dt.datetime] = {}
        self._log = log.get("ledger")

    def run_once(self, now: dt.datetime) -> int:
        """Record every call that is over without a CDR; returns how many. While FreeSWITCH is out of reach, none.

        Raises what ``database.TROUBLE`` names, and NoCompany; nothing is lost then, call it again.
        """
        calls = self._without_cdr(now)
        try:
            gone = {uuid for uuid, call in calls.items() if self._gone(call.record, now)}
        except SwitchError as error:
            self._log.debug(f"FreeSWITCH cannot be asked which calls are over: {error}")
            return 0
        self._alive_until = {uuid: until for uuid, until in self._alive_until.items() if uuid in calls}
        self._gone_since = {uuid: self._gone_since.get(uuid, now) for uuid in gone}
        over = [calls[uuid] for uuid in gone if now - self._gone_since[uuid] >= _GONE]
        entered = self._ledger.take(over)
        for uuid in entered:
            self._log.warning(f"call {uuid} ended without a CDR and is recorded as interrupted")
        return len(entered)

    def _without_cdr(self, now: dt.datetime) -> dict[str, Ended]:
        """Calls that a note or a recording tells of and no CDR yet, by UUID."""
        notes = self._old_files(self._spool.notes, now)
        recordings = self._ledger.recordings()
        calls = {}
        for path, written_at in notes.items():
            if note := self._read(path):
                calls[note.uuid] = Ended(cdr.from_note(note), written_at, None, recordings.get(note.uuid, {}))
        noted = {path.stem for path in self._spool.notes.iterdir()}
        if any(uuid not in noted for uuid in recordings):
            old = self._old_files(self._spool.recordings, now)
            for uuid, files in recordings.items():
                if uuid not in noted and all(path in old for path in files.values()):
                    written_at = max(old[path] for path in files.values())
                    record = cdr.from_recordings(uuid, sorted(files), written_at)
                    calls[uuid] = Ended(record, written_at, None, files)
        # Last: a CDR that was there before belongs to the ledger's own loop, and one that came meanwhile too.
        written = {name[1] for file in os.listdir(self._spool.cdr) if (name := CDR_NAME.fullmatch(file))}
        return {uuid: call for uuid, call in calls.items() if uuid not in written}

    def _old_files(self, folder: Path, now: dt.datetime) -> dict[Path, dt.datetime]:
        """The files of *folder* that are not young any more, with their times."""
        found = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    written_at = dt.datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, dt.UTC)
                except FileNotFoundError:
                    continue
                regular = entry.is_file(follow_symlinks=False)
                if regular and not entry.name.startswith(".") and now - written_at >= _YOUNG:
                    found[Path(entry.path)] = written_at
        return found

    def _read(self, path: Path) -> Note | None:
        try:
            return Note.read(path)
        except FileNotFoundError:
            return None
        except RecordError as error:
            filing.quarantine(self._spool, path, str(error))
            return None

    def _gone(self, record: cdr.Cdr, now: dt.datetime) -> bool:
        if self._alive_until.get(record.uuid, now) > now:
            return False
        core = self._switch.core_uuid()
        if core is None:
            raise SwitchError("FreeSWITCH is out of reach")
        if (not record.core_uuid or record.core_uuid == core) and self._switch.exists(record.uuid):
            self._alive_until[record.uuid] = now + _ALIVE
            return False
        return True
