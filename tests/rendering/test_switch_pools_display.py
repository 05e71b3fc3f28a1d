"""What phones show and are asked to ring for a pool's calls, on the real FreeSWITCH with no router at all."""

from __future__ import annotations

from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.message import Message
from tests.rendering.switch_world import World, soon, switch_of
from tests.rendering.test_switch_calls import HOSTILE
from tests.switch import muster

pytestmark = pytest.mark.freeswitch

CALLER = "+4917604069001"
SALES, PLAIN, ANNA = "+493023125000", "+493023125001", "+493023125010"


def _company(port: int) -> dict[str, Any]:
    data = muster()
    data["trunks"] = [{"name": "carrier", "proxy": f"127.0.0.1:{port}", "peers": ["127.0.0.1"]}]
    data["numbers"] = [*data["numbers"], PLAIN]
    data["blocked_callers"] = []
    sales = data["pools"][0]
    sales |= {"members": ["anna"], "ring_seconds": 5, "alert": "vertrieb", "internal_alert": "Bellcore-dr2"}
    sales |= {"name": 'Vertrieb "Süd", Messe & Handel', "short_name": "Vertrieb: [Süd]", "extension": "20"}
    plain = {"id": "plain", "name": "Zentrale", "numbers": [PLAIN], "members": ["anna"], "show_name": False}
    data["pools"].append(plain)
    data["employees"][1]["forwarding"] = {"busy": "pool:sales"}
    return data


running = switch_of(_company)


def shown(invite: Message) -> tuple[str, str, str | None]:
    """The name and the number that *invite* shows, and the ring it asks for."""
    name, _, address = invite.get("From").partition("<")
    return name.strip().strip('"'), address.removeprefix("sip:").partition("@")[0], invite.get("Alert-Info") or None


def test_the_pool_stands_before_the_caller_whose_number_stays(world: World) -> None:
    anna = world.registered("anna-desk", Answer(hang_up_after=0.3))
    call = world.trunk.call(SALES, CALLER, "Erika Muster")
    name, number, ring = shown(anna.wait_for("INVITE"))
    assert (name, number) == ("Vertrieb Süd - Erika Muster", CALLER)
    assert ring == "<http://127.0.0.1>;info=vertrieb"
    call.wait_for("ended")
    cdr = world.cdr(call)
    assert (cdr.caller, cdr.caller_name) == (CALLER, "Erika Muster"), "the ledger knows the caller, not the display"
    assert [(part.owner, part.device) for part in outcome(cdr, {}).parts] == [("pool:sales", "anna-desk")]
    assert [leg.device for leg in cdr.legs] == ["anna-desk", "anna-soft"]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_caller_changes_more_than_the_name(world: World, name: Any) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(SALES, CALLER, name)
    display, number, ring = shown(anna.wait_for("INVITE"))
    assert display.startswith("Vertrieb Süd - ")
    assert not set(display) & set("${}[]<>|'\\\"^%,;:")
    assert (number, ring) == (CALLER, "<http://127.0.0.1>;info=vertrieb")
    call.hangup()
    assert len(anna.calls) == 1
    world.record(call)


def test_a_colleagues_call_has_its_own_ring_and_the_extension_is_noted(world: World) -> None:
    anna, ben = world.registered("anna-desk", NoAnswer()), world.registered("ben-desk", NoAnswer())
    call = ben.call("20")
    assert shown(anna.wait_for("INVITE")) == ("Vertrieb Süd - Ben Yılmaz", "11", "<http://127.0.0.1>;info=Bellcore-dr2")
    call.hangup()
    cdr = world.cdr(call)
    assert (cdr.number, cdr.by_extension) == (SALES, True)
    assert cdr.account == "ben-desk"


def test_a_call_forwarded_to_the_pool_is_the_pools(world: World) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    world.registered("ben-desk", Refuse(486))
    call = world.trunk.call("+493023125011", CALLER, "Erika Muster")
    assert shown(anna.wait_for("INVITE")) == (
        "Vertrieb Süd - Erika Muster", CALLER, "<http://127.0.0.1>;info=vertrieb",
    )  # fmt: skip
    call.hangup()


def test_without_number_the_pool_is_shown_all_the_same(world: World) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(SALES, "anonymous", "Erika Muster")
    assert shown(anna.wait_for("INVITE"))[:2] == ("Vertrieb Süd - Anonymous", "anonymous")
    call.hangup()
    assert "Erika" not in str(world.record(call)["variables"].get(v.DISPLAY))


@pytest.mark.parametrize("number", [PLAIN, ANNA])
def test_others_show_the_caller_alone(world: World, number: str) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(number, CALLER, "Erika Muster")
    assert shown(anna.wait_for("INVITE")) == ("Erika Muster", CALLER, None)
    call.hangup()
    soon(lambda: world.record(call), 5)
