"""Trunks: what they are told of forwarded calls"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("trunks", sa.Column("forwarded_caller", sa.String(), nullable=False, server_default="own"))
    op.add_column("trunks", sa.Column("diversion", sa.String(), nullable=False, server_default="none"))
