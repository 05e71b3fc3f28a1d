"""Roles as processes: restarted when they die, ended when they stand still, stopped cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# A supervisor over one role that writes its process id to a file at each start and then beats.
SUPERVISOR = """
import sys
from callrouter import supervise
role = supervise.Role("role", [sys.executable, "-c", sys.argv[2], sys.argv[1]], silence=1.0)
sys.exit(supervise.Supervisor([role], stop_seconds=1.0).run())
"""
ROLE = """
import os, signal, sys, time
SETUP
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
pipe = int(sys.argv[sys.argv.index("--heartbeat-fd") + 1])
while True:
    os.write(pipe, b".")
    time.sleep(0.05)
"""
HUNG_HUB = """
import os, sys, time, gevent
from callrouter.heartbeat import Heartbeat
Heartbeat(0.5, None).start()
gevent.sleep(0.3)
print("beating", flush=True)
time.sleep(60)
"""


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


class Served:
    def __init__(self, tmp_path: Path, setup: str) -> None:
        self.file = tmp_path / "pids"
        self.file.touch()
        script = ROLE.replace("SETUP", setup)
        self.process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(self.file), script])

    def pids(self) -> list[int]:
        return [int(line) for line in self.file.read_text().split()]

    def started(self, times: int) -> int:
        wait_for(lambda: len(self.pids()) >= times)
        return self.pids()[-1]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], Served]]:
    running: list[Served] = []

    def start(setup: str = "") -> Served:
        running.append(Served(tmp_path, setup))
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.process.terminate()
            served.process.wait(10)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_role_that_dies_is_started_again(serve: Callable[..., Served]) -> None:
    served = serve()
    os.kill(served.started(1), signal.SIGKILL)
    second = served.started(2)
    assert is_running(second)


def test_a_role_that_stands_still_is_ended_within_two_seconds(serve: Callable[..., Served]) -> None:
    served = serve()
    first = served.started(1)
    os.kill(first, signal.SIGSTOP)
    stopped = time.monotonic()
    wait_for(lambda: not is_running(first))
    assert time.monotonic() - stopped < 2.5
    served.started(2)


def test_sigterm_ends_all_roles_and_exits_with_zero(serve: Callable[..., Served]) -> None:
    served = serve()
    first = served.started(1)
    served.process.terminate()
    assert served.process.wait(10) == 0
    assert not is_running(first)


def test_a_role_that_ignores_sigterm_is_killed_and_told_by_the_exit_code(serve: Callable[..., Served]) -> None:
    served = serve("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    first = served.started(1)
    served.process.terminate()
    assert served.process.wait(10) == 1
    assert not is_running(first)


def test_a_hub_that_stands_still_is_ended_by_a_thread_of_its_own() -> None:
    process = subprocess.Popen([sys.executable, "-c", HUNG_HUB], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"beating\n"
    began = time.monotonic()
    _, error = process.communicate(timeout=15)
    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - began < 2.5
    assert b"stood still" in error


def test_a_process_whose_parent_died_ends_cleanly() -> None:
    reader, writer = os.pipe()
    code = (
        f"import gevent; from callrouter.heartbeat import Heartbeat; Heartbeat(0, {writer}).start(); gevent.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], pass_fds=(writer,))
    os.close(writer)
    assert os.read(reader, 1) == b"."
    os.close(reader)
    assert process.wait(10) == -signal.SIGTERM
