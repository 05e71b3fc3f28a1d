"""From files in the spool to rows, mails and archived files."""

from __future__ import annotations

import datetime as dt
import threading
from array import array
from pathlib import Path

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import selectinload

from callrouter.cases import changes, inbox
from callrouter.cases.rules import Change
from callrouter.directory.contact_rows import ContactNumberRow, ContactRow
from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow, NumberRow, OwnerRow
from callrouter.directory.records import CallRow, CaseRow, MessageRow, OutboxRow
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import ANNA, CALLER, NOW, OTHER, START, UUID, cdr_bytes, micros, put, put_cdr, uuid, wav
from tests.ledger.company import settings as company_settings

RING = "1;ring;employee:anna"
MESSAGE = (RING, RING + ";no_answer", "2;voicemail;employee:anna", "2;voicemail;employee:anna;recorded")


def calls(database: Database) -> list[CallRow]:
    with database.read() as session:
        return list(session.scalars(select(CallRow).options(selectinload(CallRow.steps)).order_by(CallRow.id)))


def mails(database: Database) -> list[OutboxRow]:
    with database.read() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def cases(database: Database) -> list[CaseRow]:
    with database.read() as session:
        return list(session.scalars(select(CaseRow).order_by(CaseRow.id)))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_missed_call_becomes_call_case_and_mail(ledger: Ledger, database: Database, settings: Settings) -> None:
    put_cdr(settings, cdr_bytes(RING))
    assert ledger.pending() == 1
    assert ledger.run_once() == 1
    assert ledger.pending() == 0
    [call] = calls(database)
    assert (call.uuid, call.outcome, call.direction, call.caller, call.number) == (
        UUID,
        "missed",
        "inbound",
        CALLER,
        ANNA,
    )
    assert (call.started_at, call.answered_at, call.interrupted) == (START, None, False)
    [step] = call.steps
    assert (step.n, step.owner, step.outcome, step.detail) == ("1", "employee:anna", "missed", "abandoned")
    [case] = cases(database)
    assert (case.id, case.caller_key, case.state, case.calls, case.messages) == (step.case_id, CALLER, "open", 1, 0)
    [mail] = mails(database)
    assert (mail.kind, mail.recipient, mail.mail_id) == (
        "missed",
        "anna@muster.example",
        f"<{UUID}.1@pbx.muster.example>",
    )
    assert mail.subject == "Anruf von Kunde (0176 04069001) für Anna Schmidt"
    assert "nach 12 Sekunden aufgelegt" in mail.text
    assert files(settings.spool.archive) == [f"2026-11-21/a_{UUID}.cdr.json"]
    assert files(settings.spool.cdr) == []


def test_a_message_is_kept_with_its_audio_and_makes_one_mail(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put(settings.spool.recording(UUID, "2"), wav(seconds=3))
    settings.spool.note(UUID).write_text("{}")
    put_cdr(settings, cdr_bytes(*MESSAGE, answered=True, seconds=30))
    ledger.run_once()
    with database.read() as session:
        [message] = session.scalars(select(MessageRow))
        assert (message.n, message.milliseconds, message.repaired, message.audio) == ("2", 3000, False, wav(seconds=3))
    [mail] = mails(database)
    assert (mail.kind, mail.audio, mail.message_id) == ("voicemail", "mp3", message.id)
    [call] = calls(database)
    assert call.outcome == "voicemail"
    assert cases(database)[0].messages == 1
    assert files(settings.spool.archive) == [f"2026-11-21/{UUID}-2.wav", f"2026-11-21/a_{UUID}.cdr.json"]
    assert files(settings.spool.recordings) == files(settings.spool.notes) == []


def test_a_cut_off_recording_is_repaired_and_the_mail_says_so(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put(settings.spool.recording(UUID, "2"), wav(seconds=3, data_size=0))
    put_cdr(settings, cdr_bytes(*MESSAGE[:3], cause="SYSTEM_SHUTDOWN"))
    ledger.run_once()
    with database.read() as session:
        [message] = session.scalars(select(MessageRow))
        assert (message.milliseconds, message.repaired, message.audio) == (3000, True, wav(seconds=3))
    assert "unvollständig" in mails(database)[0].text


def test_silence_is_a_missed_call_that_says_the_mailbox_took_it(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put(settings.spool.recording(UUID, "2"), wav(array("h", bytes(40_000))))
    put_cdr(settings, cdr_bytes(*MESSAGE))
    ledger.run_once()
    [mail] = mails(database)
    assert (mail.kind, mail.audio, mail.message_id) == ("missed", "none", None)
    assert "keine Nachricht hinterlassen" in mail.text


def test_a_recording_that_is_none_goes_into_quarantine_and_the_mail_tells_of_the_loss(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put(settings.spool.recording(UUID, "2"), b"garbage" * 20)
    put_cdr(settings, cdr_bytes(*MESSAGE))
    ledger.run_once()
    assert "nicht lesbar" in mails(database)[0].text
    assert files(settings.spool.quarantine) == [f"{UUID}-2.wav", f"{UUID}-2.wav.reason.txt"]


def test_one_call_with_two_outcomes(ledger: Ledger, database: Database, settings: Settings) -> None:
    put(settings.spool.recording(UUID, "3"), wav())
    steps = (
        RING,
        "was;anna-desk",
        "2;ring;pool:sales",
        "2;ring;pool:sales;no_answer",
        "3;voicemail;pool:sales;recorded",
    )
    put_cdr(settings, cdr_bytes(*steps, answered=True))
    ledger.run_once()
    [call] = calls(database)
    assert [(step.n, step.owner, step.outcome, step.device) for step in call.steps] == [
        ("1", "employee:anna", "answered", "anna-desk"),
        ("2", "pool:sales", "voicemail", None),
    ]
    [mail] = mails(database)
    assert (mail.recipient, mail.kind, mail.audio) == ("vertrieb@muster.example", "voicemail", "none")


@pytest.mark.parametrize(
    ("cdr", "outcome"),
    [
        (cdr_bytes(RING, callrouter_device="anna-desk", answered=True, cause="NORMAL_CLEARING"), "answered"),
        (cdr_bytes("1;reject;;unknown_number", owner=None, callrouter_number="+493023125099"), "rejected"),
        (cdr_bytes("1;reject;employee:anna;blocked_caller"), "rejected"),
        (cdr_bytes("1;dial;employee:anna;USER_BUSY", callrouter_direction="outbound"), "unanswered"),
        (cdr_bytes("1;dial;employee:anna;answered", callrouter_direction="emergency"), "answered"),
    ],
    ids=["answered", "unknown number", "blocked", "outgoing", "emergency"],
)
def test_what_makes_neither_case_nor_mail(
    ledger: Ledger, database: Database, settings: Settings, cdr: bytes, outcome: str
) -> None:
    put_cdr(settings, cdr)
    ledger.run_once()
    assert [call.outcome for call in calls(database)] == [outcome]
    assert cases(database) == mails(database) == []


def test_the_number_that_a_call_out_showed_is_kept(ledger: Ledger, database: Database, settings: Settings) -> None:
    told = {"callrouter_direction": "outbound", "callrouter_out_to": "03023125500", "by_callrouter_shown": ANNA}
    step = "1;dial;employee:anna;answered"
    put_cdr(settings, cdr_bytes(step, **told))
    put_cdr(settings, cdr_bytes(step, uuid=OTHER, **told, callrouter_out_hidden="true"), OTHER)
    put_cdr(settings, cdr_bytes(step, uuid=uuid(3), **told | {"callrouter_out_to": ""}), uuid(3))
    put_cdr(settings, cdr_bytes(step, uuid=uuid(4), **told | {"callrouter_direction": "inbound"}), uuid(4))
    ledger.run_once()
    shown = {call.uuid: call.shown for call in calls(database)}
    assert shown == {UUID: ANNA, OTHER: "anonymous", uuid(3): None, uuid(4): None}


def test_an_internal_missed_call_is_listed_and_mailed_only_if_asked_for(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    internal = {"callrouter_direction": "internal", "callrouter_caller": "11", "callrouter_number": ""}
    put_cdr(settings, cdr_bytes(RING, **internal))
    ledger.run_once()
    assert mails(database) == []
    with database.write() as session:
        from callrouter.directory.models import OwnerRow

        session.scalars(select(OwnerRow).where(OwnerRow.key == "anna")).one().notify_internal = True
    put_cdr(settings, cdr_bytes(RING, uuid=OTHER, **internal), OTHER)
    ledger.run_once()
    assert [call.caller_name for call in calls(database)] == ["Ben Yılmaz"] * 2
    assert [mail.subject for mail in mails(database)] == ["Anruf von Ben Yılmaz (Nebenstelle 11) für Anna Schmidt"]


@pytest.mark.parametrize(("about", "kinds"), [("none", []), ("missed", ["missed"]), ("voicemail", ["voicemail"])])
def test_mails_are_about_what_the_owner_asked_for(
    ledger: Ledger, database: Database, settings: Settings, about: str, kinds: list[str]
) -> None:
    with database.write() as session:
        from callrouter.directory.models import OwnerRow

        session.scalars(select(OwnerRow).where(OwnerRow.key == "anna")).one().notify_about = about
    put_cdr(settings, cdr_bytes(RING))
    put(settings.spool.recording(OTHER, "2"), wav())
    put_cdr(settings, cdr_bytes(*MESSAGE, uuid=OTHER), OTHER)
    ledger.run_once()
    assert [mail.kind for mail in mails(database)] == kinds
    assert [(case.calls, case.messages) for case in cases(database)] == [(2, 1)]


def test_further_calls_of_a_caller_join_his_case_and_its_mail_thread(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    put(settings.spool.recording(OTHER, "2"), wav())
    put_cdr(settings, cdr_bytes(*MESSAGE, uuid=OTHER, callrouter_caller_name="Kundin"), OTHER)
    ledger.run_once()
    [case] = cases(database)
    assert (case.calls, case.messages) == (2, 1)
    first, second = mails(database)
    assert "References" not in first.headers
    assert second.headers["References"] == first.mail_id == case.root_message_id
    assert first.subject == second.subject
    assert first.headers["X-Callrouter-Case"] == second.headers["X-Callrouter-Case"] == str(case.id)
    assert "Stand:" not in first.text
    assert "\nBisher: 2 Anrufe, 1 Nachricht; seit " in second.text
    assert "\nStand: Noch kümmert sich niemand darum\n" in second.text


def test_a_mail_about_a_caller_whom_somebody_has_claimed_says_who(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    [case] = cases(database)
    with database.write() as session:
        changes.change(session, case.id, Change.CLAIM, "anna", at=dt.datetime.now(dt.UTC))
    put_cdr(settings, cdr_bytes(RING, uuid=OTHER), OTHER)
    ledger.run_once()
    assert "\nStand: Anna Schmidt kümmert sich darum\n" in mails(database)[1].text


def test_each_anonymous_call_is_a_case_of_its_own(ledger: Ledger, database: Database, settings: Settings) -> None:
    for name in (UUID, OTHER):
        put_cdr(settings, cdr_bytes(RING, uuid=name, callrouter_private="true"), name)
    ledger.run_once()
    assert [case.caller_key for case in cases(database)] == [f"anonymous:{UUID}", f"anonymous:{OTHER}"]


def test_a_suppressed_number_appears_nowhere(
    ledger: Ledger, database: Database, settings: Settings, tmp_path: Path
) -> None:
    put_cdr(settings, cdr_bytes(RING, sip_Privacy="id", callrouter_private="true"))
    damaged = cdr_bytes(RING, uuid=OTHER, sip_Privacy="id")
    put_cdr(settings, damaged[: damaged.index(b'"app_log"')] + b"\n", OTHER)
    ledger.run_once()
    assert len(calls(database)) == 2
    database.close()
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert UUID.encode() in everything
    assert b"04069001" not in everything
    assert b"Kunde" not in everything


def test_a_call_that_never_reached_the_router(ledger: Ledger, database: Database, settings: Settings) -> None:
    """The dialplan alone spoke: no caller of ours, the trunk's way of writing, and no owner."""
    trunk = {"callrouter_caller": "", "callrouter_step": ""}
    data = cdr_bytes(**trunk, owner=None).replace(CALLER.encode(), b"017604069001")
    put_cdr(settings, data)
    ledger.run_once()
    [call] = calls(database)
    assert (call.caller, call.outcome, [step.owner for step in call.steps]) == (CALLER, "missed", ["employee:anna"])
    assert len(mails(database)) == 1


def test_the_phone_book_names_a_caller_whom_no_router_saw(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    with database.write() as session:
        for name, number in (("Erika Muster", CALLER), ("Nicht Anna", ANNA)):
            session.add(ContactRow(name=name, numbers=[ContactNumberRow(e164=number)]))
    put_cdr(settings, cdr_bytes(RING, callrouter_caller="").replace(CALLER.encode(), b"017604069001"))
    put_cdr(settings, cdr_bytes(RING, uuid=OTHER, callrouter_caller=ANNA, callrouter_caller_name=""), OTHER)
    ledger.run_once()
    assert sorted((call.caller, call.caller_name) for call in calls(database)) == [
        (CALLER, "Erika Muster"),
        (ANNA, "Anna Schmidt"),
    ]
    assert any("Erika Muster" in mail.subject for mail in mails(database))


def test_an_internal_caller_is_his_account_and_not_his_from(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    fake = {"callrouter_direction": "internal", "callrouter_caller": "", "sip_auth_username": "ben-desk"}
    put_cdr(settings, cdr_bytes(RING, **fake).replace(CALLER.encode(), b"10"))
    ledger.run_once()
    [call] = calls(database)
    assert (call.caller, call.caller_name) == ("11", "Ben Yılmaz")


def test_taking_a_cdr_again_changes_nothing(ledger: Ledger, database: Database, settings: Settings) -> None:
    """The worker was killed after its commit, before it could archive the files."""
    for _ in range(2):
        put(settings.spool.recording(UUID, "2"), wav())
        put_cdr(settings, cdr_bytes(*MESSAGE))
        ledger.run_once()
    assert len(calls(database)) == len(mails(database)) == 1
    assert [(case.calls, case.messages) for case in cases(database)] == [(1, 1)]
    assert files(settings.spool.recordings) == files(settings.spool.cdr) == files(settings.spool.quarantine) == []


def test_a_broken_record_never_stops_those_behind_it(ledger: Ledger, database: Database, settings: Settings) -> None:
    put(settings.spool.cdr / "a_0.cdr.json", b"x\n")
    put_cdr(settings, b"no json at all\n", uuid(1))
    put_cdr(settings, b"\xff\n", uuid(3))
    put_cdr(settings, cdr_bytes(RING, uuid=uuid(2)), uuid(2))
    ledger.run_once()
    assert [call.uuid for call in calls(database)] == [uuid(2)]
    quarantined = files(settings.spool.quarantine)
    assert len(quarantined) == 6
    reason = (settings.spool.quarantine / f"a_{uuid(1)}.cdr.json.reason.txt").read_text()
    assert "has no number to save" in reason
    assert ledger.pending() == 0


def test_a_call_that_the_database_refuses_goes_into_quarantine_alone(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON call_steps WHEN NEW.detail = 'busy' "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    for number in range(1, 6):
        steps = (RING, RING + ";busy") if number == 3 else (RING,)
        put_cdr(settings, cdr_bytes(*steps, uuid=uuid(number)), uuid(number))
    ledger.run_once()
    assert {call.uuid for call in calls(database)} == {uuid(1), uuid(2), uuid(4), uuid(5)}
    assert len(mails(database)) == 4
    assert "refused" in (settings.spool.quarantine / f"a_{uuid(3)}.cdr.json.reason.txt").read_text()


def test_calls_wait_while_the_database_is_damaged(tmp_path: Path, settings: Settings) -> None:
    put_cdr(settings, cdr_bytes(RING))
    (tmp_path / "damaged.db").write_bytes(b"no database" * 1000)
    damaged = Database(f"sqlite:///{tmp_path / 'damaged.db'}")
    with pytest.raises(DatabaseError, match="not a database"):
        Ledger(damaged, settings, clock=lambda: NOW).run_once()
    damaged.close()
    assert (len(files(settings.spool.cdr)), files(settings.spool.quarantine)) == (1, [])


def test_the_statements_do_not_grow_with_the_calls(ledger: Ledger, database: Database, settings: Settings) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    counts = []
    for first, last in ((1, 2), (10, 60)):
        for number in range(first, last):
            put(settings.spool.recording(uuid(number), "2"), wav(seconds=1.5))
            put_cdr(settings, cdr_bytes(*MESSAGE, uuid=uuid(number)), uuid(number))
        statements.clear()
        ledger.run_once()
        counts.append(len(statements))
    assert 15 >= counts[0] >= counts[1], "of the first caller's case alone it is asked who has talked to them since"
    assert len(calls(database)) == len(mails(database)) == 51


def test_workers_of_two_nodes_count_the_calls_of_the_same_callers(tmp_path: Path, either_database: Database) -> None:
    """In opposite orders: they lock the cases they share in the same one."""
    database, count = either_database, 40
    nodes = []
    for node, step in enumerate((1, -1)):
        made = company_settings(tmp_path / f"node{node}")
        for turn in range(count):
            name = uuid(1000 * node + turn)
            caller = f"+4917604069{turn if step > 0 else count - turn - 1:03}"
            at = START + dt.timedelta(seconds=turn)
            put_cdr(made, cdr_bytes(RING, uuid=name, callrouter_caller=caller), name, at)
        nodes.append(made)
    start = threading.Barrier(2)

    def work(made: Settings) -> None:
        own = Database(database.url)
        start.wait(10)
        Ledger(own, made, clock=lambda: NOW).run_once()
        own.close()

    threads = [threading.Thread(target=work, args=(made,)) for made in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(calls(database)) == len(mails(database)) == 2 * count
    assert [case.calls for case in cases(database)] == [2] * count


def test_files_that_cannot_be_moved_stop_nobody(ledger: Ledger, database: Database, settings: Settings) -> None:
    put_cdr(settings, b"no json at all\n", uuid(1))
    put_cdr(settings, cdr_bytes(RING, uuid=uuid(2)), uuid(2))
    settings.spool.quarantine.rmdir()
    settings.spool.archive.rmdir()
    settings.spool.archive.write_text("in the way")
    for _ in range(2):
        ledger.run_once()
    assert [call.uuid for call in calls(database)] == [uuid(2)]
    assert len(mails(database)) == 1
    assert ledger.pending() == 2


def test_a_cdr_being_written_is_left_alone_and_one_that_never_ends_is_salvaged(
    database: Database, settings: Settings
) -> None:
    now = [START + dt.timedelta(seconds=2)]
    ledger = Ledger(database, settings, clock=lambda: now[0])
    data = cdr_bytes(RING)
    put_cdr(settings, data[: data.index(b'"app_log"')])
    assert ledger.run_once() == 0
    assert ledger.pending() == 1
    now[0] += dt.timedelta(seconds=10)
    assert ledger.run_once() == 1
    [call] = calls(database)
    assert (call.caller, call.outcome) == (CALLER, "missed")
    assert len(mails(database)) == len(cases(database)) == 1
    assert files(settings.spool.quarantine) == [f"a_{UUID}.cdr.json", f"a_{UUID}.cdr.json.reason.txt"]


def test_the_leg_left_by_a_blind_transfer_is_archived_without_a_record(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    gone = dict.fromkeys(
        ("callrouter_number", "callrouter_version", "callrouter_trunk", "callrouter_direction", "callrouter_step"), ""
    )
    put_cdr(settings, cdr_bytes(owner=None, direction="outbound", callrouter_device="ben-desk", **gone))
    ledger.run_once()
    assert calls(database) == []
    assert files(settings.spool.archive) == [f"2026-11-21/a_{UUID}.cdr.json"]


def test_a_database_that_is_down_costs_nothing(
    ledger: Ledger, database: Database, settings: Settings, tmp_path: Path
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    database.close()
    file = tmp_path / "callrouter.db"
    file.rename(tmp_path / "away.db")
    file.mkdir()
    with pytest.raises(OperationalError):
        ledger.run_once()
    assert ledger.pending() == 1
    assert files(settings.spool.quarantine) == []
    file.rmdir()
    (tmp_path / "away.db").rename(file)
    ledger.run_once()
    assert len(calls(database)) == 1


def test_the_loop_takes_what_comes_tells_of_mails_and_stops(database: Database, settings: Settings) -> None:
    mailed, stop = threading.Event(), threading.Event()
    ledger = Ledger(database, settings, clock=lambda: NOW, on_mail=mailed.set)
    thread = threading.Thread(target=ledger.run, args=(stop,))
    thread.start()
    put_cdr(settings, cdr_bytes(RING))
    assert mailed.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_it_says_when_calls_that_piled_up_are_entered(database: Database, settings: Settings) -> None:
    """Mails wait for that: at each moment it had caught up only before the pile and after it."""
    for number in range(150):
        put_cdr(settings, cdr_bytes(RING, uuid=uuid(number)), uuid=uuid(number))
    entered_when_caught_up: list[int] = []

    def look() -> dt.datetime:
        if ledger._caught_up.is_set():
            entered_when_caught_up.append(len(calls(database)))
        return NOW

    ledger = Ledger(database, settings, clock=look)
    assert ledger.run_once() == 150
    assert entered_when_caught_up == []
    ledger.wait_until_caught_up(0)
    put_cdr(settings, cdr_bytes(RING, uuid=uuid(200)), uuid=uuid(200))
    assert ledger.run_once() == 1
    assert entered_when_caught_up[0] == 150


def test_two_workers_at_once_enter_each_call_once(settings: Settings, either_database: Database) -> None:
    database, count = either_database, 60
    for number in range(count):
        put(settings.spool.recording(uuid(number), "2"), wav(seconds=1.5))
        put_cdr(settings, cdr_bytes(*MESSAGE, uuid=uuid(number)), uuid(number))
    start = threading.Barrier(3)

    def work() -> None:
        own = Database(database.url)
        start.wait(10)
        Ledger(own, settings, clock=lambda: NOW).run_once()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(calls(database)) == len(mails(database)) == count
    assert [(case.calls, case.messages) for case in cases(database)] == [(count, count)]
    assert files(settings.spool.cdr) == files(settings.spool.recordings) == files(settings.spool.quarantine) == []
    assert len(files(settings.spool.archive)) == 2 * count


def _number_says(database: Database, e164: str, **wishes: str) -> None:
    from callrouter.directory.models import NumberRow

    with database.write() as session:
        session.scalars(select(NumberRow).where(NumberRow.e164 == e164)).one().notify = dict(wishes)


SALES = "+493023125000"
TO_SALES = {"owner": "pool:sales", "callrouter_number": SALES, "callrouter_owner": "pool:sales"}


def test_a_number_says_where_its_mails_go_in_which_language_and_how_they_begin(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    _number_says(database, SALES, email="team@muster.example", language="en", salutation="Hello team,")
    put_cdr(settings, cdr_bytes("1;ring;pool:sales", "1;ring;pool:sales;no_answer", **TO_SALES))
    ledger.run_once()
    [mail] = mails(database)
    assert mail.recipient == "team@muster.example"
    assert mail.headers["Content-Language"] == "en"
    assert mail.text.startswith("Hello team,\n\nMissed call\n")
    assert "For: Vertrieb (030 23125000)" in mail.text
    assert '<p style="margin:0 0 12px;font-size:15px;line-height:22px">Hello team,</p>' in mail.html
    [case] = cases(database)
    assert case.subject == mail.subject == "Call from Kunde (0176 04069001) for Vertrieb"


@pytest.mark.parametrize(
    ("wishes", "more", "recipients"),
    [
        ({"about": "none"}, {}, []),
        ({"about": "voicemail"}, {}, []),
        ({"about": "missed"}, {}, ["vertrieb@muster.example"]),
        ({"email": "team@muster.example"}, {"callrouter_number": ANNA}, ["vertrieb@muster.example"]),
        ({"email": "team@muster.example"}, {"callrouter_extension": "true"}, ["vertrieb@muster.example"]),
        ({"email": "team@muster.example"}, {"callrouter_extension": ""}, ["team@muster.example"]),
    ],
    ids=["none", "voicemail", "missed", "another's number", "extension", "number"],
)
def test_what_the_number_does_not_say_is_as_its_owner_says(
    ledger: Ledger,
    database: Database,
    settings: Settings,
    wishes: dict[str, str],
    more: dict[str, str],
    recipients: list[str],
) -> None:
    _number_says(database, SALES, **wishes)
    put_cdr(settings, cdr_bytes("1;ring;pool:sales", "1;ring;pool:sales;no_answer", **TO_SALES | more))
    ledger.run_once()
    assert [mail.recipient for mail in mails(database)] == recipients
    assert [case.calls for case in cases(database)] == [1], "cases are the owner's"


def test_an_owner_may_have_a_salutation_for_all_numbers(ledger: Ledger, database: Database, settings: Settings) -> None:
    with database.write() as session:
        from callrouter.directory.models import OwnerRow

        session.scalars(select(OwnerRow).where(OwnerRow.key == "anna")).one().notify_salutation = "Liebe Anna,"
    put_cdr(settings, cdr_bytes(RING))
    _number_says(database, ANNA, salutation="")
    put_cdr(settings, cdr_bytes(RING, uuid=OTHER), OTHER)
    ledger.run_once()
    assert {mail.text.partition("\n")[0] for mail in mails(database)} == {"Verpasster Anruf"}
    _number_says(database, ANNA, language="de")
    third = uuid(3)
    put_cdr(settings, cdr_bytes(RING, uuid=third), third)
    ledger.run_once()
    assert mails(database)[-1].text.startswith("Liebe Anna,\n\nVerpasster Anruf\n")


LATER = START + dt.timedelta(minutes=5)


def _called_back(settings: Settings, seconds: float, *steps: str, **variables: str) -> None:
    """Anna calls CALLER, five minutes later."""
    put_cdr(
        settings,
        cdr_bytes(
            *(steps or ("1;dial;employee:anna;answered",)), uuid=OTHER, owner=None, answered=True,
            seconds=300 + seconds, sip_auth_username="anna-desk", callrouter_caller="10",
            **{"callrouter_direction": "outbound", "callrouter_number": CALLER, "sip_invite_stamp": micros(LATER),
               "start_uepoch": micros(LATER), "answer_uepoch": micros(LATER), "callrouter_trunk": ""} | variables,
        ),
        OTHER,
    )  # fmt: skip


@pytest.mark.parametrize(("seconds", "state", "attempts"), [(15, "closed", 0), (14, "open", 1)])
def test_who_is_called_back_and_talked_to_waits_no_more(
    ledger: Ledger, database: Database, settings: Settings, seconds: float, state: str, attempts: int
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    _called_back(settings, seconds)
    ledger.run_once()
    [case] = cases(database)
    assert (case.state, case.attempts) == (state, attempts)
    with database.read() as session:
        [_missed, event] = inbox.story(session, case.id).events
    assert (event.what, event.employee, event.uuid) == (
        "called_back" if state == "closed" else "attempted",
        "Anna Schmidt",
        OTHER,
    )


@pytest.mark.parametrize("disposition", ["replaced", "recv_replace"])
def test_who_is_called_back_and_connected_with_a_colleague_waits_no_more(
    ledger: Ledger, database: Database, settings: Settings, disposition: str
) -> None:
    """Both CDRs of an attended transfer say so, whichever call the phone gave away: the talk goes on without them."""
    put_cdr(settings, cdr_bytes(RING))
    _called_back(settings, 3, transfer_disposition=disposition, signal_bond=uuid(9))
    ledger.run_once()
    [case] = cases(database)
    assert (case.state, case.attempts) == ("closed", 0)


def test_nobody_was_called_back_who_did_not_answer_before_the_transfer(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    _called_back(settings, 3, "1;dial;employee:anna;NO_ANSWER", transfer_disposition="replaced", signal_bond=uuid(9))
    ledger.run_once()
    [case] = cases(database)
    assert (case.state, case.attempts) == ("open", 1)


def test_who_was_handed_to_a_phone_that_rings_has_not_talked_to_anybody_there(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    _called_back(settings, 3, transfer_disposition="recv_replace")
    ledger.run_once()
    [case] = cases(database)
    assert (case.state, case.attempts) == ("open", 1)


def test_a_caller_who_calls_again_and_is_answered_waits_no_more(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    again = {"sip_invite_stamp": micros(LATER), "start_uepoch": micros(LATER), "answer_uepoch": micros(LATER)}
    put_cdr(
        settings, cdr_bytes(RING, uuid=OTHER, callrouter_device="anna-desk", seconds=302, answered=True, **again), OTHER
    )
    ledger.run_once()
    [case] = cases(database)
    assert case.state == "closed"
    assert case.closed_at == LATER


def test_a_colleague_is_called_back_by_extension(ledger: Ledger, database: Database, settings: Settings) -> None:
    internal = {"callrouter_direction": "internal", "callrouter_trunk": ""}
    put_cdr(settings, cdr_bytes(RING, sip_auth_username="ben-desk", callrouter_caller="11", **internal))
    ledger.run_once()
    steps = ("1;ring;employee:ben", "1;ring;employee:ben;answered;ben-desk")
    number = {"callrouter_number": "+493023125011"}
    _called_back(settings, 60, *steps, callrouter_owner="employee:ben", **internal, **number)
    ledger.run_once()
    assert [(case.caller_key, case.state) for case in cases(database)] == [("11", "closed")]


def test_a_call_that_was_answered_and_then_missed_waits_all_the_same(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    steps = (RING, "was;anna-desk", "2;ring;pool:sales", "2;ring;pool:sales;no_answer")
    put_cdr(settings, cdr_bytes(*steps, uuid=OTHER, answered=True), OTHER)
    ledger.run_once()
    assert [case.state for case in cases(database)] == ["open", "open"]


@pytest.mark.parametrize(
    ("of_owner", "of_number", "address"),
    [
        (True, None, "anna@muster.example"),
        (False, None, None),
        (True, {"handled_mail": False}, None),
        (False, {"handled_mail": True, "email": "postfach@muster.example"}, "postfach@muster.example"),
    ],
)
def test_that_a_caller_was_called_back_is_one_reply_in_the_thread(
    ledger: Ledger,
    database: Database,
    settings: Settings,
    of_owner: bool,
    of_number: dict[str, object] | None,
    address: str | None,
) -> None:
    with database.write() as session:
        session.execute(update(OwnerRow).where(OwnerRow.key == "anna").values(handled_mail=of_owner))
        session.execute(update(NumberRow).where(NumberRow.e164 == ANNA).values(notify=of_number))
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    for _ in range(2):
        _called_back(settings, 60)
        ledger.run_once()
    first, *done = mails(database)
    assert [mail.recipient for mail in done] == ([address] if address else [])
    for mail in done:
        assert (mail.kind, mail.subject, mail.headers["References"]) == ("done", first.subject, first.mail_id)
        assert "Von: Anna Schmidt\n" in mail.text
        assert "Wie: Der Anrufer wurde zurückgerufen\n" in mail.text


@pytest.mark.parametrize(("minutes", "mailed"), [(4, 1), (5, 2)])
def test_who_calls_again_and_again_is_mailed_once_in_a_while(
    ledger: Ledger, database: Database, settings: Settings, minutes: int, mailed: int
) -> None:
    with database.write() as session:
        session.execute(update(CompanyRow).values(cases={}))
    put_cdr(settings, cdr_bytes(RING))
    later = micros(START + dt.timedelta(minutes=minutes))
    again = cdr_bytes(RING, uuid=OTHER, sip_invite_stamp=later, start_uepoch=later, seconds=minutes * 60 + 9)
    put_cdr(settings, again, OTHER)
    ledger.run_once()
    [case] = cases(database)
    assert case.calls == 2
    found = mails(database)
    assert len(found) == mailed
    assert "Bisher: 2 Anrufe; seit Samstag" in found[-1].text
