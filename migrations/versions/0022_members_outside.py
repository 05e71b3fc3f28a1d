"""Pools: members are rung outside, too"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("pools", sa.Column("members_outside", sa.Boolean(), nullable=False, server_default=sa.false()))
