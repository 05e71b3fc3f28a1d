"""A whole callrouter in one folder, with a switch and a mail catcher of its own: for the demo, the tests, the bench.

Everything is on loopback and on free ports, and nothing outlives it.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import yaml

from callrouter import settings as settings_file
from callrouter.cli.main import callrouter
from callrouter.directory.database import Database
from callrouter.errors import CallrouterError
from callrouter.settings import Settings
from callrouter.simulator.freeswitch import die_with_parent
from callrouter.simulator.mailcatcher import MailCatcher
from callrouter.simulator.ports import free_port, media_ports


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """Wait for *condition* to become true and return it, letting greenlets run; raises TimeoutError naming *what*."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        gevent.sleep(0.02)
    return result


class Scratch:
    """One company in *folder*: settings, database, FreeSWITCH configuration, roles, caught mails.

    ``company`` is a company file's content; its trunks' proxies are the caller's to set.
    """

    def __init__(self, folder: Path, company: dict[str, Any], **overrides: dict[str, Any]) -> None:
        self.folder = folder
        self.company = company
        self.config = folder / settings_file.DEFAULT_FILE
        self.mails = MailCatcher(folder / "mails")
        self.roles: dict[str, subprocess.Popen[bytes]] = {}
        self.settings = self._write_settings(overrides)
        self.database = Database(self.settings.database_url)

    def _write_settings(self, overrides: dict[str, dict[str, Any]]) -> Settings:
        first_media_port, last_media_port = media_ports()
        secrets = settings_file.fresh_secrets()
        web = f"127.0.0.1:{free_port()}"
        values: dict[str, dict[str, Any]] = {
            "freeswitch": {
                "conf_dir": "freeswitch/conf",
                "spool_dir": "spool",
                "event_socket": f"127.0.0.1:{free_port()}",
                "password": secrets["freeswitch"]["password"],
                "sip_ip": "127.0.0.1",
                "rtp_ip": "127.0.0.1",
                "trunk_port": free_port(),
                "phones_tls_port": 0,
                "phones_port": free_port(),
                "rtp_start": first_media_port,
                "rtp_end": last_media_port,
            },
            "router": {"listen": f"127.0.0.1:{free_port()}"},
            "smtp": {"port": self.mails.port, "sender": "telefon@muster.example"},
            "web": {"listen": web, "base_url": f"http://{web}", **secrets["web"]},
        }
        for section, keys in overrides.items():
            values.setdefault(section, {}).update(keys)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(settings_file.render(values), "utf-8")
        self.config.chmod(0o600)
        return settings_file.load(self.config, environ={})

    def command(self, *arguments: str) -> None:
        """Run one callrouter command in this process; raises CallrouterError when it does not succeed."""
        try:
            status = callrouter.main(["--config", str(self.config), *arguments], standalone_mode=False)
        except SystemExit as ended:
            status = ended.code
        if status:
            raise CallrouterError(f"callrouter {' '.join(arguments)} ended with {status}")

    def create(self) -> None:
        """Make the database, import the company, write the FreeSWITCH configuration."""
        self.settings.spool.create()
        self.database.migrate()
        file = self.folder / "company.yaml"
        file.write_text(yaml.safe_dump(self.company, allow_unicode=True, sort_keys=False), "utf-8")
        self.command("import", str(file))
        self.command("config", "apply", "--no-reload")

    def start_role(self, name: str) -> None:
        """Start one role as a process of its own and wait until it works."""
        log = (self.folder / f"{name}.log").open("ab")
        self.roles[name] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "callrouter.cli.role", name, "--config", str(self.config)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (a single prctl call)
        )
        log.close()
        listens = {"router": self.settings.router.listen, "web": self.settings.web.listen}
        if name in listens:
            self._wait_for_port(listens[name], name)

    def _wait_for_port(self, address: str, what: str) -> None:
        where = settings_file.parse_address(address, what)

        def accepts() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(where, timeout=1):
                return True
            return False

        wait_until(accepts, f"{what} on {address}", 60)

    def kill_role(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End one role and wait for it."""
        process = self.roles.pop(name)
        process.send_signal(how)
        process.wait(20)

    def serve(self) -> None:
        """Start all roles under their supervisor, as ``callrouter serve`` does."""
        log = (self.folder / "serve.log").open("ab")
        self.roles["serve"] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "callrouter", "--config", str(self.config), "serve"],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (a single prctl call)
        )
        log.close()
        self._wait_for_port(self.settings.router.listen, "router")

    def start(self) -> None:
        """Start the mail catcher, the router and the worker; the switch is the caller's to start."""
        self.mails.start()
        for name in ("router", "worker"):
            self.start_role(name)

    def stop(self) -> None:
        """End everything that this started."""
        for process in self.roles.values():
            process.terminate()
        for process in self.roles.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.roles.clear()
        self.mails.stop()
        self.database.close()
