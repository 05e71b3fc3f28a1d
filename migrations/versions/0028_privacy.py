"""Privacy: what each role sees of others' calls and of who handled them"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("company", sa.Column("privacy", sa.JSON(), nullable=False, server_default="{}"))
