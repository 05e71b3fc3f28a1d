"""Calls read from the packets of a capture."""

from __future__ import annotations

from bench.capture import Packet, calls

SWITCH, CALLER, PHONE, OTHER_PHONE = 5080, 40000, 40001, 40002


def packet(at: float, source: int, target: int, line: str, call_id: str, cseq: str, name: str = "Ruf 17") -> Packet:
    text = f'{line}\r\nFrom: "{name}" <sip:a@b>;tag=1\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\r\n'
    return Packet(at, source, target, text.encode())


def invite(at: float, source: int, target: int, call_id: str, name: str = "Ruf 17") -> Packet:
    return packet(at, source, target, "INVITE sip:x@y SIP/2.0", call_id, "1 INVITE", name)


def read(*packets: Packet):
    return calls(packets, SWITCH, CALLER, {PHONE, OTHER_PHONE})


def test_legs_are_joined_by_the_display_name_and_repeated_messages_count_once():
    [call] = read(
        invite(1.0, CALLER, SWITCH, "a"),
        invite(1.1, CALLER, SWITCH, "a"),
        packet(1.15, SWITCH, CALLER, "SIP/2.0 100 Trying", "a", "1 INVITE"),
        invite(1.2, SWITCH, PHONE, "b"),
        invite(1.3, SWITCH, OTHER_PHONE, "c"),
        invite(1.7, SWITCH, PHONE, "b"),
        packet(1.4, SWITCH, CALLER, "SIP/2.0 180 Ringing", "a", "1 INVITE"),
        packet(1.5, SWITCH, CALLER, "SIP/2.0 180 Ringing", "a", "1 INVITE"),
        packet(2.0, SWITCH, CALLER, "SIP/2.0 200 OK", "a", "1 INVITE"),
        packet(3.0, SWITCH, CALLER, "SIP/2.0 200 OK", "a", "2 BYE"),
    )
    assert (call.invited, call.phones, call.ringing, call.answered, call.ended) == (1.0, [1.2, 1.3], 1.4, True, True)


def test_a_call_that_was_given_up_has_ended_unanswered():
    [call] = read(
        invite(1.0, CALLER, SWITCH, "a"),
        packet(1.4, SWITCH, CALLER, "SIP/2.0 180 Ringing", "a", "1 INVITE"),
        packet(2.0, SWITCH, CALLER, "SIP/2.0 200 OK", "a", "1 CANCEL"),
        packet(2.1, SWITCH, CALLER, "SIP/2.0 487 Request Terminated", "a", "1 INVITE"),
    )
    assert (call.answered, call.ended, call.phones) == (False, True, [])


def test_what_others_send_is_none_of_our_calls():
    assert not read(
        invite(1.0, 9, SWITCH, "z"),
        invite(1.0, SWITCH, PHONE, "y", name="Ruf 99"),
        Packet(1.0, CALLER, SWITCH, b"\x80rtp"),
        packet(1.4, SWITCH, CALLER, "SIP/2.0 180 Ringing", "unknown", "1 INVITE"),
    )


def test_calls_do_not_share_times():
    first, second = read(
        invite(1.0, CALLER, SWITCH, "a", "Ruf 1"),
        invite(2.0, CALLER, SWITCH, "b", "Ruf 2"),
        invite(2.1, SWITCH, PHONE, "c", "Ruf 2"),
        invite(2.2, SWITCH, PHONE, "d", "Ruf 1"),
    )
    assert (first.phones, second.phones) == ([2.2], [2.1])
