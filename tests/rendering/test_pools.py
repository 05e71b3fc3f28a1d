"""How pools ring, as rendered: which phones together, when, for how long, and what ends it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings

ANNA, BEN = ["anna-desk", "anna-soft"], ["ben-desk"]
ONCE = "hash callrouter turns-sales-U-0 1/{seconds} {does}"


def _walk(path: Path, at: str = "open", **pool: Any) -> Walk:
    company = muster()
    company["pools"][0] |= pool
    files = rendered(company, switch_settings(path))
    return Walk(files, {"uuid": "U", "callrouter_turn": "0", "callrouter_schedule": at})


def _ring(walk: Walk) -> list[tuple[str, str]]:
    """The applications of the ringing itself, to the end of the extension."""
    walk.run("ring", "owner-pool-sales")
    return walk.execute("ring", "owner-pool-sales")


def _turns(done: list[tuple[str, str]]) -> list[list[str]]:
    return [re.findall(r"\[callrouter_device=([a-z-]+)", data) for name, data in done if name == "bridge"]


def _delays(done: list[tuple[str, str]]) -> dict[str, str]:
    leg = re.compile(r"\[callrouter_device=([a-z-]+)[^\]]*leg_delay_start=([0-9]+)")
    return dict(pair for name, data in done if name == "bridge" for pair in leg.findall(data))


@pytest.mark.parametrize(
    ("pool", "turns", "delays"),
    [
        ({}, [ANNA + BEN], {}),
        ({"delays": {"ben": 9}}, [ANNA + BEN], {}),
        ({"strategy": "waves", "delays": {"ben": 9}}, [ANNA + BEN], {"ben-desk": "9"}),
        ({"strategy": "waves", "delays": {"ben": 9}, "members": ["ben"]}, [BEN], {}),
        ({"strategy": "waves", "delays": {"ben": 300}}, [ANNA + BEN], {"ben-desk": "25"}),
        ({"strategy": "sequential"}, [ANNA, BEN], {}),
        ({"strategy": "longest-idle", "members": ["ben", "anna"]}, [BEN, ANNA], {}),
        ({"strategy": "sequential", "signed_out": ["anna"]}, [BEN], {}),
        ({"signed_out": ["anna"]}, [BEN], {}),
        ({"signed_out": ["anna", "ben"]}, [], {}),
    ],
)
def test_who_rings_together_and_when(
    tmp_path: Path, pool: dict[str, Any], turns: list[list[str]], delays: dict[str, str]
) -> None:
    walk = _walk(tmp_path, **{"members": ["anna", "ben"], **pool, "mailbox": {"enabled": False}})
    if not turns:
        assert walk.run("ring", "owner-pool-sales") == ("hangup", "SUBSCRIBER_ABSENT")
        return
    done = _ring(walk)
    assert (_turns(done), _delays(done)) == (turns, delays)


@pytest.mark.parametrize(
    ("pool", "each", "within"),
    [
        ({"ring_seconds": 40}, "15", "40"),
        ({"ring_seconds": 40, "member_seconds": 25}, "25", "40"),
        ({"ring_seconds": 40, "member_seconds": 60}, "40", "40"),
        ({"ring_seconds": 40, "mailbox": {"enabled": True, "answer_after": 12}}, "12", "12"),
        ({"ring_seconds": 40, "mailbox": {"enabled": True, "answer_after": 20}}, "15", "20"),
    ],
)
def test_each_has_a_turn_within_the_time_of_all(tmp_path: Path, pool: dict[str, Any], each: str, within: str) -> None:
    walk = _walk(tmp_path, **{"strategy": "sequential", "mailbox": {"enabled": False}, **pool})
    done = _ring(walk)
    assert walk.variables["call_timeout"] == each
    limits = [data for name, data in done if name == "limit_execute"]
    first = ONCE.format(seconds=within, does=f"set callrouter_within={within}")
    assert limits == [first, ONCE.format(seconds=within, does="transfer over XML owner-pool-sales")]
    assert [name for name, _ in done if name in ("ring_ready", "bridge")] == ["ring_ready", "bridge"] * 2
