"""The SIP endpoint against itself, phone to phone, without a switch in between."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import gevent.socket
import pytest

from callrouter.simulator.behaviour import BUSY, Answer, Behaviour, Ignore, NoAnswer
from callrouter.simulator.message import Message, SipTimeout
from callrouter.simulator.phone import Phone
from callrouter.simulator.rtp import frequency_of, loud_part, read_wav, tone, write_wav


class Pair:
    """A caller whose server is the other phone."""

    def __init__(self) -> None:
        self.callee = Phone("anna")
        self.caller = Phone("ben", server=("127.0.0.1", self.callee.port))

    def call(self, behaviour: Behaviour, **options):
        self.callee.behaviour = behaviour
        return self.caller.call("anna", **options)

    def close(self) -> None:
        self.caller.close()
        self.callee.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


def names(call) -> list[str]:
    return [event.name for event in call.events]


def test_answered_and_hung_up_by_the_caller(pair: Pair) -> None:
    call = pair.call(Answer(0.01))
    call.wait_for("answered")
    taken = pair.callee.wait_for_call()
    call.hangup()
    taken.wait_for("ended")
    assert names(call) == ["100", "180", "200", "answered", "ended"]
    assert names(taken) == ["INVITE", "answered", "BYE", "ended"]
    assert call.status == taken.status == 200


def test_hung_up_by_the_callee(pair: Pair) -> None:
    call = pair.call(Answer(0, ringing=183, early_media=True, hang_up_after=0.05))
    call.wait_for("ended")
    assert names(call) == ["100", "183", "200", "answered", "BYE", "ended"]


def test_refused(pair: Pair) -> None:
    call = pair.call(BUSY)
    call.wait_for("ended")
    assert (call.status, names(call)) == (486, ["100", "486", "ended"])
    pair.callee.wait_for_call().wait_for("ended")


def test_cancelled(pair: Pair) -> None:
    call = pair.call(NoAnswer())
    call.wait_for("180")
    call.hangup()
    call.wait_for("ended")
    assert call.status == 487
    assert names(pair.callee.calls[0]) == ["INVITE", "CANCEL", "ended"]


def test_cancel_before_any_answer_waits_for_one(pair: Pair) -> None:
    call = pair.call(NoAnswer())
    call.cancel()
    call.wait_for("487")
    assert [request.method for request in pair.callee.received][:2] == ["INVITE", "CANCEL"]


def test_nobody_there_is_given_up(pair: Pair) -> None:
    call = pair.call(Ignore(), limit=0.2)
    call.wait_for("ended")
    assert (call.status, names(call)) == (408, ["timeout", "ended"])
    with pytest.raises(SipTimeout, match=r"ben: no 180 within 0.01 s, but timeout, ended"):
        call.wait_for("180", 0.01)


def test_names_go_out_as_the_bytes_they_are(pair: Pair) -> None:
    call = pair.call(NoAnswer(), from_number="+4917604069001", from_name='Zo\xeb "x" ${y}'.encode("latin-1"))
    invite = pair.callee.wait_for("INVITE")
    assert b'From: "Zo\\xeb "x" ${y}" <sip:+4917604069001@'.replace(b"\\xeb", b"\xeb") in invite.raw
    call.hangup()
    call.wait_for("ended")


def test_own_headers_and_uri(pair: Pair) -> None:
    pair.call(BUSY, uri="sip:+493023125010@pbx.muster.example", headers=(("Privacy", "id"),))
    invite = pair.callee.wait_for("INVITE")
    assert invite.uri == "sip:+493023125010@pbx.muster.example"
    assert invite.get("Privacy") == "id"


def test_lost_packets_are_sent_again(pair: Pair) -> None:
    """The first INVITE and the first 200 are lost; the call comes about all the same, as one call."""
    lost: list[str] = []

    def dropping(phone: Phone, what: str):
        send = phone.send

        def sometimes(message: Message, destination: tuple[str, int]) -> None:
            if message.start.startswith(what) and what not in lost:
                lost.append(what)
                return
            send(message, destination)

        return sometimes

    pair.caller.send = dropping(pair.caller, "INVITE")
    pair.callee.send = dropping(pair.callee, "SIP/2.0 200")
    call = pair.call(Answer())
    call.wait_for("answered")
    assert lost == ["INVITE", "SIP/2.0 200"]
    assert len(pair.callee.calls) == 1
    call.hangup()
    pair.callee.calls[0].wait_for("BYE")


def test_requests_within_a_call(pair: Pair) -> None:
    call = pair.call(Answer())
    call.wait_for("answered")
    assert call.request("OPTIONS").status == 200
    taken = pair.callee.calls[0]
    answer = taken.request("UPDATE", body=taken.audio.sdp(version=2))
    assert (answer.status, b"m=audio" in answer.body) == (200, True)
    assert (
        pair.caller.exchange("OPTIONS", "sip:anna@127.0.0.1", ("127.0.0.1", pair.callee.port), 1, [])[0].status == 200
    )


def test_audio_both_ways_and_digits(pair: Pair, tmp_path) -> None:
    pair.caller.says, pair.callee.says = tone(440, 0.6), tone(1000, 0.6)
    call = pair.call(Answer())
    call.wait_for("answered")
    taken = pair.callee.calls[0]
    taken.wait_for("answered")
    call.audio.send_digits("1#")
    with gevent.Timeout(5):
        while len(loud_part(taken.audio.heard)) < 4600 or len(loud_part(call.audio.heard)) < 4600:
            gevent.sleep(0.01)
    assert taken.audio.digits == "1#"
    write_wav(tmp_path / "heard.wav", taken.audio.heard)
    assert frequency_of(loud_part(read_wav(tmp_path / "heard.wav"))) == pytest.approx(440, abs=3)
    assert frequency_of(loud_part(call.audio.heard)) == pytest.approx(1000, abs=5)


def test_what_is_no_sip_is_ignored(pair: Pair) -> None:
    sender = gevent.socket.socket(gevent.socket.AF_INET, gevent.socket.SOCK_DGRAM)
    for junk in (
        b"",
        b"\r\n\r\n",
        b"\xff" * 40,
        b"INVITE x SIP/2.0\r\nno colon\r\n\r\n",
        b"SIP/2.0 abc\r\nCSeq: 1 X\r\n\r\n",
    ):
        sender.sendto(junk, ("127.0.0.1", pair.callee.port))
    sender.close()
    assert pair.call(BUSY).wait_for("486")
