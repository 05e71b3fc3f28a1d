"""When a pool is open, on the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_company import company, run, told  # noqa: F401 (a fixture)
from tests.cli.test_directory import as_json


def test_a_pool_is_closed_opened_and_left_to_its_hours(company: Path):  # noqa: F811
    assert "pool sales is closed by hand\n" in told("pool", "close", "sales", cwd=company)
    assert as_json("pool", "show", "sales", cwd=company)["switch"] == "closed"
    assert "pool sales is open by hand until 2099-12-31 17:00" in told(
        "pool", "open", "sales", "--until", "2099-12-31 17:00", cwd=company
    )
    assert as_json("pool", "show", "sales", cwd=company)["switch_until"] == "2099-12-31T16:00:00Z"
    assert "pool sales is open\n" in told("pool", "as-scheduled", "sales", cwd=company)
    told("pool", "hours", "sales", "--schedule", "office hours", cwd=company)
    told("pool", "next", "sales", "--closed", "announcement:closed", "--busy", "announcement:busy", cwd=company)
    shown = as_json("pool", "show", "sales", cwd=company)
    assert (shown["hours"]["name"], shown["next"]["closed"]) == ("office hours", "announcement:closed")
    sunday = ("explain", "+493023125000", "--at", "2026-11-22T12:00", "--from", "+4917604069001")
    assert "Ansage „jetzt geschlossen“" in told(*sunday, cwd=company)
    for arguments, message in (
        (("close", "sales", "--until", "soon"), "'soon' is no time"),
        (("close", "sales", "--until", "2020-01-01 08:00"), "has passed"),
        (("hours", "sales"), "give one of --schedule NAME and --always"),
        (("next", "sales", "--closed", "announcement:lunch"), "announcement"),
    ):
        done = run("pool", *arguments, cwd=company)
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
