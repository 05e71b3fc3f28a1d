"""The note that the router leaves of a call."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callrouter.calls.session import CallHandler
from callrouter.notes import Note
from callrouter.settings import FreeSwitch, Settings

UUID = "5d0f2c4e-0000-4000-8000-000000000001"
NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
NOTE = Note(UUID, "core", "+493023125010", "employee:anna", "anonymous", "", True, "inbound", "carrier", "10", NOW, 7)


def unused(*_: Any) -> Any:
    raise AssertionError("a note needs no directory")


@pytest.fixture
def handler(tmp_path: Path) -> CallHandler:
    settings = Settings(freeswitch=FreeSwitch(spool_dir="spool"), base=tmp_path)
    return CallHandler(unused, lambda: NOW, settings, unused, unused)


def test_a_note_lies_in_the_spool(handler: CallHandler):
    handler.settings.spool.create()
    handler._write_note(NOTE)
    [file] = handler.settings.spool.notes.iterdir()
    assert file == handler.settings.spool.note(UUID)
    assert Note.from_json(file.read_bytes(), file.name) == NOTE


def test_a_note_that_cannot_be_written_is_told_and_stops_no_call(handler: CallHandler):
    with capture_logs() as said:
        handler._write_note(NOTE)
    assert [(line["log_level"], line["call"]) for line in said] == [("error", UUID)]
    assert "No such file" in said[0]["event"]
