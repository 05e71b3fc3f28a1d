"""Calls: by which legs they hang together, after transfers"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "call_links",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("call_id", sa.Integer(), sa.ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
    )
    op.create_index("one_link", "call_links", ["call_id", "leg"], unique=True)
    op.create_index("links_of_leg", "call_links", ["leg"])
