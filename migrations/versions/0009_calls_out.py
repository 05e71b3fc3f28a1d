"""Calls out: limits of the company, destinations of employees, and how trunks want numbers"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("company", sa.Column("outside_line", sa.String(), nullable=False, server_default=""))
    op.add_column("company", sa.Column("limits", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("company", sa.Column("transfer_returns", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("company", sa.Column("pickup", sa.String(), nullable=False, server_default="pools"))
    op.add_column("trunks", sa.Column("outgoing", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("trunks", sa.Column("number_format", sa.String(), nullable=False, server_default="e164"))
    op.add_column("trunks", sa.Column("identity", sa.String(), nullable=False, server_default="asserted"))
    op.add_column("employees", sa.Column("destinations", sa.JSON(), nullable=True))
