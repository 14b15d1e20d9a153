"""What staff were given as evidence of an answer, and what an answer that they recorded replaced.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "answer_evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_answer_evidence_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_answer_evidence_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_evidence")),
    )
    op.create_index(op.f("ix_answer_evidence_invitation_id"), "answer_evidence", ["invitation_id"])
    op.create_index(op.f("ix_answer_evidence_file_id"), "answer_evidence", ["file_id"])
    op.create_table(
        "recorded_before",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_recorded_before_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_before")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_recorded_before_invitation_id")),
    )
    op.create_index(op.f("ix_recorded_before_made_at"), "recorded_before", ["made_at"])


def downgrade():
    op.drop_table("recorded_before")
    files = op.get_bind().scalars(sa.text("SELECT DISTINCT file_id FROM answer_evidence")).all()
    op.drop_table("answer_evidence")
    stored_file = sa.table("stored_file", sa.column("id", sa.Integer))
    op.execute(sa.delete(stored_file).where(stored_file.c.id.in_(files)))
