"""What a member shows when calling out for a pool, on the real FreeSWITCH with none of our processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer
from callrouter.simulator.phone import Phone
from tests.rendering.office import office_company
from tests.rendering.switch_world import World, soon, switch_of

pytestmark = pytest.mark.freeswitch

SALES, ANNA, CEM, OUTSIDE = "+493023125000", "+493023125010", "+493023125012", "+493023125500"


def _company(trunk: int) -> dict[str, Any]:
    """Anna and Cem are in sales, Ben is not; Cem withholds his number, Anna's record shows the pool's."""
    data = office_company(trunk)
    data["pools"][0] |= {"extension": "20", "members": ["anna", "cem"]}
    data["pools"].append({"id": "shut", "name": "Zu", "extension": "21", "numbers": [], "members": ["anna"]})
    data["employees"][0] |= {"outgoing_number": SALES}
    data["employees"][2] |= {"outgoing_number": "anonymous"}
    return data


running = switch_of(_company)


@pytest.fixture
def world(running: tuple[Any, Phone]) -> Iterator[World]:
    switch, trunk = running
    trunk.behaviour = Answer()
    trunk.received.clear()
    with World(switch, trunk) as world:
        yield world


def _phone(world: World, user: str) -> Phone:
    phone = world.phone(user, NoAnswer(), {"cem-desk": "7d2kQ9-desk"}.get(user))
    assert phone.register() == 200
    return phone


@pytest.mark.parametrize(
    ("user", "dialed", "headers", "shown"),
    [
        ("cem-desk", "03023125500", (), "anonymous"),
        ("cem-desk", "*5020*03023125500", (), SALES),
        ("cem-desk", "*5020*03023125500", (("Privacy", "id"),), "anonymous"),
        ("anna-desk", "03023125500", (), SALES),
        ("anna-desk", "*5020*+493023125500", (), SALES),
    ],
)
def test_what_is_shown_and_recorded(world: World, user: str, dialed: str, headers: Any, shown: str) -> None:
    call = _phone(world, user).call(dialed, "liar", "Liar", headers=headers)
    invite = soon(lambda: next((r for r in world.trunk.received if r.method == "INVITE"), None), 10)
    call.wait_for("answered")
    call.hangup()
    assert invite.uri.startswith(f"sip:{OUTSIDE}@")
    if shown == "anonymous":
        assert "anonymous@anonymous.invalid" in invite.get("From")
        assert invite.get("Privacy") == "id"
    else:
        assert f"<sip:{shown}@" in invite.get("From")
        assert invite.get("P-Asserted-Identity") == f"<sip:{shown}@127.0.0.1>"
        assert not invite.get("Privacy")
    cdr = world.cdr(call)
    assert (cdr.number, cdr.shown, cdr.taken) == (OUTSIDE, shown, "carrier")
    [part] = outcome(cdr, {}).parts
    assert (part.owner, part.outcome.value) == (f"employee:{user.partition('-')[0]}", "answered")


@pytest.mark.parametrize(
    ("user", "dialed"),
    [("ben-desk", "*5020*03023125500"), ("anna-desk", "*5021*03023125500"), ("anna-desk", "*5010*03023125500")],
    ids=["no member", "no number", "no pool"],
)
def test_a_refusal_is_spoken_and_nobody_is_called(world: World, user: str, dialed: str) -> None:
    call = _phone(world, user).call(dialed)
    call.wait_for("ended", 15)
    assert call.status == 403
    assert not [r for r in world.trunk.received if r.method == "INVITE"]
    record = world.record(call)
    said = [one["app_data"] for one in record["app_log"]["applications"] if one["app_name"] == "playback"]
    assert len(said) == 1
    assert said[0].endswith("/not_shown.wav")
    cdr = world.cdr(call)
    [part] = outcome(cdr, {}).parts
    assert (part.outcome.value, part.detail, cdr.shown) == ("rejected", "not_shown", None)


def test_a_colleague_is_shown_who_calls(world: World) -> None:
    anna = _phone(world, "anna-desk")
    anna.behaviour = Answer()
    call = _phone(world, "cem-desk").call("*5020*10")
    call.wait_for("answered")
    [invite] = [r for r in anna.received if r.method == "INVITE"]
    call.hangup()
    assert "<sip:12@" in invite.get("From")
    assert world.record(call)["variables"][v.DIRECTION] == "internal"


def test_an_emergency_passes_and_shows_the_employees_own_number(world: World) -> None:
    call = _phone(world, "anna-desk").call("*5020*112")
    invite = soon(lambda: next((r for r in world.trunk.received if r.method == "INVITE"), None), 10)
    call.wait_for("answered")
    call.hangup()
    assert invite.uri.startswith("sip:112@")
    assert f"<sip:{ANNA}@" in invite.get("From")
