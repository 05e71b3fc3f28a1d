"""Ports on loopback for private switches, where two processes of the same tests never choose the same one.

The operating system's own choice is free only until the next one asks. So each process takes a range for itself, as
long as it lives, below the ports that the system gives out.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import socket
import tempfile
from functools import cache
from pathlib import Path

from callrouter.errors import CallrouterError

_FIRST, _RANGES, _SIZE, _MEDIA = 10000, 40, 500, 200
#: sipp takes the ports behind the one it is given for its media.
_STEP = 4


@cache
def _range() -> int:
    """The first port of this process's range; its lock file stays open, and so locked, until the process ends."""
    for number in range(_RANGES):
        path = Path(tempfile.gettempdir()) / f"callrouter-ports-{number}"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            continue  # another user's
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            continue
        return _FIRST + number * _SIZE
    raise CallrouterError(f"all {_RANGES} ranges of ports for private switches are taken")


@cache
def _candidates() -> itertools.cycle[int]:
    return itertools.cycle(range(_range(), _range() + _SIZE - _MEDIA, _STEP))


def free_port() -> int:
    """The next port of this process's range that nobody uses just now; raises CallrouterError.

    Neither by TCP, not even for a connection that has just ended, nor by UDP: a SIP profile needs both to start.
    """
    for port in itertools.islice(_candidates(), (_SIZE - _MEDIA) // _STEP):
        if all(_is_free(kind, port) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port
    raise CallrouterError("no port of this process's range is free")


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def media_ports() -> tuple[int, int]:
    """First and last UDP port for the media of this process's switch."""
    return _range() + _SIZE - _MEDIA, _range() + _SIZE - 1
