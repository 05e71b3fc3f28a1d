"""Pools: hours, and the switch that opens and closes them by hand"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("pools") as pools:
        pools.add_column(sa.Column("hours_id", sa.Integer(), nullable=True))
        pools.add_column(sa.Column("hours_rules", sa.JSON(none_as_null=True), nullable=True))
        pools.add_column(sa.Column("switch", sa.String(), nullable=False, server_default="scheduled"))
        pools.add_column(sa.Column("switch_until", sa.DateTime(timezone=True), nullable=True))
        pools.create_foreign_key("pools_hours", "schedules", ["hours_id"], ["id"])
