"""Audio for the SIP endpoint: G.711 (ITU-T G.711) by tables, RTP (RFC 3550) in 20 ms packets, DTMF (RFC 4733).

Samples are signed 16-bit, 8 kHz, mono, as ``array('h')``.
"""

from __future__ import annotations

import bisect
import contextlib
import math
import secrets
import struct
import time
import wave
from array import array
from pathlib import Path

import gevent
import gevent.socket
from gevent.lock import BoundedSemaphore

RATE = 8000
_FRAME = 160
_DTMF = "0123456789*#ABCD"
_DTMF_TYPE = 101
_CODECS = {0: "PCMU", 8: "PCMA"}


def _alaw_value(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 264) << (exponent - 1)
    return value if code & 0x80 else -value


def _ulaw_value(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132
    return -value if code & 0x80 else value


def _encoder(decoder: array[int]) -> bytes:
    """For each sample / 16 the code whose value is nearest."""
    ordered = sorted((value, code) for code, value in enumerate(decoder))
    values = [value for value, _ in ordered]
    table = bytearray()
    for sample in range(-32768, 32768, 16):
        middle = sample + 8
        at = min(max(bisect.bisect(values, middle), 1), len(values) - 1)
        above = values[at] - middle < middle - values[at - 1]
        table.append(ordered[at if above else at - 1][1])
    return bytes(table)


_DECODERS = {0: array("h", map(_ulaw_value, range(256))), 8: array("h", map(_alaw_value, range(256)))}
_ENCODERS = {kind: _encoder(table) for kind, table in _DECODERS.items()}


def g711_decode(data: bytes, payload_type: int) -> array[int]:
    """Decode PCMU (payload type 0) or PCMA (8)."""
    table = _DECODERS[payload_type]
    return array("h", (table[byte] for byte in data))


def g711_encode(samples: array[int], payload_type: int) -> bytes:
    """Encode to PCMU (payload type 0) or PCMA (8)."""
    table = _ENCODERS[payload_type]
    return bytes(table[(sample + 32768) >> 4] for sample in samples)


def tone(frequency: float, seconds: float, level: float = 0.3) -> array[int]:
    """A sine of *frequency* Hz; *level* 1 is full scale."""
    step = 2 * math.pi * frequency / RATE
    return array("h", (int(32767 * level * math.sin(step * i)) for i in range(int(seconds * RATE))))


def frequency_of(samples: array[int]) -> float:
    """The frequency (Hz) of a steady tone, by its zero crossings; 0 for silence."""
    if not samples or max(samples) < 500:
        return 0.0
    rises = [i for i in range(1, len(samples)) if samples[i - 1] < 0 <= samples[i]]
    return RATE * (len(rises) - 1) / (rises[-1] - rises[0]) if len(rises) > 1 else 0.0


def tone_ended(samples: array[int], frequency: float, level: int = 2000) -> bool:
    """Whether *samples* end with that tone (0.1 s of it at least, by Goertzel's filter) and then 0.1 s of quiet."""
    loud, quiet = samples[-3200:-800], samples[-800:]
    if len(loud) < 2400 or max(quiet) > level:
        return False
    loud = loud_part(loud, level)[-1600:]
    total = sum(sample * sample for sample in loud)
    if len(loud) < 800:
        return False
    coefficient = 2 * math.cos(2 * math.pi * frequency / RATE)
    a = b = 0.0
    for sample in loud:
        a, b = sample + coefficient * a - b, a
    return 2 * (a * a + b * b - coefficient * a * b) / (total * len(loud)) > 0.8


def loud_part(samples: array[int], level: int = 500) -> array[int]:
    """What is left between the first and the last sample above *level*."""
    loud = [i for i, sample in enumerate(samples) if abs(sample) > level]
    return samples[loud[0] : loud[-1] + 1] if loud else array("h")


def read_wav(path: Path) -> array[int]:
    """The samples of a WAV file; raises ValueError unless it is 8 kHz mono 16 bit."""
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            raise ValueError(f"{path}: not 8 kHz mono 16 bit")
        return array("h", file.readframes(file.getnframes()))


def write_wav(path: Path, samples: array[int]) -> None:
    """Write *samples* as 8 kHz mono 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


class RtpStream:
    """One RTP socket on loopback: sends what it is given (else silence), keeps what it hears in ``heard``."""

    def __init__(self, host: str) -> None:
        self.heard: array[int] = array("h")
        self.digits = ""
        self._socket = gevent.socket.socket(gevent.socket.AF_INET, gevent.socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.host, self.port = self._socket.getsockname()
        self._remote: tuple[str, int] | None = None
        self._codec = 8
        self._sequence, self._timestamp, self._ssrc = secrets.randbits(15), secrets.randbits(31), secrets.randbits(32)
        self._to_send: array[int] = array("h")
        self._one_sender = BoundedSemaphore()
        self._last_dtmf: int | None = None
        self._greenlets = [gevent.spawn(self._receive)]

    def sdp(self, *, version: int = 1, codecs: tuple[int, ...] = (8, 0)) -> bytes:
        """Our offer or answer."""
        lines = [
            "v=0", f"o=- {self._ssrc} {version} IN IP4 {self.host}", "s=-", f"c=IN IP4 {self.host}", "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, codecs))} {_DTMF_TYPE}",
            *(f"a=rtpmap:{kind} {_CODECS[kind]}/8000" for kind in codecs),
            f"a=rtpmap:{_DTMF_TYPE} telephone-event/8000", "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n").encode()

    def use(self, sdp: bytes) -> None:
        """Take over the other side's SDP: where to send, and its first codec that we know; then start sending."""
        host, port, kinds = "", 0, [8]
        for line in sdp.decode("ascii", "replace").splitlines():
            if line.startswith("c=IN IP4 "):
                host = line.split()[2].split("/")[0]
            elif line.startswith("m=audio "):
                port, kinds = int(line.split()[1]), [int(k) for k in line.split()[3:] if k.isdigit()]
        if host and port:
            self._remote = (host, port)
            self._codec = next((kind for kind in kinds if kind in _CODECS), 8)
            if len(self._greenlets) == 1:
                self._greenlets.append(gevent.spawn(self._send_frames))

    def play(self, samples: array[int]) -> None:
        """Send *samples* after what is already waiting."""
        self._to_send.extend(samples)

    @property
    def playing(self) -> bool:
        """Whether anything given to ``play`` is still to be sent."""
        return bool(self._to_send)

    def send_digits(self, digits: str) -> None:
        """Send DTMF, 100 ms a digit with 60 ms between; blocks until all are sent. Raises ValueError on others."""
        for digit in digits:
            with self._one_sender:
                for i in range(1, 8):
                    end = i > 5  # the last packet goes out three times, RFC 4733 section 2.5.1.4
                    payload = struct.pack("!BBH", _DTMF.index(digit), 0x8A if end else 10, min(i, 6) * _FRAME)
                    self._packet(_DTMF_TYPE, payload, marker=i == 1)
                    gevent.sleep(0 if end else 0.02)
                self._timestamp = (self._timestamp + 6 * _FRAME) % 2**32
            gevent.sleep(0.06)

    def close(self) -> None:
        gevent.killall(self._greenlets)
        self._socket.close()

    def _packet(self, kind: int, payload: bytes, *, marker: bool = False) -> None:
        if self._remote is None:
            return
        first = (0x80 if marker else 0) | kind
        header = struct.pack("!BBHII", 0x80, first, self._sequence, self._timestamp, self._ssrc)
        self._sequence = (self._sequence + 1) % 65536
        with contextlib.suppress(OSError):  # a lost packet; RTP has nobody to tell
            self._socket.sendto(header + payload, self._remote)

    def _send_frames(self) -> None:
        due = time.monotonic()
        while True:
            with self._one_sender:
                frame, self._to_send = self._to_send[:_FRAME], self._to_send[_FRAME:]
                frame.extend([0] * (_FRAME - len(frame)))
                self._packet(self._codec, g711_encode(frame, self._codec))
                self._timestamp = (self._timestamp + _FRAME) % 2**32
            due = max(due + 0.02, time.monotonic() - 0.2)
            gevent.sleep(max(due - time.monotonic(), 0))

    def _receive(self) -> None:
        while True:
            try:
                data = self._socket.recv(2048)
            except OSError:
                return
            if len(data) < 12 or data[0] >> 6 != 2:
                continue
            kind, payload = data[1] & 0x7F, data[12 + 4 * (data[0] & 15) :]
            if kind in _CODECS:
                self.heard.extend(g711_decode(payload, kind))
            elif kind == _DTMF_TYPE and len(payload) >= 4:
                stamp = struct.unpack_from("!I", data, 4)[0]
                if stamp != self._last_dtmf and payload[0] < len(_DTMF):
                    self._last_dtmf = stamp
                    self.digits += _DTMF[payload[0]]
