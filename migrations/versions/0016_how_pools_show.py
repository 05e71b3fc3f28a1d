"""Pools: their name on displays, their ring; mails: a salutation; numbers: what is mailed of their calls"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("owners", sa.Column("notify_salutation", sa.String(), nullable=False, server_default=""))
    op.add_column("pools", sa.Column("show_name", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("pools", sa.Column("short_name", sa.String(), nullable=True))
    op.add_column("pools", sa.Column("alert", sa.String(), nullable=True))
    op.add_column("pools", sa.Column("internal_alert", sa.String(), nullable=True))
    op.add_column("numbers", sa.Column("notify", sa.JSON(), nullable=True))
