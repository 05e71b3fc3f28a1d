"""Pools: where calls go that nobody took"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("pools", sa.Column("next", sa.JSON(), nullable=False, server_default="{}"))
