"""The migrations make exactly the tables of the models, on both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from callrouter.directory import accounts, audit, records, tokens  # noqa: F401 (their tables)
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import Base
from tests.directory.conftest import MUSTER


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_sqlite_has_the_tables_of_the_models(database: Database):
    assert differences(database) == []
    assert set(inspect(database.engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_what_a_column_lacks_would_be_found(database: Database):
    with database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE trunks DROP COLUMN realm"))
        connection.commit()
    assert len(differences(database)) == 1


def test_check_constraints_and_partial_indexes_are_there(database: Database):
    with database.engine.connect() as connection:
        migrated = {(row[0], row[1]) for row in connection.execute(text("SELECT type, name FROM sqlite_master"))}
        sql = "".join(row[0] or "" for row in connection.execute(text("SELECT sql FROM sqlite_master")))
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            assert ("index", index.name) in migrated
        for constraint in table.constraints:
            assert constraint.name is None or str(constraint.name) in sql
    assert "WHERE personal" in sql


def test_migrating_again_changes_nothing(muster: Database):
    muster.migrate()
    with muster.read() as session:
        assert session.scalar(text("SELECT count(*) FROM owners")) == 3


@pytest.mark.postgresql
def test_postgresql_has_the_tables_of_the_models_and_takes_the_company(postgresql_url: str):
    database = Database(postgresql_url)
    try:
        database.migrate()
        assert differences(database) == []
        assert import_company(database, MUSTER, "muster.yaml").version == 1
        assert not import_company(database, MUSTER, "muster.yaml").changed
    finally:
        database.close()
