"""The launcher: it says why a switch does not start, and never leaves a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callrouter.errors import SwitchError
from callrouter.simulator.freeswitch import PrivateFreeSwitch, find_freeswitch
from callrouter.simulator.ports import free_port
from tests.switch import rendered_switch

pytestmark = pytest.mark.freeswitch


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_kill9_and_terminate_leave_nothing(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch:
        first = switch.process.pid
        switch.process.kill9()
        assert _gone(first)
        with pytest.raises(SwitchError, match="not running"):
            _ = switch.process.pid
        switch.process.start()
        second = switch.process.pid
    assert second != first
    assert _gone(second)


def test_a_switch_that_does_not_start_is_told_with_its_output(tmp_path: Path) -> None:
    binary = find_freeswitch()
    assert binary is not None
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/freeswitch.xml").write_text("<document>", "utf-8")
    broken = PrivateFreeSwitch(
        binary,
        conf_dir=tmp_path / "conf",
        run_dir=tmp_path / "run",
        event_socket=f"127.0.0.1:{free_port()}",
        start_seconds=5,
    )
    with pytest.raises(SwitchError, match="FreeSWITCH"):
        broken.start()
    with pytest.raises(SwitchError, match="not running"):
        _ = broken.pid


def test_the_binary_is_found_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "freeswitch"
    monkeypatch.setenv("FREESWITCH_BINARY", str(binary))
    assert find_freeswitch() is None
    binary.write_text("#!/bin/sh\n", "utf-8")
    binary.chmod(0o755)
    assert find_freeswitch() == binary
