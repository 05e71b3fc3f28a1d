"""The weekly editor and the closed dates: what the form shows comes back as it was, and what buttons do to rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import render_template_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from werkzeug.datastructures import MultiDict

from callrouter.directory import document
from callrouter.directory.kinds import DAYS
from callrouter.directory.schedules import to_schedule
from callrouter.routing import hours
from callrouter.web.closed_dates import mistake, row_of
from callrouter.web.rows import rearranged
from callrouter.web.times_form import TimesForm, times_of
from callrouter.web.weekly import days_text, read_clock, spans, week_of, windows_of
from tests.web.world import World

BERLIN = document.Company(name="Muster", holidays="DE-BE", sip_domain="pbx.muster.example")
TODAY = dt.date(2026, 11, 21)

clocks = st.integers(0, 23 * 60 + 59).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
windows = st.builds(
    lambda days, start, end: document.OpenWindow.model_validate({"days": days, "from": start, "to": end}),
    st.sampled_from(["mon-fri", "sat", "sat,sun", "fri-mon", "mon,wed,fri", "mon-sun"]),
    clocks,
    clocks | st.just("24:00"),
)
reasons = st.text(st.characters(categories=["L", "N", "P"]), max_size=20)
days = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))
closed = st.one_of(
    st.just({"holidays": True}),
    st.builds(lambda day, why: {"date": day.isoformat(), "reason": why}, days, reasons),
    st.builds(lambda day, why: {"date": f"{day:%m-%d}", "reason": why}, days, reasons),
    st.builds(lambda a, b, why: {"from": min(a, b), "to": max(a, b), "reason": why}, days, days, reasons),
).map(document.ClosedDate.model_validate)
rules = st.builds(
    lambda opened, shut: document.ScheduleRules(open=opened, closed=shut),
    st.lists(windows, min_size=1, max_size=4),
    st.lists(closed, max_size=4),
)


@pytest.fixture(autouse=True)
def request_to_the_pages(world: World) -> Iterator[None]:
    """Fields translate, so they need a request."""
    with world.application.test_request_context():
        yield


def made(values: dict[str, str] | None, before: document.ScheduleRules) -> TimesForm:
    form = TimesForm(
        formdata=None if values is None else MultiDict(values), data=times_of(before), meta={"csrf": False}
    )
    form.prepare(BERLIN, TODAY)
    return form


def shown(form: TimesForm) -> dict[str, str]:
    """What a browser would send of the form as it is shown."""
    page = render_template_string(
        "{% from '_hours.html' import times with context %}<form>{{ times(form) }}</form>", form=form
    )
    return dict(html.fromstring(page).form_values())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=rules)
def test_rules_come_back_from_the_form_as_they_were(before: document.ScheduleRules):
    form = made(shown(made(None, before)), before)
    assert form.validate(), form.errors
    assert form.rules(before) == {"open": before.open, "closed": before.closed, "timezone": None}


@given(opened=st.lists(windows, max_size=6))
def test_windows_made_anew_are_open_at_the_same_times(opened: list[document.OpenWindow]):
    again = windows_of(week_of(opened))
    assert week_of(again) == week_of(opened)
    schedule = to_schedule("", document.ScheduleRules(open=opened), timezone="Europe/Berlin", holiday_dates={})
    monday = dt.date(2026, 11, 23)
    for number, shown_spans in enumerate(spans(week_of(again))):
        minutes = {minute for start, end in shown_spans for minute in range(start, end)}
        day = hours.day_hours(schedule, monday + dt.timedelta(days=number))
        assert minutes == {minute for start, end in day.windows for minute in range(start, end)}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("8", "08:00"), ("8:30", "08:30"), ("08.30", "08:30"), ("0830", "08:30"), ("17 Uhr", "17:00"), ("24:00", "24:00")]
    + [(wrong, None) for wrong in ("", "24:01", "8:60", "25", "acht", "-1", "08:30:00", "²")],
)
def test_times_as_people_write_them(typed: str, meant: str | None):
    assert read_clock(typed) == meant


def test_days_are_written_as_ranges():
    assert days_text({0, 1, 2, 3, 4, 6}) == "mon-fri,sun"
    assert days_text({5}) == "sat"


def pressed(button: str, **values: str) -> TimesForm:
    sent = {"hours-mon-0-from": "8", "hours-mon-0-to": "17", "hours-tue-0-from": "9", "hours-tue-0-to": ""} | values
    field, _, action = button.partition(":")
    form = made(sent | {f"{field}-do": action}, document.ScheduleRules())
    assert rearranged(form)
    return form


def test_a_window_is_added_and_nothing_typed_is_lost():
    form = pressed("hours:add-mon")
    assert form.hours.week[:2] == [[("8", "17"), ("", "")], [("9", "")]]
    assert form.hours.focus == "hours-mon-1-from"
    assert 'id="hours-mon-1-from" name="hours-mon-1-from" value=""' in render_template_string(
        "{% from '_hours.html' import weekly with context %}{{ weekly(form.hours, form) }}", form=form
    )


def test_a_window_is_removed_and_the_day_is_closed():
    form = pressed("hours:remove-mon-0")
    assert form.hours.week[0] == []


def test_monday_is_copied_to_friday():
    form = pressed("hours:copy-mon", **{"hours-sat-0-from": "10", "hours-sat-0-to": "12"})
    assert form.hours.week == [[("8", "17")]] * 5 + [[("10", "12")], []]


@pytest.mark.parametrize("button", ["add-xyz", "remove-mon", "remove-mon-7", "remove-mon-²", "add", "", "x" * 500])
def test_a_button_that_was_made_up_does_nothing(button: str):
    sent = {"hours-mon-0-from": "8", "hours-mon-0-to": "17", "hours-do": button, "closed-do": button}
    form = made(sent, document.ScheduleRules())
    assert form.hours.week[0] == [("8", "17")]


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("8", "", "Enter both times"),
        ("", "17", "Enter both times"),
        ("8", "25", "Write times such as 08:30"),
        ("24:00", "8", "Nothing starts at 24:00"),
    ],
)
def test_a_mistake_stands_beside_its_day(start: str, end: str, text: str):
    form = made({"hours-wed-0-from": start, "hours-wed-0-to": end}, document.ScheduleRules())
    assert not form.validate()
    assert text in form.hours.row_errors[DAYS.index("wed")]
    values = shown(form)
    assert (values["hours-wed-0-from"], values["hours-wed-0-to"]) == (start, end)


def test_hours_that_are_never_open_are_none():
    form = made({"hours-mon-0-from": "", "hours-mon-0-to": ""}, document.ScheduleRules())
    assert not form.validate()
    assert form.hours.errors == ["Add at least one window in which it is open."]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"first": ""}, "Enter a date."),
        ({"first": "2026-02-30"}, "Enter a date."),
        ({"first": "2026-W01-1"}, "Enter a date."),
        ({"first": "2026-12-24", "last": "2026-12-23"}, "The last day is before the first."),
        ({"first": "2026-12-24", "last": "2026-12-26", "yearly": "y"}, "Every year goes for a single day"),
    ],
)
def test_a_mistake_stands_beside_its_date(values: dict[str, str], text: str):
    sent = {f"closed-0-{name}": value for name, value in {"reason": "Ferien", **values}.items()}
    form = made(sent, document.ScheduleRules())
    assert not form.validate()
    assert form.closed.row_errors[0].startswith(text)
    assert form.closed.rows[0].reason == "Ferien"


def test_leap_day_is_shown_in_a_year_that_has_it():
    row = row_of(document.ClosedDate(date="02-29"), 2026)
    assert (row.first, mistake(row)) == ("2028-02-29", "")
