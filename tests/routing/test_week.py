"""A week divided into spans says at every instant what the router would do then."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.routing.decide import decide
from callrouter.routing.hours import day_hours, state
from callrouter.routing.plan import Ring, Voicemail
from callrouter.routing.snapshot import DateRange, Mailbox, Schedule, Window
from callrouter.routing.week import spans
from tests.routing.company import ANNA, BERLIN, COMPANY, OFFICE_HOURS, phone_call, trunk_call, with_owner

MONDAY = dt.datetime(2026, 12, 21, tzinfo=BERLIN)
WEEK = dt.timedelta(days=7)
WINDOWS = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
SCHEDULES = st.builds(
    Schedule,
    st.just("drawn"),
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Asia/Tokyo"]),
    st.lists(WINDOWS, max_size=3).map(tuple),
    st.sampled_from([(), (DateRange(dt.date(2026, 10, 25), dt.date(2026, 10, 26), "Umzug"),)]),
    st.sampled_from([{}, {dt.date(2026, 3, 29): "Feiertag"}]),
)


def essence(plan):
    fields = {"clock", "date", "weekday"}
    return plan.steps, [(r.code, [f for f in r.fields if f[0] not in fields]) for r in plan.reasons]


def test_the_week_of_christmas():
    found = spans(trunk_call("+493023125010"), COMPANY, MONDAY, MONDAY + WEEK)
    told = [
        (span.start.astimezone(BERLIN).strftime("%a %H:%M"), isinstance(span.plan.steps[-1], Voicemail))
        for span in found
    ]
    assert told == [
        ("Mon 00:00", True), ("Mon 08:00", False), ("Mon 17:30", True), ("Tue 08:00", False), ("Tue 17:30", True),
        ("Wed 08:00", False), ("Wed 17:30", True), ("Thu 00:00", True), ("Fri 00:00", True), ("Sat 00:00", True),
        ("Sun 00:00", True),
    ]  # fmt: skip
    codes = [[reason.code for reason in span.plan.reasons if reason.code.startswith("hours")] for span in found[-4:]]
    assert codes == [["hours_closed_date"], ["hours_holiday"], ["hours_holiday"], ["hours_no_window"]]


@pytest.mark.parametrize("dialed", ["+493023125000", "+493023125011", "+493023125013", "+493023125014", "123", "x"])
def test_what_no_schedule_touches_is_one_span(dialed: str):
    (span,) = spans(trunk_call(dialed), COMPANY, MONDAY, MONDAY + WEEK)
    assert (span.start, span.end) == (MONDAY, MONDAY + WEEK)


def test_an_internal_call_to_an_extension():
    found = spans(phone_call("10"), COMPANY, MONDAY, MONDAY + WEEK)
    assert len(found) == 11
    assert isinstance(found[1].plan.steps[0], Ring)


@given(
    SCHEDULES,
    st.sampled_from(["open", "closed"]),
    st.sampled_from([dt.datetime(2026, 3, 27), dt.datetime(2026, 10, 23), dt.datetime(2026, 12, 21)]),
    st.lists(st.integers(0, 7 * 86400 - 1), min_size=1, max_size=20),
)
def test_at_every_instant_it_is_what_the_router_decides(schedule, when, start, seconds):
    start = start.replace(tzinfo=dt.UTC)
    snapshot = with_owner(replace(ANNA, mailbox=Mailbox(enabled=True, schedule=schedule, active_when=when)))
    call = trunk_call("+493023125010")
    found = spans(call, snapshot, start, start + WEEK)
    assert (found[0].start, found[-1].end) == (start, start + WEEK)
    assert all(one.end == other.start for one, other in pairwise(found))
    for second in seconds:
        at = start + dt.timedelta(seconds=second)
        (span,) = [span for span in found if span.start <= at < span.end]
        assert essence(span.plan) == essence(decide(call, snapshot, at))


@given(SCHEDULES, st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), st.integers(0, 1439))
def test_a_day_is_open_when_its_hours_say_so(schedule: Schedule, day: dt.date, minute: int):
    schedule = replace(schedule, timezone="UTC")
    at = dt.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=dt.UTC)
    found = day_hours(schedule, day)
    assert any(start <= minute < end for start, end in found.windows) is state(schedule, at).open
    assert found.closes is (state(schedule, at).why.code in ("hours_closed_date", "hours_holiday"))


def test_a_closed_day_says_why():
    assert day_hours(OFFICE_HOURS, dt.date(2026, 12, 25)).closed == "Erster Weihnachtstag"
    assert day_hours(OFFICE_HOURS, dt.date(2026, 12, 24)).closed == ""
    assert day_hours(OFFICE_HOURS, dt.date(2026, 12, 23)).windows == ((480, 1050),)
