"""The example company with users, and the pages over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from tests.directory.conftest import MUSTER, migrated  # noqa: F401
from tests.web.world import World, add_users, make_world


@pytest.fixture(scope="session")
def company_file(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """An SQLite file with the example company and its users, made once; tests copy it."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    path.write_bytes(migrated.read_bytes())
    database = Database(f"sqlite:///{path}")
    import_company(database, MUSTER, "muster.yaml")
    add_users(database)
    database.close()
    return path


@pytest.fixture
def database(company_file: Path, tmp_path: Path) -> Iterator[Database]:
    """The example company: anna (admin of nothing, two phones, mailbox), ben, the pool sales; three users."""
    path = tmp_path / "callrouter.db"
    path.write_bytes(company_file.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """The pages over the example company."""
    return make_world(database, tmp_path)
