"""``callrouter serve``: the roles as child processes, restarted when they die, ended when they stand still.

Plain operating-system calls, no gevent: the parent must keep working whatever happens to an event loop.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from callrouter import log

#: A role that has not beaten this long (seconds) after its start never came up.
_START_SECONDS = 30.0
#: Waits before the first, second, … restart in a row (seconds); a role that ran a minute starts again at the first.
_BACK_OFF = (0.0, 0.2, 1.0, 2.0, 5.0, 10.0)
_LONG_RUN = 60.0


@dataclass(frozen=True, slots=True)
class Role:
    """A child process: ``--heartbeat-fd N`` is appended to ``command``; ``silence``: longest pause between beats."""

    name: str
    command: Sequence[str]
    silence: float


@dataclass(slots=True)
class _Child:
    role: Role
    process: subprocess.Popen[bytes] | None = None
    pipe: int = -1
    started: float = 0.0
    last_beat: float | None = None
    start_at: float = 0.0
    failures: int = 0
    killed_for_silence: bool = field(default=False)


class Supervisor:
    """Keeps the roles running until it is told to stop.

    ``stop_seconds`` is how long a role may take to end after SIGTERM before it is killed; ``beat`` is called about
    ten times a second; ``environment`` is added to the roles' own.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        *,
        stop_seconds: float,
        beat: Callable[[], None] = lambda: None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._children = [_Child(role) for role in roles]
        self._stop_seconds = stop_seconds
        self._beat = beat
        own = {name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
        self._environment = own | dict(environment)
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._log = log.get("serve")

    def stop(self, *_signal: object) -> None:
        """Begin a clean stop (also a signal handler)."""
        self._stopping = True

    def run(self) -> int:
        """Run until stopped; returns the exit code: 0 after a clean stop, 1 if a role had to be killed."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        try:
            while not self._stopping:
                self._read_beats(0.1)
                now = time.monotonic()
                for child in self._children:
                    self._look_after(child, now)
                self._beat()
        finally:
            code = self._end_all()
        return code

    def _look_after(self, child: _Child, now: float) -> None:
        process = child.process
        if process is None:
            if now >= child.start_at:
                self._start(child, now)
            return
        status = process.poll()
        if status is None:
            limit = child.role.silence if child.last_beat is not None else _START_SECONDS
            silent = now - (child.last_beat if child.last_beat is not None else child.started)
            if silent > limit and not child.killed_for_silence:
                self._log.error(f"the {child.role.name} stood still for {silent:.1f} s; killing it", pid=process.pid)
                child.killed_for_silence = True
                process.kill()
            return
        self._forget(child)
        child.failures = 0 if now - child.started > _LONG_RUN else child.failures + 1
        wait = _BACK_OFF[min(child.failures, len(_BACK_OFF)) - 1] if child.failures else 0.0
        child.start_at = now + wait
        self._log.error(f"the {child.role.name} ended with status {status}; starting it again in {wait:g} s")

    def _start(self, child: _Child, now: float) -> None:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        command = [*child.role.command, "--heartbeat-fd", str(writer)]
        try:
            child.process = subprocess.Popen(  # noqa: S603
                command, pass_fds=(writer,), stdin=subprocess.DEVNULL, env=self._environment
            )
        finally:
            os.close(writer)
            if child.process is None:
                os.close(reader)
        child.pipe, child.started, child.last_beat, child.killed_for_silence = reader, now, None, False
        self._selector.register(reader, selectors.EVENT_READ, child)
        self._log.info(f"started the {child.role.name}", pid=child.process.pid)

    def _forget(self, child: _Child) -> None:
        if child.pipe >= 0:
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.pipe)
            os.close(child.pipe)
        child.process, child.pipe = None, -1

    def _read_beats(self, timeout: float) -> None:
        if not self._selector.get_map():
            time.sleep(timeout)
            return
        ended = False
        for key, _ in self._selector.select(timeout):
            try:
                data = os.read(key.fd, 4096)
            except BlockingIOError:
                continue
            if data:
                key.data.last_beat = time.monotonic()
            else:
                self._selector.unregister(key.fd)
                ended = True
        if ended:
            time.sleep(0.01)

    def _end_all(self) -> int:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
        deadline = time.monotonic() + self._stop_seconds
        code = 0
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._log.error(f"the {child.role.name} did not end in time; killing it", pid=child.process.pid)
                child.process.kill()
                child.process.wait()
                code = 1
            self._forget(child)
        self._selector.close()
        self._log.info("all roles have ended")
        return code
