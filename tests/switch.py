"""A private FreeSWITCH on the rendered configuration of muster.yaml, for every test that wants the real thing."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from callrouter.directory.digits import digit_rules
from callrouter.directory.document import CompanyFile
from callrouter.rendering import certificates
from callrouter.rendering.render import render
from callrouter.resources import prompts_dir
from callrouter.settings import FreeSwitch, Router, Settings, Voicemail
from callrouter.simulator.freeswitch import PrivateFreeSwitch, find_freeswitch
from callrouter.simulator.ports import free_port, media_ports

MUSTER = prompts_dir().parent.parent / "simulator" / "muster.yaml"
DOMAIN = "pbx.muster.example"
#: What FreeSWITCH logs at every start, whatever its configuration says.
_ITS_OWN = re.compile(r"MSG Thread \d+ Started")
_TROUBLE = re.compile(r"\[(?:ERR|WARNING|CRIT|ALERT)\]")


def muster() -> dict[str, Any]:
    """The content of muster.yaml, for a test to change before it is rendered."""
    data: dict[str, Any] = copy.deepcopy(yaml.safe_load(MUSTER.read_text("utf-8")))
    return data


def switch_settings(folder: Path, *, router: str = "", **freeswitch: Any) -> Settings:
    """Settings for a private switch in *folder*: loopback and free ports.

    *router* is where it asks (HOST:PORT); empty: where nobody listens.
    """
    first_media_port, last_media_port = media_ports()
    values: dict[str, Any] = {
        "conf_dir": "conf",
        "spool_dir": "spool",
        "event_socket": f"127.0.0.1:{free_port()}",
        "password": "nur-zum-Testen",
        "sip_ip": "127.0.0.1",
        "rtp_ip": "127.0.0.1",
        "trunk_port": free_port(),
        "phones_port": free_port(),
        "phones_tls_port": 0,
        "trunk_tls_port": free_port(),
        "rtp_start": first_media_port,
        "rtp_end": last_media_port,
    }
    return Settings(
        freeswitch=FreeSwitch(**values | freeswitch),
        router=Router(listen=router or f"127.0.0.1:{free_port()}"),
        voicemail=Voicemail(silence_seconds=3),
        base=folder,
    )


def rendered(
    company: Mapping[str, Any], settings: Settings, holidays: Mapping[dt.date, str] = MappingProxyType({})
) -> dict[str, bytes]:
    """The configuration of *company* (a company file's content), version 7."""
    document = CompanyFile.model_validate(company)
    own = document.company
    digits = digit_rules(own.country, own.area_code, own.emergency, own.outside_line)
    files = render(document, settings, 7, holidays, digits)
    return files | certificates.files(settings, document, dt.datetime.now(dt.UTC))


def write(files: Mapping[str, bytes], settings: Settings) -> None:
    """Put a rendered configuration, the prompts and an empty spool where *settings* want them."""
    for name, data in files.items():
        path = settings.conf_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for prompt in prompts_dir().glob("*/*.wav"):
        target = settings.prompts_dir / prompt.parent.name / prompt.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(prompt.read_bytes())
    settings.spool.create()


@dataclass(frozen=True, slots=True)
class RenderedSwitch:
    """A running private FreeSWITCH and what it was rendered from."""

    process: PrivateFreeSwitch
    settings: Settings
    files: Mapping[str, bytes]

    def api(self, command: str, timeout: float = 10.0) -> str:
        """The answer to one API command on the event socket (*timeout* in seconds)."""
        host, _, port = self.settings.freeswitch.event_socket.rpartition(":")
        with socket.create_connection((host, int(port)), timeout) as connection, connection.makefile("rwb") as stream:
            stream.write(f"auth {self.settings.freeswitch.password}\n\napi {command}\n\n".encode())
            stream.flush()
            while line := stream.readline():
                if line.startswith(b"Content-Type: api/response"):
                    length = int(stream.readline().split()[1])
                    stream.readline()
                    return stream.read(length).decode()
        raise AssertionError(f"no answer to {command!r}")

    def trouble(self) -> list[str]:
        """Errors and warnings in the log that are not FreeSWITCH's own habit."""
        return [line for line in self.process.log.splitlines() if _TROUBLE.search(line) and not _ITS_OWN.search(line)]


@contextlib.contextmanager
def rendered_switch(
    folder: Path,
    company: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    holidays: Mapping[dt.date, str] = MappingProxyType({}),
) -> Iterator[RenderedSwitch]:
    """Render *company* (default: muster.yaml) into *folder* and run a private FreeSWITCH on it."""
    settings = settings or switch_settings(folder)
    files = rendered(muster() if company is None else company, settings, holidays)
    write(files, settings)
    binary = find_freeswitch()
    assert binary is not None
    process = PrivateFreeSwitch(
        binary,
        conf_dir=settings.conf_dir,
        run_dir=folder / "run",
        event_socket=settings.freeswitch.event_socket,
    )
    process.start()
    try:
        yield RenderedSwitch(process, settings, files)
    finally:
        process.kill9()  # nobody waits for its profiles to shut down
