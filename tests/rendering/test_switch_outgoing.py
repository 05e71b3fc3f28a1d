"""Calls into the public network on the real FreeSWITCH, with none of our processes: trunks, numbers shown, limits."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import pytest

from callrouter import variables as v
from callrouter.ledger.outcome import Outcome, outcome
from callrouter.simulator.behaviour import Answer, Behaviour, Ignore, NoAnswer, Refuse
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.message import Message
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import loud_part
from tests.rendering.switch_world import World, marks, soon
from tests.switch import muster, rendered_switch

pytestmark = pytest.mark.freeswitch

ANNA, BEN, SALES = "+493023125010", "+493023125011", "+493023125000"
OUTSIDE, MOBILE = "+493023125500", "+4917604069001"
_TONE = array("h", [8000, 0, -8000, 0] * 60000)


def _company(first: int, second: int) -> dict[str, Any]:
    data = muster()
    data["company"]["limits"] = {"calls": 4, "calls_per_employee": 2, "new_numbers": 30}
    data["trunks"] = [
        {"name": "carrier", "proxy": f"127.0.0.1:{first}", "peers": ["127.0.0.1"]},
        {
            "name": "second",
            "proxy": f"127.0.0.1:{second}",
            "peers": ["127.0.0.16/29"],
            "number_format": "national",
            "identity": "preferred",
        },
    ]
    cem = {
        "id": "cem",
        "name": "Cem Kaya",
        "personal_number": "+493023125012",
        "extension": "12",
        "outgoing_number": "anonymous",
        "destinations": ["national"],
        "devices": [{"label": "Telefon", "sip_user": "cem-desk", "sip_password": "7d2kQ9-desk"}],
    }
    data["employees"].append(cem)
    return data


class Trunks(World):
    """A switch with two trunks."""

    second: Phone

    def phone(self, user: str, behaviour: Behaviour, password: str | None = None) -> Phone:
        return super().phone(user, behaviour, password or {"cem-desk": "7d2kQ9-desk"}.get(user))

    def behave(self, first: Behaviour, second: Behaviour) -> None:
        """What the trunks do with calls; what they got so far is forgotten."""
        self.trunk.behaviour, self.second.behaviour = first, second
        self.trunk.received.clear()
        self.second.received.clear()

    def got(self, trunk: Phone, seconds: float = 10.0) -> Message:
        """The INVITE that *trunk* got."""
        invite: Message = soon(lambda: next((r for r in trunk.received if r.method == "INVITE"), None), seconds)
        return invite

    def outcome(self, call: PhoneCall) -> tuple[str, str]:
        """What the ledger makes of *call*."""
        found = outcome(self.cdr(call), {})
        return found.outcome.value, found.parts[-1].detail if found.parts else ""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Phone, Phone]]:
    first, second = Phone("trunk", says=_TONE), Phone("trunk", says=_TONE)
    with rendered_switch(tmp_path_factory.mktemp("switch"), _company(first.port, second.port)) as switch:
        first.server = second.server = ("127.0.0.1", switch.settings.freeswitch.trunk_port)
        yield switch, first, second
    first.close()
    second.close()


@pytest.fixture
def world(running: tuple[Any, Phone, Phone]) -> Iterator[Trunks]:
    switch, first, second = running
    with Trunks(switch, first) as world:
        world.second = second
        world.behave(Answer(), Answer())
        yield world


@pytest.mark.parametrize(
    ("dialed", "number"),
    [("03023125500", OUTSIDE), ("00493023125500", OUTSIDE), ("23125500", OUTSIDE), ("115", "115")],
)
def test_a_call_leaves_by_the_first_trunk(world: Trunks, dialed: str, number: str) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call(dialed, "liar", "Liar")
    invite = world.got(world.trunk)
    call.wait_for("answered")
    call.hangup()
    assert invite.uri.startswith(f"sip:{number}@")
    assert f"<sip:{SALES}@" in invite.get("From")
    assert "Liar" not in str(invite.headers)
    assert invite.get("P-Asserted-Identity") == f"<sip:{SALES}@127.0.0.1>"
    assert not invite.get("Privacy")
    assert not invite.get("Remote-Party-ID")
    values = world.record(call)["variables"]
    assert values[v.DIRECTION] == "outbound"
    assert values[v.NUMBER] == number
    assert values[v.TAKEN] == "carrier"
    assert world.outcome(call) == (Outcome.ANSWERED, "")


def test_a_number_withheld_is_told_the_trunk_alone(world: Trunks) -> None:
    world.behave(Refuse(503), Answer())
    cem = world.registered("cem-desk", NoAnswer())
    call = cem.call("03023125500", "liar", "Liar")
    first, second = world.got(world.trunk), world.got(world.second)
    call.wait_for("answered")
    call.hangup()
    for invite in (first, second):
        assert "anonymous@anonymous.invalid" in invite.get("From")
        assert "12" not in invite.get("From").partition(";")[0]
        assert invite.get("Privacy") == "id"
    assert first.get("P-Asserted-Identity") == "<sip:+493023125012@127.0.0.1>"
    assert second.get("P-Preferred-Identity") == "<sip:03023125012@127.0.0.1>"
    assert not second.get("P-Asserted-Identity")
    assert second.uri.startswith("sip:03023125500@")


def test_a_phone_can_withhold_its_number_for_one_call(world: Trunks) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500", headers=(("Privacy", "id"),))
    invite = world.got(world.trunk)
    call.wait_for("answered")
    call.hangup()
    assert "anonymous@anonymous.invalid" in invite.get("From")
    assert invite.get("Privacy") == "id"
    assert not world.cdr(call).private


@pytest.mark.parametrize("status", [403, 408, 488, 500, 502, 503, 504])
def test_the_next_trunk_takes_what_the_first_cannot(world: Trunks, status: int) -> None:
    world.behave(Refuse(status), Answer())
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500")
    invite = world.got(world.second)
    call.wait_for("answered")
    call.hangup()
    assert invite.uri.startswith("sip:03023125500@")
    assert "<sip:03023125000@" in invite.get("From")
    record = world.record(call)
    assert record["variables"][v.TAKEN] == "second"
    assert [mark.split(";")[:2] for mark in marks(record)] == [["d-carrier", "dial"]] * 2 + [["d-second", "dial"]]
    assert world.outcome(call) == (Outcome.ANSWERED, "")


@pytest.mark.parametrize(("status", "answer"), [(404, 404), (480, 480), (486, 486), (603, 603), (484, 404), (410, 404)])
def test_what_is_said_of_the_number_is_final(world: Trunks, status: int, answer: int) -> None:
    world.behave(Refuse(status), Answer())
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500")
    call.wait_for("ended", timeout=20)
    assert call.status == answer
    assert not world.second.received
    spoken = "183" in [event.name for event in call.events]
    assert spoken == (answer == 404)
    assert world.outcome(call)[0] == Outcome.UNANSWERED


def test_a_silent_trunk_is_left_for_the_next(world: Trunks) -> None:
    world.behave(Ignore(), Answer())
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500")
    world.got(world.second, 20)
    call.wait_for("answered")
    call.hangup()
    assert world.record(call)["variables"][v.TAKEN] == "second"


def test_no_trunk_takes_it_and_the_caller_hears_why(world: Trunks) -> None:
    world.behave(Refuse(503), Refuse(503))
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500")
    assert call.wait_for("183").at < call.wait_for("ended", timeout=20).at
    assert call.status == 503
    assert len(loud_part(call.audio.heard)) > 8000  # a second of the announcement


def test_early_media_of_the_network_reaches_the_phone(world: Trunks) -> None:
    world.behave(Answer(after=0.5, ringing=183, early_media=True), Answer())
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("03023125500")
    assert call.wait_for("183").at < call.wait_for("answered").at
    call.hangup()


@pytest.mark.parametrize(
    ("user", "dialed", "reason"),
    [
        ("anna-desk", "00441632960001", "not_allowed"),
        ("anna-desk", "013712", "not_allowed"),
        ("cem-desk", "017604069001", "not_allowed"),
        ("anna-desk", "03023125099", "unknown_number"),
        ("anna-desk", "99", "unknown_number"),
    ],
)
def test_what_may_not_be_called_is_told_in_words(world: Trunks, user: str, dialed: str, reason: str) -> None:
    phone = world.registered(user, NoAnswer())
    call = phone.call(dialed)
    call.wait_for("183")
    call.wait_for("ended", timeout=20)
    assert call.status == (404 if reason == "unknown_number" else 403)
    assert not world.trunk.received
    record = world.record(call)
    assert marks(record)[-1] == f"d-refused;reject;employee:{user.split('-', maxsplit=1)[0]};{reason}"
    assert world.outcome(call) == (Outcome.REJECTED, reason)


def test_an_employee_has_so_many_calls_at_once_and_others_go_on(world: Trunks) -> None:
    anna, ben = world.registered("anna-desk", NoAnswer()), world.registered("ben-desk", NoAnswer())
    calls = [anna.call("03023125500"), anna.call("03023125500")]
    for call in calls:
        call.wait_for("answered")
    third = anna.call("03023125500")
    third.wait_for("ended", timeout=20)
    assert third.status == 403
    assert world.outcome(third) == (Outcome.REJECTED, "employee_busy")
    other = ben.call("03023125500")
    other.wait_for("answered")
    other.hangup()
    calls[0].hangup()
    world.record(calls[0])
    again = anna.call("03023125500")
    again.wait_for("answered")
    again.hangup()
    calls[1].hangup()


def test_a_call_from_a_trunk_never_goes_out(world: Trunks) -> None:
    world.second.received.clear()
    call = world.trunk.call("03023125500", MOBILE)
    call.wait_for("ended")
    assert call.status == 404
    assert not world.second.received


def test_internal_calls_show_the_employee_whatever_the_phone_asks(world: Trunks) -> None:
    ben = world.registered("ben-desk", NoAnswer())
    cem = world.registered("cem-desk", NoAnswer())
    call = cem.call("11", "anonymous", "Anonymous", headers=(("Privacy", "id"),))
    invite = ben.wait_for("INVITE")
    call.hangup()
    assert invite.get("From").startswith('"Cem Kaya" <sip:12@')


@pytest.mark.parametrize("dialed", ["110", "112"])
def test_emergencies_pass_whatever_the_limits_and_by_any_trunk(world: Trunks, dialed: str) -> None:
    world.behave(Refuse(486), Answer())
    anna = world.registered("anna-desk", NoAnswer())
    world.trunk.behaviour = Answer()
    busy = [anna.call("03023125500") for _ in range(2)]
    for one in busy:
        one.wait_for("answered")
    world.behave(Refuse(486), Answer())
    call = anna.call(dialed, headers=(("Privacy", "id"),))
    invite = world.got(world.second)
    call.wait_for("answered")
    call.hangup()
    assert invite.uri.startswith(f"sip:{dialed}@")
    assert "<sip:03023125010@" in invite.get("From")
    assert not invite.get("Privacy")
    assert world.record(call)["variables"][v.DIRECTION] == "emergency"
    assert world.outcome(call) == (Outcome.ANSWERED, "")


def test_calls_that_were_connected_out_there_still_count(world: Trunks) -> None:
    """An attended transfer ends both calls of the phone; what costs goes on."""
    anna, ben = world.registered("anna-desk", NoAnswer()), world.registered("ben-desk", NoAnswer())
    pair = [anna.call("03023125500"), anna.call("03023125500")]
    for call in pair:
        call.wait_for("answered")
    assert pair[0].transfer_to_call(pair[1]) == 202
    for call in pair:
        call.wait_for("ended")
    third = anna.call("03023125500")
    third.wait_for("ended", timeout=20)
    assert third.status == 403
    assert world.outcome(third) == (Outcome.REJECTED, "employee_busy")
    other = ben.call("03023125500")
    other.wait_for("answered")
    other.hangup()
    world.trunk.calls[-2].hangup()
    legs = "limit_usage hash callrouter legs-anna"
    soon(lambda: world.switch.api(legs).strip() == "0", 10)


def test_only_so_many_new_numbers_a_day_and_known_ones_still(tmp_path_factory: pytest.TempPathFactory) -> None:
    trunk = Phone("trunk")
    company = _company(trunk.port, trunk.port)
    company["company"]["limits"] = {"new_numbers": 2}
    with rendered_switch(tmp_path_factory.mktemp("budget"), company) as switch:
        trunk.server = ("127.0.0.1", switch.settings.freeswitch.trunk_port)
        world = Trunks(switch, trunk)
        world.second = trunk
        anna = world.registered("anna-desk", NoAnswer())

        def call(number: str) -> int:
            made = anna.call(number)
            soon(lambda: made.answered or made.ended, 20)
            made.hangup()
            world.record(made)
            return made.status

        assert [call(number) for number in ("03023125501", "03023125502", "03023125501")] == [200, 200, 200]
        assert [call(number) for number in ("03023125503", "03023125503", "03023125503")] == [403, 403, 403]
        assert [call(number) for number in ("03023125502", "+493023125501")] == [200, 200]
        world.close()
    trunk.close()
