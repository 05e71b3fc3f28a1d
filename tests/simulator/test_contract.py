"""What FreeSWITCH 1.11.2 does on its synchronous outbound socket, held against it and against the simulator alike."""

from __future__ import annotations

import os
import time
import uuid
import wave

import pytest

from callrouter.simulator.behaviour import BUSY, DECLINE, Answer, Behaviour, NoAnswer, Offline, Refuse
from callrouter.simulator.rtp import frequency_of, loud_part, read_wav, tone
from tests.simulator.bare_router import execute_text
from tests.simulator.real_switch import DOMAIN
from tests.simulator.worlds import (
    CALLER,
    NUMBER,
    World,
    causes,
    cdr,
    dial_string,
    place,
    variables,
    wait_for_app,
)

UNSET = "-ERR command not found"
NOTICE = "text/disconnect-notice"


def read_to_end(side) -> list[str]:
    """The replies and notices up to the end of the connection."""
    found = []
    while True:
        try:
            headers, _ = side.connection.read()
        except EOFError:
            return found
        found.append(headers.get("Reply-Text", headers["Content-Type"]))


def test_connect_tells_the_channel(world: World) -> None:
    side = place(world)
    data = side.data
    assert data["Caller-Destination-Number"] == data["variable_sip_req_user"] == NUMBER
    assert data["Caller-Caller-ID-Number"] == data["variable_sip_from_user"] == CALLER
    assert data["variable_sip_from_display"] == "Zoë"
    assert data["variable_callrouter_number"] == NUMBER  # the dialplan set it before `socket`
    assert (data["Caller-Context"], data["Channel-State"], data["Answer-State"]) == ("public", "CS_EXECUTE", "ringing")
    assert (data["Socket-Mode"], data["Control"], data["Reply-Text"]) == ("static", "full", "+OK\n")
    assert data["variable_uuid"] == data["Channel-Call-UUID"] == side.uuid
    world.hang_up(side.handle)


def test_values_are_encoded_as_freeswitch_does(world: World) -> None:
    side = place(world)
    side.connection.execute("set", "odd=a b%0Ac+d&e'(f)*g,h-i.j/k!l")
    side.connection.send("connect\n\n")
    raw = {}
    while (line := side.connection._stream.readline()) != b"\n":
        name, _, value = line.decode().rstrip("\n").partition(": ")
        raw[name] = value
    assert raw["variable_odd"] == "a%20b%0Ac%2Bd%26e'(f)*g,h-i.j/k!l"
    world.hang_up(side.handle)


def test_set_getvar_unset(world: World) -> None:
    c = place(world).connection
    assert c.getvar("nothing") == UNSET
    assert (c.execute("set", "a=b c"), c.getvar("a")) == ("+OK", "b c")
    assert (c.execute("set", "a="), c.getvar("a")) == ("+OK", UNSET)
    c.execute("multiset", "^^|one=1|two=two words|three=a,b")
    assert [c.getvar(name) for name in ("one", "two", "three")] == ["1", "two words", "a,b"]
    c.execute("set", "four=<${two}${nothing}>")
    assert c.getvar("four") == "<two words>"
    c.execute("unset", "two")
    assert c.getvar("two") == UNSET
    c.execute("export", "five=5")
    c.execute("export", "nolocal:six=6")
    assert [c.getvar(name) for name in ("five", "six", "export_vars")] == ["5", UNSET, "five,nolocal:six"]


def test_push_makes_a_list(world: World) -> None:
    c = place(world).connection
    values = []
    for entry in ("1;ring", "2;x", "3"):
        assert c.execute("push", f"list={entry}") == "+OK"
        values.append(c.getvar("list"))
    assert values == ["1;ring", "ARRAY::1;ring|:2;x", "ARRAY::1;ring|:2;x|:3"]


def test_pipelined_commands_are_answered_in_order(world: World) -> None:
    c = place(world).connection
    c.send("".join(f"{execute_text('set', f'v{i}={i}')}\n\ngetvar v{i}\n\n" for i in range(14)))
    replies = [c.read()[0]["Reply-Text"] for _ in range(28)]
    assert replies == [text for i in range(14) for text in ("+OK", str(i))]


def test_argument_as_a_body(world: World) -> None:
    c = place(world).connection
    body = "b=in the body"
    head = (
        f"sendmsg\ncall-command: execute\nexecute-app-name: set\ncontent-type: text/plain\ncontent-length: {len(body)}"
    )
    c.send(f"{head}\n\n{body}")
    assert c.read()[0]["Reply-Text"] == "+OK"
    assert c.getvar("b") == "in the body"


BRIDGES = [
    ({"anna-desk": Offline(), "anna-soft": Offline()}, "USER_NOT_REGISTERED", None),
    ({"anna-desk": BUSY, "anna-soft": BUSY}, "USER_BUSY", ["USER_BUSY", "USER_BUSY"]),
    ({"anna-desk": BUSY}, "USER_BUSY", ["USER_BUSY"]),
    ({"anna-desk": BUSY, "anna-soft": Offline()}, "USER_BUSY", ["USER_BUSY"]),
    ({"anna-desk": Offline(), "anna-soft": BUSY}, "USER_BUSY", ["USER_BUSY"]),
    ({"anna-desk": DECLINE, "anna-soft": DECLINE}, "CALL_REJECTED", ["CALL_REJECTED", "CALL_REJECTED"]),
    ({"anna-desk": DECLINE, "anna-soft": BUSY}, "CALL_REJECTED", ["CALL_REJECTED", "USER_BUSY"]),
    ({"anna-desk": BUSY, "anna-soft": DECLINE}, "USER_BUSY", ["USER_BUSY", "CALL_REJECTED"]),
    ({"anna-desk": DECLINE, "anna-soft": Offline()}, "CALL_REJECTED", ["CALL_REJECTED"]),
    ({"anna-desk": Refuse(480)}, "NO_USER_RESPONSE", ["NO_USER_RESPONSE"]),
    ({"anna-desk": Refuse(403)}, "CALL_REJECTED", ["CALL_REJECTED"]),
    ({"anna-desk": Refuse(600)}, "USER_BUSY", ["USER_BUSY"]),
    ({"anna-desk": Refuse(502)}, "NETWORK_OUT_OF_ORDER", ["NETWORK_OUT_OF_ORDER"]),
    ({"anna-desk": Refuse(486, after=0.6), "anna-soft": DECLINE}, "USER_BUSY", ["USER_BUSY", "CALL_REJECTED"]),
    ({"anna-desk": Refuse(404)}, "UNALLOCATED_NUMBER", ["UNALLOCATED_NUMBER"]),
    ({"anna-desk": Refuse(408)}, "RECOVERY_ON_TIMER_EXPIRE", ["RECOVERY_ON_TIMER_EXPIRE"]),
    ({"anna-desk": Refuse(488)}, "INCOMPATIBLE_DESTINATION", ["INCOMPATIBLE_DESTINATION"]),
    ({"anna-desk": Refuse(500)}, "NORMAL_TEMPORARY_FAILURE", ["NORMAL_TEMPORARY_FAILURE"]),
    ({"anna-desk": Refuse(503)}, "NORMAL_TEMPORARY_FAILURE", ["NORMAL_TEMPORARY_FAILURE"]),
    ({"anna-desk": NoAnswer(), "anna-soft": NoAnswer()}, "NO_ANSWER", ["NO_ANSWER", "NO_ANSWER"]),
    ({"anna-desk": BUSY, "anna-soft": NoAnswer()}, "NO_ANSWER", ["USER_BUSY", "NO_ANSWER"]),
    ({"anna-desk": NoAnswer(), "anna-soft": DECLINE}, "NO_ANSWER", ["NO_ANSWER", "CALL_REJECTED"]),
    ({"anna-desk": NoAnswer(), "anna-soft": Offline()}, "NO_ANSWER", ["NO_ANSWER"]),
]


@pytest.mark.parametrize(("phones", "disposition", "leg_causes"), BRIDGES)
def test_bridge_that_nobody_takes(
    world: World, phones: dict[str, Behaviour], disposition: str, leg_causes: list[str] | None
) -> None:
    side = place(world, phones)
    c = side.connection
    c.execute("set", "continue_on_fail=true")
    c.execute("set", "sip_ignore_remote_cause=true")
    c.execute("ring_ready")
    assert c.execute("bridge", dial_string(*phones, seconds=2)) == "+OK"
    assert c.getvar("originate_disposition") == disposition
    listed = c.getvar("originate_causes")
    assert listed == UNSET if leg_causes is None else causes(listed) == leg_causes
    assert c.execute("hangup", "NO_ANSWER") == "+OK"
    assert world.status(side.handle) == 480
    recorded = variables(world, side)
    assert recorded["originate_disposition"] == recorded["originate_failed_cause"] == disposition
    assert (recorded["answer_epoch"], recorded["bridge_epoch"], recorded["hangup_cause"]) == ("0", "0", "NO_ANSWER")


@pytest.mark.parametrize(
    ("stops", "phones", "legs"),
    [
        ("CALL_REJECTED:USER_BUSY", {"anna-desk": Refuse(486, after=0.3), "anna-soft": NoAnswer()}, "USER_BUSY"),
        ("CALL_REJECTED", {"anna-soft": NoAnswer(), "anna-desk": Refuse(603, after=0.3)}, "CALL_REJECTED"),
    ],
)
def test_one_phones_answer_ends_it_for_all_where_it_is_to(
    world: World, stops: str, phones: dict[str, Behaviour], legs: str
) -> None:
    c = place(world, phones).connection
    c.execute("set", "continue_on_fail=true")
    c.execute("set", f"fail_on_single_reject={stops}")
    began = time.monotonic()
    c.execute("bridge", dial_string(*phones, seconds=8))
    assert time.monotonic() - began < 4
    assert c.getvar("originate_disposition") == "NO_ANSWER"
    assert sorted(causes(c.getvar("originate_causes"))) == sorted([legs, "NO_ANSWER"])
    c.execute("hangup")


def test_causes_of_the_legs_add_up_over_bridges_unless_told_otherwise(world: World) -> None:
    c = place(world, {"anna-desk": BUSY}).connection
    c.execute("set", "continue_on_fail=true")
    seen = []
    for user in ("anna-desk", "anna-desk", "anna-soft"):
        c.execute("bridge", dial_string(user))
        seen.append(causes(c.getvar("originate_causes")))
    assert seen == [["USER_BUSY"], ["USER_BUSY"] * 2, ["USER_BUSY"] * 2]  # the third phone is not registered
    c.execute("set", "preserve_originated_vars=false")
    c.execute("bridge", dial_string("anna-desk"))
    assert causes(c.getvar("originate_causes")) == ["USER_BUSY"]
    c.execute("bridge", dial_string("anna-soft"))
    assert c.getvar("originate_causes") == UNSET
    assert c.getvar("originate_disposition") == "USER_NOT_REGISTERED"
    c.execute("hangup")


def test_the_log_of_applications_tells_which_phones_rang(world: World) -> None:
    side = place(world, {"anna-desk": BUSY, "anna-soft": Answer(0.3, hang_up_after=0.2)})
    devices = ("ben-desk", "anna-desk", "anna-soft")  # the first is not registered
    uuids = [str(uuid.uuid4()) for _ in devices]
    side.connection.execute("set", "hangup_after_bridge=true")
    dialled = [
        f"[callrouter_device={device},origination_uuid={leg}]sofia/phones/{device}%{DOMAIN}"
        for device, leg in zip(devices, uuids, strict=True)
    ]
    side.connection.execute("bridge", ",".join(dialled))
    document = cdr(world, side.uuid)
    log = document["app_log"]["applications"]
    assert [entry["app_data"] for entry in log if entry["app_name"] == "bridge"] == [",".join(dialled)]
    recorded = document["variables"]
    assert int(recorded["start_uepoch"]) <= int(log[-1]["app_stamp"]) <= int(recorded["answer_uepoch"])
    assert recorded["originate_causes"] == f"ARRAY::{uuids[1]};USER_BUSY|:{uuids[2]};NONE"
    numbers = [f"{device}%{DOMAIN}" for device in devices]
    legs = [f"{leg};Outbound Call;{number}" for leg, number in zip(uuids[1:], numbers[1:], strict=True)]
    assert recorded["originated_legs"] == "ARRAY::" + "|:".join(legs)


def test_time_limit_on_the_caller_and_on_the_dial_string(world: World) -> None:
    side = place(world, {"anna-desk": NoAnswer()})
    c = side.connection
    c.execute("set", "call_timeout=2")
    c.execute("bridge", f"sofia/phones/anna-desk%{DOMAIN}")
    assert c.getvar("originate_disposition") == "NO_ANSWER"  # and the caller is still there
    c.execute("set", "call_timeout=600")
    c.execute("bridge", dial_string("anna-desk", seconds=2))  # goes before call_timeout
    assert c.getvar("originate_disposition") == "NO_ANSWER"
    c.execute("hangup")


def test_the_last_phone_overrides_the_cause_unless_told_otherwise(world: World) -> None:
    side = place(world, {"anna-desk": BUSY})
    side.connection.execute("set", "continue_on_fail=true")
    side.connection.execute("bridge", dial_string("anna-desk"))
    side.connection.execute("hangup", "NO_ANSWER")
    assert world.status(side.handle) == 486
    assert variables(world, side)["hangup_cause"] == "NO_ANSWER"


def test_answered_bridge_ends_with_the_talk(world: World) -> None:
    phones = {"anna-desk": Answer(0.5, hang_up_after=0.5), "anna-soft": NoAnswer()}
    side = place(world, phones)
    c = side.connection
    for assignment in ("continue_on_fail=true", "hangup_after_bridge=true", "import=callrouter_device"):
        c.execute("set", assignment)
    assert c.execute("bridge", dial_string(*phones)) == "+OK"
    assert c.getvar("originate_disposition") == NOTICE  # too late: the call ended with the bridge
    recorded = variables(world, side)
    assert world.status(side.handle) == 200
    assert recorded["originate_disposition"] == "SUCCESS"
    assert recorded["callrouter_device"] == "anna-desk"
    assert causes(recorded["originate_causes"]) == ["NONE", "LOSE_RACE"]
    assert recorded["last_bridge_to"] == recorded["originate_causes"].removeprefix("ARRAY::").split(";")[0]
    assert int(recorded["bridge_epoch"]) > 0
    assert (recorded["hangup_cause"], recorded["sip_hangup_disposition"]) == ("NORMAL_CLEARING", "send_bye")


def test_bridge_without_hangup_after_it_goes_on(world: World) -> None:
    side = place(world, {"anna-soft": Answer(0, hang_up_after=0.3)})
    c = side.connection
    c.execute("set", "import=callrouter_device")
    c.execute("bridge", dial_string("anna-desk", "anna-soft"))
    assert c.getvar("originate_disposition") == "SUCCESS"
    assert c.getvar("callrouter_device") == "anna-soft"
    assert c.getvar("endpoint_disposition") == "ANSWER"
    c.execute("hangup", "NORMAL_CLEARING")
    assert variables(world, side)["last_bridge_hangup_cause"] == "NORMAL_CLEARING"


def test_failed_bridge_without_continue_on_fail_ends_the_call(world: World) -> None:
    side = place(world, {"anna-desk": BUSY})
    assert side.connection.execute("bridge", dial_string("anna-desk")) == "+OK"
    assert side.connection.getvar("uuid") == NOTICE
    assert world.status(side.handle) == 486
    assert variables(world, side)["hangup_cause"] == "USER_BUSY"


def test_caller_gives_up_while_ringing(world: World) -> None:
    side = place(world, {"anna-desk": NoAnswer(), "anna-soft": NoAnswer()})
    c = side.connection
    c.execute("set", "continue_on_fail=true")
    c.execute("ring_ready")
    behind = execute_text("set", "behind=1")
    c.send(f"{execute_text('bridge', dial_string('anna-desk', 'anna-soft', seconds=10))}\n\n{behind}\n\n")
    wait_for_app(world, side, "bridge")
    world.hang_up(side.handle)
    assert read_to_end(side) == ["+OK", NOTICE]
    assert world.status(side.handle) == 487
    recorded = variables(world, side)
    assert recorded["hangup_cause"] == recorded["originate_disposition"] == "ORIGINATOR_CANCEL"
    assert recorded["sip_hangup_disposition"] == "recv_cancel"
    assert "behind" not in recorded
    assert "callrouter_fallback" not in recorded


def test_caller_hangs_up_while_nothing_runs(world: World) -> None:
    side = place(world)
    side.connection.execute("answer")
    world.hang_up(side.handle)
    assert read_to_end(side) == [NOTICE]
    recorded = variables(world, side)
    assert (recorded["hangup_cause"], recorded["sip_hangup_disposition"]) == ("NORMAL_CLEARING", "recv_bye")


def test_linger_lets_variables_be_read_and_set_after_the_end(world: World) -> None:
    side = place(world)
    c = side.connection
    c.execute("answer")
    assert c.command("linger 5") == "+OK will linger 5 seconds"
    c.send(execute_text("sleep", "8000") + "\n\n")
    wait_for_app(world, side, "sleep")
    world.hang_up(side.handle)
    assert c.read()[0]["Reply-Text"] == "+OK"
    notice, _ = c.read()
    assert (notice["Content-Type"], notice["Content-Disposition"], notice["Linger-Time"]) == (NOTICE, "linger", "5")
    assert c.getvar("uuid") == side.uuid
    assert c.getvar("hangup_cause") == UNSET
    assert c.execute("set", "late=1") == "+OK"
    assert c.command("exit") == "+OK bye"
    assert c.read()[0]["Content-Disposition"] == "disconnect"
    assert variables(world, side)["late"] == "1"


def test_exit_and_close_let_the_dialplan_go_on(world: World) -> None:
    for way in ("exit", "close", "close before connect"):
        handle = world.place({}, tone(600, 1))
        connection = world.router.accept()
        if way != "close before connect":
            uuid = connection.connect()["Unique-ID"]
            connection.execute("push", "callrouter_step=1;ring;employee:anna")
        if way == "exit":
            assert connection.command("exit") == "+OK bye"
            assert connection.read()[0]["Content-Type"] == NOTICE
        connection.close()
        assert world.status(handle) == 480
        if way != "close before connect":
            recorded = cdr(world, uuid)["variables"]
            assert recorded["callrouter_fallback"] == "true"
            assert recorded["callrouter_step"].startswith("ARRAY::1;ring;employee:anna|:f-anna;ring;employee:anna")


def test_close_in_the_middle_of_a_bridge(world: World) -> None:
    side = place(world, {"anna-desk": NoAnswer()})
    c = side.connection
    c.execute("set", "continue_on_fail=true")
    c.send(execute_text("bridge", dial_string("anna-desk", seconds=2)) + "\n\n")
    c.close()
    assert world.status(side.handle) == 480
    recorded = variables(world, side)
    assert recorded["originate_disposition"] == "NO_ANSWER"
    assert recorded["callrouter_fallback"] == "true"


RECORDINGS = [
    ("silence", tone(600, 1.5), "10 200 2", {"silence_hits_exhausted": "true"}),
    ("limit", tone(600, 20), "2 200 5", {"silence_hits_exhausted": "false"}),
]


@pytest.mark.parametrize(("end", "says", "limits", "expected"), RECORDINGS, ids=[row[0] for row in RECORDINGS])
def test_record(world: World, end: str, says, limits: str, expected: dict[str, str]) -> None:
    side = place(world, says=says)
    c = side.connection
    c.execute("answer")
    path = world.recordings / f"{side.uuid}-1.wav"
    assert c.execute("record", f"{path} {limits}") == "+OK"
    ms = int(c.getvar("record_ms"))
    assert {name: c.getvar(name) for name in expected} == expected
    assert c.getvar("playback_terminator_used") == UNSET
    assert int(c.getvar("record_seconds")) == ms // 1000
    assert int(c.getvar("record_file_size")) == os.path.getsize(path)
    samples = read_wav(path)
    assert len(samples) == ms * 8
    assert frequency_of(loud_part(samples)) == pytest.approx(600, abs=2)
    assert 1000 <= ms <= 4500  # whole seconds, loosely: a limit of 2 gave 1860 to 2240 ms
    c.execute("hangup")
    assert variables(world, side)["record_ms"] == str(ms)


def test_record_ends_by_a_digit(world: World) -> None:
    side = place(world)
    c = side.connection
    c.execute("answer")
    c.execute("set", "playback_terminators=#")
    world.types(side.handle, "#")
    c.execute("record", f"{world.recordings / side.uuid}-1.wav 10 200 5")
    assert c.getvar("playback_terminator_used") == "#"
    assert c.getvar("silence_hits_exhausted") == "false"
    c.execute("hangup")


def test_caller_hangs_up_while_recording(world: World) -> None:
    side = place(world)
    c = side.connection
    c.execute("answer")
    path = world.recordings / f"{side.uuid}-1.wav"
    c.send(execute_text("record", f"{path} 10 200 5") + "\n\n")
    world.speaks(path, 44)
    world.hang_up(side.handle)
    assert read_to_end(side) == ["+OK", NOTICE]
    recorded = variables(world, side)
    with wave.open(str(path)) as file:
        assert file.getnframes() == int(recorded["record_samples"]) > 0
    assert recorded["record_ms"] == str(int(recorded["record_samples"]) // 8)


def test_record_where_no_file_can_be_opened_ends_the_call(world: World) -> None:
    side = place(world)
    side.connection.execute("answer")
    assert side.connection.execute("record", f"{world.recordings}/missing/x.wav 10 200 5") == "+OK"
    assert side.connection.getvar("uuid") == NOTICE
    assert variables(world, side)["hangup_cause"] == "DESTINATION_OUT_OF_ORDER"


def test_playback(world: World) -> None:
    c = place(world).connection
    c.execute("answer")
    assert c.execute("playback", "/nowhere/missing.wav") == "+OK"
    assert c.getvar("current_application_response") == "FILE NOT FOUND"
    assert c.getvar("playback_ms") == UNSET
    assert c.execute("playback", "tone_stream://%(200,0,440)") == "+OK"
    assert (c.getvar("playback_ms"), c.getvar("playback_samples")) == ("200", "1600")


def test_play_and_get_digits(world: World) -> None:
    side = place(world)
    c = side.connection
    c.execute("answer")
    files = "tone_stream://%(100,0,440) tone_stream://%(100,0,440)"
    world.types(side.handle, "42#")
    assert c.execute("play_and_get_digits", f"1 4 1 3000 # {files} typed \\d+") == "+OK"
    assert [c.getvar(name) for name in ("typed", "read_result", "read_terminator_used")] == ["42", "success", "#"]
    assert c.execute("play_and_get_digits", f"1 4 1 300 # {files} none \\d+") == "+OK"
    assert [c.getvar(name) for name in ("none", "read_result")] == [UNSET, "failure"]
    c.execute("hangup")


CAUSES = {
    "UNALLOCATED_NUMBER": ("1", 404),
    "USER_BUSY": ("17", 486),
    "NO_ANSWER": ("19", 480),
    "SUBSCRIBER_ABSENT": ("20", 480),
    "CALL_REJECTED": ("21", 603),
    "OUTGOING_CALL_BARRED": ("52", 403),
    "NORMAL_UNSPECIFIED": ("31", 480),
    "NORMAL_CLEARING": ("16", 480),
    "NO_USER_RESPONSE": ("18", 408),
    "NORMAL_TEMPORARY_FAILURE": ("41", 503),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_hangup_gives_the_caller_its_answer(world: World, cause: str) -> None:
    side = place(world)
    side.connection.send(execute_text("hangup", cause) + "\n\n")
    assert read_to_end(side) == ["+OK", NOTICE]
    recorded = variables(world, side)
    assert (recorded["hangup_cause"], recorded["sip_hangup_disposition"]) == (cause, "send_refuse")
    assert (recorded["hangup_cause_q850"], world.status(side.handle)) == CAUSES[cause]


def test_unknown_application_ends_the_call(world: World) -> None:
    side = place(world)
    assert side.connection.execute("frobnicate", "x") == "+OK"
    assert side.connection.getvar("uuid") == NOTICE
    assert world.status(side.handle) == 502
    recorded = variables(world, side)
    assert recorded["hangup_cause"] == "DESTINATION_OUT_OF_ORDER"
    assert "callrouter_fallback" not in recorded


def test_cdr_has_what_was_set_and_pushed(world: World) -> None:
    side = place(world)
    c = side.connection
    c.execute("push", "callrouter_step=1;ring;employee:anna")
    c.execute("push", "callrouter_step=1;ring;employee:anna;busy")
    c.execute("set", "callrouter_owner=employee:anna")
    c.execute("hangup", "USER_BUSY")
    document = cdr(world, side.uuid)
    recorded = document["variables"]
    assert recorded["callrouter_step"] == "ARRAY::1;ring;employee:anna|:1;ring;employee:anna;busy"
    assert recorded["callrouter_owner"] == "employee:anna"
    assert recorded["uuid"] == side.uuid
    assert document["core-uuid"] == side.data["Core-UUID"]
    assert document["callflow"][0]["caller_profile"]["caller_id_number"] == CALLER
    assert document["callflow"][0]["caller_profile"]["destination_number"] == NUMBER
    applied = [(entry["app_name"], entry.get("app_data", "")) for entry in document["app_log"]["applications"]]
    assert applied[-1] == ("hangup", "USER_BUSY")
    assert int(recorded["start_epoch"]) <= int(recorded["end_epoch"])
    assert recorded["start_uepoch"].startswith(recorded["start_epoch"])


def test_shutdown_gives_notice_and_writes_the_cdr(doomed: World) -> None:
    side = place(doomed)
    side.connection.execute("answer")
    side.connection.send(execute_text("sleep", "60000") + "\n\n")
    wait_for_app(doomed, side, "sleep")
    doomed.stop_switch(kill=False)
    assert read_to_end(side) == ["+OK", NOTICE]
    assert variables(doomed, side)["hangup_cause"] == "SYSTEM_SHUTDOWN"


@pytest.mark.parametrize("buffered", [True, False])
def test_kill_breaks_off_without_a_word(doomed: World, buffered: bool) -> None:
    side = place(doomed)
    c = side.connection
    c.execute("answer")
    if not buffered:
        c.execute("set", "enable_file_write_buffering=false")
    path = doomed.recordings / f"{side.uuid}-1.wav"
    c.send(execute_text("record", f"{path} 60 200 5") + "\n\n")
    doomed.speaks(path, 44 if buffered else 8000)
    doomed.stop_switch(kill=True)
    assert read_to_end(side) == []
    assert not list(doomed.cdr_dir.glob("*.json"))
    data = path.read_bytes()
    assert data[:4] == b"RIFF"
    assert (len(data) == 44) if buffered else (len(data) >= 8000)
    assert data[40:44] == bytes(4)  # the length in the header was never written
