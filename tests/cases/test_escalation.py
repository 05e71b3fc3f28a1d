"""When a caller has waited too long, and when somebody is told: tables over hours, holidays and the nights of DST."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from callrouter.cases.escalation import Team, due, limit
from callrouter.directory import document, schedules
from callrouter.routing import hours

BERLIN = ZoneInfo("Europe/Berlin")
FURTHEST = dt.timedelta(days=40)
COMPANY = document.Company(name="Muster", sip_domain="pbx.muster.example", holidays="DE-BE")
OFFICE = {"open": [{"days": "mon-fri", "from": "08:00", "to": "17:00"}], "closed": [{"holidays": True}]}
NIGHTS = {"open": [{"days": "sat-sun", "from": "00:00", "to": "24:00"}]}


def at(text: str, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(dt.UTC)


def spans(rules: dict[str, object] | None, now: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]] | None:
    if rules is None:
        return None
    schedule = schedules.around("", document.ScheduleRules.model_validate(rules), COMPANY, now)
    return hours.spans(schedule, now - FURTHEST, now)


@pytest.mark.parametrize(
    ("rules", "now", "minutes", "before"),
    [
        # 2026-11-20 is a Friday.
        (OFFICE, "2026-11-20 12:00", 120, "2026-11-20 10:00"),
        (OFFICE, "2026-11-20 09:00", 120, "2026-11-19 16:00"),
        (OFFICE, "2026-11-23 09:00", 120, "2026-11-20 16:00"),
        (OFFICE, "2026-11-22 15:00", 120, "2026-11-20 15:00"),  # on Sunday nobody waits any longer
        (OFFICE, "2026-11-20 12:00", 240, "2026-11-20 08:00"),
        (OFFICE, "2026-11-20 12:00", 241, "2026-11-19 16:59"),
        # Thursday 24 December is a working day, 25 and 26 are holidays.
        (OFFICE, "2026-12-28 09:00", 120, "2026-12-24 16:00"),
        (None, "2026-11-22 15:00", 120, "2026-11-22 13:00"),
        # In the night to 29 March the clock goes from 2 to 3, in that to 25 October from 3 to 2.
        (None, "2026-03-29 04:00", 120, "2026-03-29 01:00"),
        (NIGHTS, "2026-03-29 04:00", 120, "2026-03-29 01:00"),
        (NIGHTS, "2026-10-25 04:00", 240, "2026-10-25 01:00"),
        (OFFICE, "2026-03-30 09:00", 120, "2026-03-27 16:00"),
        (NIGHTS, "2026-11-22 15:00", 10_000, "2026-10-31 16:20"),
        # Never open: who waits so long that it is not counted has waited too long.
        ({"open": []}, "2026-11-22 15:00", 1, "2026-10-13 16:00"),
    ],
)
def test_who_has_waited_too_long(rules: dict[str, object] | None, now: str, minutes: int, before: str) -> None:
    found = limit(spans(rules, at(now)), minutes, at(now), FURTHEST)
    assert found == at(before)


def test_the_hour_that_is_twice_counts_twice() -> None:
    now = at("2026-10-25 02:30", fold=1)
    assert limit(spans(NIGHTS, now), 60, now, FURTHEST) == at("2026-10-25 02:30", fold=0)


NEW, OLD = Team(True, False, 1, 0), Team(True, False, 0, 1)
CLOSED_NEW, CLOSED_OLD = Team(False, False, 1, 0), Team(False, False, 0, 1)
ALWAYS_OLD, ALWAYS_NEW, NONE = Team(True, True, 0, 1), Team(True, True, 1, 0), Team(True, False, 0, 0)


@pytest.mark.parametrize(
    ("teams", "last", "now", "expected"),
    [
        ([NEW], None, "2026-11-20 10:00", True),
        ([OLD], None, "2026-11-20 10:00", True),  # another address was told of them
        ([NONE], None, "2026-11-20 10:00", False),
        ([], None, "2026-11-20 10:00", False),
        ([CLOSED_NEW], None, "2026-11-20 20:00", False),
        ([CLOSED_NEW, NONE], None, "2026-11-20 20:00", False),
        ([CLOSED_OLD, NEW], None, "2026-11-20 20:00", True),
        ([NEW], "2026-11-20 09:01", "2026-11-20 10:00", False),
        ([NEW], "2026-11-20 09:00", "2026-11-20 10:00", True),
        ([OLD], "2026-11-20 09:00", "2026-11-20 16:00", False),
        ([OLD], "2026-11-19 16:59", "2026-11-20 08:00", True),
        ([CLOSED_OLD], "2026-11-19 16:59", "2026-11-20 07:59", False),
        ([OLD], "2026-11-19 22:00", "2026-11-20 08:00", False),  # told so late that the morning is too early
        ([OLD], "2026-11-19 22:00", "2026-11-20 10:00", True),
        ([ALWAYS_OLD], "2026-11-19 10:30", "2026-11-20 10:00", False),
        ([ALWAYS_OLD], "2026-11-19 10:00", "2026-11-20 10:00", True),
        ([ALWAYS_NEW], "2026-11-20 02:00", "2026-11-20 03:00", True),
        ([NONE], "2026-11-19 10:00", "2026-11-20 10:00", False),
        ([OLD], "2026-11-20 10:00", "2026-11-20 09:00", False),  # the clock was set back
        # By the local date: it is the 20th in Berlin at 23:30 UTC.
        ([OLD], "2026-11-19 12:00", "2026-11-20 00:30", True),
    ],
)
def test_when_somebody_is_told(teams: list[Team], last: str | None, now: str, expected: bool) -> None:
    assert due(teams, at(last) if last else None, at(now), BERLIN) is expected


@pytest.mark.parametrize(("ahead", "expected"), [("11:30", False), ("12:01", False), ("12:59", False), ("13:01", True)])
def test_a_clock_that_was_ahead_silences_nobody(ahead: str, expected: bool) -> None:
    """Told at 11:30, or by a clock that was ahead."""
    waiting = [Team(open=True, always=True, new=1, told=0)]
    assert due(waiting, at(f"2026-11-20 {ahead}"), at("2026-11-20 12:00"), BERLIN) is expected
    assert due(waiting, at("2100-01-01 00:00"), at("2026-11-20 12:00"), BERLIN)
