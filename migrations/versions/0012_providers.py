"""Trunks: the provider, the way to it, session timers, digits, registrations and pings"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("trunks", sa.Column("provider", sa.String(), nullable=True))
    op.add_column("trunks", sa.Column("transport", sa.String(), nullable=False, server_default="udp"))
    op.add_column("trunks", sa.Column("outbound_proxy", sa.String(), nullable=True))
    op.add_column("trunks", sa.Column("from_domain", sa.String(), nullable=True))
    op.add_column("trunks", sa.Column("session_timers", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("trunks", sa.Column("dtmf", sa.String(), nullable=False, server_default="rfc2833"))
    op.add_column("trunks", sa.Column("register_seconds", sa.Integer(), nullable=False, server_default="3600"))
    op.add_column("trunks", sa.Column("ping", sa.Integer(), nullable=False, server_default="0"))
