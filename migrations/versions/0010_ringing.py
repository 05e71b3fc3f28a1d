"""How the phones of an employee ring, and where calls go that they do not take"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("employees", sa.Column("ringing", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("employees", sa.Column("forwarding", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("devices", sa.Column("ring_delay", sa.Integer(), nullable=False, server_default="0"))
