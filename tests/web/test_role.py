"""What the web role does in FreeSWITCH: whole or not at all, and never silently."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gevent
import pytest

from callrouter import settings as settings_file
from callrouter import web_app
from callrouter.directory.database import Database
from callrouter.errors import RenderError
from callrouter.simulator.inbound import InboundServer
from callrouter.simulator.ports import free_port


class QuietSwitch:
    """All that the simulated event socket asks of its switch when there are no calls."""

    core_uuid = "c4de4ed1-dac6-4ed6-926f-f08a6d524c85"
    calls: dict[str, object] = {}  # noqa: RUF012


def test_the_configuration_is_written_when_freeswitch_can_be_told(database: Database, tmp_path: Path):
    port = free_port()
    file = tmp_path / "callrouter.toml"
    switch = {"conf_dir": "conf", "spool_dir": "spool", "event_socket": f"127.0.0.1:{port}", "password": "x"}
    file.write_text(settings_file.render({"freeswitch": switch}), "utf-8")
    settings = settings_file.load(file, environ={})
    in_thread = gevent.get_hub().threadpool.apply
    with pytest.raises(RenderError, match="FreeSWITCH cannot be told, nothing was written"):
        in_thread(web_app.apply_configuration, (settings,))
    assert not (tmp_path / "conf").exists()
    server = InboundServer(QuietSwitch(), ("127.0.0.1", port), "x")
    server.start()
    try:
        assert in_thread(web_app.apply_configuration, (settings,)) == ()
        edited = next((tmp_path / "conf" / "directory").rglob("*.xml"))
        edited.write_text("<mine/>", "utf-8")
        with pytest.raises(RenderError, match="not as callrouter wrote them: directory/"):
            in_thread(web_app.apply_configuration, (settings,))
        assert edited.read_text("utf-8") == "<mine/>"
    finally:
        server.stop()


def test_a_router_loads_nothing_of_the_pages():
    """It starts again in the middle of calls, and what it loads delays them."""
    program = "import sys, callrouter.app; print(*(name for name in sys.modules if name in ('flask', 'argon2')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
