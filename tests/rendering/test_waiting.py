"""Callers who wait, as rendered: when, in which place, and what is offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callrouter import variables as v
from callrouter.routing.waiting import MOST_PLACES
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings

WAITING = {"after": 12, "at_most": 240, "places": 4}


def _walk(path: Path, variables: dict[str, str], counts: dict[str, int] | None = None, **pool: Any) -> Walk:
    company = muster()
    company["pools"][0] |= {"waiting": WAITING, "mailbox": {"enabled": False}, **pool}
    files = rendered(company, switch_settings(path))
    return Walk(files, {"uuid": "U", v.TURN: "0", **variables}, counts)


def _applied(walk: Walk) -> list[str]:
    return [f"{name} {data}" for name, data in walk.done]


@pytest.mark.parametrize(
    ("pool", "counts", "seconds"),
    [
        ({}, {}, 12),
        ({"ring_seconds": 90}, {}, 12),
        ({"mailbox": {"enabled": True, "answer_after": 60}}, {}, 12),
        ({}, {"waits-sales": 1}, None),
        ({"waiting": {**WAITING, "after": 0}}, {}, None),
    ],
)
def test_it_rings_so_long_before_but_not_where_others_wait(
    tmp_path: Path, pool: dict[str, Any], counts: dict[str, int], seconds: int | None
) -> None:
    walk = _walk(tmp_path, {}, counts, **pool)
    if seconds is None:
        with pytest.raises(AssertionError):  # it waits, and the walk does not
            walk.run("start", "owner-pool-sales")
        assert "transfer wait XML owner-pool-sales" in _applied(walk)
        assert not any(name == "bridge" for name, _ in walk.done)
    else:
        assert walk.run("start", "owner-pool-sales")[0] == "bridge"
        assert walk.variables["call_timeout"] == str(seconds)


@pytest.mark.parametrize("result", ["no_answer", "busy", "rejected", "offline", "failed"])
@pytest.mark.parametrize("stage", ["", "ringing", "waited"])
def test_how_ringing_ended_decides_who_waits(tmp_path: Path, result: str, stage: str) -> None:
    walk = _walk(tmp_path, {v.RESULT: result, v.STAGE: stage})
    done = walk.execute("unanswered", "owner-pool-sales")
    waits = result in ("no_answer", "busy", "rejected") and stage != "waited"
    assert done == [("transfer", "wait XML owner-pool-sales" if waits else f"{result} XML final")]


@pytest.mark.parametrize(
    ("mailbox", "caller", "keys"),
    [
        ({"enabled": True}, "+4917604069001", ["1", "2"]),
        ({"enabled": True, "answer_calls": False}, "+4917604069001", ["2"]),
        ({"enabled": False}, "11", ["2"]),
        ({"enabled": True}, "anonymous", ["1"]),
        ({"enabled": False}, "anonymous", []),
    ],
)
def test_only_keys_that_do_something_are_offered(
    tmp_path: Path, mailbox: dict[str, Any], caller: str, keys: list[str]
) -> None:
    walk = _walk(tmp_path, {"effective_caller_id_number": caller}, mailbox=mailbox)
    done = walk.execute("keys", "waits-sales")
    assert [data.split(",")[1] for name, data in done if name == "bind_digit_action"] == keys
    said = [data.rpartition("/")[2] for name, data in done if name == "playback"]
    of_key = {"1": "waiting_mailbox.wav", "2": "waiting_call_back.wav"}
    assert said == ["waiting.wav", *(of_key[key] for key in keys)]


def _places(*taken: int) -> dict[str, int]:
    return {f"waits-sales-place-{n}": 1 for n in taken}


@pytest.mark.parametrize(
    ("taken", "offered", "place", "rings"),
    [
        ((), (), 1, True),
        ((1,), (1,), 2, True),
        ((1,), (), 2, False),
        ((1, 2), (1,), 3, False),
        ((1, 2), (1, 2), 3, True),
        ((1, 2), (2,), 3, False),
        ((2,), (2,), 3, False),
    ],
)
def test_whoever_comes_goes_to_the_end_and_rings_while_those_before_do(
    tmp_path: Path, taken: tuple[int, ...], offered: tuple[int, ...], place: int, rings: bool
) -> None:
    counts = _places(*taken) | {f"waits-sales-offers-{n}": 1 for n in offered}
    walk = _walk(tmp_path, {v.WAITS: "sales"}, counts)
    at = MOST_PLACES + 1
    while ("transfer", f"{at - 1} XML waiting") in (moved := _moves(walk, at)):
        at -= 1
    assert at == place
    assert moved == [("transfer", "offer XML owner-pool-sales" if rings else "music XML waiting")]


def _moves(walk: Walk, place: int) -> list[tuple[str, str]]:
    """Where a call in that place goes next, greeted already, its place said just now and its time not over."""
    for application, data in walk.execute(str(place), "waiting"):
        if application != "limit_execute":
            walk._apply(application, data)
            continue
        _, _, id, most, does, rest = data.split(" ", 5)
        if "/" in most or (most != "-" and walk.counts.get(id, 0) >= int(most)):
            continue
        if does == "transfer":
            return [(does, rest)]
        walk._apply(does, rest)
    looks = [one for one in walk.execute("looks", "waiting") if one[0] == "transfer"]
    return looks or [("transfer", "music XML waiting")]


@pytest.mark.parametrize("waits", [WAITING, None])
@pytest.mark.parametrize(("place", "still"), [("offer", True), ("call-back", True), ("to-mailbox", False)])
def test_who_waits_where_that_has_been_changed_goes_on_as_if_nobody_answered(
    tmp_path: Path, waits: dict[str, int] | None, place: str, still: bool
) -> None:
    walk = _walk(tmp_path, {v.RESULT: "busy", v.STAGE: "waited"}, waiting=waits)
    goes_on = [
        ("execute_extension", "left XML waiting"),
        ("push", f"{v.STEP}=w-sales;ring;pool:sales;no_answer"),
        ("set", f"{v.RESULT}=no_answer"),
        ("transfer", "unanswered XML owner-pool-sales"),
    ]
    assert (walk.execute(place, "owner-pool-sales") == goes_on) is not bool(waits and still)


def test_without_anybody_who_waits_nothing_is_different(tmp_path: Path) -> None:
    files = rendered(muster(), switch_settings(tmp_path))
    assert b"callrouter waits-" not in files["dialplan/fallback.xml"]
    assert b"rings-ben-desk" not in files["dialplan/fallback.xml"]


def test_calls_of_members_are_counted(tmp_path: Path) -> None:
    company = muster()
    company["pools"][0]["waiting"] = WAITING
    files = rendered(company, switch_settings(tmp_path))
    assert b"limit hash callrouter rings-ben-desk" in files["dialplan/fallback.xml"]
    assert b'<variable name="callrouter_counted" value="ben"/>' in files["directory/phones.xml"]
