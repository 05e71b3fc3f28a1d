"""What ``/health`` looks at beside whether the parts answer: calls that pile up, room that runs out, mails given up."""

from __future__ import annotations

import contextlib
import os
import shutil

from sqlalchemy import func, select

from callrouter.directory.database import Database
from callrouter.directory.records import OutboxRow
from callrouter.errors import CallrouterError
from callrouter.spool import Spool

#: The worker takes a CDR within a second; one that waits this long (seconds) has no worker.
_LONGEST_WAIT = 60.0
#: With less room than this on the spool's disk (bytes) messages will soon be lost.
_LEAST_FREE = 200_000_000


def check_spool(spool: Spool, now: float) -> dict[str, int]:
    """Files waiting and quarantined; raises CallrouterError when the worker does not keep up or the disk is full.

    *now* in seconds of the epoch, as file times are.
    """
    free = shutil.disk_usage(spool.root).free
    if free < _LEAST_FREE:
        raise CallrouterError(f"only {free // 1_000_000} MB are free on the disk of {spool.root}; make room")
    waits: list[float] = []
    for entry in os.scandir(spool.cdr):
        with contextlib.suppress(FileNotFoundError):  # the worker has just taken it
            waits.append(now - entry.stat().st_mtime)
    if waits and max(waits) > _LONGEST_WAIT:
        raise CallrouterError(f"{len(waits)} CDRs wait, the oldest for {max(waits):.0f} s; see the worker's log")
    quarantined = sum(1 for name in os.listdir(spool.quarantine) if name.endswith(".reason.txt"))
    return {"waiting": len(waits), "quarantined": quarantined}


def check_mail(database: Database) -> dict[str, int]:
    """Mails that wait for the mail server, and those that were given up."""
    with database.read() as session:
        counts = session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
        found = {row[0]: row[1] for row in counts}
    return {state: found.get(state, 0) for state in ("waiting", "dead")}
