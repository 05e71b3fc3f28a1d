"""Two processes never choose the same port."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from callrouter.simulator.ports import free_port, media_ports

CODE = """
from callrouter.simulator.ports import free_port, media_ports
print(free_port(), *media_ports(), flush=True)
input()
"""


def test_ranges_of_two_processes_do_not_overlap() -> None:
    first, last = media_ports()
    mine = range(first - 300, last + 1)
    other = subprocess.Popen([sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    theirs = [int(port) for port in other.stdout.readline().split()]
    other.communicate("\n", timeout=20)
    assert free_port() in mine
    assert not set(theirs) & set(mine)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_port_in_use_is_passed_over(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", free_port()))
        assert taken.getsockname()[1] not in {free_port() for _ in range(250)}
