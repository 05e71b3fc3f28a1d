"""The migrations make exactly the tables of the models, on both databases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import alembic.command
import alembic.config
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from callrouter.directory import accounts, audit, document, records, tokens  # noqa: F401 (their tables)
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import Base, OwnerRow
from callrouter.directory.records import CallStepRow, MessageRow
from callrouter.resources import data_dir
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


_OLD = (
    "INSERT INTO company (id, version, name, language, timezone, country, area_code, sip_domain, ring_seconds)"
    " VALUES (1, 7, 'Muster', 'de', 'Europe/Berlin', 'DE', '30', 'pbx.muster.example', 30)",
    "INSERT INTO owners (id, kind, key, name, notify_about, notify_internal, handled_mail)"
    " VALUES (1, 'employee', 'anna', 'Anna', 'none', false, false)",
    "INSERT INTO employees (id, role) VALUES (1, 'employee')",
    "INSERT INTO blocked_callers (id, caller) VALUES (1, 'anonymous')",
    "INSERT INTO calls (id, uuid, node, source, direction, dialed, caller, caller_name, outcome, interrupted, cause,"
    " started_at) VALUES (1, 'u', '', 'cdr', 'inbound', '', 'anonymous', '', 'missed', false, '',"
    " '2026-11-23 09:00:00')",
    "INSERT INTO call_steps (id, call_id, n, position, kind, owner_id, owner, outcome, detail)"
    " VALUES (1, 1, '1', 0, 'ring', 1, 'employee:anna', 'missed', '')",
    "INSERT INTO messages (id, call_id, n, owner_id, recorded_at, milliseconds, repaired, audio)"
    " VALUES (1, 1, '1', 1, '2026-11-23 09:00:00', 4000, false, CAST('RIFF' AS BLOB))",
)


def to_revision(url: str, revision: str) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(data_dir("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    alembic.command.upgrade(config, revision)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_database_in_use_is_brought_up_with_all_it_has(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    url = f"sqlite:///{tmp_path}/old.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    to_revision(url, "0002")
    database = Database(url)
    try:
        with database.write() as session:
            if kind == "postgresql":
                session.execute(text("SET TIME ZONE 'UTC'"))
            for statement in _OLD:
                session.execute(text(statement.replace("BLOB", "bytea") if kind == "postgresql" else statement))
        database.migrate()
        assert differences(database) == []
        with database.read() as session:
            step = session.scalars(select(CallStepRow)).one()
            assert step.started_at == step.call.started_at == dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
            assert step.owner == "employee:anna"
            message = session.scalars(select(MessageRow)).one()
            assert (message.call_id, message.owner_id, bytes(message.audio)) == (1, 1, b"RIFF")
            owner = session.scalars(select(OwnerRow)).one()
            assert (owner.key, owner.version) == ("anna", 1)
            assert session.scalar(text("SELECT settings_version FROM company")) == 1
            assert session.scalar(text("SELECT note FROM blocked_callers")) == ""
        with database.write() as session:
            session.execute(text("DELETE FROM calls"))
            assert session.scalar(text("SELECT count(*) FROM call_steps")) == 0
    finally:
        database.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_busy_on_busy_becomes_one_call_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    url = f"sqlite:///{tmp_path}/old.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    to_revision(url, "0013")
    database = Database(url)
    before = ({"busy_on_busy": True, "do_not_disturb": False, "declining": "all"}, {"busy_on_busy": False}, {})
    employees = sa.table("employees", sa.column("id"), sa.column("role"), sa.column("ringing", sa.JSON))
    owner = (
        "INSERT INTO owners (id, kind, key, name, notify_about, notify_internal, handled_mail)"
        " VALUES (:number, 'employee', :key, 'Anna', 'none', false, false)"
    )
    try:
        with database.write() as session:
            for number, ringing in enumerate(before, 1):
                session.execute(text(owner), {"number": number, "key": f"e{number}"})
                session.execute(sa.insert(employees).values(id=number, role="employee", ringing=ringing))
        database.migrate()
        with database.read() as session:
            found = session.scalars(select(employees.c.ringing).order_by(employees.c.id))
            rings = [document.Ringing.model_validate(ringing) for ringing in found]
        assert rings == [document.Ringing(calls_at_once=1, declining="all"), document.Ringing(), document.Ringing()]
    finally:
        database.close()
