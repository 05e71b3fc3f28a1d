"""Alembic's environment: runs the migrations of one database in one transaction."""

from alembic import context

from callrouter.directory import accounts, audit, contact_rows, records, tokens  # noqa: F401 (their tables)
from callrouter.directory.database import open_engine
from callrouter.directory.models import Base

engine = open_engine(context.config.get_main_option("sqlalchemy.url"))
on_sqlite = engine.dialect.name == "sqlite"
try:
    with engine.connect() as connection:
        if on_sqlite:
            # Batch migrations copy and drop tables: with foreign keys on, the drop would delete what refers to them.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=on_sqlite, transactional_ddl=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
finally:
    engine.dispose()
