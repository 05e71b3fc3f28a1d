"""A migrated database for each test, and the example company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.resources import prompts_dir
from tests.postgresql import postgresql_server, postgresql_url  # noqa: F401

MUSTER = (prompts_dir().parent.parent / "simulator" / "muster.yaml").read_text("utf-8")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, made once; tests copy it."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A database without a company."""
    path = tmp_path / "callrouter.db"
    path.write_bytes(migrated.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def muster(database: Database) -> Database:
    """A database with the example company."""
    import_company(database, MUSTER, "muster.yaml")
    return database
