"""A schedule's month, and a number's week, as the pages show them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from callrouter.directory import document
from callrouter.directory.calendar import holidays_of, schedule_preview
from callrouter.directory.database import Database
from callrouter.directory.explaining import Explainer

BERLIN = document.Company(name="Muster", holidays="DE-BE", sip_domain="pbx.muster.example")
RULES = document.ScheduleRules.model_validate(
    {
        "open": [
            {"days": "mon-fri", "from": "08:00", "to": "12:00"},
            {"days": "mon-fri", "from": "11:00", "to": "17:00"},
            {"days": "sat", "from": "22:00", "to": "02:00"},
        ],
        "closed": [{"holidays": True}, {"date": "12-24", "reason": "Heiligabend"}],
    }
)


def test_the_days_of_december():
    days = {day.date.day: day for day in schedule_preview(RULES, BERLIN, 2026, 12)}
    assert len(days) == 31
    assert days[1].windows == ((480, 1020),)
    assert (days[24].closes, days[24].closed, days[24].windows) == (True, "Heiligabend", ())
    assert days[25].holiday == days[25].closed == "Erster Weihnachtstag"
    assert days[26].windows == ()
    assert days[27].windows == ((0, 120),)
    assert days[19].windows == ((1320, 1440),)


def test_a_holiday_is_named_where_it_does_not_close():
    rules = document.ScheduleRules(open=RULES.open)
    (day,) = [day for day in schedule_preview(rules, BERLIN, 2026, 12, "en") if day.date.day == 25]
    assert (day.closes, day.holiday, day.windows) == (False, "Christmas Day", ((480, 1020),))


def test_holidays_by_name():
    assert (dt.date(2026, 3, 8), "Frauentag") in holidays_of(BERLIN, 2026)
    assert holidays_of(BERLIN.model_copy(update={"holidays": None}), 2026) == []


@pytest.mark.parametrize("month", [0, 13])
def test_a_month_that_is_none(month: int):
    with pytest.raises(ValueError, match="month"):
        schedule_preview(RULES, BERLIN, 2026, month)


def test_the_week_of_a_number_in_words(muster: Database):
    found = Explainer(muster).week("+493023125010", dt.datetime(2026, 12, 21), "de")
    zone = ZoneInfo("Europe/Berlin")
    assert (found[0].start, found[-1].end) == (
        dt.datetime(2026, 12, 21, tzinfo=zone),
        dt.datetime(2026, 12, 28, tzinfo=zone),
    )
    assert {span.kind for span in found} <= {"rings_then_mailbox", "rings"}
    assert any("Weihnachtstag" in why for span in found for why in span.why)
    (refused,) = Explainer(muster).week("+493023125050", dt.datetime(2026, 12, 21, tzinfo=dt.UTC))
    assert refused.kind == "refused"


def test_a_week_over_the_change_of_clocks_ends_by_the_wall_clock(muster: Database):
    (span,) = Explainer(muster).week("+493023125012", dt.datetime(2026, 10, 20), "en")
    assert span.end - span.start == dt.timedelta(days=7)
    assert span.end.astimezone(dt.UTC) - span.start.astimezone(dt.UTC) == dt.timedelta(days=7, hours=1)
