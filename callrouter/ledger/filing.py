"""Where spool files go once the ledger is done with them: the archive, or quarantine with the reason beside them.

Every move may be repeated, and may find that another worker made it.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from contextlib import suppress
from pathlib import Path

from callrouter import log, metrics
from callrouter.ledger.cdr import MAX_BYTES, without_caller
from callrouter.spool import CDR_NAME, RECORDING_NAME, Spool, read_at_most, write_whole

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _move(path: Path, target: Path, *, private: bool = True) -> None:
    """Move *path*; of a CDR whose caller asked for privacy (looked up if *private*) nothing of the caller is left."""
    with suppress(FileNotFoundError):
        kept = without_caller(read_at_most(path, MAX_BYTES)) if private and CDR_NAME.fullmatch(path.name) else None
        if kept is None:
            path.replace(target)
        else:
            write_whole(target, kept)
            path.unlink()


def archive(spool: Spool, path: Path, written_at: dt.datetime, *, private: bool) -> None:
    """Move *path* to the archive of the day (UTC) it was written on; *private*: its call's caller asked for privacy."""
    folder = spool.archive / f"{written_at:%Y-%m-%d}"
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o2770)
    _move(path, folder / path.name, private=private)


def quarantine(spool: Spool, path: Path, reason: str) -> None:
    """Move *path* out of the way, for a person to look at, and say why in ``NAME.reason.txt``."""
    if not path.exists():
        return
    write_whole(spool.quarantine / f"{path.name}.reason.txt", (reason + "\n").encode("utf-8", "replace"))
    _move(path, spool.quarantine / path.name)
    metrics.CDRS_QUARANTINED.inc()
    log.get("ledger").error(f"{path.name} is in quarantine: {reason}")


def forget(spool: Spool, today: dt.date, *, cdrs: int | None, recordings: int | None) -> None:
    """Delete archived *recordings* older than so many days, and all other files older than *cdrs*; None: none."""
    last_cdr, last_recording = (
        "" if days is None else (today - dt.timedelta(days=days)).isoformat() for days in (cdrs, recordings)
    )
    for folder in spool.archive.iterdir():
        if not _DAY.fullmatch(folder.name):
            continue
        old = folder.name < last_cdr, folder.name < last_recording
        if all(old):
            shutil.rmtree(folder, ignore_errors=True)
        elif any(old):
            for path in folder.iterdir():
                if old[1 if RECORDING_NAME.fullmatch(path.name) else 0]:
                    path.unlink(missing_ok=True)
