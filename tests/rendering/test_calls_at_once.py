"""Phones that the dialplan leaves out because their owner has calls enough are those that the router does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import MappingProxyType

import pytest

from callrouter import variables as v
from callrouter.routing.ringing import may_ring
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings


@pytest.mark.parametrize("most", [1, 2, 3, 10, None])
def test_the_same_phones_ring_as_by_the_router(tmp_path: Path, most: int | None) -> None:
    data = muster()
    data["employees"][0]["ringing"] = {"calls_at_once": most}
    files = rendered(data, switch_settings(tmp_path), MappingProxyType[dt.date, str]({}))
    annas = [device["sip_user"] for device in data["employees"][0]["devices"]]
    for talking in range(5):
        for waiting in range(5):
            counts = {"talks-anna": talking, f"rings-{annas[-1]}": waiting, "talks-ben": 9, "rings-ben-desk": 9}
            walk = Walk(files, {v.STAGE: ""}, counts)
            application, legs = walk.run("ring", "owner-pool-sales")
            assert application == "bridge"
            rings = [sip_user for sip_user in annas if f"]sofia/phones/{sip_user}%" in legs]
            left_out = legs.count("]error/USER_BUSY")
            assert "]sofia/phones/ben-desk%" in legs
            expected = annas if may_ring(most, talking, waiting) else []
            assert (rings, left_out) == (expected, len(annas) - len(expected)), (talking, waiting)
