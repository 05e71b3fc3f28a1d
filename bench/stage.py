"""One private FreeSWITCH that knows every way to the phones, the servers behind it, and the phones themselves."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import company, load
from bench.capture import Call, Capture, calls
from callrouter.cli.scratch import Scratch, wait_until
from callrouter.errors import CallrouterError
from callrouter.simulator.freeswitch import PrivateFreeSwitch, die_with_parent, find_freeswitch
from callrouter.simulator.ports import free_port
from tests.postgresql_server import url

#: The ways to the phones, in the order of their blocks, and what the table calls them.
WAYS = {
    "static": "static XML bridge",
    "bare": "bare synchronous socket",
    "greenswitch": "stock greenswitch",
    "sqlite": "callrouter, SQLite",
    "postgresql": "callrouter, PostgreSQL",
}
#: Between the ports of private switches (simulator.ports) and those that the system gives out.
_MEDIA = (30000, 31998)
_SETTLE = 0.5
_TALK_MS = 200
#: Socket servers run before FreeSWITCH's many threads, as our systemd unit has it.
_NICE = -10


@dataclass(frozen=True, slots=True)
class Block:
    """What one run of callers measured. CPU in seconds, above what the idle processes take anyway."""

    way: str
    calls: list[Call]
    wanted: int
    talked: bool
    switch_cpu: float
    router_cpu: float

    @property
    def succeeded(self) -> int:
        """Calls that went as they should: heard ringing, were answered if they wanted to talk, and ended."""
        return sum(call.ended and call.answered is self.talked and call.ringing is not None for call in self.calls)


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process with all its threads, ended ones too (clock_getcpuclockid(3)); 0 when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def resident(pid: int) -> int:
    """Memory of a process that is not shared with a file, in bytes (proc_pid_status(5), RssAnon)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def _run_first(pid: int) -> None:
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.setpriority(os.PRIO_PROCESS, int(thread), _NICE)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Stage:
    """Everything that calls need, in *folder*, for a company of 10**digits numbers.

    *postgresql* is the socket folder of a running server, None: that way is left out."""

    def __init__(self, folder: Path, digits: int, postgresql: Path | None) -> None:
        self.folder = folder
        self.digits = digits
        self.ways = [way for way in WAYS if postgresql or way != "postgresql"]
        self._postgresql = postgresql
        data = company.company(digits)
        switch = {"rtp_start": _MEDIA[0], "rtp_end": _MEDIA[1], "max_sessions": 2000, "sessions_per_second": 1000}
        quiet = {"level": "warning"}
        self._core_db = Path(f"/dev/shm/callrouter-bench-{uuid.uuid4()}.db")
        switch["core_db"] = str(self._core_db)
        switch["ping_seconds"] = 0  # sipp's phones do not answer OPTIONS
        self.scratch = Scratch(folder, data, freeswitch=switch, log=quiet)
        self.other = (
            Scratch(folder / "other", data, database={"url": url(postgresql, "postgres")}, log=quiet)
            if postgresql
            else None
        )
        self._ports = {way: free_port() for way in self.ways} | {"sqlite": self._freeswitch.trunk_port}
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._phones: list[subprocess.Popen[bytes]] = []
        self._phone_ports = {True: free_port(), False: free_port()}
        self._idle: dict[int, float] = {}

    @property
    def _freeswitch(self):  # type: ignore[no-untyped-def]
        return self.scratch.settings.freeswitch

    def create(self) -> None:
        """Import the company, write the configuration."""
        self.scratch.create()
        if self.other:
            self.other.settings.spool.create()
            self.other.database.migrate()
            self.other.command("import", str(self.folder / "company.yaml"))
        self._write_other_ways()
        binary = find_freeswitch()
        if binary is None:
            raise CallrouterError("no FreeSWITCH; install it, or set FREESWITCH_BINARY")
        self.switch = PrivateFreeSwitch(
            binary,
            conf_dir=self.scratch.settings.conf_dir,
            run_dir=self.folder / "run",
            event_socket=self._freeswitch.event_socket,
            start_seconds=180,
        )

    def _write_other_ways(self) -> None:
        """Add their SIP profiles and contexts to files that FreeSWITCH reads anyway."""
        conf = self.scratch.settings.conf_dir
        profiles = conf / "sip_profiles" / "trunk.xml"
        public = conf / "dialplan" / "public.xml"
        trunk, dial = profiles.read_text(), company.dial_strings(self.digits)
        self._sockets = {way: free_port() for way in ("bare", "greenswitch")}
        if self.other:
            routers = self.scratch.settings.router.listen, self.other.settings.router.listen
            for file in (public, conf / "dialplan" / "numbers.xml"):
                text = file.read_text()
                file.write_text(text + company.other_router(text, "postgresql", *routers))
        for way in self.ways:
            if way == "sqlite":
                continue
            with profiles.open("a") as file:
                file.write(company.profile(trunk, way, self._ports[way]))
            if way == "postgresql":
                continue
            flags = "async full" if way == "greenswitch" else "full"
            actions = {
                number: ("bridge", string) if way == "static" else ("socket", f"127.0.0.1:{self._sockets[way]} {flags}")
                for number, string in dial.items()
            }
            with public.open("a") as file:
                file.write(company.context(way, actions) + "\n")

    def start(self, warm_up: str | None = None) -> None:
        """Start the switch, the servers and the phones; a few calls of all ways, or of *warm_up*; measure idle CPU."""
        self.switch.start()
        self.scratch.start_role("router")
        if self.other:
            self.other.start_role("router")
        dial = [f"--dial={number}={string}" for number, string in company.dial_strings(self.digits).items()]
        for kind, port in self._sockets.items():
            with (self.folder / f"{kind}.log").open("ab") as log:
                self._servers[kind] = subprocess.Popen(
                    [sys.executable, "-m", "bench.servers", kind, f"--port={port}", *dial],
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent,  # noqa: PLW1509
                )
            wait_until(lambda port=port: _accepts(port), f"the {kind} server")
        accounts = [phone for employee in company.DEVICES for phone in company.phones(employee)]
        for answers, port in self._phone_ports.items():
            mine = {phone: company.PASSWORD for phone in accounts if company.answering(phone) is answers}
            load.register(mine, company.DOMAIN, self._freeswitch.phones_port, port, self.folder)
            self._phones.append(load.phones(answers, self._freeswitch.phones_port, port, self.folder))
        for way in self.ways:
            for pid in self.router_pids(way)[:1]:
                _run_first(pid)
        for way in [warm_up] if warm_up else self.ways:
            self.block(way, "one", count=5, rate=5)
        if not warm_up:
            self._measure_idle()

    def _measure_idle(self, seconds: float = 3.0) -> None:
        pids = {self.switch.pid, *(pid for way in self.ways for pid in self.router_pids(way))}
        before = {pid: cpu_seconds(pid) for pid in pids}
        time.sleep(seconds)
        self._idle = {pid: (cpu_seconds(pid) - used) / seconds for pid, used in before.items()}

    def revive(self, way: str) -> bool:
        """Start the router of *way* again if it has ended (it does when it stands still); True if it had."""
        scratch = {"sqlite": self.scratch, "postgresql": self.other}.get(way)
        if scratch is None or scratch.roles["router"].poll() is None:
            return False
        scratch.start_role("router")
        _run_first(scratch.roles["router"].pid)
        return True

    def router_pids(self, way: str) -> list[int]:
        """The processes that route calls of *way* beside FreeSWITCH."""
        if way in self._servers:
            return [self._servers[way].pid]
        if way == "sqlite":
            return [self.scratch.roles["router"].pid]
        if way == "postgresql" and self.other and self._postgresql:
            server = int((self._postgresql / "data" / "postmaster.pid").read_text().split()[0])
            return [self.other.roles["router"].pid, server, *_children(server)]
        return []

    def block(
        self, way: str, employee: str, *, count: int, rate: float, talks: bool = True, hold_ms: int = _TALK_MS
    ) -> Block:
        """*count* calls of *way* to *employee* at *rate* a second, and what they took."""
        capture = Capture()
        capture.start()
        pids = [self.switch.pid, *self.router_pids(way)]
        began, before = time.monotonic(), [cpu_seconds(pid) for pid in pids]
        caller_port = free_port()
        callers = self._callers(way, employee, caller_port, count=count, rate=rate, talks=talks, hold_ms=hold_ms)
        callers.wait(count / rate + hold_ms / 1000 + 30)
        self._clear_away()
        time.sleep(_SETTLE)
        took = time.monotonic() - began
        used = [
            max(cpu_seconds(pid) - start - took * self._idle.get(pid, 0.0), 0.0)
            for pid, start in zip(pids, before, strict=True)
        ]
        packets = capture.stop()
        phones = set(self._phone_ports.values())
        return Block(way, calls(packets, self._ports[way], caller_port, phones), count, talks, used[0], sum(used[1:]))

    def _callers(
        self, way: str, employee: str, caller_port: int, *, count: int, rate: float, talks: bool, hold_ms: int
    ) -> subprocess.Popen[bytes]:
        return load.callers(
            talks=talks,
            hold_ms=hold_ms,
            number=company.number_of(employee, self.digits),
            rate=rate,
            count=count,
            server=self._ports[way],
            port=caller_port,
            folder=self.folder,
        )

    def ringing_memory(self, way: str, count: int) -> tuple[float, float]:
        """Bytes that each of *count* ringing calls takes in the switch and in the router."""
        pids = [self.switch.pid, *self.router_pids(way)]
        before = [resident(pid) for pid in pids]
        callers = self._callers(way, "rings", free_port(), count=count, rate=10, talks=False, hold_ms=3000)
        time.sleep(count / 10 + 1.0)
        grown = [resident(pid) - start for pid, start in zip(pids, before, strict=True)]
        callers.wait(30)
        self._clear_away()
        return grown[0] / count, sum(grown[1:]) / count

    def _clear_away(self) -> None:
        """Wait until the last call is gone; end what is left of it: calls without callers eat the machine."""
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: self._api("show calls count").startswith("\n0 total"), "no calls", 5)
            return
        self._api("hupall")
        wait_until(lambda: self._api("show channels count").startswith("\n0 total"), "no channels", 20)

    def _api(self, command: str) -> str:
        host, _, port = self._freeswitch.event_socket.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as connection, connection.makefile("rwb") as stream:
            stream.write(f"auth {self._freeswitch.password}\n\napi {command}\n\n".encode())
            stream.flush()
            while line := stream.readline():
                if line.startswith(b"Content-Type: api/response"):
                    length = int(stream.readline().split()[1])
                    stream.readline()
                    return stream.read(length).decode()
        raise CallrouterError(f"FreeSWITCH did not answer {command!r}")

    def version(self) -> str:
        """What FreeSWITCH calls itself."""
        return self._api("version").split("-release")[0].strip()

    def stop(self) -> None:
        """End all that ``start`` started; it can be started again."""
        for process in (*self._phones, *self._servers.values()):
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        self._phones.clear()
        self._servers.clear()
        for scratch in filter(None, (self.scratch, self.other)):
            for name in list(scratch.roles):
                scratch.kill_role(name, signal.SIGTERM)
        if hasattr(self, "switch"):
            self.switch.kill9()

    def close(self) -> None:
        """The end."""
        self.stop()
        for scratch in filter(None, (self.scratch, self.other)):
            scratch.stop()
        for file in self._core_db.parent.glob(f"{self._core_db.name}*"):
            file.unlink()


@contextlib.contextmanager
def stage(folder: Path, digits: int, postgresql: Path | None) -> Iterator[Stage]:
    """A stage that is ready for calls."""
    built = Stage(folder, digits, postgresql)
    try:
        with (folder / "create.log").open("w") as log, contextlib.redirect_stdout(log):
            built.create()
        built.start()
        yield built
    finally:
        built.close()


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
