"""Pools: callers wait for a free member; cases: the caller has asked to be called back"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("pools", sa.Column("waiting", sa.JSON(), nullable=True))
    op.add_column("cases", sa.Column("call_back", sa.Boolean(), nullable=False, server_default=sa.false()))
