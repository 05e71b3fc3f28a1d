"""Each part of a call tells which phones were to ring, and how each ended"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("call_steps", sa.Column("legs", sa.JSON(), nullable=False, server_default="[]"))
