"""Reads a recording: repairs the WAV header that a killed FreeSWITCH left behind, and tells whether anyone spoke.

FreeSWITCH writes the header's lengths when it closes the file; after a crash they are 0 or old, and the file's size
is the truth.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass

from callrouter.errors import RecordError

#: Larger files are no message (bytes): three hours of telephone quality.
MAX_BYTES = 200_000_000
_HEADER = 44
_FRAME_SECONDS = 0.02
#: A frame is sound when its highest and lowest sample are this far apart: below whispering, above line noise.
_LOUD = 320
#: So many frames of sound make a message (100 ms); fewer are a click.
_LOUD_FRAMES = 5
#: Chunks that may follow the samples in a file that was closed properly.
_TRAILERS = frozenset({b"LIST", b"id3 ", b"ID3 ", b"bext", b"fact", b"cue ", b"PAD ", b"junk", b"JUNK", b"PEAK"})


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording: ``wav`` is a complete file with a plain 44-byte header; ``usable``: long enough and not silent."""

    wav: bytes
    milliseconds: int
    repaired: bool
    usable: bool


def _header(size: int, channels: int, rate: int) -> bytes:
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", size + _HEADER - 8, b"WAVE"),
        *(b"fmt ", 16, 1, channels, rate, rate * channels * 2, channels * 2, 16),
        *(b"data", size),
    )


def _closed_after(data: bytes, end: int) -> bool:
    """Whether what follows the samples is what a closed file has: nothing, a pad byte, or a known chunk."""
    rest = data[end + (end & 1) :]
    return len(rest) < 8 or rest[:4] in _TRAILERS


def _samples(data: bytes, name: str) -> tuple[bytes, int, int, bool]:
    """The samples, channels, rate (Hz), and whether the lengths had to be repaired."""
    if len(data) < _HEADER and b"RIFF".startswith(data[:4]):
        return b"", 1, 8000, True
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise RecordError(f"recording {name}: no RIFF/WAVE file")
    channels = rate = 0
    position = 12
    while position + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if kind == b"fmt " and start + 16 <= len(data):
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, start)
            if form != 1 or bits != 16 or not 1 <= channels <= 2 or not 8000 <= rate <= 48000:
                raise RecordError(f"recording {name}: not 16-bit PCM (format {form}, {bits} bits, {rate} Hz)")
        elif kind == b"data":
            if not channels:
                raise RecordError(f"recording {name}: samples without a format before them")
            whole = len(data) - start
            stale = size > whole or not _closed_after(data, start + size)
            length = whole if stale else size
            length -= length % (channels * 2)
            return data[start : start + length], channels, rate, stale
        position = start + size + (size & 1)
    raise RecordError(f"recording {name}: has no samples chunk")


def _speaks(samples: bytes, channels: int, rate: int) -> bool:
    values = array("h", samples)
    step = int(rate * _FRAME_SECONDS) * channels
    loud = 0
    for start in range(0, len(values), step):
        frame = values[start : start + step]
        if max(frame) - min(frame) >= _LOUD:
            loud += 1
            if loud == _LOUD_FRAMES:
                return True
    return False


def inspect(data: bytes, name: str, *, min_seconds: float) -> Audio:
    """Read the recording *data* of file *name*; raises RecordError if it is no WAV file of 16-bit samples."""
    if len(data) > MAX_BYTES:
        raise RecordError(f"recording {name}: more than {MAX_BYTES} bytes")
    samples, channels, rate, repaired = _samples(data, name)
    milliseconds = len(samples) * 1000 // (2 * channels * rate)
    usable = milliseconds >= min_seconds * 1000 and _speaks(samples, channels, rate)
    return Audio(_header(len(samples), channels, rate) + samples, milliseconds, repaired, usable)
