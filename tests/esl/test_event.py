"""The parser: no value that a caller can choose becomes a header, and any cut of the stream gives the same events."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callrouter.errors import SwitchError
from callrouter.esl.event import Event, Parser, Reply, parse_headers
from tests.esl import peer

HOSTILE = [
    "a\nUnique-ID: 1234",
    "a\r\nUnique-ID: 1234",
    "a\u2028Unique-ID: 1234",
    "a\u0085Unique-ID: 1234",
    "a\x0bUnique-ID: 1234\x0c\x1c\x1d\x1e",
    "a\n\nContent-Type: command/reply\nReply-Text: +OK\n\n",
    "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nm=audio 40000 RTP/AVP 8\r\n",
]


def events_of(data: bytes, cut: int | None = None) -> list[Event]:
    parser = Parser()
    events = []
    for part in [data] if cut is None else [data[:cut], data[cut:]]:
        parser.feed(part)
        while (event := parser.next()) is not None:
            events.append(event)
    return events


def encoded(value: str) -> str:
    """As switch_url_encode does: bytes outside printable ASCII and the unsafe ones as %XX in upper case."""
    return quote(value, safe="!$'()*,-./_~")


@given(st.dictionaries(st.from_regex(r"variable_[a-z0-9_]{1,20}", fullmatch=True), st.text(min_size=1), max_size=8))
@example({"variable_sip_h_x": HOSTILE[0], "variable_x": HOSTILE[4]})
def test_no_value_forges_a_header(variables: dict[str, str]) -> None:
    block = "".join(f"{name}: {encoded(value)}\n" for name, value in variables.items())
    [event] = events_of(f"Event-Name: CHANNEL_DATA\n{block}Unique-ID: {peer.UUID}\nContent-Type: x/y\n\n".encode())
    assert event.headers == {
        "Event-Name": "CHANNEL_DATA",
        **variables,
        "Unique-ID": peer.UUID,
        "Content-Type": "x/y",
    }


@pytest.mark.parametrize("value", HOSTILE)
def test_an_escape_that_the_caller_wrote_himself_forges_nothing(value: str) -> None:
    headers = parse_headers(f"Event-Name: X\nvariable_sip_h_X-Test: {quote(value)}\nUnique-ID: real")
    assert headers == {"Event-Name": "X", "variable_sip_h_X-Test": value, "Unique-ID": "real"}


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n")))
@example("a\u2028Unique-ID: 1234")
@example("a\rUnique-ID: 1234")
def test_raw_text_of_a_reply_stays_one_value(value: str) -> None:
    [event] = events_of(peer.reply(value).encode())
    assert event.headers == {"Content-Type": "command/reply", "Reply-Text": value}


def test_the_first_of_equal_headers_wins_and_names_must_be_tokens() -> None:
    headers = parse_headers("Unique-ID: real\nUnique-ID: forged\na b: c\n: d\nn\u00e4me: e\nno colon\nX: ")
    assert headers == {"Unique-ID": "real", "X": ""}


def test_only_events_are_decoded() -> None:
    assert parse_headers("Content-Type: command/reply\nReply-Text: 100%25")["Reply-Text"] == "100%25"
    assert parse_headers("Event-Name: X\nA: 100%25")["A"] == "100%"


def test_undecodable_bytes_are_replaced() -> None:
    [event] = events_of(b"Content-Type: api/response\nContent-Length: 3\nX: M\xfcller\n\n\xff\xfe!")
    assert event.headers["X"] == "M\ufffdller"
    assert event.body == "\ufffd\ufffd!"
    assert parse_headers("Event-Name: X\nA: M%FCller")["A"] == "M\ufffdller"


@given(st.integers(0, 10_000))
def test_any_cut_of_the_stream_gives_the_same_events(cut: int) -> None:
    inner = "Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nContent-Length: 4\n\na\n\nb"
    data = (peer.CONNECTED + peer.response("z\u00e4hlt\n\nmit\n") + peer.event(inner) + "\n" + peer.NOTICE).encode()
    events = events_of(data, cut % len(data))
    assert events == events_of(data)
    assert [event.kind for event in events] == [
        "command/reply",
        "api/response",
        "text/event-plain",
        "text/disconnect-notice",
    ]
    assert events[1].body == "z\u00e4hlt\n\nmit\n"
    carried = Event.inside(events[2])
    assert (carried.name, carried.body) == ("sofia::register", "a\n\nb")


@pytest.mark.parametrize(
    "data",
    [
        b"Reply-Text: +OK\n\n",
        b"garbage\n\n",
        b"Content-Type: x\nContent-Length: -1\n\n",
        b"Content-Type: x\nContent-Length: many\n\n",
        b"Content-Type: x\nContent-Length: \xc2\xb2\n\n",
        b"Content-Type: x\nContent-Length: 99999999\n\n",
        b"x" * (4 * 1024 * 1024 + 1),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_a_stream_that_cannot_be_followed_is_an_error(data: bytes) -> None:
    with pytest.raises(SwitchError):
        events_of(data)


def test_read_ends_at_the_end_of_file_even_inside_a_body() -> None:
    data = iter([b"Content-Type: api/response\nContent-Length: 9\n\nhalf", b""])
    assert Parser().read(lambda _: next(data)) is None


def test_replies() -> None:
    assert Reply("+OK").ok
    assert Reply("-ERR command not found").value is None
    assert Reply("NO_ANSWER").value == "NO_ANSWER"
    with pytest.raises(SwitchError, match=r"refused `status x`: -USAGE: status"):
        Reply("-USAGE: status\n").check("`status x`")
