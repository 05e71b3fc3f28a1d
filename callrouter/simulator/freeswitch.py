"""Runs a private FreeSWITCH on a configuration that lies on disk: for the demo, the tests and the bench."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from callrouter.errors import SwitchError
from callrouter.settings import parse_address

#: Names the binary where it is neither in PATH nor where FreeSWITCH's own installation and packages put it.
BINARY_VARIABLE = "FREESWITCH_BINARY"
_USUAL = (Path("/usr/local/freeswitch/bin/freeswitch"), Path("/usr/bin/freeswitch"))
_STEP = 0.05
#: FreeSWITCH makes these keys at its first start (RSA, 4096 bits: seconds of computing) and keeps them. Once is enough
#: for all that one process starts.
_KEYS = ("dtls-srtp.pem", "wss.pem")
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def find_freeswitch() -> Path | None:
    """The FreeSWITCH binary: ``$FREESWITCH_BINARY``, else from PATH, else from a usual place; None: there is none."""
    if named := os.environ.get(BINARY_VARIABLE):
        return Path(named) if os.access(named, os.X_OK) else None
    if found := shutil.which("freeswitch"):
        return Path(found)
    return next((path for path in _USUAL if os.access(path, os.X_OK)), None)


def die_with_parent() -> None:
    """For ``preexec_fn``: kill the new process when the one that started it is gone, however it went (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _module_dir(binary: Path) -> Path:
    prefix = binary.resolve().parent.parent
    for candidate in (prefix / "mod", prefix / "lib" / "freeswitch" / "mod"):
        if candidate.is_dir():
            return candidate
    raise SwitchError(f"{binary}: no folder of modules beside it ({prefix}/mod, {prefix}/lib/freeswitch/mod)")


class PrivateFreeSwitch:
    """A FreeSWITCH of one's own, as a context manager: started on ``conf_dir``, ended with the block.

    ``run_dir`` takes its log, database and temporary files; ``event_socket`` (HOST:PORT, as the configuration says)
    is where it answers once it is ready, ``start_seconds`` the longest wait for that. The process runs in the
    foreground as this user, without touching a system-wide installation.
    """

    _keys: ClassVar[dict[str, bytes]] = {}

    def __init__(
        self, binary: Path, *, conf_dir: Path, run_dir: Path, event_socket: str, start_seconds: float = 30.0
    ) -> None:
        self._binary = binary
        self._conf_dir = conf_dir
        self._run_dir = run_dir
        self._event_socket = parse_address(event_socket, "event_socket")
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateFreeSwitch:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()

    @property
    def pid(self) -> int:
        """The process id; raises SwitchError when it is not running."""
        if self._process is None or self._process.poll() is not None:
            raise SwitchError("the private FreeSWITCH is not running")
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has logged so far."""
        path = self._run_dir / "log" / "freeswitch.log"
        return path.read_text("utf-8", "replace") if path.is_file() else ""

    def start(self) -> None:
        """Start it and wait until its event socket answers; raises SwitchError with the log's end if it does not."""
        folders = {name: self._run_dir / name for name in ("log", "db", "run", "temp")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        temp = str(folders["temp"])
        keys = {name: folders["temp"] / name for name in _KEYS}
        for name, data in self._keys.items():
            keys[name].write_bytes(data)
        arguments = [str(self._binary), "-nf", "-nc", "-nonat", "-nonatmap", "-base", temp]
        arguments += ["-conf", str(self._conf_dir), "-mod", str(_module_dir(self._binary))]
        for name, folder in folders.items():
            arguments += [f"-{name}", str(folder)]
        for name in ("scripts", "certs", "cache", "storage", "recordings", "sounds", "grammar", "htdocs"):
            arguments += [f"-{name}", temp]
        with (self._run_dir / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o007,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (a single prctl call)
            )
        try:
            self._wait_ready(self._process)
        except BaseException:
            self.kill9()
            raise
        self._keys.update({name: path.read_bytes() for name, path in keys.items() if path.exists()})

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SwitchError(f"FreeSWITCH ended with {process.returncode} at its start: {self._last_output()}")
            try:
                with socket.create_connection(self._event_socket, timeout=1) as connection:
                    connection.settimeout(1)
                    if connection.recv(64):
                        return
            except OSError:
                pass
            time.sleep(_STEP)
        raise SwitchError(f"FreeSWITCH did not answer within {self._start_seconds:g} s: {self._last_output()}")

    def _last_output(self) -> str:
        return (self._run_dir / "output.txt").read_text("utf-8", "replace")[-2000:]

    def terminate(self, timeout: float = 15.0) -> None:
        """End it as an administrator would (SIGTERM): calls get their CDRs. Killed after *timeout* seconds."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill9()
        self._process = None

    #: The counterpart of ``start``.
    stop = terminate

    def kill9(self) -> None:
        """Kill it at once, as a crash would: no CDR, no end of file in a recording."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._process = None
