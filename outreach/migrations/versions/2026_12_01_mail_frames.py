"""Store once what the sent mails of one frame share.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mail_frame",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_frame")),
    )
    op.add_column("sent_mail", sa.Column("frame_key", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_sent_mail_frame_key"), "sent_mail", ["frame_key"])


def downgrade():
    # A mail that needs its frame could not be read any more.
    op.execute("DELETE FROM sent_mail WHERE frame_key IS NOT NULL")
    op.drop_index(op.f("ix_sent_mail_frame_key"), table_name="sent_mail")
    op.drop_column("sent_mail", "frame_key")
    op.drop_table("mail_frame")
