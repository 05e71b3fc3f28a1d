"""A private PostgreSQL for tests: fixture ``postgresql_url``, a new empty database for each test.

Import both fixtures (``from tests.postgresql import postgresql_server, postgresql_url``) and mark the tests
``postgresql``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.needs import find_postgresql
from tests.postgresql_server import running, url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """The socket directory of a running server; ended with the session."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (Debian package: postgresql)")
    with running(programs, "-c", "fsync=off") as home:
        yield home


@pytest.fixture
def postgresql_url(postgresql_server: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database; dropped after the test."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    with psycopg.connect(host=str(postgresql_server), user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        yield url(postgresql_server, name)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]
