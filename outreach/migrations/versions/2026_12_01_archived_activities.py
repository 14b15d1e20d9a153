"""Which activities archived mails about minutes, and about tasks from them, belong to.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "archived_activity",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["archived_message.id"], name=op.f("fk_archived_activity_message_id_archived_message"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_archived_activity_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "activity_id", name=op.f("pk_archived_activity")),
    )  # fmt: skip
    op.create_index(op.f("ix_archived_activity_activity_id"), "archived_activity", ["activity_id"])


def downgrade():
    op.drop_table("archived_activity")
