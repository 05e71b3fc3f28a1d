"""Calls that FreeSWITCH took with it when it died."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from callrouter.directory.database import Database
from callrouter.errors import RecordError, SwitchError
from callrouter.ledger.notes import NoteSweep
from callrouter.ledger.worker import Ledger
from callrouter.notes import Note
from callrouter.settings import Settings
from tests.ledger.company import ANNA, CALLER, CORE, OTHER, START, UUID, cdr_bytes, put, put_cdr, wav
from tests.ledger.test_worker import MESSAGE, calls, cases, files, mails

NOTE = Note(
    uuid=UUID,
    core_uuid=CORE,
    number=ANNA,
    owner="employee:anna",
    caller=CALLER,
    caller_name="Kunde",
    private=False,
    direction="inbound",
    trunk="carrier",
    dialed="023125010",
    started_at=START,
    version=7,
    steps=("1;ring;employee:anna",),
    reasons=(("caller", {"caller": CALLER}), ("mailbox_disabled", {})),
)


class Switch:
    """A switch of which a test says what it knows."""

    def __init__(self, core: str | None = CORE, channels: tuple[str, ...] = ()) -> None:
        self.core = core
        self.channels = channels
        self.broken = False

    def core_uuid(self) -> str | None:
        return self.core

    def exists(self, uuid: str) -> bool:
        if self.broken:
            raise SwitchError("gone")
        return uuid in self.channels


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def sweep_through(sweep: NoteSweep, first: int, last: int) -> int:
    return sum(sweep.run_once(at(second)) for second in range(first, last + 1))


def put_note(settings: Settings, note: Note = NOTE) -> None:
    put(settings.spool.note(note.uuid), note.to_json())


def test_a_note_survives_its_file() -> None:
    assert Note.from_json(NOTE.to_json(), "x") == NOTE
    private = dataclasses.replace(NOTE, number=None, owner=None, trunk=None, private=True, caller="anonymous", steps=())
    assert Note.from_json(private.to_json(), "x") == private


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"uuid": "../../etc"}, "no UUID"),
        ({"uuid": None}, "'uuid'"),
        ({"private": "yes"}, "'private'"),
        ({"version": True}, "'version'"),
        ({"steps": "x"}, "'steps'"),
        ({"reasons": ["caller"]}, "'reasons'"),
        ({"reasons": [["caller", {"caller": 1}]]}, "'reasons'"),
        ({"reasons": 1}, "'reasons'"),
        ({"started_at": "yesterday"}, "'started_at'"),
        ({"started_at": "2026-11-21T10:00:00"}, "no time zone"),
    ],
)
def test_a_malformed_note_is_refused_with_what_is_wrong(change: dict[str, object], said: str) -> None:
    data = json.dumps(json.loads(NOTE.to_json()) | change).encode()
    with pytest.raises(RecordError, match=said):
        Note.from_json(data, "x.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"[" * 100_000])
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError, match=r"note x\.json"):
        Note.from_json(data, "x.json")


@pytest.mark.parametrize("switch", [Switch(core="another run"), Switch()], ids=["restarted", "channel gone"])
def test_a_call_that_ended_without_cdr_is_recorded_as_interrupted(
    ledger: Ledger, database: Database, settings: Settings, switch: Switch
) -> None:
    put_note(settings)
    sweep = NoteSweep(ledger, switch)
    assert sweep_through(sweep, 0, 9) == 0
    assert sweep_through(sweep, 10, 12) == 1
    [call] = calls(database)
    assert (call.source, call.outcome, call.interrupted, call.steps[0].detail) == (
        "note",
        "missed",
        True,
        "switch_stopped",
    )
    [mail] = mails(database)
    assert "technische Störung" in mail.text
    assert files(settings.spool.notes) == []


def test_its_cut_off_recording_is_a_message(ledger: Ledger, database: Database, settings: Settings) -> None:
    put_note(settings)
    put(settings.spool.recording(UUID, "2"), wav(seconds=3, data_size=0))
    assert sweep_through(NoteSweep(ledger, Switch("another run")), 5, 11) == 1
    assert [(call.outcome, call.interrupted) for call in calls(database)] == [("voicemail", True)]
    assert [(mail.kind, mail.audio) for mail in mails(database)] == [("voicemail", "mp3")]
    assert files(settings.spool.recordings) == []


def test_nothing_is_recorded_while_the_call_goes_on_or_the_switch_cannot_be_asked(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_note(settings)
    put(settings.spool.recording(OTHER, "2"), wav())
    switch = Switch(channels=(UUID, OTHER))
    sweep = NoteSweep(ledger, switch)
    assert sweep_through(sweep, 0, 30) == 0
    switch.core = None
    assert sweep_through(sweep, 50, 60) == 0
    switch.core, switch.broken = CORE, True
    assert sweep_through(sweep, 70, 80) == 0
    switch.broken, switch.channels = False, ()
    assert sweep_through(sweep, 90, 94) == 0
    assert sweep_through(sweep, 95, 95) == 2


def test_a_cdr_in_the_spool_wins(ledger: Ledger, database: Database, settings: Settings) -> None:
    put_note(settings)
    put_cdr(settings, cdr_bytes("1;ring;employee:anna", callrouter_device="anna-desk"))
    sweep = NoteSweep(ledger, Switch())
    assert sweep_through(sweep, 5, 20) == 0
    ledger.run_once()
    [call] = calls(database)
    assert (call.source, call.outcome) == ("cdr", "answered")
    assert call.reasons == [["caller", {"caller": CALLER}], ["mailbox_disabled", {}]], "why, as the router noted it"
    assert files(settings.spool.notes) == []


def test_a_note_written_after_its_cdr_was_taken_is_removed(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes("1;ring;employee:anna"))
    ledger.run_once()
    put_note(settings)
    assert sweep_through(NoteSweep(ledger, Switch()), 5, 12) == 0
    assert files(settings.spool.notes) == []
    assert [call.source for call in calls(database)] == ["cdr"]


def test_a_later_cdr_replaces_the_record_without_a_second_mail_or_count(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_note(settings)
    put(settings.spool.recording(UUID, "2"), wav())
    sweep_through(NoteSweep(ledger, Switch("another run")), 5, 11)
    put_cdr(settings, cdr_bytes(*MESSAGE, answered=True, cause="NORMAL_CLEARING"))
    ledger.run_once()
    [call] = calls(database)
    assert (call.source, call.node, call.cause, call.interrupted) == ("cdr", "node-1", "NORMAL_CLEARING", False)
    assert [code for code, _ in call.reasons] == ["caller", "mailbox_disabled"]
    assert [(step.n, step.kind) for step in call.steps] == [("1", "ring")]
    assert len(mails(database)) == 1
    assert [(case.calls, case.messages) for case in cases(database)] == [(1, 1)]


def test_a_cdr_that_replaces_a_record_may_come_among_others_and_tell_more(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_note(settings)
    sweep_through(NoteSweep(ledger, Switch("another run")), 0, 11)
    put(settings.spool.recording(UUID, "3"), wav())
    steps = ("1;ring;employee:anna", "was;anna-desk", "2;ring;pool:sales", "2;ring;pool:sales;no_answer")
    put_cdr(settings, cdr_bytes(*steps, "3;voicemail;pool:sales;recorded", answered=True))
    put_cdr(settings, cdr_bytes("1;ring;employee:anna", uuid=OTHER), OTHER)
    ledger.run_once()
    found = {call.uuid: call for call in calls(database)}
    assert [(step.n, step.outcome) for step in found[UUID].steps] == [("1", "answered"), ("2", "voicemail")]
    assert [step.outcome for step in found[OTHER].steps] == ["missed"]
    assert [(case.calls, case.messages) for case in cases(database)] == [(2, 0), (1, 1)]
    assert [mail.recipient for mail in mails(database)] == [
        "anna@muster.example",
        "vertrieb@muster.example",
        "anna@muster.example",
    ]


def test_a_recording_without_cdr_and_note_is_not_lost(ledger: Ledger, database: Database, settings: Settings) -> None:
    put(settings.spool.recording(UUID, "f-anna"), wav(seconds=3, data_size=0))
    put(settings.spool.recording(OTHER, "2"), wav())
    assert sweep_through(NoteSweep(ledger, Switch()), 5, 10) == 2
    found = {call.uuid: call for call in calls(database)}
    assert [(step.owner, step.outcome) for step in found[UUID].steps] == [("employee:anna", "voicemail")]
    assert [(step.owner, step.outcome) for step in found[OTHER].steps] == [("", "voicemail")]
    assert [mail.recipient for mail in mails(database)] == ["anna@muster.example"]
    assert len(cases(database)) == 2


def test_a_malformed_note_goes_into_quarantine(ledger: Ledger, database: Database, settings: Settings) -> None:
    put(settings.spool.note(UUID), b"{}")
    put(settings.spool.note(OTHER), NOTE.to_json())
    assert sweep_through(NoteSweep(ledger, Switch()), 5, 12) == 0
    assert len(files(settings.spool.quarantine)) == 4
    assert files(settings.spool.notes) == []
