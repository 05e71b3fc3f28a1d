"""Cases: who is told of callers who wait too long; how long data is kept, and what its deletion looks things up by"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("company", sa.Column("retention", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("owners", sa.Column("notify_escalate_to", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "digests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("recipient", sa.String(), nullable=False, unique=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_case_changes_call_id", "case_changes", ["call_id"])
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.create_index("outbox_by_age", "outbox", ["created_at"])
