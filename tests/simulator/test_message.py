"""SIP messages, digest answers, G.711 and dial strings, each against known values."""

from __future__ import annotations

import subprocess
from array import array

import pytest

from callrouter.simulator import dialstring
from callrouter.simulator.message import Message, address, digest, parameter
from callrouter.simulator.rtp import frequency_of, g711_decode, g711_encode, tone

RAW = (
    b"INVITE sip:anna@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:5090;rport;branch=z9hG4bKa\r\n"
    b'f: "Zo\xeb, \\"x\\"" <sip:+4917604069001@x>;tag=1\r\nt: <sip:anna@x>\r\ni: abc\r\nCSeq: 7 INVITE\r\n'
    b"Record-Route: <sip:a;lr>, <sip:b;lr>\r\nSubject: folded\r\n  here\r\nl: 3\r\n\r\nSDP"
)


def test_parse_and_answer() -> None:
    message = Message.parse(RAW)
    assert (message.method, message.uri, message.status, message.body) == ("INVITE", "sip:anna@127.0.0.1", 0, b"SDP")
    assert (message.branch, message.get("call-id"), message.get("Subject")) == ("z9hG4bKa", "abc", "folded here")
    assert message.get_all("Record-Route") == ["<sip:a;lr>", "<sip:b;lr>"]
    assert b"Zo\xeb" in message.to_bytes()
    answer = Message.parse(message.response(180, "Ringing", "mine", contact="<sip:me>").to_bytes())
    assert (answer.status, answer.method, answer.get("Contact")) == (180, "INVITE", "<sip:me>")
    assert parameter(answer.get("To"), "tag") == "mine"
    assert parameter(answer.get("From"), "tag") == "1"


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"INVITE x SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\nx\r\n\r\n"]
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"SIP|start line|colon"):
        Message.parse(data)


def test_address() -> None:
    assert address('"a" <sip:b@c:5;x=y>;tag=1') == "sip:b@c:5;x=y"
    assert address("sip:b@c;tag=1") == "sip:b@c"


def test_digest_of_the_rfcs() -> None:
    """RFC 2069's example as corrected by its errata: without qop the answer depends on nothing random."""
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    answer = digest([challenge], "GET", "/dir/index.html", "Mufasa", "CircleOfLife")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in answer
    with_sha = ['Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"', challenge]
    assert "algorithm=SHA-256, qop=auth" in digest(with_sha, "REGISTER", "sip:x", "u", "p")
    with pytest.raises(ValueError, match="no known digest algorithm"):
        digest(['Digest realm="r", nonce="n", algorithm=SHA-512-256'], "REGISTER", "sip:x", "u", "p")


@pytest.mark.parametrize(("kind", "name"), [(0, "u-law"), (8, "a-law")])
def test_g711(kind: int, name: str) -> None:
    samples = tone(440, 0.1, 0.9)
    again = g711_decode(g711_encode(samples, kind), kind)
    assert max(abs(a - b) for a, b in zip(samples, again, strict=True)) < 1100  # half a step of the loudest segment
    assert frequency_of(again) == pytest.approx(440, abs=2)
    silence = g711_decode(g711_encode(array("h", [0]), kind), kind)
    assert abs(silence[0]) <= 8, name


@pytest.mark.parametrize(("kind", "form"), [(0, "ul"), (8, "al")])
def test_g711_as_sox_does_it(kind: int, form: str) -> None:
    codes = bytes(range(256))
    try:
        done = subprocess.run(
            ["sox", "-t", form, "-r", "8000", "-c", "1", "-", "-t", "s16", "-"],
            input=codes,
            capture_output=True,
            check=True,
        )
    except FileNotFoundError:
        pytest.skip("sox is not installed")
    assert g711_decode(codes, kind) == array("h", done.stdout)


def test_dial_string() -> None:
    desk, soft = "[device=anna-desk]sofia/phones/anna-desk%pbx.example", "[^^:c=d,e:f=g]sofia/phones/anna-soft%x"
    text = f"{{a=1,b='x,y'}}{desk},{soft}"
    shared, legs = dialstring.parse(text)
    assert shared == {"a": "1", "b": "x,y"}
    assert [(leg.user, leg.variables) for leg in legs] == [
        ("anna-desk", {"device": "anna-desk"}),
        ("anna-soft", {"c": "d,e", "f": "g"}),
    ]
    assert dialstring.parse("sofia/gateway/carrier/+493023125099")[1][0].user == "+493023125099"
    for broken in ("", "{a=1", "{a=1}", "[a=1]", "a,,b"):
        with pytest.raises(ValueError, match=r"dial string|destination"):
            dialstring.parse(broken)
