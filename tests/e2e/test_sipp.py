"""The same with an independent SIP implementation: sipp as trunk and as registered desk phone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from callrouter.simulator.ports import free_port
from tests.e2e.world import BEN, World

pytestmark = [pytest.mark.freeswitch, pytest.mark.sipp]
HERE = Path(__file__).parent / "sipp"


def sipp(scenario: str, server: int, port: int, service: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    binary = shutil.which("sipp")
    assert binary
    return subprocess.Popen(
        [
            binary, f"127.0.0.1:{server}", "-sf", str(HERE / f"{scenario}.xml"), "-i", "127.0.0.1", "-p", str(port),
            "-mp", str(free_port()), "-s", service, "-m", "1", "-timeout", "20s", "-timeout_error",
            "-nostdin", *more,
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
    )  # fmt: skip


def succeeded(process: subprocess.Popen[bytes]) -> None:
    _, error = process.communicate(timeout=30)
    assert process.returncode == 0, error.decode()


def test_sipp_calls_a_registered_sipp_phone(world: World, tmp_path: Path) -> None:
    freeswitch = world.scratch.settings.freeswitch
    phone_port = free_port()
    password = tmp_path / "password.csv"
    password.write_text("SEQUENTIAL\n[authentication username=ben-desk password=9c7aQ1-desk]\n")
    succeeded(
        sipp(
            "uac-registers-expect-200", freeswitch.phones_port, phone_port, "ben-desk", tmp_path, "-inf", str(password)
        )
    )
    desk = sipp("uas-answers-expect-bye", freeswitch.phones_port, phone_port, "ben-desk", tmp_path)
    trunk = sipp("uac-calls-expect-answer", freeswitch.trunk_port, free_port(), BEN, tmp_path)
    succeeded(trunk)
    succeeded(desk)
    [record] = world.calls(1)
    assert record.outcome == "answered"
    assert world.steps(record) == [("employee:ben", "answered", "ben-desk")]
