"""Schedules as people write them become the ones routing computes with."""

from __future__ import annotations

import datetime as dt

from callrouter.directory import document
from callrouter.directory.schedules import holiday_dates, known_subdivision, to_schedule
from callrouter.routing.snapshot import DateRange, Window, YearlyDate

RULES = document.ScheduleRules.model_validate(
    {
        "open": [{"days": "mon-fri", "from": "08:00", "to": "17:30"}, {"days": "sun", "from": "20:00", "to": "24:00"}],
        "closed": [
            {"holidays": True},
            {"date": "12-24"},
            {"date": "2026-05-15", "reason": "Brückentag"},
            {"from": "2026-12-28", "to": "2026-12-31", "reason": "company holidays"},
        ],
    }
)


def test_windows_dates_and_holidays():
    christmas = {dt.date(2026, 12, 25): "Erster Weihnachtstag"}
    schedule = to_schedule("office", RULES, timezone="Europe/Berlin", holiday_dates=christmas)
    assert schedule.windows == (Window(frozenset(range(5)), 480, 1050), Window(frozenset({6}), 1200, 1440))
    assert schedule.closed == (
        YearlyDate(12, 24),
        DateRange(dt.date(2026, 5, 15), dt.date(2026, 5, 15), "Brückentag"),
        DateRange(dt.date(2026, 12, 28), dt.date(2026, 12, 31), "company holidays"),
    )
    assert schedule.holidays == christmas
    assert schedule.timezone == "Europe/Berlin"


def test_a_zone_of_its_own_and_no_holidays_unless_asked_for():
    rules = RULES.model_copy(update={"timezone": "Europe/Lisbon", "closed": []})
    schedule = to_schedule("x", rules, timezone="Europe/Berlin", holiday_dates={dt.date(2026, 1, 1): "Neujahr"})
    assert schedule.timezone == "Europe/Lisbon"
    assert schedule.holidays == {}


def test_holidays_of_the_state_in_the_companys_language():
    berlin = holiday_dates("DE-BE", "de", (2026, 2027))
    assert berlin[dt.date(2026, 3, 8)] == "Frauentag"
    assert dt.date(2027, 10, 3) in berlin
    assert dt.date(2026, 3, 8) not in holiday_dates("DE-BY", "de", (2026,))
    assert holiday_dates("DE-BE", "en", (2026,))[dt.date(2026, 1, 1)] == "New Year's Day"
    assert holiday_dates("FR", "de", (2026,))[dt.date(2026, 7, 14)]


def test_known_subdivisions():
    assert known_subdivision("DE-BE")
    assert known_subdivision("DE")
    assert not known_subdivision("DE-XX")
    assert not known_subdivision("ZZ")
