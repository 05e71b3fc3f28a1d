"""Each call keeps the reasons of what was done with it"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("calls", sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]"))
