"""Pools: who may show their numbers outside; calls: the number shown"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Who shows a pool's number without being in the pool goes on doing so.
_STRANGERS = """
    UPDATE pools SET may_show = 'everybody' WHERE id IN (
        SELECT numbers.owner_id FROM numbers JOIN employees ON employees.outgoing_number = numbers.e164
        WHERE NOT EXISTS (SELECT 1 FROM pool_members
            WHERE pool_members.pool_id = numbers.owner_id AND pool_members.employee_id = employees.id)
    )
"""


def upgrade():
    op.add_column("pools", sa.Column("may_show", sa.String(), nullable=False, server_default="members"))
    op.execute(_STRANGERS)
    op.add_column("calls", sa.Column("shown", sa.String(), nullable=True))
