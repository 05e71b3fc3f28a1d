"""Calls through the rendered configuration on the real FreeSWITCH, with no router at all: the safety net."""

from __future__ import annotations

import json
import wave
from array import array
from typing import Any

import pytest

from callrouter import variables
from callrouter.ledger.outcome import outcome
from callrouter.simulator.behaviour import Answer, NoAnswer, Refuse
from callrouter.simulator.rtp import loud_part
from callrouter.spool import RECORDING_NAME
from tests.rendering.switch_world import PASSWORDS, World, marks, soon, switch_of
from tests.switch import DOMAIN, muster

pytestmark = pytest.mark.freeswitch

ANNA, BEN, SALES, CALLER = "+493023125010", "+493023125011", "+493023125000", "+4917604069001"
_TONE = array("h", [8000, 0, -8000, 0] * 60000)


def _company(emergency_port: int) -> dict[str, Any]:
    data = muster()
    data["company"]["ring_seconds"] = 5
    data["trunks"] = [
        {"name": "carrier", "proxy": f"127.0.0.1:{emergency_port}", "peers": ["127.0.0.1"]},
        {"name": "second", "proxy": "127.0.0.1:9", "peers": ["127.0.0.16/29"], "did_from": "to"},
        {"name": "third", "proxy": "127.0.0.1:9", "peers": ["127.0.0.4"], "did_from": "p-called-party-id"},
    ]
    data["employees"][0]["mailbox"] = {"enabled": True, "answer_after": 3}
    data["pools"][0] |= {"ring_seconds": 5, "mailbox": {"enabled": False}, "extension": "20"}
    data["blocked_callers"] = []
    return data


running = switch_of(_company, _TONE)


def test_rings_every_phone_and_the_record_says_who_answered(world: World) -> None:
    world.registered("anna-desk", NoAnswer())
    soft = world.registered("anna-soft", Answer(after=0.3, hang_up_after=0.5))
    call = world.trunk.call(ANNA, CALLER, "Max Muster")
    assert call.wait_for("180").at <= call.wait_for("answered").at
    assert world.others[0].wait_for("CANCEL").get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    call.wait_for("ended")
    record = world.record(call)
    values = record["variables"]
    assert values[variables.DEVICE] == "anna-soft"
    assert values[variables.NUMBER] == ANNA
    assert values[variables.OWNER] == "employee:anna"
    assert values[variables.TRUNK] == "carrier"
    assert values[variables.DIRECTION] == "inbound"
    assert values[variables.VERSION] == "7"
    assert values[variables.FALLBACK] == "true"
    assert marks(record) == ["f-anna;ring;employee:anna"]
    invite = soft.wait_for("INVITE")
    assert invite.get("From").startswith(f'"Max Muster" <sip:{CALLER}@')


def test_nobody_answers_and_the_mailbox_records(world: World) -> None:
    world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    path = soon(lambda: next(iter(world.switch.settings.spool.recordings.glob("*.wav")), None), 20)
    soon(lambda: path.stat().st_size > 16000, 10)
    call.hangup()
    record = world.record(call)
    assert RECORDING_NAME.fullmatch(path.name)
    assert path.name == f"{record['variables']['uuid']}-f-anna.wav"
    assert marks(record) == [
        "f-anna;ring;employee:anna",
        "f-anna;ring;employee:anna;no_answer",
        "f-anna;voicemail;employee:anna",
    ]
    with wave.open(str(path)) as audio:
        assert (audio.getframerate(), audio.getnchannels()) == (8000, 1)
        samples = array("h", audio.readframes(8000))
    assert max(samples) > 4000


@pytest.mark.parametrize(
    ("behaviour", "status", "result"),
    [
        (Refuse(486), 486, "busy"),
        (Refuse(603), 603, "rejected"),
        (NoAnswer(), 480, "no_answer"),
        (None, 480, "offline"),
    ],
)
def test_final_answer_without_a_mailbox(world: World, behaviour: Any, status: int, result: str) -> None:
    if behaviour:
        world.registered("ben-desk", behaviour)
    call = world.trunk.call(BEN, CALLER)
    call.wait_for("ended")
    assert call.status == status
    assert marks(world.record(call)) == ["f-ben;ring;employee:ben", f"f-ben;ring;employee:ben;{result}"]


def test_pool_rings_all_members_at_once(world: World) -> None:
    phones = [world.registered(user, NoAnswer()) for user in PASSWORDS]
    call = world.trunk.call(SALES, CALLER)
    for phone in phones:
        phone.wait_for("INVITE")
    call.hangup()
    assert marks(world.record(call)) == ["f-sales;ring;pool:sales"]


def test_early_media_of_one_phone_neither_wins_nor_silences(world: World) -> None:
    world.registered("anna-desk", NoAnswer(ringing=183, early_media=True))
    world.registered("anna-soft", Answer(after=0.6, hang_up_after=0.3))
    call = world.trunk.call(ANNA, CALLER)
    assert call.wait_for("180").at < call.wait_for("answered").at
    assert "183" not in [event.name for event in call.events]
    assert world.record(call)["variables"][variables.DEVICE] == "anna-soft"


@pytest.mark.parametrize(
    "dialled",
    [ANNA, "004930231250" + "10", "493023125010", "03023125010", "3023125010", "23125010", "10"],
)
def test_every_spelling_of_a_number_is_understood(world: World, dialled: str) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(dialled, CALLER)
    desk.wait_for("INVITE")
    call.hangup()
    assert world.record(call)["variables"][variables.NUMBER] == ANNA


@pytest.mark.parametrize("dialled", ["+493023125099", "+49302312501", "12345", "anna", "%24%7Bversion%7D"])
def test_unknown_number_gets_404(world: World, dialled: str) -> None:
    call = world.trunk.call(dialled, CALLER)
    call.wait_for("ended")
    assert call.status == 404
    assert marks(world.record(call)) == ["f-unknown;reject;;unknown_number"]


def test_trunk_that_writes_the_number_into_to(world: World) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    peer = world.peer("127.0.0.18")
    call = peer.call(ANNA, CALLER)
    desk.wait_for("INVITE")
    call.hangup()
    assert world.record(call)["variables"][variables.TRUNK] == "second"


def test_trunk_that_writes_the_number_into_p_called_party_id(world: World) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    peer = world.peer("127.0.0.4")
    call = peer.call("4711", CALLER, headers=(("P-Called-Party-ID", f"<sip:{ANNA}@pbx.muster.example;user=phone>"),))
    desk.wait_for("INVITE")
    call.hangup()
    assert world.record(call)["variables"][variables.TRUNK] == "third"


def test_a_stranger_gets_403_and_leaves_no_record(world: World) -> None:
    call = world.peer("127.0.0.2").call(ANNA, CALLER)
    call.wait_for("ended")
    assert call.status == 403
    assert not [path for path in world.switch.settings.spool.cdr.iterdir() if call.id in path.read_text("utf-8")]


@pytest.mark.parametrize("password", ["wrong-password", " ", "${domain}"])
def test_wrong_password_cannot_register(world: World, password: str) -> None:
    assert world.phone("anna-desk", NoAnswer(), password).register() == 403


def test_unknown_account_cannot_register(world: World) -> None:
    assert world.phone("nobody", NoAnswer(), "whatever-it-is").register() == 403


def test_a_phone_that_did_not_authenticate_cannot_call(world: World) -> None:
    stranger = world.phone("anna-desk", NoAnswer())
    stranger.password = ""
    call = stranger.call("11", CALLER)
    call.wait_for("ended")
    assert call.status == 407


def test_internal_call_is_its_account_whatever_from_says(world: World) -> None:
    ben = world.registered("ben-desk", NoAnswer())
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call("11", "ceo", "Der Chef")
    invite = ben.wait_for("INVITE")
    call.hangup()
    assert invite.get("From").startswith('"Anna Schmidt" <sip:10@')
    record = world.record(call)
    assert record["variables"][variables.DIRECTION] == "internal"
    assert record["variables"][variables.OWNER] == "employee:ben"
    assert record["variables"]["sip_auth_username"] == "anna-desk"


def test_internal_call_to_a_pool_and_to_a_whole_number(world: World) -> None:
    ben = world.registered("ben-desk", NoAnswer())
    anna = world.registered("anna-desk", NoAnswer())
    for dialled in ("20", BEN):
        count = len(ben.calls)
        call = anna.call(dialled)
        ben.wait_for_call(count + 1)
        call.hangup()
        assert world.record(call)["variables"][variables.DIRECTION] == "internal"


@pytest.mark.parametrize("dialled", ["110", "112"])
def test_emergency_call_leaves_by_the_trunk_with_the_callers_own_number(world: World, dialled: str) -> None:
    ben = world.registered("ben-desk", NoAnswer())
    call = ben.call(dialled, "liar", "Liar")
    invite = soon(lambda: next((r for r in world.trunk.received if f"sip:{dialled}@" in r.uri), None), 5)
    call.wait_for("answered")
    call.hangup()
    assert f"<sip:{BEN}@" in invite.get("From")
    values = world.record(call)["variables"]
    assert values[variables.DIRECTION] == "emergency"
    assert values[variables.NUMBER] == dialled


def test_trunk_cannot_reach_emergency_numbers(world: World) -> None:
    call = world.trunk.call("112", CALLER)
    call.wait_for("ended")
    assert call.status == 404


HOSTILE = [
    'A\\"B',
    "Muster, Max; x=y",
    "${api_result} $${domain} ${system(id)}",
    "[leg_timeout=1]{x=y}<sip:a@b>|sofia/x",
    "M\xfcller".encode().decode("unicode_escape").encode("latin-1"),
    "Jürgen Groß",
    "x" * 4000,
    "'; \\\\ ^ %41",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_any_name_still_rings_the_phone(world: World, name: Any) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER, name)
    shown = desk.wait_for("INVITE").get("From")
    call.hangup()
    display = shown.partition("<")[0].strip().strip('"')
    assert not set(display) & set("${}[]<>|'\\\"^%,;")
    assert f"<sip:{CALLER}@" in shown
    if name == "Jürgen Groß":
        assert display == name
    world.record(call)


@pytest.mark.parametrize("number", ["${system(id)}", "a'b", "%24%7Bx%7D", "anna", "49 30,sofia/x"])
def test_any_number_still_rings_the_phone(world: World, number: str) -> None:
    desk = world.registered("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, number.replace(" ", ""))
    shown = desk.wait_for("INVITE").get("From")
    call.hangup()
    assert "$" not in shown
    assert "sofia" not in shown.rpartition("<")[2]


@pytest.mark.parametrize(
    "privacy",
    [
        (("Privacy", "id"),),
        (("Privacy", "header;id"),),
        (("Privacy", "user"), ("P-Asserted-Identity", f"<sip:{CALLER}@carrier.example>")),
        (("Remote-Party-ID", f"<sip:{CALLER}@carrier.example>;privacy=full"),),
        (("P-Asserted-Identity", f'"Sieglinde" <sip:{CALLER}@carrier.example>'), ("Privacy", "id;critical")),
    ],
)
@pytest.mark.parametrize("number", [CALLER, "anonymous"])
def test_a_suppressed_number_appears_nowhere(world: World, privacy: tuple[tuple[str, str], ...], number: str) -> None:
    desk = world.registered("anna-desk", Answer(after=0.1, hang_up_after=0.3))
    call = world.trunk.call(ANNA, number, "Sieglinde Geheim", privacy)
    call.wait_for("ended")
    told = b"".join(message.raw for message in desk.received)
    assert b"Anonymous" in told
    for secret in (CALLER[1:], "Sieglinde", "Geheim"):
        assert secret.encode() not in told
    record = world.record(call)
    assert record["variables"][variables.PRIVATE] == "true"
    for noted_again_at_the_answer in ("sip_full_from", "sip_from_display"):
        record["variables"].pop(noted_again_at_the_answer, None)
    assert CALLER[1:] not in json.dumps(record)
    assert "Sieglinde" not in json.dumps(record)


def test_a_transferred_call_begins_a_new_part(world: World) -> None:
    world.registered("ben-desk", NoAnswer())
    desk = world.registered("anna-desk", Answer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    answer = desk.wait_for_call().request("REFER", (("Refer-To", f"<sip:11@{DOMAIN}>"),))
    assert answer.status == 202
    world.others[0].wait_for("INVITE")
    call.hangup()
    record = world.record(call)
    assert marks(record)[:3] == ["f-anna;ring;employee:anna", "was;anna-desk", "f-ben;ring;employee:ben"]
    assert variables.DEVICE not in record["variables"]
    assert record["variables"][variables.DIRECTION] == "inbound"
    assert record["variables"][variables.NUMBER] == BEN
    parts = outcome(world.cdr(call), {}).parts
    assert [[(leg.device, leg.end.value) for leg in part.legs] for part in parts] == [
        [("anna-desk", "answered"), ("anna-soft", "offline")],
        [("ben-desk", "abandoned")],
    ]


@pytest.mark.parametrize("dialled", ["*", "%23", "anna", "start"])
def test_a_phone_that_dials_no_number_is_told_so(world: World, dialled: str) -> None:
    anna = world.registered("anna-desk", NoAnswer())
    call = anna.call(dialled)
    call.wait_for("ended", 20)
    assert call.status == 404
    assert len(loud_part(call.audio.heard)) > 8000
    assert marks(world.record(call)) == ["d-refused;reject;employee:anna;unknown_number"]


@pytest.mark.parametrize("target", ["**", "anna-desk", "start", "%24%7Bx%7D"])
def test_a_call_transferred_to_no_number_forgets_the_number_it_came_for(world: World, target: str) -> None:
    desk = world.registered("anna-desk", Answer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    assert desk.wait_for_call().request("REFER", (("Refer-To", f"<sip:{target}@{DOMAIN}>"),)).status == 202
    desk.wait_for_call(2, timeout=20)  # after a word to the caller it comes back
    call.hangup()
    record = world.record(call)
    assert marks(record)[:3] == [
        "f-anna;ring;employee:anna",
        "was;anna-desk",
        "d-refused;reject;employee:anna;unknown_number",
    ]
    assert variables.NUMBER not in record["variables"]  # the router would ring its owner's phones again


def test_a_trunk_cannot_move_our_phone(world: World) -> None:
    world.registered("anna-desk", Answer())
    call = world.trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    answer = call.request("REFER", (("Refer-To", "<sip:112@carrier.example>"),))
    assert answer.status >= 400
    call.hangup()
