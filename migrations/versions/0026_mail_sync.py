"""Teams' mailboxes: how far they were looked through, and the marks that our mails had there"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NOT_DONE = sa.text("NOT done")


def upgrade():
    op.create_table(
        "mail_sync",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
    )
    op.create_table(
        "mail_sync_mails",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("mailbox", sa.String(), sa.ForeignKey("mail_sync.name", ondelete="CASCADE"), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), sa.ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
    )
    op.create_index("one_place", "mail_sync_mails", ["mailbox", "place"], unique=True)
    op.create_index("places_of_mail", "mail_sync_mails", ["outbox_id", "mailbox"])
    op.create_index(
        "places_not_done", "mail_sync_mails", ["mailbox"], sqlite_where=_NOT_DONE, postgresql_where=_NOT_DONE
    )
