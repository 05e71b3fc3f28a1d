from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callrouter.directory.database import Database
from callrouter.ledger.worker import Ledger
from callrouter.settings import Settings
from tests.ledger import company


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return company.settings(tmp_path)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = company.company(f"sqlite:///{tmp_path / 'callrouter.db'}")
    yield made
    made.close()


@pytest.fixture
def ledger(database: Database, settings: Settings) -> Ledger:
    return Ledger(database, settings, clock=lambda: company.NOW)
