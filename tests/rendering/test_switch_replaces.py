"""Replaces (RFC 3891) and what else could take over a call past the dialplan, on the real FreeSWITCH."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from callrouter.simulator import message as sip
from callrouter.simulator.behaviour import NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from tests.rendering.office import TRUNK_TONE, Office, hears, office_company
from tests.rendering.switch_world import soon, switch_of
from tests.switch import DOMAIN

pytestmark = pytest.mark.freeswitch

ANNA, OUTSIDE, CALLER = "+493023125010", "03023125500", "+4917604069001"

#: In each of them FreeSWITCH may be too slow or too fast; without what forbids it, four of five succeed.
TRIES = 10

#: The headers of somebody's INVITE that is to take over the call whose leg at anna's phone is given.
Headers = tuple[tuple[str, str], ...]


running = switch_of(office_company, TRUNK_TONE)


def replaces(call: PhoneCall, parameters: str = "") -> Headers:
    """Of a call at a phone, as FreeSWITCH sees it (RFC 3891 section 3: to-tag is the recipient's, so FreeSWITCH's)."""
    there, here = (sip.parameter(address, "tag") for address in (call._remote, call._local))
    return (("Replaces", f"{call.id};to-tag={there};from-tag={here}{parameters}"),)


def channel(office: Office, direction: str) -> str:
    """The UUID of the one channel of that direction."""

    def found() -> list[str]:
        return [line for line in office.switch.api("show channels").splitlines() if f",{direction}," in line]

    return str(soon(found, 5)[0].partition(",")[0])


WAYS: dict[str, Callable[[Office, PhoneCall], Headers]] = {
    "its dialog": lambda office, call: replaces(call),
    "its dialog while it rings": lambda office, call: replaces(call, ";early-only"),
    "its Call-ID": lambda office, call: (("Replaces", f"{call.id};to-tag=x;from-tag=y"),),
    "its leg's UUID, told to lamps": lambda office, call: (
        ("Replaces", f"{channel(office, 'outbound')};to-tag=x;from-tag=y"),
    ),
    "the caller's leg": lambda office, call: (("Replaces", f"{channel(office, 'inbound')};to-tag=x;from-tag=y"),),
    "the other side": lambda office, call: replaces(call, ";a-leg=true"),
    "the shared line": lambda office, call: (("Call-Info", "<sip:x>"),),
    "join": lambda office, call: (("Join", replaces(call)[0][1]),),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("talks", [False, True])
def test_nobody_takes_over_a_colleagues_call(office: Office, way: str, talks: bool) -> None:
    anna = office.speaking("anna-desk", 600, None if talks else NoAnswer())
    cem = office.speaking("cem-desk", 1000, NoAnswer())
    call = office.trunk.call(ANNA, CALLER)
    mine = anna.wait_for_call()
    if talks:
        hears(call, 600)
    anna.behaviour = NoAnswer()
    # To and From are the colleague's, whom FreeSWITCH would believe to share a line.
    thief = cem.call("10", "10", headers=WAYS[way](office, mine))
    with contextlib.suppress(AssertionError):
        soon(lambda: thief.ended or any(event.name == "180" for event in thief.events), 4)
    assert thief.ended or not thief.answered
    assert len(thief.audio.heard) == 0
    assert not call.ended
    assert call.answered == talks
    if talks:
        hears(call, 600)
    call.hangup()


@pytest.mark.parametrize("source", ["phone", "trunk"])
def test_no_application_is_dialled(office: Office, source: str) -> None:
    """What is dialled, while a call that it replaces has run no application yet, is none either."""
    caller = office.trunk if source == "trunk" else office.speaking("anna-desk", 600)
    for _ in range(TRIES):
        first = caller.call("+493023125012" if source == "trunk" else "12", CALLER)
        second = caller.call(
            "",
            CALLER,
            headers=(("Replaces", f"{first.id};to-tag=x;from-tag=y"),),
            uri=f"sip:set_global%3Ataken%3Dyes@{DOMAIN}",
        )
        for call in (first, second):
            soon(lambda call=call: call.ended or call.answered, 20)
            call.hangup()
    assert office.switch.api("global_getvar taken") != "yes"


def test_a_phone_calls_nobody_by_transferring_to_a_dialog_that_there_is_not(office: Office) -> None:
    anna = office.speaking("anna-desk", 600)
    call = office.trunk.call(ANNA, CALLER)
    hears(call, 600)
    for target in (f"0900@127.0.0.1:{office.trunk.port}", f"x,sofia/gateway/trunk-carrier/0900@{DOMAIN}"):
        refer = f"<sip:{target}?Replaces=nothing%3Bto-tag%3Da%3Bfrom-tag%3Db>"
        anna.wait_for_call().request("REFER", (("Refer-To", refer),))
        soon(lambda: [m for m in anna.received if m.method == "NOTIFY" and b"SIP/2.0 " in m.body], 10)
    hears(call, 600)
    assert not [request for request in office.trunk.received if request.method == "INVITE"]
    call.hangup()


def _watch(phone: Phone) -> None:
    """Have *phone* subscribe to the lamp of extension 10."""
    who, watched = f"<sip:ben-desk@{DOMAIN}>", f"sip:10@{DOMAIN}"
    headers = [
        ("From", f"{who};tag=l"),
        ("To", f"<{watched}>"),
        ("Call-ID", f"lamp-{phone.port}"),
        ("Contact", phone.contact),
    ]
    headers += [("Event", "dialog"), ("Accept", "application/dialog-info+xml"), ("Expires", "600")]
    assert phone.exchange("SUBSCRIBE", watched, phone.server, 1, headers)[0].status in (200, 202)


@pytest.mark.parametrize("watched", ["before", "during"])
@pytest.mark.parametrize("calls", [False, True])
def test_a_lamp_tells_neither_with_whom_a_call_is_nor_what_it_could_be_taken_by(
    office: Office, calls: bool, watched: str
) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800, NoAnswer())
    if watched == "before":
        _watch(ben)
    if calls:
        call = anna.call(OUTSIDE, "10")
        hears(call, 400)
        secrets = (call.id, OUTSIDE[1:])
    else:
        call = office.trunk.call(ANNA, CALLER, "Erika Muster")
        hears(call, 600)
        secrets = (call.id, anna.wait_for_call().id, CALLER[1:], "Erika")
    if watched == "during":
        _watch(ben)

    def told() -> list[str]:
        return [m.body.decode() for m in ben.received if m.method == "NOTIFY" and b"<state>" in m.body]

    soon(lambda: told() and "<state>confirmed</state>" in told()[-1], 10)
    for secret in (*secrets, str(anna.port), str(office.trunk.port)):
        assert secret not in "".join(told())
    call.hangup()


def test_a_trunk_takes_over_no_call_of_a_phone(office: Office) -> None:
    anna, ben = office.speaking("anna-desk", 600), office.speaking("ben-desk", 800)
    ours = anna.call("11")
    hears(ours, 800)
    thief = office.trunk.call(ANNA, CALLER, headers=replaces(ben.wait_for_call()))
    thief.wait_for("ended", 20)
    assert len(thief.audio.heard) == 0
    hears(ours, 800)
    ours.hangup()
