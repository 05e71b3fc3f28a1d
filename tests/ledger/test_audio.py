from __future__ import annotations

import io
import struct
import time
import wave
from array import array
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.errors import RecordError
from callrouter.ledger.audio import Audio, inspect
from tests.ledger.company import wav


def read(data: bytes) -> Audio:
    audio = inspect(data, "x.wav", min_seconds=1)
    with wave.open(io.BytesIO(audio.wav)) as file:  # whatever came in, what comes out is a proper file
        assert file.getsampwidth() == 2
        assert file.getnframes() * 1000 // file.getframerate() == audio.milliseconds
    return audio


def test_a_closed_recording_is_left_as_it_is() -> None:
    data = wav(seconds=2)
    audio = read(data)
    assert audio == Audio(data, 2000, False, True)


@pytest.mark.parametrize("claimed", [0, 16000, 0x7FFFFFFF, 0xFFFFFFFF], ids=["zero", "stale", "huge", "all ones"])
def test_a_header_of_a_killed_switch_is_repaired_from_the_size(claimed: int) -> None:
    data = wav(seconds=3)
    audio = read(data[:4] + b"\0\0\0\0" + data[8:40] + struct.pack("<I", claimed) + data[44:])
    assert (audio.milliseconds, audio.repaired, audio.usable) == (3000, True, True)


def test_half_a_sample_at_the_end_is_dropped() -> None:
    audio = read(wav(seconds=2, data_size=0) + b"\x01")
    assert (audio.milliseconds, audio.repaired) == (2000, True)


def test_chunks_before_and_after_the_samples_are_skipped() -> None:
    plain = wav(seconds=2)
    info = struct.pack("<4sI4s", b"LIST", 5, b"INFO") + b"x\0"
    audio = read(plain[:36] + info + plain[36:] + info)
    assert (audio.wav, audio.repaired) == (plain, False)


@pytest.mark.parametrize("data", [b"", b"RIFF", wav(array("h")), wav(array("h"))[:30]])
def test_an_empty_recording_is_no_message(data: bytes) -> None:
    audio = read(data)
    assert (audio.milliseconds, audio.usable) == (0, False)


@pytest.mark.parametrize(
    ("samples", "usable"),
    [
        (array("h", bytes(2 * 16000)), False),
        (array("h", [60, -60] * 8000), False),
        (array("h", bytes(2 * 15000) + array("h", [3000, -3000] * 100).tobytes()), False),
        (array("h", bytes(2 * 12000) + array("h", [3000, -3000] * 800).tobytes()), True),
        (array("h", [3000, -3000] * 3000), False),
    ],
    ids=["silence", "line noise", "a click", "a word at the end", "too short"],
)
def test_usable_is_long_enough_and_not_only_silence(samples: array[int], usable: bool) -> None:
    assert read(wav(samples)).usable is usable


@pytest.mark.parametrize(
    "data", [b"no sound at all" * 10, wav()[:20] + b"\x07\x00" + wav()[22:], b"RIFF\0\0\0\0WAVEjunk" + bytes(60)]
)
def test_what_is_no_recording_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(RecordError, match=r"recording x\.wav"):
        read(data)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: wav(seconds=0.01)[:40] + tail))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(RecordError):
        read(data)


def test_three_minutes_of_silence_are_read_quickly() -> None:
    data = wav(array("h", bytes(2 * 8000 * 180)))
    start = time.perf_counter()
    assert not inspect(data, "x.wav", min_seconds=1).usable
    assert time.perf_counter() - start < 1  # some 50 ms on an idle machine
