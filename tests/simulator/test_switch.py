"""What only the simulator can: fast time, its own fallback, stories told as a timeline."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.errors import SwitchTimeout
from callrouter.simulator.behaviour import Answer, NoAnswer, Offline
from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import tone
from callrouter.simulator.scenario import Call
from callrouter.simulator.switch import PlacedCall, Switch
from callrouter.spool import Spool
from callrouter.variables import step_texts
from tests.simulator.bare_router import BareRouter, execute_text

TO = "+493023125010"
OWNER = {"callrouter_owner": "employee:anna", "callrouter_version": "7"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create()
    return spool


@pytest.fixture
def alone(spool: Spool) -> Iterator[Switch]:
    """A switch whose router does not listen."""
    switch = Switch(spool, ("127.0.0.1", free_port()), speed=100)
    yield switch
    switch.kill()


def cdr_variables(spool: Spool, placed: PlacedCall) -> dict[str, str]:
    found: dict[str, str] = json.loads((spool.cdr / f"a_{placed.uuid}.cdr.json").read_bytes())["variables"]
    return found


def test_fallback_takes_a_message_when_no_router_answers(alone: Switch, spool: Spool) -> None:
    began = time.monotonic()
    phones = {"anna-desk": NoAnswer(), "anna-soft": Offline()}
    placed = alone.place(Call(TO, phones=phones, variables=OWNER, says=tone(440, 3)))
    placed.wait()
    assert time.monotonic() - began < 19  # half of what the scenario tells
    recorded = cdr_variables(spool, placed)
    assert recorded["callrouter_fallback"] == "true"
    assert step_texts(recorded["callrouter_step"]) == [
        "f-anna;ring;employee:anna",
        "f-anna;ring;employee:anna;no_answer",
        "f-anna-v;voicemail;employee:anna",
        "f-anna-v;voicemail;employee:anna;recorded",
    ]
    assert spool.recording(placed.uuid, "f-anna-v").stat().st_size > 2 * 8000 * 3
    assert 30 <= int(recorded["duration"]) <= 90
    assert (recorded["callrouter_version"], recorded["callrouter_trunk"]) == ("7", "carrier")


def test_fallback_reaches_a_phone(alone: Switch, spool: Spool) -> None:
    placed = alone.place(Call(TO, phones={"anna-desk": Answer(2, hang_up_after=5)}, variables=OWNER))
    placed.wait()
    recorded = cdr_variables(spool, placed)
    assert (recorded["callrouter_device"], recorded["originate_disposition"]) == ("anna-desk", "SUCCESS")
    assert recorded["callrouter_step"] == "f-anna;ring;employee:anna"
    assert placed.status == 200


@pytest.mark.parametrize(
    ("stage", "rings", "records"),
    [("ringing", True, True), ("mailbox", False, True), ("recording", False, False), ("done", False, False)],
)
def test_fallback_honours_the_stage(spool: Spool, stage: str, rings: bool, records: bool) -> None:
    router = BareRouter()
    switch = Switch(spool, ("127.0.0.1", router.port), speed=100)
    placed = switch.place(Call(TO, phones={"anna-desk": NoAnswer()}, variables=OWNER))
    connection = router.accept()
    connection.connect()
    connection.execute("set", f"callrouter_stage={stage}")
    connection.close()
    placed.wait()
    what = [str(happening) for happening in placed.timeline]
    assert any("anna-desk: rings" in line for line in what) is rings
    assert spool.recording(placed.uuid, "f-anna-v").exists() is records
    router.close()


def test_timeline_tells_the_story(spool: Spool) -> None:
    router = BareRouter()
    switch = Switch(spool, ("127.0.0.1", router.port), speed=100)
    phones = {"anna-desk": Answer(3, hang_up_after=4), "anna-soft": NoAnswer()}
    placed = switch.place(Call(TO, phones=phones))
    connection = router.accept()
    connection.connect()
    connection.execute("set", "hangup_after_bridge=true")
    connection.send(execute_text("bridge", "sofia/phones/anna-desk%x,sofia/phones/anna-soft%x") + "\n\n")
    placed.wait()
    told = [(happening.who, happening.what) for happening in placed.timeline]
    assert told == [
        ("caller", f"+4917604069001 calls {TO}"),
        ("anna-desk", "rings"),
        ("anna-soft", "rings"),
        ("caller", "hears ringing"),
        ("anna-desk", "answers"),
        ("anna-soft", "stops ringing (answered elsewhere)"),
        ("caller", "is answered"),
        ("anna-desk", "hangs up"),
        ("switch", "hangs up (NORMAL_CLEARING)"),
        ("switch", "wrote the CDR"),
    ]
    at = {what: happening.at for happening, (_, what) in zip(placed.timeline, told, strict=True)}
    assert (at["answers"] - at["rings"] >= 3, at["hangs up"] - at["answers"] >= 4) == (True, True)
    router.close()


def test_wait_has_a_limit(spool: Spool) -> None:
    router = BareRouter()
    switch = Switch(spool, ("127.0.0.1", router.port))
    placed = switch.place(Call(TO))
    router.accept().connect()
    with pytest.raises(SwitchTimeout, match=r"did not end within 0.05 s; last: .*calls"):
        placed.wait(0.05)
    assert switch.calls
    switch.kill()
    assert not switch.calls
    router.close()


def test_silent_router_is_left_after_25_seconds(spool: Spool) -> None:
    router = BareRouter()
    switch = Switch(spool, ("127.0.0.1", router.port), speed=100)
    placed = switch.place(Call(TO, phones={}, fallback_mailbox=False))
    router.accept()
    placed.wait()
    assert cdr_variables(spool, placed)["callrouter_fallback"] == "true"
    assert int(cdr_variables(spool, placed)["duration"]) >= 25
    router.close()


def test_caller_who_gives_up_is_a_cancel(alone: Switch, spool: Spool) -> None:
    placed = alone.place(Call(TO, phones={"anna-desk": NoAnswer()}, variables=OWNER, hang_up_after=5))
    placed.wait()
    assert placed.status == 487
    recorded = cdr_variables(spool, placed)
    assert recorded["hangup_cause"] == "ORIGINATOR_CANCEL"
    assert recorded["callrouter_step"] == "f-anna;ring;employee:anna"
