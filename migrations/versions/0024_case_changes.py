"""Cases: who is on them, how they ended, and every change"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_WAITING = sa.text("state <> 'closed'")


def upgrade():
    op.add_column("company", sa.Column("cases", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("cases", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("claimed_by", sa.Integer(), nullable=True))
        table.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key("cases_claimed_by", "employees", ["claimed_by"], ["id"], ondelete="SET NULL")
    waiting = {"sqlite_where": _WAITING, "postgresql_where": _WAITING}
    op.create_index("cases_waiting", "cases", ["opened_at", "owner_id"], **waiting)
    op.create_index("cases_of_caller", "cases", ["caller_key"], **waiting)
    op.create_index("cases_closed", "cases", ["closed_at", "owner_id"])
    op.create_table(
        "case_changes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("employee_id", sa.Integer(), sa.ForeignKey("employees.id", ondelete="SET NULL"), nullable=True),
        sa.Column("call_id", sa.Integer(), sa.ForeignKey("calls.id", ondelete="SET NULL"), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
    )
    op.create_index("ix_case_changes_case_id", "case_changes", ["case_id"])
    op.create_index("one_change", "case_changes", ["case_id", "call_id"], unique=True)
