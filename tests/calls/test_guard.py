"""Who calls out waits for the router no longer than it takes to know nothing."""

from __future__ import annotations

import datetime as dt
import threading
import time
from pathlib import Path
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from callrouter import variables
from callrouter.calls.guard import Guard
from callrouter.cases.guarding import Found
from callrouter.directory.privacy import Sees

NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
ASKED = {f"variable_{variables.OUT_NUMBER}": "+4917604069001", f"variable_{variables.OF}{variables.EMPLOYEE}": "anna"}
#: It has no channel to say anything on: nothing must be said.
NO_CHANNEL: Any = None


def guard(look: Any) -> Guard:
    return Guard(look, lambda: NOW, Path("prompts"))


def test_a_database_that_hangs_holds_a_call_for_a_second_alone() -> None:
    over = threading.Event()

    def look(*_: object) -> Found | None:
        over.wait(30)
        return None

    begun = time.monotonic()
    try:
        with capture_logs() as said:
            guard(look)(NO_CHANNEL, ASKED)
    finally:
        over.set()
    assert 0.9 < time.monotonic() - begun < 5
    assert ["the call goes out" in line["event"] for line in said] == [True]


def test_many_who_wait_for_a_database_that_hangs_keep_no_thread_from_calls() -> None:
    over = threading.Event()
    ask = guard(lambda *_: over.wait(30) and None)
    try:
        asking = [gevent.spawn(ask, NO_CHANNEL, ASKED) for _ in range(20)]
        gevent.sleep(0)
        assert gevent.spawn(gevent.get_hub().threadpool.apply, lambda: "at once").get(timeout=0.8) == "at once"
        gevent.joinall(asking, timeout=10, raise_error=True)
        assert all(asker.ready() for asker in asking)
    finally:
        over.set()


@pytest.mark.parametrize("error", [RuntimeError("database"), MemoryError(), KeyError("x")])
def test_whatever_goes_wrong_the_call_goes_out(error: Exception) -> None:
    def look(*_: object) -> Found | None:
        raise error

    with capture_logs() as said:
        guard(look)(NO_CHANNEL, ASKED)
    assert [line["log_level"] for line in said] == ["warning"]


def test_a_case_that_nobody_may_be_warned_of_needs_a_switch_and_goes_out_without() -> None:
    """Asking FreeSWITCH fails here, as there is none."""
    found = Found(1, (), {}, {}, 15, "de", Sees())
    with capture_logs() as said:
        guard(lambda *_: found)(NO_CHANNEL, ASKED)
    assert len(said) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {f"variable_{variables.OUT_NUMBER}": "110"},
        {f"variable_{variables.OUT_NUMBER}": "+49176%' or 1"},
        {f"variable_{variables.OUT_NUMBER}": ""},
        {f"variable_{variables.OF}{variables.EMPLOYEE}": ""},
    ],
)
def test_odd_questions_ask_nobody(changed: dict[str, str]) -> None:
    asked: list[object] = []
    guard(asked.append)(NO_CHANNEL, ASKED | changed)
    assert asked == []
