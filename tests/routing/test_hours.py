"""Schedules by the wall clock: midnights, leap years, holidays and DST nights."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.routing.hours import Change, changes, spans, state
from callrouter.routing.plan import Reason
from callrouter.routing.snapshot import DateRange, Schedule, Window, YearlyDate
from tests.routing.company import EVERY_DAY, MON_FRI, OFFICE_HOURS

NIGHTS = Schedule("nights", "Europe/Berlin", (Window(EVERY_DAY, 20 * 60, 6 * 60),))
ALWAYS = Schedule("always", "Europe/Berlin", (Window(EVERY_DAY, 0, 1440),))
FRIDAY_NIGHT = Schedule("friday night", "Europe/Berlin", (Window(frozenset({4}), 22 * 60, 2 * 60),))


def local(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def closed(*rules: DateRange | YearlyDate, base: Schedule = ALWAYS) -> Schedule:
    return replace(base, closed=rules)


@pytest.mark.parametrize(
    ("schedule", "at", "is_open", "code"),
    [
        (OFFICE_HOURS, "2026-11-18T07:59:59.999999", False, "hours_no_window"),
        (OFFICE_HOURS, "2026-11-18T08:00", True, "hours_open"),
        (OFFICE_HOURS, "2026-11-18T17:29:59", True, "hours_open"),
        (OFFICE_HOURS, "2026-11-18T17:30", False, "hours_no_window"),
        (OFFICE_HOURS, "2026-11-21T10:00", False, "hours_no_window"),
        (OFFICE_HOURS, "2026-12-24T10:00", False, "hours_closed_date"),
        (OFFICE_HOURS, "2027-12-24T10:00", False, "hours_closed_date"),
        (OFFICE_HOURS, "2026-12-25T10:00", False, "hours_holiday"),
        (OFFICE_HOURS, "2026-12-28T10:00", False, "hours_closed_date"),
        (OFFICE_HOURS, "2026-12-31T10:00", False, "hours_closed_date"),
        (OFFICE_HOURS, "2027-01-01T10:00", True, "hours_open"),
        (OFFICE_HOURS, "2027-12-31T10:00", True, "hours_open"),
        (NIGHTS, "2026-11-18T19:59", False, "hours_no_window"),
        (NIGHTS, "2026-11-18T20:00", True, "hours_open"),
        (NIGHTS, "2026-11-19T00:00", True, "hours_open"),
        (NIGHTS, "2026-11-19T05:59", True, "hours_open"),
        (NIGHTS, "2026-11-19T06:00", False, "hours_no_window"),
        (NIGHTS, "2026-12-01T00:30", True, "hours_open"),
        (NIGHTS, "2027-01-01T00:30", True, "hours_open"),
        (FRIDAY_NIGHT, "2026-11-20T23:00", True, "hours_open"),
        (FRIDAY_NIGHT, "2026-11-21T01:59", True, "hours_open"),
        (FRIDAY_NIGHT, "2026-11-21T22:00", False, "hours_no_window"),
        (FRIDAY_NIGHT, "2026-11-20T01:00", False, "hours_no_window"),
        (replace(NIGHTS, windows=(Window(frozenset({6}), 1320, 120),)), "2026-11-23T01:00", True, "hours_open"),
        (replace(NIGHTS, windows=(Window(frozenset({0}), 600, 600),)), "2026-11-24T09:59", True, "hours_open"),
        (replace(NIGHTS, windows=(Window(frozenset({0}), 600, 600),)), "2026-11-24T10:00", False, "hours_no_window"),
        (replace(NIGHTS, windows=(Window(frozenset({0}), 600, 1440),)), "2026-11-23T23:59", True, "hours_open"),
        (replace(NIGHTS, windows=(Window(frozenset({0}), 600, 1440),)), "2026-11-24T00:00", False, "hours_no_window"),
        (closed(YearlyDate(2, 29)), "2028-02-29T12:00", False, "hours_closed_date"),
        (closed(YearlyDate(2, 29)), "2028-02-28T12:00", True, "hours_open"),
        (closed(YearlyDate(2, 29)), "2028-03-01T12:00", True, "hours_open"),
        (closed(YearlyDate(2, 29)), "2027-02-28T12:00", True, "hours_open"),
        (closed(YearlyDate(2, 29)), "2027-03-01T12:00", True, "hours_open"),
        (closed(DateRange(dt.date(2028, 2, 28), dt.date(2028, 3, 1))), "2028-02-29T00:00", False, "hours_closed_date"),
        (closed(DateRange(dt.date(2026, 4, 30), dt.date(2026, 4, 30))), "2026-04-30T23:59", False, "hours_closed_date"),
        (closed(DateRange(dt.date(2026, 4, 30), dt.date(2026, 4, 30))), "2026-05-01T00:00", True, "hours_open"),
        (closed(DateRange(dt.date(2026, 5, 2), dt.date(2026, 5, 1))), "2026-05-01T12:00", True, "hours_open"),
        (closed(YearlyDate(12, 24), base=NIGHTS), "2026-12-23T23:59", True, "hours_open"),
        (closed(YearlyDate(12, 24), base=NIGHTS), "2026-12-24T00:00", False, "hours_closed_date"),
        (closed(YearlyDate(12, 24), base=NIGHTS), "2026-12-24T21:00", False, "hours_closed_date"),
        (closed(YearlyDate(12, 24), base=NIGHTS), "2026-12-25T05:00", True, "hours_open"),
        (replace(ALWAYS, windows=()), "2026-11-18T10:00", False, "hours_no_window"),
    ],
)
def test_state(schedule: Schedule, at: str, is_open: bool, code: str) -> None:
    found = state(schedule, local(at))
    assert (found.open, found.why.code) == (is_open, code)


def test_the_schedules_zone_counts_not_the_moments() -> None:
    assert state(OFFICE_HOURS, utc("2026-11-18T07:00")).open
    assert not state(OFFICE_HOURS, utc("2026-07-15T05:59")).open
    assert state(OFFICE_HOURS, utc("2026-07-15T06:00")).open
    assert state(replace(ALWAYS, closed=(YearlyDate(12, 24),)), utc("2026-12-24T23:00")).open


def test_the_reason_names_window_and_holiday() -> None:
    assert state(OFFICE_HOURS, local("2026-11-18T10:05")).why == Reason(
        "hours_open",
        (
            ("schedule", "office hours"),
            ("date", "2026-11-18"),
            ("clock", "10:05"),
            ("weekday", "2"),
            ("start", "08:00"),
            ("end", "17:30"),
        ),
    )
    assert dict(state(OFFICE_HOURS, local("2026-12-25T10:05")).why.fields)["why"] == "Erster Weihnachtstag"
    assert dict(state(OFFICE_HOURS, local("2026-12-29T10:05")).why.fields)["why"] == "company holidays"


def window(zone: str, start: str, end: str) -> Schedule:
    def minute(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Schedule("dst", zone, (Window(EVERY_DAY, minute(start), minute(end)),))


@pytest.mark.parametrize(
    ("schedule", "start", "end", "expected"),
    [  # Berlin skips 02:00-03:00 on 2026-03-29 (01:00 UTC) and repeats it on 2026-10-25 (01:00 UTC).
        (window("Europe/Berlin", "02:15", "02:45"), "2026-03-28T12:00", "2026-03-29T12:00", []),
        (
            window("Europe/Berlin", "02:30", "05:00"),
            "2026-03-28T12:00",
            "2026-03-29T12:00",
            [("2026-03-29T01:00", True), ("2026-03-29T03:00", False)],
        ),
        (
            window("Europe/Berlin", "01:00", "02:30"),
            "2026-03-28T12:00",
            "2026-03-29T12:00",
            [("2026-03-29T00:00", True), ("2026-03-29T01:00", False)],
        ),
        (
            window("Europe/Berlin", "22:00", "06:00"),
            "2026-03-28T12:00",
            "2026-03-29T12:00",
            [("2026-03-28T21:00", True), ("2026-03-29T04:00", False)],
        ),
        (
            window("Europe/Berlin", "02:15", "02:45"),
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            [
                ("2026-10-25T00:15", True),
                ("2026-10-25T00:45", False),
                ("2026-10-25T01:15", True),
                ("2026-10-25T01:45", False),
            ],
        ),
        (
            window("Europe/Berlin", "02:30", "05:00"),
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            [
                ("2026-10-25T00:30", True),
                ("2026-10-25T01:00", False),
                ("2026-10-25T01:30", True),
                ("2026-10-25T04:00", False),
            ],
        ),
        (
            window("Europe/Berlin", "22:00", "06:00"),
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            [("2026-10-24T20:00", True), ("2026-10-25T05:00", False)],
        ),
        # New York skips 02:00-03:00 on 2026-03-08 (07:00 UTC) and repeats 01:00-02:00 on 2026-11-01 (06:00 UTC).
        (
            window("America/New_York", "02:30", "04:00"),
            "2026-03-07T18:00",
            "2026-03-08T18:00",
            [("2026-03-08T07:00", True), ("2026-03-08T08:00", False)],
        ),
        (
            window("America/New_York", "01:30", "04:00"),
            "2026-10-31T18:00",
            "2026-11-01T18:00",
            [
                ("2026-11-01T05:30", True),
                ("2026-11-01T06:00", False),
                ("2026-11-01T06:30", True),
                ("2026-11-01T09:00", False),
            ],
        ),
        # Santiago has no midnight on 2026-09-06: a closed day begins with the skipped hour's end, at 04:00 UTC.
        (
            closed(YearlyDate(9, 6), base=replace(ALWAYS, timezone="America/Santiago")),
            "2026-09-05T12:00",
            "2026-09-08T00:00",
            [("2026-09-06T04:00", False), ("2026-09-07T03:00", True)],
        ),
        (ALWAYS, "2026-03-01T00:00", "2026-04-01T00:00", []),
        (replace(ALWAYS, windows=()), "2026-03-01T00:00", "2026-04-01T00:00", []),
        (OFFICE_HOURS, "2026-11-18T07:00", "2026-11-18T16:30", []),  # both ends are left out
        (OFFICE_HOURS, "2026-11-18T16:30", "2026-11-18T07:00", []),
        (
            OFFICE_HOURS,
            "2026-12-23T12:00",
            "2027-01-01T12:00",
            [("2026-12-23T16:30", False), ("2027-01-01T07:00", True)],
        ),
    ],
)  # fmt: skip
def test_changes(schedule: Schedule, start: str, end: str, expected: list[tuple[str, bool]]) -> None:
    assert changes(schedule, utc(start), utc(end)) == [Change(utc(at), is_open) for at, is_open in expected]


def test_each_passage_of_a_repeated_wall_time_is_judged_by_the_wall_clock() -> None:
    schedule = window("Europe/Berlin", "02:15", "02:45")
    assert state(schedule, local("2026-10-25T02:30", fold=0)).open
    assert state(schedule, local("2026-10-25T02:30", fold=1)).open


def test_a_moment_without_zone_is_refused() -> None:
    naive = dt.datetime(2026, 1, 1)
    with pytest.raises(ValueError, match="has no time zone"):
        state(ALWAYS, naive)
    with pytest.raises(ValueError, match="has no time zone"):
        changes(ALWAYS, utc("2026-01-01T00:00"), naive)


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        state(replace(ALWAYS, timezone="Europe/Nowhere"), utc("2026-01-01T00:00"))


ZONES = ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
#: Around the DST nights of these zones in 2026, where mistakes would be.
NIGHTS_OF_CHANGE = ["2026-03-08", "2026-03-29", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-25", "2026-11-01"]
MINUTES = st.one_of(st.integers(0, 1440), st.integers(0, 240))
SCHEDULES = st.builds(
    Schedule,
    st.just("any"),
    st.sampled_from(ZONES),
    st.lists(st.builds(Window, st.frozensets(st.integers(0, 6)), MINUTES, MINUTES), max_size=3).map(tuple),
    st.lists(
        st.one_of(
            st.just(YearlyDate(10, 25)),
            st.builds(
                lambda day, length: DateRange(day, day + dt.timedelta(length)),
                st.sampled_from([dt.date.fromisoformat(day) for day in NIGHTS_OF_CHANGE]),
                st.integers(-1, 2),
            ),
        ),
        max_size=2,
    ).map(tuple),
    st.dictionaries(st.sampled_from([dt.date(2026, 3, 29), dt.date(2026, 11, 1)]), st.just("Holiday"), max_size=1),
)


@settings(max_examples=150)
@given(SCHEDULES, st.sampled_from(NIGHTS_OF_CHANGE), st.integers(0, 86399))
def test_changes_are_all_the_changes_of_state(schedule: Schedule, day: str, second: int) -> None:
    start = utc(f"{day}T00:00") - dt.timedelta(seconds=second)
    found = changes(schedule, start, start + dt.timedelta(days=3))
    expected = {change.at: change.open for change in found}
    is_open = state(schedule, start).open
    # Every boundary is a whole minute, so the state at each minute's start is the state throughout the minute.
    moment = start.replace(second=0) + dt.timedelta(minutes=1)
    while moment < start + dt.timedelta(days=3):
        is_open = expected.pop(moment, is_open)
        assert state(schedule, moment).open is is_open, moment
        moment += dt.timedelta(minutes=1)
    assert not expected


def test_office_hours_change_twice_a_working_day_all_year() -> None:
    plain = replace(OFFICE_HOURS, closed=(), holidays={})
    found = changes(plain, utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))
    working_days = sum((dt.date(2026, 1, 1) + dt.timedelta(n)).weekday() in MON_FRI for n in range(365))
    assert len(found) == 2 * working_days
    assert {f"{change.at.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}" for change in found} == {"08:00", "17:30"}


@pytest.mark.parametrize(
    ("schedule", "start", "end", "minutes"),
    [
        (OFFICE_HOURS, "2026-11-18T09:00", "2026-11-18T09:40", [40]),
        (OFFICE_HOURS, "2026-11-18T17:00", "2026-11-19T08:15", [30, 15]),
        (OFFICE_HOURS, "2026-11-21T09:00", "2026-11-22T12:00", []),
        (OFFICE_HOURS, "2026-11-18T17:30", "2026-11-18T17:30", []),
        (NIGHTS, "2026-10-24T20:00", "2026-10-25T08:00", [11 * 60]),
        (NIGHTS, "2026-03-28T20:00", "2026-03-29T08:00", [9 * 60]),
    ],
)
def test_spans_are_when_it_is_open(schedule: Schedule, start: str, end: str, minutes: list[int]):
    found = spans(schedule, local(start), local(end))
    assert [(to - since).total_seconds() / 60 for since, to in found] == minutes
