"""What phones are told of a pool's calls is the same with the router and without it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callrouter import variables as v
from callrouter.calls import dial
from callrouter.routing.names import clean_name, shown_before
from callrouter.routing.plan import Ring, Target
from callrouter.simulator import dialstring
from tests.rendering.dialplan import Walk
from tests.switch import DOMAIN, muster, rendered, switch_settings


def _told(data: str) -> list[tuple[str, str | None, str | None]]:
    """What each leg of a dial string is told: device, name of the caller, ring."""
    _, legs = dialstring.parse(data)
    found = [leg.variables for leg in legs]
    return [(one[v.DEVICE], one.get("origination_caller_id_name"), one.get("sip_h_Alert-Info")) for one in found]


@pytest.mark.parametrize("name", ["Erika Muster", "O’Brien", "Ünal Söhne", "+4917604069001", "Anonymous", "漢字 Ω"])
@pytest.mark.parametrize("direction", ["inbound", "internal"])
@pytest.mark.parametrize(
    "pool",
    [
        {},
        {"show_name": False},
        {"short_name": "VT & Co: [1]", "alert": "red"},
        {"name": "Vertrieb ${x}, «Messe» und 漢字 im Norden", "alert": "red", "internal_alert": "Bellcore-dr2"},
    ],
    ids=range(4),
)
def test_router_and_fallback_agree(tmp_path: Path, pool: dict[str, str], direction: str, name: str) -> None:
    data = muster()
    data["pools"][0] |= pool
    sales = data["pools"][0]
    files = rendered(data, switch_settings(tmp_path))
    caller = clean_name(name)
    # FreeSWITCH matches bytes.
    walk = Walk(files, {"effective_caller_id_name": caller.encode().decode("latin-1"), v.DIRECTION: direction})
    application, dialled = walk.run("ring", "owner-pool-sales")
    dialled = dialled.replace(caller.encode().decode("latin-1"), caller)
    assert application == "bridge"
    devices = [device["sip_user"] for employee in data["employees"] for device in employee["devices"]]
    alert = sales.get("alert", "")
    ring = Ring(
        "pool:sales",
        tuple(Target(device, "employee:x", "x", None) for device in devices),
        20,
        shown=shown_before(sales.get("short_name") or sales["name"]) if sales.get("show_name", True) else "",
        alert=(direction == "internal" and sales.get("internal_alert")) or alert,
    )
    ours = dial.bridge(ring, ring.targets, DOMAIN, [f"uuid-{device}" for device in devices], caller)
    assert _told(dialled) == _told(ours)
    assert not re.search(r"[${}]", dialled)


@pytest.mark.parametrize("name", ["", "a]b", "${x}", "a,b=c"])
def test_a_name_that_is_not_harmless_is_not_shown(tmp_path: Path, name: str) -> None:
    walk = Walk(rendered(muster(), switch_settings(tmp_path)), {"effective_caller_id_name": name, v.TURN: "0"})
    _, dialled = walk.run("ring", "owner-pool-sales")
    assert {shown for _, shown, _ in _told(dialled)} == {"Vertrieb"}
