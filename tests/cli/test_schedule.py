"""A schedule's month on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_company import company, run, told  # noqa: F401 (a fixture)
from tests.cli.test_directory import as_json


def test_a_month_says_when_it_is_open_and_why_not(company: Path):  # noqa: F811
    days = as_json("schedule", "preview", "office hours", "--month", "2026-12", cwd=company)
    assert len(days) == 31
    assert days[0] == {
        "date": "2026-12-01",
        "open": [{"from": "08:00", "to": "17:30"}],
        "closed": None,
        "holiday": None,
    }
    assert (days[23]["closed"], days[23]["open"]) == ("", [])
    assert days[24]["closed"] == days[24]["holiday"] != ""
    nights = as_json("schedule", "preview", "nights", "--month", "2026-12", cwd=company)
    assert nights[24]["open"] == [{"from": "00:00", "to": "06:00"}, {"from": "20:00", "to": "24:00"}]
    assert nights[24]["closed"] is None
    assert "company holidays" in told("schedule", "preview", "office hours", "--month", "2026-12", cwd=company)
    assert len(as_json("schedule", "preview", "nights", cwd=company)) >= 28


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "0000-01", "9999-12", "x"])
def test_a_month_that_is_none(company: Path, month: str):  # noqa: F811
    done = run("schedule", "preview", "nights", "--month", month, cwd=company)
    assert done.returncode == 2
    assert "is no month" in done.stderr
