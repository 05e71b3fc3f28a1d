"""A private PostgreSQL for tests: fixture ``postgresql_url``, a new empty database for each test.

Import both fixtures (``from tests.postgresql import postgresql_server, postgresql_url``) and mark the tests
``postgresql``. The server listens on a Unix socket in a temporary directory only; initdb refuses root, so root runs
it as an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.needs import find_postgresql

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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """The socket directory of a running server; ended with the session."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (Debian package: postgresql)")
    user = _user()
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    os.chown(home, user.pw_uid, user.pw_gid)
    try:
        initdb = [*_as(user), str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres", "-A", "trust"]
        command = [*initdb, "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=home)
        options = ["-k", str(home), "-c", "listen_addresses=", "-c", "fsync=off"]
        process = subprocess.Popen(
            [*_as(user), str(programs / "postgres"), "-D", str(home / "data"), *options],
            cwd=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            log: list[str] = []
            assert process.stderr is not None
            for line in process.stderr:
                log.append(line)
                if _STARTED in line:
                    break
            else:
                pytest.fail("PostgreSQL did not start:\n" + "".join(log))
            yield home
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    finally:
        shutil.rmtree(home)


@pytest.fixture
def postgresql_url(postgresql_server: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database; dropped after the test."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(host=str(postgresql_server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        yield f"postgresql+psycopg://postgres@/{name}?host={postgresql_server}"
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
