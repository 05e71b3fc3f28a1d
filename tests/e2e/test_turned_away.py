"""Callers whom the router turns away, through a real FreeSWITCH, and what is kept of their calls."""

from __future__ import annotations

import pytest

from callrouter.simulator.behaviour import NoAnswer
from callrouter.simulator.rtp import loud_part
from tests.e2e.world import ANNA, BEN, World, final, heard

pytestmark = pytest.mark.freeswitch


def test_callers_without_a_number_and_blocked_ones(bare_world: World) -> None:
    world = bare_world
    world.company["blocked_callers"] = ["+491760406902*"]
    world.company["reject_anonymous"] = [ANNA]
    world.create()
    world.scratch.start()
    desk, other = world.phone("anna-desk", NoAnswer()), world.phone("ben-desk", NoAnswer())

    anonymous = world.trunk.call(ANNA, "anonymous", headers=(("Privacy", "id"),))
    assert final(anonymous, 30) == 433
    assert "183" in heard(anonymous)
    assert len(loud_part(anonymous.audio.heard)) > 8000 * 3
    gave_up = world.trunk.call(ANNA, "anonymous")
    gave_up.wait_for("183")
    gave_up.cancel()
    blocked = world.trunk.call(ANNA, "017604069021")
    assert final(blocked) == 603
    assert "183" not in heard(blocked)
    at_ben = world.trunk.call(BEN, "anonymous")
    other.wait_for("INVITE")
    at_ben.cancel()

    records = world.calls(4)
    assert not any(record.interrupted for record in records)
    found = [(record.outcome, record.reasons[-1][0], world.details(record)) for record in records]
    assert sorted(found) == [
        ("missed", "rings_then_ends", ["abandoned"]),
        ("rejected", "anonymous_rejected", ["anonymous_caller"]),
        ("rejected", "anonymous_rejected", ["anonymous_caller"]),
        ("rejected", "caller_blocked_by", ["blocked_caller"]),
    ]
    assert not desk.calls
    world.quiet()
    assert [mail["To"] for mail in world.scratch.mails.mails()] == ["ben@muster.example"]
