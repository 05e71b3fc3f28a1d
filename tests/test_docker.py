"""The compose file agrees with the settings, and the containers' set-up script can be run again and again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from callrouter.settings import Settings, load

DOCKER = Path(__file__).resolve().parent.parent / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """What callrouter reads in its container."""
    file = tmp_path / "callrouter.toml"
    file.touch()
    variables = SERVICES["callrouter"]["environment"]
    return load(file, {name: re.sub(r"\$\{\w+:[?-][^}]*\}", "192.0.2.10", value) for name, value in variables.items()})


def test_the_ports_that_are_published_are_those_of_the_settings(settings: Settings):
    switch = settings.freeswitch
    expected = {f"{port}:{port}/{kind}" for port in (switch.phones_port, switch.trunk_port) for kind in ("udp", "tcp")}
    expected.add(f"{switch.phones_tls_port}:{switch.phones_tls_port}/tcp")
    expected.add(f"{switch.rtp_start}-{switch.rtp_end}:{switch.rtp_start}-{switch.rtp_end}/udp")
    expected.add(f"127.0.0.1:8080:{settings.web.listen.rpartition(':')[2]}")
    assert set(SERVICES["network"]["ports"]) == expected


def test_switch_and_callrouter_see_the_same_directories_and_network(settings: Settings):
    for name in ("freeswitch", "callrouter"):
        assert SERVICES[name]["network_mode"] == "service:network"
        paths = {volume.split(":")[1] for volume in SERVICES[name]["volumes"]}
        assert {str(settings.conf_dir), str(settings.spool.root)} <= paths
    assert settings.freeswitch.event_socket.startswith("127.0.0.1:")
    assert settings.router.listen.startswith("127.0.0.1:")


def test_no_secret_stands_in_the_compose_file():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value)


@pytest.mark.parametrize("file", sorted(DOCKER.glob("*.Dockerfile")), ids=lambda path: path.name)
def test_an_image_copies_only_what_its_context_has(file: Path):
    allowed = {line[1:] for line in file.with_name(f"{file.name}.dockerignore").read_text().split() if line[0] == "!"}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", file.read_text(), re.MULTILINE)
    sources = {word for line in copied for word in line.split() if not word.startswith("--")}
    assert sources == allowed
    assert all((DOCKER.parent / source).exists() for source in sources)


def test_set_up_can_be_run_again(tmp_path: Path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    program = bin_dir / "callrouter"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from callrouter.cli.main import main; main()' \"$@\"\n")
    program.chmod(0o755)
    shutil.copy(DOCKER.parent / "callrouter" / "simulator" / "muster.yaml", tmp_path / "company.yaml")
    environment = {
        "PATH": f"{bin_dir}:{os.environ['PATH']}",
        "PYTHONPATH": str(DOCKER.parent),
        "CALLROUTER_FREESWITCH_CONF_DIR": str(tmp_path / "conf"),
        "CALLROUTER_FREESWITCH_SPOOL_DIR": str(tmp_path / "spool"),
    }
    written = []
    for _ in range(2):
        done = subprocess.run(
            [DOCKER / "setup.sh"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        files = [path for path in (tmp_path / "conf").rglob("*") if path.is_file()]
        written.append({path: path.read_bytes() for path in [*files, tmp_path / "callrouter.toml"]})
    assert any(path.name == "freeswitch.xml" for path in written[0])
    assert written[0] == written[1]
    assert all(path.stat().st_mode & 0o040 for path in files), "the group that FreeSWITCH is in must be able to read"
    assert not any(path.stat().st_mode & 0o007 for path in files), "nobody else must"
