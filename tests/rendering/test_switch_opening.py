"""Pools that are closed, by their hours and by hand, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.rendering.office import TRUNK_TONE, Office
from tests.rendering.switch_world import marks, soon, switch_of
from tests.switch import RenderedSwitch, muster

pytestmark = pytest.mark.freeswitch

CALLER, MOBILE = "+4917604069001", "+4917604069007"
_NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
#: After so many seconds one of the switches ends.
BRIEF = 45


def _at(**ahead: float) -> str:
    return (_NOW + dt.timedelta(**ahead)).isoformat()


def _week(hours: float) -> dict[str, Any]:
    """Open for an hour, from so many hours ahead of now on, every day."""
    start, end = (f"{_NOW + dt.timedelta(hours=ahead):%H:%M}" for ahead in (hours, hours + 1))
    return {"timezone": "UTC", "open": [{"days": "mon-sun", "from": start, "to": end}]}


OPEN, SHUT = _week(-0.4), _week(3)
BOX = {"enabled": True, "answer_after": 30}
#: Pools of Anna, and what becomes of a call to them.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "its hours are now": ({"hours": OPEN}, "rings"),
    "its hours are not now": ({"hours": SHUT}, "says"),
    "closed by hand in its hours": ({"hours": OPEN, "switch": "closed"}, "says"),
    "opened by hand outside its hours": ({"hours": SHUT, "switch": "open"}, "rings"),
    "closed by hand for an hour": ({"switch": "closed", "switch_until": _at(hours=1)}, "says"),
    "closed by hand for days": ({"switch": "closed", "switch_until": _at(days=40)}, "says"),
    "closed by hand for years": ({"switch": "closed", "switch_until": _at(days=800)}, "says"),
    "closed by hand until a moment ago": ({"switch": "closed", "switch_until": _at(seconds=-1)}, "rings"),
    "closed by hand until yesterday": ({"switch": "closed", "switch_until": _at(days=-1)}, "rings"),
    "closed by hand until last year": ({"switch": "closed", "switch_until": _at(days=-400)}, "rings"),
    "opened by hand until a moment ago": ({"hours": SHUT, "switch": "open", "switch_until": _at(seconds=-1)}, "says"),
    "closed with a mailbox": ({"switch": "closed", "mailbox": BOX}, "mailbox"),
    "closed with a mailbox that rests": (
        {"switch": "closed", "mailbox": BOX | {"schedule": SHUT | {"when": "open"}}, "hours": OPEN},
        "says",
    ),
    "closed, and another pool comes next": ({"switch": "closed", "next": {"closed": "pool:spare"}}, "rings"),
    "closed, and a mailbox comes next": ({"hours": SHUT, "next": {"closed": "mailbox:pool:boxed"}}, "mailbox"),
    "closed, and an announcement comes next": ({"hours": SHUT, "next": {"closed": "announcement:busy"}}, "busy"),
    "open, and an announcement when offline": (
        {"members": ["gone"], "next": {"offline": "announcement:nobody"}},
        "says",
    ),
}


def _number(name: str) -> str:
    return f"+4930231250{30 + list(CASES).index(name)}"


def _company(port: int) -> dict[str, Any]:
    data = muster()
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] += [_number(name) for name in CASES] + ["+493023125060", "+493023125061"]
    data["employees"] = [
        {
            "id": key,
            "name": key.title(),
            "devices": [{"label": "desk", "sip_user": f"{key}-desk", "sip_password": "4f1bX2-desk"}],
        }
        for key in ("anna", "ben", "gone")
    ]
    data["pools"] = [
        {
            "id": f"case-{n}",
            "name": f"Fall {n}",
            "numbers": [_number(name)],
            "members": ["anna"],
            "ring_seconds": 5,
            **pool,
        }
        for n, (name, (pool, _)) in enumerate(CASES.items())
    ]
    data["pools"] += [
        {"id": "spare", "name": "Ersatz", "members": ["anna"]},
        {"id": "boxed", "name": "Kasten", "members": ["anna"], "mailbox": BOX},
        {
            "id": "brief",
            "name": "Kurz",
            "members": ["anna"],
            "numbers": ["+493023125060"],
            "extension": "21",
            "switch": "closed",
            "switch_until": _at(seconds=BRIEF),
        },
        {
            "id": "hall",
            "name": "Halle",
            "members": ["anna"],
            "extension": "20",
            "switch": "closed",
        },
        {
            "id": "outside",
            "name": "Draußen",
            "members": ["anna"],
            "numbers": ["+493023125061"],
            "switch": "closed",
            "next": {"closed": MOBILE},
        },
    ]
    return data


running = switch_of(_company, TRUNK_TONE)


@pytest.fixture
def office(running: tuple[RenderedSwitch, Phone]) -> Iterator[Office]:
    with Office(*running) as office:
        anna = office.phone("anna-desk", Answer(), "4f1bX2-desk")
        assert anna.register() == 200
        yield office


def _parts(office: Office, call: PhoneCall) -> list[tuple[str, str, str]]:
    return [
        (part.owner, part.outcome.value, part.device or part.detail) for part in outcome(office.cdr(call), {}).parts
    ]


def _says(call: PhoneCall, seconds: float) -> None:
    """The caller hears so much of an announcement, before any final answer."""
    call.wait_for("183")
    soon(lambda: len(loud_part(call.audio.heard)) > 8000 * seconds, 15)
    assert not call.status


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of_a_call(name: str, office: Office) -> None:
    pool = f"pool:case-{list(CASES).index(name)}"
    call = office.trunk.call(_number(name), CALLER)
    becomes = CASES[name][1]
    if becomes == "rings":
        call.wait_for("answered")
        call.hangup()
        whose = "pool:spare" if "another pool" in name else pool
        assert _parts(office, call) == [(whose, "answered", "anna-desk")]
    elif becomes == "mailbox":
        call.wait_for("answered")
        call.hangup()
        whose = "pool:boxed" if "a mailbox comes" in name else pool
        assert [part[:2] for part in _parts(office, call)] == [(whose, "missed")]
    else:
        _says(call, 0.5)
        call.cancel()
        assert _parts(office, call) == [(pool, "missed", "offline" if "offline" in name else "closed")]


@pytest.mark.parametrize(
    ("name", "status"), [("its hours are not now", 480), ("closed, and an announcement comes next", 486)]
)
def test_the_whole_announcement_and_then_the_answer(name: str, status: int, office: Office) -> None:
    call = office.trunk.call(_number(name), CALLER)
    _says(call, 3)
    call.wait_for("ended", 20)
    assert call.status == status
    assert not office.trunk.calls[0].answered


def test_a_switch_ends_by_itself(office: Office) -> None:
    """Nothing is rendered, reloaded or told in between."""
    until = _NOW + dt.timedelta(seconds=BRIEF)
    if dt.datetime.now(dt.UTC) < until - dt.timedelta(seconds=2):
        early = office.trunk.call("+493023125060", CALLER)
        _says(early, 0.3)
        early.cancel()
    soon(lambda: dt.datetime.now(dt.UTC) > until, BRIEF + 1)
    late = office.trunk.call("+493023125060", CALLER)
    late.wait_for("answered")
    late.hangup()
    assert _parts(office, late) == [("pool:brief", "answered", "anna-desk")]


def test_a_closed_pool_goes_on_outside_and_comes_back_from_there(office: Office) -> None:
    office.trunk.behaviour = Refuse(486)
    call = office.trunk.call("+493023125061", CALLER)
    call.wait_for("ended", 20)
    assert call.status == 486
    assert f"sip:{MOBILE}@" in office.trunk.wait_for("INVITE").start
    assert marks(office.record(call)) == ["o-pool-outside;ring;pool:outside", "o-pool-outside;ring;pool:outside;busy"]


def test_a_colleague_hears_it_too(office: Office) -> None:
    ben = office.phone("ben-desk", NoAnswer(), "4f1bX2-desk")
    assert ben.register() == 200
    call = ben.call("20")
    _says(call, 0.5)
    call.cancel()
