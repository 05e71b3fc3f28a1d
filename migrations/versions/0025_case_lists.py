"""Cases: what is done is found by whose it is, and by who was on it"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("cases_of_owner", "cases", ["owner_id", "closed_at"])
    op.create_index("cases_of_claimer", "cases", ["claimed_by", "closed_at"])
    op.drop_index("ix_cases_owner_id", "cases")
