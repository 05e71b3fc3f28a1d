"""A phone that speaks TLS and SRTP, which the simulator's does not: baresip, with a tone for a voice."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from callrouter.simulator.ports import free_port
from callrouter.simulator.rtp import tone, write_wav

_CONFIG = """\
sip_listen 127.0.0.1:{port}
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
    folder.mkdir()
    write_wav(folder / "tone.wav", tone(440, SECONDS))
    (folder / "config").write_text(_CONFIG.format(port=free_port(), folder=folder))
    (folder / "accounts").write_text(
        f'<sip:{account};transport=tls>;auth_pass={password};outbound="sip:{server};transport=tls";'
        f"mediaenc={encryption};answermode=auto;regint=60\n"
    )
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
