"""The spool: the directories where FreeSWITCH, the router and the worker hand calls to each other.

cdr/         a_UUID.cdr.json, one per A leg, written by mod_json_cdr when a call ends (complete: ends with LF);
             UUID.cdr.json of a call that was picked up
recordings/  UUID-N.wav, one per voicemail step
notes/       UUID.json, the router's note of a call in progress; removed once the ledger has the call
archive/     YYYY-MM-DD/…, what the ledger has taken over
quarantine/  what it could not read, each with a .reason.txt beside it
changed      its time is that of the last change of the directory by a phone; the web role has FreeSWITCH take it over
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UUID = re.compile(_UUID)
CDR_NAME = re.compile(rf"(?:a_)?({_UUID})\.cdr\.json")
RECORDING_NAME = re.compile(rf"({_UUID})-([a-z0-9_-]{{1,64}})\.wav")
NOTE_NAME = re.compile(rf"({_UUID})\.json")


@dataclass(frozen=True, slots=True)
class Spool:
    """Paths below ``freeswitch.spool_dir``."""

    root: Path

    @property
    def cdr(self) -> Path:
        return self.root / "cdr"

    @property
    def recordings(self) -> Path:
        return self.root / "recordings"

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def changed(self) -> Path:
        return self.root / "changed"

    def tell_changed(self) -> None:
        """Say that a phone changed the directory."""
        write_whole(self.changed, b"")

    def create(self) -> None:
        """Make the directories, group-writable and set-group-id: the switch and callrouter share a group on them."""
        for path in (self.root, self.cdr, self.recordings, self.notes, self.archive, self.quarantine):
            if not path.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                path.chmod(0o2770)

    def recording(self, uuid: str, n: str) -> Path:
        """Where step *n* of call *uuid* records its message."""
        return self.recordings / f"{uuid}-{n}.wav"

    def note(self, uuid: str) -> Path:
        """Where the router notes call *uuid* while it is in progress."""
        return self.notes / f"{uuid}.json"


def read_at_most(path: Path, size: int) -> bytes:
    """The first *size* bytes of *path*: a file that is far too large is told by them, and fills no memory."""
    with path.open("rb") as file:
        return file.read(size)


def write_whole(path: Path, data: bytes, *, mode: int = 0o660, sync: bool = False) -> None:
    """Write *data* to *path* whole or not at all (temporary file in the same directory, then rename).

    ``sync`` also flushes it to the disk, for what must survive a power cut.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
