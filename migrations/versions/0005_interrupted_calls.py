"""Calls that a fault interrupted are few and looked for among all: an index of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    interrupted = sa.text("interrupted")
    op.create_index(
        "calls_interrupted",
        "calls",
        ["started_at"],
        unique=False,
        sqlite_where=interrupted,
        postgresql_where=interrupted,
    )
