"""Callers and phones by sipp, an independent SIP implementation: bounded in number, rate and time."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from callrouter.errors import CallrouterError
from callrouter.simulator.freeswitch import die_with_parent
from callrouter.simulator.ports import free_port

_SCENARIOS = Path(__file__).with_name("sipp")
#: What sipp returns when all calls, or some of them, ended as the scenario says; anything else is a failure of sipp.
_ALL_WELL, _SOME_FAILED = 0, 1


def _start(scenario: str, server: int, port: int, service: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    binary = shutil.which("sipp")
    if binary is None:
        raise CallrouterError("no sipp (Debian package: sip-tester)")
    command = [binary, f"127.0.0.1:{server}", "-sf", str(_SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1"]
    command += ["-p", str(port), "-mp", str(free_port()), "-s", service, "-nostdin", *more]
    output = (folder / "sipp.log").open("ab")
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=output,
        cwd=folder,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    output.close()
    return process


def register(accounts: Mapping[str, str], domain: str, server: int, port: int, folder: Path) -> None:
    """Register *accounts* (name: password) with a contact at *port*. Raises CallrouterError when one is refused."""
    lines = [f"{name};[authentication username={name} password={password}]" for name, password in accounts.items()]
    file = folder / f"accounts-{port}.csv"
    file.write_text("\n".join(["SEQUENTIAL", *lines, ""]))
    limits = ["-inf", str(file), "-m", str(len(accounts)), "-r", "20", "-timeout", "10s", "-timeout_error"]
    if _start("phone-registers", server, port, domain, folder, *limits).wait(20):
        raise CallrouterError(f"the phones could not register; {folder}/sipp.log")


def phones(answering: bool, server: int, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """The phones behind *port*: they answer after 200 ms, or ring until the caller gives up. To be terminated."""
    return _start("phone-answers" if answering else "phone-rings", server, port, "phone", folder)


def callers(
    *, talks: bool, hold_ms: int, number: str, rate: float, count: int, server: int, port: int, folder: Path
) -> subprocess.Popen[bytes]:
    """*count* callers of *number* at *rate* a second, who talk, or let it ring, for *hold_ms*.

    Ends by itself, at the latest 10 s after the last call should have.
    """
    seconds = count / rate + hold_ms / 1000 + 10
    most = round(rate * (hold_ms / 1000 + 2)) + 1
    limits = ["-m", str(count), "-r", str(round(rate * 10)), "-rp", "10000", "-l", str(most), "-d", str(hold_ms)]
    scenario = "caller-talks" if talks else "caller-gives-up"
    return _start(scenario, server, port, number, folder, *limits, "-timeout", f"{seconds:.0f}s", "-timeout_error")
