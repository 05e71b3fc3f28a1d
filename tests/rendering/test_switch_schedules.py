"""Schedules on the real FreeSWITCH: what its conditions say now, in zones where it is noon, midnight or tomorrow.

Each case is an employee without phones: a call ends in the mailbox (200) when the schedule lets it, else with 480.
What is expected holds for two hours from the start of the tests on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callrouter.simulator.phone import Phone
from tests.switch import RenderedSwitch, muster, rendered_switch

pytestmark = pytest.mark.freeswitch

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOW = dt.datetime.now(dt.UTC)


def _zone_where_it_is(hour: int) -> str:
    """A zone in which the clock shows *hour* now (their names have the sign the other way round, POSIX)."""
    offset = (hour - _NOW.hour + 12) % 24 - 12
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


NOON, NIGHT = _zone_where_it_is(12), _zone_where_it_is(1)
_TODAY = _NOW.astimezone(ZoneInfo(NOON)).date()
_LAST_NIGHT = _NOW.astimezone(ZoneInfo(NIGHT)).date() - dt.timedelta(days=1)


def _day(date: dt.date, after: int = 0) -> str:
    return _DAYS[(date.weekday() + after) % 7]


def _open(days: str, start: str, end: str, zone: str = NOON, closed: list[dict[str, Any]] | None = None) -> Any:
    return {"timezone": zone, "open": [{"days": days, "from": start, "to": end}], "closed": closed or []}


def _around(before: int, after: int) -> dict[str, str]:
    day = dt.timedelta(days=1)
    return {"from": str(_TODAY - before * day), "to": str(_TODAY + after * day)}


ZONES = ["Europe/Berlin", "Europe/Dublin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Sydney"]

#: What the mailbox's schedule is → whether it takes a call now.
CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "window around now": (_open(_day(_TODAY), "09:00", "17:00"), True),
    "all day": (_open(_day(_TODAY), "00:00", "24:00"), True),
    "window tomorrow": (_open(_day(_TODAY, 1), "09:00", "17:00"), False),
    "window this morning": (_open("mon-sun", "08:00", "11:00"), False),
    "window tonight": (_open("mon-sun", "15:00", "23:00"), False),
    "closed now, mailbox when closed": (_open("mon-sun", "15:00", "23:00") | {"when": "closed"}, True),
    "night that began yesterday": (_open(_day(_LAST_NIGHT), "20:00", "06:00", NIGHT), True),
    "night that begins today": (_open(_day(_LAST_NIGHT, 1), "20:00", "06:00", NIGHT), False),
    "night in the list of the whole week": (_open("mon-sun", "20:00", "06:00", NIGHT), True),
    "over midnight but noon": (_open("mon-sun", "20:00", "06:00"), False),
    "today is closed": (_open("mon-sun", "00:00", "24:00", closed=[{"date": str(_TODAY)}]), False),
    "today is closed every year": (_open("mon-sun", "00:00", "24:00", closed=[{"date": f"{_TODAY:%m-%d}"}]), False),
    "closed for days around": (_open("mon-sun", "00:00", "24:00", closed=[_around(40, 40)]), False),
    "closed until yesterday": (_open("mon-sun", "00:00", "24:00", closed=[_around(40, -1)]), True),
    "closed from tomorrow": (_open("mon-sun", "00:00", "24:00", closed=[_around(-1, 400)]), True),
    "closed for two years": (_open("mon-sun", "00:00", "24:00", closed=[_around(400, 400)]), False),
    "public holiday today": (_open("mon-sun", "00:00", "24:00", closed=[{"holidays": True}]), False),
    "open although a holiday": (_open("mon-sun", "00:00", "24:00"), True),
}


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderedSwitch]:
    company = muster()
    company["company"]["timezone"] = NOON
    for n, (schedule, _) in enumerate(CASES.values()):
        number = f"+4930231250{20 + n}"
        mailbox = {"enabled": True, "schedule": schedule}
        company["numbers"].append(number)
        company["employees"].append(
            {"id": f"case-{n}", "name": f"Fall {n}", "personal_number": number, "mailbox": mailbox}
        )
    for n, zone in enumerate(ZONES):
        mailbox = {"enabled": True, "schedule": _open("mon-fri", "09:00", "17:00", zone)}
        company["employees"].append({"id": f"zone-{n}", "name": zone, "mailbox": mailbox})
    with rendered_switch(tmp_path_factory.mktemp("switch"), company, holidays={_TODAY: "Feiertag"}) as running:
        yield running


@pytest.fixture(scope="module")
def trunk(switch: RenderedSwitch) -> Iterator[Phone]:
    phone = Phone("trunk", server=("127.0.0.1", switch.settings.freeswitch.trunk_port))
    yield phone
    phone.close()


@pytest.mark.parametrize("name", CASES)
def test_mailbox_takes_calls_when_its_schedule_says_so(name: str, trunk: Phone) -> None:
    number = f"+4930231250{20 + list(CASES).index(name)}"
    call = trunk.call(number, "+4917604069001")
    call.wait_for("200" if CASES[name][1] else "480")
    call.hangup()


@pytest.mark.parametrize("zone", ZONES)
def test_zones_are_what_zoneinfo_says(zone: str, switch: RenderedSwitch) -> None:
    """FreeSWITCH's own reading of the rendered rules, all through a year."""
    start = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp())
    for epoch in range(start, start + 366 * 86400, 11 * 3600 * 17):
        expected = dt.datetime.fromtimestamp(epoch, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
        assert switch.api(f"strftime_tz {zone} {epoch}|%Y-%m-%d %H:%M") == expected
