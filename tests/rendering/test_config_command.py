"""``callrouter config``: what it prints and what it ends with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from callrouter import settings as settings_file
from callrouter.cli.main import callrouter
from callrouter.simulator.ports import free_port
from tests.switch import MUSTER, rendered_switch

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command line on a company imported from muster.yaml, with a switch that is not there."""
    return _company(tmp_path, {"event_socket": f"127.0.0.1:{free_port()}", "password": "nur-zum-Testen"})


def _company(folder: Path, freeswitch: dict[str, object]) -> Run:
    config = folder / "callrouter.toml"
    values = {"conf_dir": "conf", "spool_dir": "spool", **freeswitch}
    config.write_text(settings_file.render({"freeswitch": values}), "utf-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(callrouter, ["--config", str(config), *arguments])

    assert run("init").exit_code == 0
    assert run("import", str(MUSTER)).exit_code == 0
    return run


def test_render_lists_and_writes(run: Run, tmp_path: Path) -> None:
    assert "dialplan/public.xml" in run("config", "render").stdout
    assert run("config", "render", "--out", str(tmp_path / "out")).exit_code == 0
    assert (tmp_path / "out/prompts/de/greeting.wav").read_bytes().startswith(b"RIFF")


def test_diff_then_apply_then_no_difference(run: Run) -> None:
    first = run("config", "diff")
    assert first.exit_code == 1
    assert "+++ dialplan/public.xml (rendered)" in first.stdout
    assert run("config", "apply", "--no-reload").exit_code == 0
    second = run("config", "diff")
    assert (second.exit_code, second.stdout) == (0, "")


def test_an_edited_file_is_named_and_kept(run: Run, tmp_path: Path) -> None:
    run("config", "apply", "--no-reload")
    edited = tmp_path / "conf/dialplan/public.xml"
    edited.write_text("<include/>\n", "utf-8")
    stopped = run("config", "apply", "--no-reload")
    assert stopped.exit_code == 1
    assert "dialplan/public.xml" in stopped.stderr
    assert "-<include/>" in stopped.stdout
    assert edited.read_text("utf-8") == "<include/>\n"
    told = json.loads(run("config", "apply", "--no-reload", "--json").stdout)
    assert told["edited"] == ["dialplan/public.xml"]
    assert run("config", "apply", "--no-reload", "--force").exit_code == 0
    assert "<include/>" not in edited.read_text("utf-8").splitlines()


def test_a_switch_out_of_reach_is_told_and_has_its_own_exit_code(run: Run, tmp_path: Path) -> None:
    done = run("config", "apply")
    assert done.exit_code == 3
    assert "was not told" in done.stderr
    assert (tmp_path / "conf/freeswitch.xml").is_file()


@pytest.mark.freeswitch
def test_apply_reloads_a_running_switch(tmp_path: Path) -> None:
    with rendered_switch(tmp_path) as switch:
        freeswitch = switch.settings.freeswitch
        run = _company(tmp_path, {"event_socket": freeswitch.event_socket, "password": freeswitch.password})
        assert run("config", "apply").exit_code == 1
        done = run("config", "apply", "--force", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["reloaded"] is True
