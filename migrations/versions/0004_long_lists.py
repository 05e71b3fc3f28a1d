"""What makes long lists of calls and messages fast: an index that has all they filter by, in their order"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_index("ix_calls_started_at", table_name="calls")
    op.create_index("calls_listed", "calls", ["started_at", "direction", "outcome", "caller", "number"], unique=False)
    named = sa.text("caller_name <> ''")
    op.create_index(
        "calls_named",
        "calls",
        ["started_at", "caller_name"],
        unique=False,
        sqlite_where=named,
        postgresql_where=named,
    )
    op.add_column("call_steps", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE call_steps SET started_at = (SELECT calls.started_at FROM calls WHERE calls.id = call_steps.call_id)"
    )
    with op.batch_alter_table("call_steps") as table:
        table.alter_column("started_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index("steps_of_owner", "call_steps", ["owner", "started_at", "call_id"], unique=False)
    op.create_index("messages_listed", "messages", ["recorded_at", "heard_at", "owner_id"], unique=False)
    op.create_index("messages_of_owner", "messages", ["owner_id", "recorded_at", "heard_at"], unique=False)
    op.drop_index("ix_messages_owner_id", table_name="messages")
    op.create_index("numbers_by_state", "numbers", ["state", "owner_id", "e164"], unique=False)
