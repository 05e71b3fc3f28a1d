"""A router that dies at each stage of a call, on the real FreeSWITCH: the fallback goes on from there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.server import StreamServer

from callrouter import variables
from callrouter.simulator.behaviour import NoAnswer
from callrouter.simulator.phone import Phone
from tests.switch import DOMAIN, RenderedSwitch, muster, rendered_switch, switch_settings

pytestmark = pytest.mark.freeswitch

ANNA, CALLER = "+493023125010", "+4917604069001"
_RING = f"[{variables.DEVICE}=anna-desk]sofia/phones/anna-desk%{DOMAIN}"


class DyingRouter:
    """Answers each call's socket with the commands it was given, and closes without waiting for the last one."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, str]] = []
        self.asked = 0
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def _serve(self, connection: Any, _address: Any) -> None:
        self.asked += 1
        lines = connection.makefile("rb")
        connection.sendall(b"connect\n\n")
        while lines.readline() not in (b"\n", b""):
            pass
        for application, data in self.commands:
            text = f"sendmsg\ncall-command: execute\nexecute-app-name: {application}\nexecute-app-arg: {data}\n\n"
            connection.sendall(text.encode())
            if application == "bridge":
                gevent.sleep(0.5)
                break
            while lines.readline() not in (b"\n", b""):
                pass
        lines.close()
        connection.close()

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture(scope="module")
def router() -> Iterator[DyingRouter]:
    router = DyingRouter()
    yield router
    router.stop()


@pytest.fixture(scope="module")
def switch(router: DyingRouter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RenderedSwitch]:
    folder = tmp_path_factory.mktemp("switch")
    company = muster()
    company["employees"][0]["mailbox"] = {"enabled": True, "answer_after": 2}
    settings = switch_settings(folder, router=router.address)
    with rendered_switch(folder, company, settings) as running:
        yield running


@pytest.fixture
def trunk(switch: RenderedSwitch) -> Iterator[Phone]:
    phone = Phone("trunk", server=("127.0.0.1", switch.settings.freeswitch.trunk_port))
    yield phone
    phone.close()
    switch.api("hupall")


@pytest.fixture(scope="module")
def desk(switch: RenderedSwitch) -> Iterator[Phone]:
    server = ("127.0.0.1", switch.settings.freeswitch.phones_port)
    phone = Phone("anna-desk", "4f1bX2-desk", DOMAIN, server, behaviour=NoAnswer())
    assert phone.register() == 200
    yield phone
    phone.close()


def _record(switch: RenderedSwitch, call_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for path in switch.settings.spool.cdr.glob("a_*.json"):
            data = path.read_bytes()
            if call_id.encode() in data and data.endswith(b"\n"):
                values: dict[str, Any] = json.loads(data)["variables"]
                return values
        gevent.sleep(0.02)
    raise AssertionError("no record of the call")


def test_killed_before_anything_the_phones_ring(router: DyingRouter, trunk: Phone, desk: Phone) -> None:
    router.commands = []
    count = len(desk.calls)
    call = trunk.call(ANNA, CALLER)
    desk.wait_for_call(count + 1)
    call.hangup()


def test_killed_while_phones_ring_they_ring_on_and_the_mailbox_follows(
    router: DyingRouter, switch: RenderedSwitch, trunk: Phone, desk: Phone
) -> None:
    router.commands = [
        ("set", f"{variables.STAGE}=ringing"),
        ("push", f"{variables.STEP}=1;ring;employee:anna"),
        ("set", "call_timeout=2"),
        ("ring_ready", ""),
        ("bridge", _RING),
    ]
    count = len(desk.calls)
    call = trunk.call(ANNA, CALLER)
    desk.wait_for_call(count + 1)
    call.wait_for("answered")
    call.hangup()
    values = _record(switch, call.id)
    assert len(desk.calls) == count + 1
    assert variables.step_texts(values[variables.STEP]) == ["1;ring;employee:anna", "f-anna;voicemail;employee:anna"]
    assert values[variables.FALLBACK] == "true"


def test_killed_during_the_greeting_the_mailbox_begins_again(
    router: DyingRouter, switch: RenderedSwitch, trunk: Phone, desk: Phone
) -> None:
    router.commands = [("answer", ""), ("set", f"{variables.STAGE}=mailbox")]
    call = trunk.call(ANNA, CALLER)
    call.wait_for("answered")
    deadline = time.monotonic() + 20
    while not list(switch.settings.spool.recordings.glob("*-f-anna.wav")):
        assert time.monotonic() < deadline, "nothing was recorded"
        gevent.sleep(0.05)
    call.hangup()
    assert _record(switch, call.id)[variables.STEP] == "f-anna;voicemail;employee:anna"


@pytest.mark.parametrize("stage", ["recording", "done"])
def test_nothing_is_left_to_do(
    stage: str, router: DyingRouter, switch: RenderedSwitch, trunk: Phone, desk: Phone
) -> None:
    router.commands = [("answer", ""), ("set", f"{variables.STAGE}={stage}")]
    count = len(desk.calls)
    call = trunk.call(ANNA, CALLER)
    call.wait_for("ended")
    assert len(desk.calls) == count
    assert variables.FALLBACK not in _record(switch, call.id)


def test_unknown_number_is_asked_too_then_404(router: DyingRouter, trunk: Phone) -> None:
    router.commands = []
    asked = router.asked
    call = trunk.call("+493023125099", CALLER)
    call.wait_for("404")
    assert router.asked == asked + 1
