"""Missed calls that are filed after a talk that came later: the order of filing leaves nobody waiting or forgotten."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select

from callrouter.cases import inbox
from callrouter.directory.database import Database
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CaseRow, OutboxRow
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import CALLER, NOW, OTHER, START, UUID, cdr_bytes, micros, put_cdr, uuid

RING = "1;ring;employee:anna"
RINGS_BEN = "1;ring;employee:ben"


def _times(minutes: int) -> dict[str, str]:
    stamp = micros(START + dt.timedelta(minutes=minutes))
    return {"sip_invite_stamp": stamp, "start_uepoch": stamp, "answer_uepoch": stamp}


def _talks(settings: Settings, how: str, seconds: float, minutes: int = 5, name: str = OTHER) -> None:
    """The caller is called back, or calls again and is answered; or both, by whom it does not matter."""
    lasts = {"seconds": minutes * 60 + seconds, "answered": True, "uuid": name}
    if how == "back":
        out = {"callrouter_direction": "outbound", "callrouter_number": CALLER, "callrouter_trunk": ""}
        steps, more = "1;dial;employee:anna;answered", {"sip_auth_username": "anna-desk", "callrouter_caller": "10"}
        put_cdr(settings, cdr_bytes(steps, owner=None, **lasts, **out, **more, **_times(minutes)), name)
        return
    steps, who = {
        "again": ((RING,), "anna-desk"),
        "to another": ((RINGS_BEN,), "ben-desk"),
        "then missed": ((RING, "was;anna-desk", "2;ring;pool:sales", "2;ring;pool:sales;no_answer"), ""),
    }[how]
    put_cdr(settings, cdr_bytes(*steps, callrouter_device=who or None, **lasts, **_times(minutes)), name)


def _cases(database: Database) -> list[CaseRow]:
    with database.read() as session:
        return list(session.scalars(select(CaseRow).order_by(CaseRow.id)))


@pytest.mark.parametrize(
    ("how", "seconds", "minutes", "state"),
    [
        ("again", 3, 5, "closed"),
        ("back", 60, 5, "closed"),
        ("back", 5, 5, "open"),
        ("again", 3, -5, "open"),
        ("to another", 60, 5, "open"),
    ],
)
@pytest.mark.parametrize("missed_last", [True, False])
def test_it_is_the_same_in_any_order(
    ledger: Ledger, database: Database, settings: Settings, how: str, seconds: float, minutes: int, state: str,
    missed_last: bool,
) -> None:  # fmt: skip
    steps = [
        lambda: _talks(settings, how, seconds, minutes),
        lambda: put_cdr(settings, cdr_bytes(RING)),
    ]
    for step in steps if missed_last else reversed(steps):
        step()
        ledger.run_once()
    [case] = _cases(database)
    assert case.state == state
    with database.read() as session:
        told = [(line.what, line.uuid) for line in inbox.story(session, case.id).events]
    changed = {"closed": {"again": "called_again", "back": "called_back"}[how]} if state == "closed" else {}
    if how == "back" and state == "open":
        changed = {"open": "attempted"}
    assert told == [("missed", UUID), *((what, OTHER) for what in changed.values())]


def test_the_mail_of_the_call_comes_before_that_it_is_done(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    with database.write() as session:
        session.scalars(select(OwnerRow).where(OwnerRow.key == "anna")).one().handled_mail = True
    _talks(settings, "again", 3)
    ledger.run_once()
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    with database.read() as session:
        missed, done = session.scalars(select(OutboxRow).order_by(OutboxRow.id))
    assert (missed.kind, done.kind, done.headers["References"]) == ("missed", "done", missed.mail_id)


def test_who_was_transferred_and_missed_there_was_not_talked_to(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    _talks(settings, "then missed", 3)
    ledger.run_once()
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    assert {case.state for case in _cases(database)} == {"open"}


def test_a_case_that_is_open_already_stays_as_it_is(ledger: Ledger, database: Database, settings: Settings) -> None:
    """Whoever opened it again knows why."""
    put_cdr(settings, cdr_bytes(RING))
    _talks(settings, "back", 60)
    ledger.run_once()
    with database.write() as session:
        session.scalars(select(CaseRow)).one().state = "open"
    _talks(settings, "again", 60, 7, uuid(7))
    ledger.run_once()
    with database.write() as session:
        session.scalars(select(CaseRow)).one().state = "open"
    put_cdr(settings, cdr_bytes(RING, uuid=uuid(3), seconds=70, **_times(1) | {"answer_uepoch": "0"}), uuid(3))
    ledger.run_once()
    [case] = _cases(database)
    assert (case.state, case.calls) == ("open", 2)


def test_the_ledger_is_asked_by_an_index(ledger: Ledger, database: Database, settings: Settings) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    [(query, values)] = [(text, values) for text, values in asked if "calls.started_at >" in text]
    with database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    assert any("calls_listed (started_at>?)" in str(line) for line in plan), plan


def test_both_databases_know_who_was_talked_to(either_database: Database, settings: Settings) -> None:
    ledger = Ledger(either_database, settings, clock=lambda: NOW)
    _talks(settings, "back", 60)
    ledger.run_once()
    put_cdr(settings, cdr_bytes(RING))
    ledger.run_once()
    assert [case.state for case in _cases(either_database)] == ["closed"]
