"""The SIP endpoint against a real FreeSWITCH: registering, calling, cancelling, talking."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gevent
import pytest

from callrouter.simulator.behaviour import BUSY, Answer, Ignore, NoAnswer
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import frequency_of, loud_part, tone
from tests.simulator.real_switch import DOMAIN, PASSWORDS
from tests.simulator.worlds import Real

pytestmark = pytest.mark.freeswitch
MakePhone = Callable[..., Phone]


@pytest.fixture
def phone(real: Real) -> Iterator[MakePhone]:
    made: list[Phone] = []

    def make(user: str, password: str = "", **options) -> Phone:
        server = ("127.0.0.1", real.switch.phones_port)
        made.append(Phone(user, password or PASSWORDS[user], DOMAIN, server, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_register(phone: MakePhone, real: Real) -> None:
    anna = phone("anna-desk")
    assert phone("anna-desk", "wrong").register() == 403
    assert anna.register(expires=600) == 200
    assert "anna-desk" in real.switch.api(f"sofia status profile phones user anna-desk@{DOMAIN}")
    assert anna.register() == 200
    assert anna.unregister() == 200
    caller = phone("ben-desk").call("anna-desk")
    caller.wait_for("ended")
    assert caller.status == 480


def test_call_with_audio_both_ways(phone: MakePhone) -> None:
    anna = phone("anna-desk", behaviour=Answer(0.1), says=tone(440, 5))
    ben = phone("ben-desk", says=tone(1000, 5))
    assert anna.register() == 200
    call = ben.call("anna-desk")
    call.wait_for("answered")
    taken = anna.wait_for_call()
    call.audio.send_digits("7")
    with gevent.Timeout(10):
        while len(loud_part(call.audio.heard)) < 6000 or len(loud_part(taken.audio.heard)) < 6000:
            gevent.sleep(0.02)
    assert frequency_of(loud_part(call.audio.heard)[400:6000]) == pytest.approx(440, abs=3)
    assert frequency_of(loud_part(taken.audio.heard)[400:6000]) == pytest.approx(1000, abs=5)
    call.hangup()
    taken.wait_for("BYE")
    assert taken.audio.digits == "7"


def test_cancel_carries_its_reason(phone: MakePhone) -> None:
    anna = phone("anna-desk", behaviour=NoAnswer())
    assert anna.register() == 200
    call = phone("ben-desk").call("anna-desk")
    call.wait_for("180")
    call.hangup()
    call.wait_for("487")
    cancel = anna.wait_for_call().wait_for("CANCEL").message
    assert cancel is not None
    assert cancel.get("Reason") == 'SIP;cause=487;text="ORIGINATOR_CANCEL"'


def test_busy_silent_and_wrong_password(phone: MakePhone) -> None:
    anna = phone("anna-desk", behaviour=BUSY)
    assert anna.register() == 200
    ben = phone("ben-desk")
    call = ben.call("anna-desk")
    call.wait_for("ended")
    assert call.status == 486
    anna.behaviour = Ignore()
    call = ben.call("anna-desk")
    anna.wait_for("INVITE", 2)
    call.cancel()
    call.wait_for("487")
    stranger = phone("anna-soft", "wrong").call("anna-desk")
    stranger.wait_for("ended")
    assert stranger.status == 403
