"""What an invitee's last answer by link replaced, so that it can be undone.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "answer_before",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["link.id"], name=op.f("fk_answer_before_link_id_link"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_before")),
        sa.UniqueConstraint("link_id", name=op.f("uq_answer_before_link_id")),
    )
    op.create_index(op.f("ix_answer_before_made_at"), "answer_before", ["made_at"])


def downgrade():
    op.drop_table("answer_before")
