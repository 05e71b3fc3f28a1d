"""Searches in all calls read their index alone; the number of a message that is gone is not given to another"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("calls_listed", table_name="calls")
    op.drop_index("calls_named", table_name="calls")
    op.create_index(
        "calls_listed", "calls", ["started_at", "id", "direction", "outcome", "caller", "number"], unique=False
    )
    named = sa.text("caller_name <> ''")
    op.create_index(
        "calls_named",
        "calls",
        ["started_at", "id", "caller_name"],
        unique=False,
        sqlite_where=named,
        postgresql_where=named,
    )
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("messages", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
