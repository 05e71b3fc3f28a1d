"""Times of SIP messages as the kernel saw them: a raw socket on loopback, for sipp itself only counts in 4 ms.

Needs root (CAP_NET_RAW). The kernel stamps each packet on its arrival, so it does not matter when we come to read it.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from typing import NamedTuple

#: socket(7); Python has no names for these.
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_BUFFER = 32 * 1024 * 1024
_FIRST_LINE = re.compile(rb"(?:SIP/2\.0 (\d{3})|([A-Z]+) )")
_CALL_ID = re.compile(rb"^(?:Call-ID|i):\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_CSEQ = re.compile(rb"^CSeq:\s*\d+\s+([A-Z]+)", re.MULTILINE | re.IGNORECASE)
#: The callers' display name, ``Ruf 17``: FreeSWITCH hands it on to the phones, so it joins the legs of a call.
_NAME = re.compile(rb"^(?:From|f):\s*\"?Ruf (\d+)", re.MULTILINE | re.IGNORECASE)


class Packet(NamedTuple):
    """One UDP datagram on loopback; ``at`` is in seconds since the epoch."""

    at: float
    source: int
    target: int
    data: bytes


class Capture:
    """Collects all UDP datagrams on loopback from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._packets: list[tuple[bytes, bytes]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="capture", daemon=True)

    def start(self) -> None:
        """Begin to collect."""
        self._thread.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                data, ancillary, _, _ = self._socket.recvmsg(65536, 64)
            except TimeoutError:
                continue
            self._packets.append((data, ancillary[0][2]))

    def stop(self) -> list[Packet]:
        """End; returns what came."""
        self._stop.set()
        self._thread.join()
        self._socket.close()
        return [_packet(data, stamp) for data, stamp in self._packets]


def _packet(data: bytes, stamp: bytes) -> Packet:
    seconds, nanoseconds = struct.unpack("@qq", stamp)
    udp = (data[0] & 15) * 4
    source, target = struct.unpack_from("!HH", data, udp)
    return Packet(seconds + nanoseconds / 1e9, source, target, data[udp + 8 :])


@dataclass(slots=True)
class Call:
    """What became of one call; times in seconds since the epoch. ``phones`` are the first INVITEs to each phone."""

    invited: float
    ringing: float | None = None
    answered: bool = False
    ended: bool = False
    phones: list[float] = field(default_factory=list)


def calls(packets: Iterable[Packet], switch_port: int, caller_port: int, phone_ports: Set[int]) -> list[Call]:
    """The calls that a sipp at *caller_port* made to *switch_port*, with the legs that reached *phone_ports*.

    A call has ``ended`` when its BYE was answered, or its INVITE with 487 (the caller gave up).
    """
    found: dict[bytes, Call] = {}
    names: dict[bytes, Call] = {}
    legs: set[bytes] = set()
    ports = {caller_port, *phone_ports}
    for packet in packets:
        if {packet.source, packet.target}.isdisjoint(ports):
            continue
        first = _FIRST_LINE.match(packet.data)
        call_id, name, about = (pattern.search(packet.data) for pattern in (_CALL_ID, _NAME, _CSEQ))
        if not (first and call_id and about):
            continue
        status, method = first.groups()
        if packet.target in phone_ports and method == b"INVITE" and name and call_id[1] not in legs:
            legs.add(call_id[1])
            if call := names.get(name[1]):
                call.phones.append(packet.at)
        elif packet.source == caller_port and packet.target == switch_port and method == b"INVITE":
            if name and call_id[1] not in found:
                found[call_id[1]] = names[name[1]] = Call(packet.at)
        elif packet.target == caller_port and status and (call := found.get(call_id[1])):
            _answer(call, packet.at, status, about[1])
    return list(found.values())


def _answer(call: Call, at: float, status: bytes, method: bytes) -> None:
    if method == b"INVITE" and status == b"180" and call.ringing is None:
        call.ringing = at
    elif method == b"INVITE" and status == b"200":
        call.answered = True
    elif (method, status) in ((b"BYE", b"200"), (b"INVITE", b"487")):
        call.ended = True
