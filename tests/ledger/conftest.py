from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger import company
from tests.postgresql import postgresql_server, postgresql_url

__all__ = ["postgresql_server", "postgresql_url"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return company.settings(tmp_path)


@pytest.fixture(scope="session")
def company_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's database, made once and copied for each test."""
    path = tmp_path_factory.mktemp("company") / "callrouter.db"
    company.company(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(tmp_path: Path, company_file: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{shutil.copy(company_file, tmp_path)}")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def either_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """SQLite, and PostgreSQL, for what depends on how a database locks."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    made = company.company(request.getfixturevalue("postgresql_url"))
    yield made
    made.close()


@pytest.fixture
def ledger(database: Database, settings: Settings) -> Ledger:
    return Ledger(database, settings, clock=lambda: company.NOW)
