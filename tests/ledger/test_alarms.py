"""Too many calls out of one employee are told an administrator, once an hour."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import update

from callrouter.directory.database import Database
from callrouter.directory.models import CompanyRow
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger.company import ANNA, START, cdr_bytes, cdr_dict, micros, put_cdr, uuid
from tests.ledger.test_worker import calls, mails

TO = "technik@muster.example"


def _limits(database: Database, **limits: Any) -> None:
    with database.write() as session:
        session.execute(update(CompanyRow).values(limits={"alarm_calls": 3, "alarm_email": TO} | limits))


def _call_out(
    settings: Settings, n: int, *, before: dt.timedelta = dt.timedelta(), refused: bool = False, **more: str
) -> None:
    mark = "d-refused;reject;employee:anna;not_allowed" if refused else "d-carrier;dial;employee:anna"
    made = cdr_bytes(
        mark,
        uuid=uuid(n),
        owner=None,
        callrouter_direction="outbound",
        callrouter_number=f"+493023125{500 + n}",
        callrouter_trunk="",
        callrouter_caller="",
        sip_auth_username="anna-desk",
        start_uepoch=micros(START - before),
        **more,
    )
    put_cdr(settings, made, uuid(n))


def test_a_burst_is_told_once(ledger: Ledger, database: Database, settings: Settings) -> None:
    _limits(database)
    for n in range(1, 7):
        _call_out(settings, n, refused=n % 2 == 0)
        assert ledger.run_once() == 1
    [mail] = mails(database)
    assert (mail.kind, mail.recipient) == ("alarm", TO)
    assert mail.subject == "Alarm: ungewöhnlich viele Anrufe von Anna Schmidt"
    assert "Anrufe nach außen in zehn Minuten: 4" in mail.text
    assert mail.headers["Auto-Submitted"] == "auto-generated"


def test_calls_longer_ago_and_calls_in_do_not_count(ledger: Ledger, database: Database, settings: Settings) -> None:
    _limits(database)
    for n in range(1, 4):
        _call_out(settings, n, before=dt.timedelta(minutes=20))
    for n in range(4, 7):
        put_cdr(settings, cdr_bytes("1;ring;employee:anna;answered", uuid=uuid(n), answered=True), uuid(n))
    _call_out(settings, 7)
    assert ledger.run_once() == 7
    assert mails(database) == []


def test_calls_that_are_forwarded_outside_count(ledger: Ledger, database: Database, settings: Settings) -> None:
    _limits(database)
    mobile = "+4917604069007"
    for n in range(1, 6):
        leg = (
            f"[callrouter_device={mobile},origination_uuid={uuid(100 + n)},leg_timeout=25]sofia/gateway/trunk-carrier/x"
        )
        mark = "o-anna;ring;employee:anna"
        cdr = cdr_dict(mark, f"{mark};no_answer", uuid=uuid(n))
        applications = [
            {"app_name": "push", "app_data": f"callrouter_step={mark}"},
            {"app_name": "bridge", "app_data": leg},
        ]
        cdr["app_log"] = {"applications": [{**one, "app_stamp": micros(START)} for one in applications]}
        put_cdr(settings, json.dumps(cdr).encode() + b"\n", uuid(n))
        assert ledger.run_once() == 1
    [mail] = [mail for mail in mails(database) if mail.kind == "alarm"]
    assert mail.subject == "Alarm: ungewöhnlich viele Anrufe von Anna Schmidt"
    assert "Anrufe nach außen in zehn Minuten: 4" in mail.text
    assert mobile in mail.text


def test_calls_that_come_in_and_are_transferred_out_count(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    _limits(database)
    for n in range(1, 5):
        steps = ["f-anna;ring;employee:anna", "was;anna-desk", "d-carrier;dial;employee:anna"]
        put_cdr(settings, cdr_bytes(*steps, uuid=uuid(n), answered=True, callrouter_taken="carrier"), uuid(n))
        ledger.run_once()
    [mail] = mails(database)
    assert mail.kind == "alarm"
    assert "Anrufe nach außen in zehn Minuten: 4" in mail.text


@pytest.mark.parametrize("limits", [{"alarm_email": None}, {"alarm_calls": 5}])
def test_nobody_is_told_without_an_address_or_a_burst(
    ledger: Ledger, database: Database, settings: Settings, limits: dict[str, Any]
) -> None:
    _limits(database, **limits)
    for n in range(1, 6):
        _call_out(settings, n)
    assert ledger.run_once() == 5
    assert mails(database) == []


def test_a_call_out_is_listed_with_its_employee_and_trunk(
    ledger: Ledger, database: Database, settings: Settings
) -> None:
    _call_out(settings, 1, callrouter_taken="carrier", answer_uepoch=micros(START))
    ledger.run_once()
    [call] = calls(database)
    assert (call.direction, call.outcome, call.trunk, call.number) == (
        "outbound",
        "answered",
        "carrier",
        "+493023125501",
    )
    assert call.caller == "10"
    assert [(step.owner, step.kind, step.outcome) for step in call.steps] == [("employee:anna", "dial", "answered")]
    assert ANNA not in (call.caller, call.number)
