"""A private PostgreSQL without pytest, for tests and benchmarks: a Unix socket in a temporary directory, no network.

initdb refuses root, so root runs it as an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTED = "ready to accept connections"
_UNPRIVILEGED = ("postgres", "nobody")


def _user() -> pwd.struct_passwd:
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in _UNPRIVILEGED if name in names)


def _as(user: pwd.struct_passwd) -> list[str]:
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def url(folder: Path, name: str) -> str:
    """SQLAlchemy's URL of database *name* of the server whose socket is in *folder*."""
    return f"postgresql+psycopg://postgres@/{name}?host={folder}"


@contextmanager
def running(programs: Path, *options: str) -> Iterator[Path]:
    """A new server, made by the *programs* of one version, for the length of the block; gives its socket's directory.

    *options* are those of ``postgres``, for example ``-c fsync=off``. Raises RuntimeError when it does not start.
    """
    user = _user()
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    os.chown(home, user.pw_uid, user.pw_gid)
    try:
        initdb = [*_as(user), str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres", "-A", "trust"]
        command = [*initdb, "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=home)
        # SIGINT, its fast shutdown, also when whoever started it was killed.
        starter = [*(_as(user) or ["setpriv"]), "--pdeathsig=INT"]
        postgres = [*starter, str(programs / "postgres"), "-D", home / "data", "-k", home, "-c", "listen_addresses="]
        process = subprocess.Popen(
            [*postgres, *options],
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_until_ready(process)
            yield home
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    finally:
        shutil.rmtree(home)


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    said: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if _STARTED in line:
            return
    raise RuntimeError("PostgreSQL did not start:\n" + "".join(said))
