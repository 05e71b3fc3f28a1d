"""Phones and a provider that speak TLS and SRTP, which the simulator's do not: baresip, with a tone for a voice."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import tone, write_wav

_CONFIG = """\
sip_listen 127.0.0.1:{port}
sip_certificate {certificate}
sip_verify_server no
net_interface 127.0.0.1
audio_source aufile,{folder}/tone.wav
audio_player aufile,{folder}/heard.wav
module_path /usr/lib/baresip/modules
module g711.so
module srtp.so
module aufile.so
module account.so
module_app menu.so
"""
SECONDS = 60


@contextlib.contextmanager
def baresip(folder: Path, account: str, password: str, server: str, encryption: str, dials: str = "") -> Iterator[None]:
    """It registers *account* (USER@DOMAIN) at *server* (HOST:PORT) over TLS, *dials* a URI, and answers every call.

    *encryption* is ``srtp-mand`` (no call without it), ``srtp`` (as it comes), or empty.
    """
    line = (
        f'<sip:{account};transport=tls>;auth_pass={password};outbound="sip:{server};transport=tls";'
        f"mediaenc={encryption};answermode=auto;regint=60"
    )
    with _running(folder, line, dials):
        yield


@contextlib.contextmanager
def baresip_provider(folder: Path, number: str, port: int, certificate: Path, dials: str) -> Iterator[None]:
    """It has one customer, of that *number*, who *dials* a URI and answers every call; TLS on *port* of loopback."""
    with _running(folder, f"<sip:{number}@127.0.0.1;transport=tls>;regint=0;answermode=auto", dials, port, certificate):
        yield


@contextlib.contextmanager
def _running(folder: Path, account: str, dials: str, port: int = 0, certificate: Path | None = None) -> Iterator[None]:
    folder.mkdir()
    write_wav(folder / "tone.wav", tone(440, SECONDS))
    own = (port or free_port()) - 1  # TLS is one above
    (folder / "config").write_text(_CONFIG.format(port=own, folder=folder, certificate=certificate or ""))
    (folder / "accounts").write_text(f"{account}\n")
    command = ["baresip", "-4", "-f", str(folder), "-t", str(SECONDS)]
    if dials:
        command += ["-e", f"/dial {dials}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
