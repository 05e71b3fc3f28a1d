"""Pools that open and close, as rendered: what the dialplan does at a moment, and that the router would do the same."""

from __future__ import annotations

import copy
import datetime as dt
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.snapshots import SnapshotLoader
from callrouter.routing.decide import decide
from callrouter.routing.plan import Announce, Dial, Forward, IncomingCall, Ring, Step, Voicemail
from callrouter.variables import owner_context
from tests.rendering.dialplan import Walk
from tests.switch import muster, rendered, switch_settings

SALES, MOBILE = "+493023125000", "+4917604069007"
MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
#: Before, at and after all that changes: windows in Berlin, and the moments of switches.
MOMENTS = [
    MONDAY + dt.timedelta(hours=hour, seconds=second) for hour in (6, 7, 11, 13, 16, 23) for second in (-1, 0, 1)
] + [
    dt.datetime(year, month, day, 10, tzinfo=dt.UTC)
    for year, month, day in ((2026, 10, 30), (2026, 12, 24), (2027, 1, 2))
]
OFFICE = {"open": [{"days": "mon-fri", "from": "08:00", "to": "17:00"}], "closed": [{"date": "12-24"}]}
HOURS = {"always": {}, "own": {"hours": OFFICE}, "named": {"hours": {"name": "office"}}}
NOON = MONDAY + dt.timedelta(hours=12)
SWITCHES: dict[str, dict[str, Any]] = {
    "scheduled": {},
    "closed": {"switch": "closed"},
    "open": {"switch": "open"},
    "closed until noon": {"switch": "closed", "switch_until": NOON.isoformat()},
    "open until midnight": {"switch": "open", "switch_until": "2026-11-24T00:00:00Z"},
    "closed until the new year": {"switch": "closed", "switch_until": "2027-01-01T00:00:00Z"},
    "closed until a second after": {"switch": "closed", "switch_until": "2026-11-23T11:00:01Z"},
    "closed until some past moment": {"switch": "closed", "switch_until": "2026-11-01T00:00:00Z"},
}
NEXT: dict[str, dict[str, Any]] = {
    "nothing": {"mailbox": {"enabled": False}},
    "the mailbox": {"mailbox": {"enabled": True, "answer_after": 20}},
    "the mailbox at night": {"mailbox": {"enabled": True, "schedule": {"name": "office", "when": "closed"}}},
    "a mailbox": {"next": {"closed": "mailbox:employee:anna"}},
    "a pool": {"next": {"closed": "pool:support", "no_answer": "employee:ben"}},
    "an announcement": {"next": {"closed": "announcement:nobody", "busy": "announcement:busy"}},
    "outside": {"next": {"closed": MOBILE}},
}


def _company(**pool: Any) -> dict[str, Any]:
    data = muster()
    data["schedules"].append({"name": "office", **OFFICE})
    data["employees"][0]["mailbox"] = {"enabled": True, "answer_after": 20}
    data["trunks"] = [{"name": "carrier", "proxy": "127.0.0.1:5090", "peers": ["127.0.0.1"]}]
    data["pools"][0] |= {"members": ["anna", "ben"], "strategy": "simultaneous", **pool}
    data["pools"].append({"id": "support", "name": "Support", "members": ["ben"]})
    return data


def _rendered(walk: Walk, context: str) -> tuple[str, str]:
    """What the dialplan does first of all with a call."""
    kind, data = walk.run("start", context)
    done = dict(walk.done)
    contexts = [data for name, data in walk.done if name == "transfer"]
    mailbox = next((place for place in contexts if place.startswith("mailbox ")), None)
    outside = next((place for place in contexts if place.endswith(" XML outside")), None)
    if outside:
        return "outside", outside.partition(" ")[0]
    if mailbox:
        return "mailbox", mailbox.rpartition(" ")[2]
    if kind == "bridge":
        return "rings", walk.variables.get("callrouter_forwarded") or context
    return "says", f"{Path(done['playback']).stem} {data}" if "playback" in done else data


def _planned(steps: tuple[Step, ...]) -> tuple[str, str]:
    """The same of a plan."""
    match steps[0]:
        case Forward(steps=then):
            return _planned(then)
        case Ring(owner=owner):
            return "rings", owner_context(owner)
        case Voicemail(owner=owner):
            return "mailbox", owner_context(owner)
        case Dial(number=number):
            return "outside", number
        case Announce(name=name):
            cause = {"closed": "SUBSCRIBER_ABSENT", "busy": "USER_BUSY", "nobody": "NO_ANSWER"}[name]
            return "says", f"announcement_{name} {cause}"
    raise AssertionError(steps)


@pytest.mark.parametrize("then", NEXT)
def test_router_and_dialplan_agree_at_every_moment(tmp_path: Path, then: str) -> None:
    cases = list(product(HOURS, SWITCHES))
    data = _company(**NEXT[then])
    pools = [data["pools"][0] | {"id": f"case-{n}", "numbers": [f"+4930231250{20 + n}"]} for n in range(len(cases))]
    for pool, (hours, switch) in zip(pools, cases, strict=True):
        pool |= HOURS[hours] | SWITCHES[switch]  # noqa: PLW2901
    data["pools"] += pools
    data["numbers"] += [pool["numbers"][0] for pool in pools]
    database = Database(f"sqlite:///{tmp_path / 'callrouter.db'}")
    database.migrate()
    import_company(database, json.dumps(data), "x.yaml")
    files, loader = rendered(data, switch_settings(tmp_path)), SnapshotLoader(database)
    seen, fresh = set(), Walk(files)  # it takes long to read
    for pool, case in zip(pools, cases, strict=True):
        call = IncomingCall("u", pool["numbers"][0], "carrier", caller_number="+4917604069001")
        for at in MOMENTS:
            walk = copy.copy(fresh)
            walk.variables, walk.done, walk.at = {"callrouter_direction": "inbound"}, [], at
            planned = _planned(decide(call, loader.load(call, at.date()), at).steps)
            assert _rendered(walk, f"owner-pool-{pool['id']}") == planned, (case, at)
            seen.add(planned[0])
    database.close()
    assert len(seen) > 1 or then == "a pool"


def test_where_the_dialplan_was_left_by_a_router_that_died(tmp_path: Path) -> None:
    """Phones that ring go on ringing for a pool that was closed meanwhile, and the call outside comes back."""
    pool = SWITCHES["closed"] | NEXT["outside"] | {"mailbox": {"enabled": False}}
    files = rendered(_company(**pool), switch_settings(tmp_path))
    walk = Walk(files, {"callrouter_stage": "outside", "callrouter_why": "closed"}, at=NOON)
    assert walk.run("start", "owner-pool-sales")
    assert ("transfer", f"{MOBILE} XML outside") in walk.done
    back = Walk(files, dict(walk.variables), at=NOON)
    assert back.run("outside-refused", "owner-pool-sales") == ("hangup", "SUBSCRIBER_ABSENT")
    ringing = Walk(files, {"callrouter_stage": "ringing", "originate_disposition": "NO_ANSWER"}, at=NOON)
    assert ringing.run("start", "owner-pool-sales")[0] == "hangup"
    assert not [data for name, data in ringing.done if name == "playback"]


def test_the_record_says_that_it_was_closed(tmp_path: Path) -> None:
    for then, mark in (("nothing", True), ("an announcement", True), ("a pool", False), ("the mailbox", False)):
        files = rendered(_company(**SWITCHES["closed"], **NEXT[then]), switch_settings(tmp_path))
        walk = Walk(files, at=NOON)
        walk.run("start", "owner-pool-sales")
        pushed = [data for name, data in walk.done if name == "push"]
        assert ("callrouter_step=f-sales;announce;pool:sales;closed" in pushed) is mark, then


def test_a_transferred_call_goes_back_to_who_transferred_it(tmp_path: Path) -> None:
    files = rendered(_company(**SWITCHES["closed"], **NEXT["nothing"]), switch_settings(tmp_path))
    walk = Walk(files, {"callrouter_back": "ben-desk"}, at=NOON)
    assert walk.run("start", "owner-pool-sales")[0] == "bridge"
    assert ("transfer", "NO_ANSWER XML ended") in walk.done


def test_pools_that_are_always_open_have_nothing_of_it(tmp_path: Path) -> None:
    files = rendered(_company(), switch_settings(tmp_path))
    assert b"<context" not in files["dialplan/opening.xml"]
