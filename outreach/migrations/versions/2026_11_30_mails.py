"""Hours for mails, confirming answers, where the helpline is named, and mails as they were sent.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("office", sa.Column("mails_from", sa.Time(), nullable=False, server_default="07:00:00"))
    op.add_column("office", sa.Column("mails_until", sa.Time(), nullable=False, server_default="20:00:00"))
    op.add_column("office", sa.Column("confirms_answers", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("activity", sa.Column("names_helpline", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("person", sa.Column("shares_phone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "sent_mail",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id"),
    )


def downgrade():
    op.drop_table("sent_mail")
    op.drop_column("person", "shares_phone")
    op.drop_column("activity", "names_helpline")
    for name in ("confirms_answers", "mails_until", "mails_from"):
        op.drop_column("office", name)
