"""Feedback after an activity: its questions, who has answered, answers that wait, and apart from them counts and remarks.

Revision ID: 0042
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0038"
branch_labels = None
depends_on = None


def _of_activity(table: str, *, key: bool = False, nullable: bool = False) -> tuple:
    return (
        sa.Column("activity_id", sa.Integer(), autoincrement=False if key else "auto", nullable=nullable),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f(f"fk_{table}_activity_id_activity"), ondelete="CASCADE"
        ),
    )


def upgrade():
    op.create_table(
        "feedback_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_activity("feedback_questions", nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.String(length=200), nullable=False)
            for name in ("first", "second", "third", "remark")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_questions")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_feedback_questions_activity_id")),
    )
    op.create_table(
        "feedback_given",
        sa.Column("invitation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitation.id"],
            name=op.f("fk_feedback_given_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_feedback_given")),
    )
    op.create_table(
        "feedback_sealed",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_of_activity("feedback_sealed"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_sealed")),
    )
    op.create_index(op.f("ix_feedback_sealed_activity_id"), "feedback_sealed", ["activity_id"])
    op.create_table(
        "feedback_tally",
        *_of_activity("feedback_tally", key=True),
        sa.Column("question", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("activity_id", "question", "value", name=op.f("pk_feedback_tally")),
    )
    op.create_table(
        "feedback_remark",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_of_activity("feedback_remark"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_remark")),
    )
    op.create_index(op.f("ix_feedback_remark_activity_id"), "feedback_remark", ["activity_id"])


def downgrade():
    for table in ("feedback_remark", "feedback_tally", "feedback_sealed", "feedback_given", "feedback_questions"):
        op.drop_table(table)
