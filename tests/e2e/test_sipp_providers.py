"""What a caller in the company gets to hear, and as a SIP answer, for each way in which a provider refuses a call."""

from __future__ import annotations

import math
import socket
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.ledger.outcome import Outcome, outcome
from callrouter.resources import prompts_dir
from callrouter.simulator.behaviour import NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.phone import Phone
from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import frequency_of, g711_encode, loud_part, read_wav, tone
from callrouter.web.call_words import cause
from tests.e2e.test_sipp import HERE, sipp, succeeded
from tests.rendering.switch_world import World, soon
from tests.switch import RenderedSwitch, muster, rendered_switch

pytestmark = [pytest.mark.freeswitch, pytest.mark.sipp]

DIALLED = "030230000"
RINGS = 4


@pytest.fixture(scope="module")
def provider() -> int:
    """The provider's port."""
    return free_port()


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory, provider: int) -> Iterator[RenderedSwitch]:
    company = muster()
    company["trunks"][0]["proxy"] = f"127.0.0.1:{provider}"
    with rendered_switch(tmp_path_factory.mktemp("switch"), company) as running:
        yield running


@pytest.fixture
def impatient(switch: RenderedSwitch) -> Iterator[None]:
    """A call rings for RINGS seconds, not for two minutes."""
    dialplan = switch.settings.conf_dir / "dialplan" / "outgoing.xml"
    text = dialplan.read_text()
    assert "call_timeout=120" in text
    dialplan.write_text(text.replace("call_timeout=120", f"call_timeout={RINGS}"))
    assert "Success" in switch.api("reloadxml")
    yield
    dialplan.write_text(text)
    assert "Success" in switch.api("reloadxml")


@pytest.fixture
def world(switch: RenderedSwitch) -> Iterator[World]:
    nobody = Phone("trunk")
    world = World(switch, nobody)
    yield world
    world.close()
    nobody.close()


def refusing(scenario: str, status: str, server: int, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """sipp as a provider that answers *status*, code and reason, which sipp wants written out."""
    own = folder / f"{scenario}.xml"
    own.write_text((HERE / f"{scenario}.xml").read_text().replace("[status]", status))
    return provider_of(str(own.with_suffix("")), server, port, folder)


def provider_of(scenario: str, server: int, port: int, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """sipp as the provider, listening when this returns."""
    process = sipp(scenario, server, port, "line", folder, *more)
    soon(lambda: _taken(port), 5)
    return process


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def power(samples: array[int]) -> float:
    """Mean power of what is not silence, in dB below full scale."""
    loud = loud_part(samples)
    if not loud:
        return -math.inf
    return 10 * math.log10(sum(sample * sample for sample in loud) / len(loud) / 32768**2)


def said(call: PhoneCall, prompt: str) -> bool:
    """Whether the caller heard just as much as *prompt* (German) says, at a level that can be heard."""
    expected, heard = read_wav(prompts_dir() / "de" / f"{prompt}.wav"), call.audio.heard
    return power(heard) > -30 and abs(len(loud_part(heard)) - len(loud_part(expected))) < 4000


@pytest.mark.parametrize(
    ("status", "answer", "prompt", "listed"),
    [
        ("403 Forbidden", 503, "no_line", "OUTGOING_CALL_BARRED"),
        ("404 Not Found", 404, "unknown_number", "UNALLOCATED_NUMBER"),
        ("408 Request Timeout", 503, "no_line", "RECOVERY_ON_TIMER_EXPIRE"),
        ("410 Gone", 404, "unknown_number", "NUMBER_CHANGED"),
        ("480 Temporarily Unavailable", 480, None, "NO_USER_RESPONSE"),
        ("484 Address Incomplete", 404, "unknown_number", "INVALID_NUMBER_FORMAT"),
        ("486 Busy Here", 486, None, "USER_BUSY"),
        ("500 Server Internal Error", 503, "no_line", "NORMAL_TEMPORARY_FAILURE"),
        ("503 Service Unavailable", 503, "no_line", "NORMAL_TEMPORARY_FAILURE"),
        ("600 Busy Everywhere", 486, None, "USER_BUSY"),
        ("603 Decline", 603, None, "CALL_REJECTED"),
        ("604 Does Not Exist Anywhere", 404, "unknown_number", "NO_ROUTE_DESTINATION"),
    ],
)
def test_a_refusal_has_its_sound(
    world: World, provider: int, tmp_path: Path, status: str, answer: int, prompt: str | None, listed: str
) -> None:
    freeswitch = world.switch.settings.freeswitch
    line = refusing("uas-refuses-expect-ack", status, freeswitch.trunk_port, provider, tmp_path)
    call = world.registered("anna-desk", NoAnswer()).call(DIALLED)
    call.wait_for("ended", timeout=20)
    succeeded(line)
    assert call.status == answer
    assert not call.answered
    [part] = outcome(world.cdr(call), {}).parts
    assert (part.owner, part.outcome, part.detail) == ("employee:anna", Outcome.UNANSWERED, listed)
    assert cause(listed) != listed, "the list of calls says it in words"
    if prompt:
        assert said(call, prompt)
    else:
        assert not call.audio.heard, "the phone plays its own tone: nothing must be in its way"


@pytest.mark.parametrize(("status", "answer"), [("404 Not Found", 404), ("503 Service Unavailable", 503)])
def test_what_the_network_says_is_heard_and_nothing_is_said_twice(
    world: World, provider: int, tmp_path: Path, status: str, answer: int
) -> None:
    (tmp_path / "announcement.alaw").write_bytes(g711_encode(tone(600, 1.5), 8))
    trunk_port = world.switch.settings.freeswitch.trunk_port
    line = refusing("uas-says-why-and-refuses-expect-ack", status, trunk_port, provider, tmp_path)
    call = world.registered("anna-desk", NoAnswer()).call(DIALLED)
    call.wait_for("ended", timeout=20)
    succeeded(line)
    assert call.status == answer
    assert len(loud_part(call.audio.heard)) == pytest.approx(12000, abs=2400)
    assert frequency_of(loud_part(call.audio.heard)) == pytest.approx(600, rel=0.05)


@pytest.mark.usefixtures("impatient")
def test_a_call_that_nobody_answers_ends_in_its_time(world: World, provider: int, tmp_path: Path) -> None:
    trunk_port = world.switch.settings.freeswitch.trunk_port
    line = provider_of("uas-rings-expect-cancel", trunk_port, provider, tmp_path)
    call = world.registered("anna-desk", NoAnswer()).call(DIALLED)
    ringing = call.wait_for("180")
    ended = call.wait_for("ended", timeout=RINGS + 5)
    succeeded(line)
    assert RINGS - 1.5 < ended.at - ringing.at < RINGS + 1.5
    assert call.status == 480
    assert not call.audio.heard


def test_a_caller_who_gives_up_frees_the_line(world: World, provider: int, tmp_path: Path) -> None:
    trunk_port = world.switch.settings.freeswitch.trunk_port
    line = provider_of("uas-rings-expect-cancel", trunk_port, provider, tmp_path)
    call = world.registered("anna-desk", NoAnswer()).call(DIALLED)
    call.wait_for("180")
    call.cancel()
    call.wait_for("ended")
    succeeded(line)
    assert call.status == 487


def test_a_provider_that_is_silent_is_told_as_one_that_is_not_there(
    world: World, provider: int, tmp_path: Path
) -> None:
    trunk_port = world.switch.settings.freeswitch.trunk_port
    line = provider_of("uas-is-silent-expect-invite", trunk_port, provider, tmp_path, "-timeout", "60s")
    call = world.registered("anna-desk", NoAnswer()).call(DIALLED)
    call.wait_for("ended", timeout=60)
    line.terminate()
    line.communicate(timeout=10)
    assert call.status == 503
    assert said(call, "no_line")
    assert [part.detail for part in outcome(world.cdr(call), {}).parts] == ["RECOVERY_ON_TIMER_EXPIRE"]
