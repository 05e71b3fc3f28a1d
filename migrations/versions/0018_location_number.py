"""The company: the number shown on emergency calls"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("company", sa.Column("location_number", sa.String(), nullable=True))
