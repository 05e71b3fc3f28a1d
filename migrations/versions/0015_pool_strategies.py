"""Pools: when each member begins to ring, and who is signed in; who of them talked when"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("pool_members", sa.Column("delay", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("pool_members", sa.Column("signed_in", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index("steps_answered", "call_steps", ["device", "started_at"])
