"""What is no regular file in the spool, or far too large, stops nobody and is never waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.ledger import audio
from callrouter.ledger.notes import NoteSweep
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import OTHER, UUID, cdr_bytes, put, put_cdr
from tests.ledger.test_notes import NOTE, Switch, put_note, sweep_through
from tests.ledger.test_worker import MESSAGE, calls, files

ODD: list[Callable[[Path], object]] = [
    Path.mkdir,
    os.mkfifo,
    lambda path: path.symlink_to(path.name),
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to("/nowhere"),
]
ODD_NAMES = ["folder", "fifo", "link to itself", "device", "dangling link"]


@pytest.mark.parametrize("make", ODD, ids=ODD_NAMES)
def test_a_cdr_that_is_no_file_stops_nobody(
    ledger: Ledger, database: Database, settings: Settings, make: Callable[[Path], object]
) -> None:
    make(settings.spool.cdr / f"a_{UUID}.cdr.json")
    put_cdr(settings, cdr_bytes("1;ring;employee:anna", uuid=OTHER), OTHER)
    assert ledger.run_once() == 1
    assert [call.uuid for call in calls(database)] == [OTHER]


@pytest.mark.parametrize("make", ODD, ids=ODD_NAMES)
def test_a_recording_that_is_no_file_is_a_lost_message(
    ledger: Ledger, database: Database, settings: Settings, make: Callable[[Path], object]
) -> None:
    make(settings.spool.recording(UUID, "2"))
    put_cdr(settings, cdr_bytes(*MESSAGE, answered=True))
    assert ledger.run_once() == 1
    [call] = calls(database)
    assert (call.outcome, call.steps[-1].detail) == ("missed", "message_lost")


@pytest.mark.parametrize("make", ODD, ids=ODD_NAMES)
def test_a_note_that_is_no_file_stops_nobody(
    ledger: Ledger, database: Database, settings: Settings, make: Callable[[Path], object]
) -> None:
    make(settings.spool.note(OTHER))
    put_note(settings)
    assert sweep_through(NoteSweep(ledger, Switch("another run")), 5, 11) == 1
    assert [call.uuid for call in calls(database)] == [UUID]


def test_a_recording_that_is_far_too_large_goes_into_quarantine(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    path = settings.spool.recording(UUID, "2")
    put(path, b"RIFF")
    os.truncate(path, audio.MAX_BYTES + 10)  # takes no room on the disk
    put_cdr(settings, cdr_bytes(*MESSAGE, answered=True))
    ledger.run_once()
    assert [call.steps[-1].detail for call in calls(database)] == ["message_lost"]
    assert path.name in files(settings.spool.quarantine)


def test_a_note_that_is_far_too_large_goes_into_quarantine(ledger: Ledger, settings: Settings) -> None:
    put(settings.spool.note(UUID), b" " * 2_000_000 + NOTE.to_json())
    assert sweep_through(NoteSweep(ledger, Switch()), 5, 12) == 0
    assert f"{UUID}.json" in files(settings.spool.quarantine)
