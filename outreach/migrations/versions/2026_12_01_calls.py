"""Calls to invitees: the log, who calls whom, questions, wrong numbers.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ONE_CALLEE = "(person_id IS NULL) <> (organisation_id IS NULL)"


def upgrade():
    op.create_table(
        "call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("caller_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(300), nullable=False),
        sa.CheckConstraint(ONE_CALLEE, name=op.f("ck_call_one_callee")),
        sa.ForeignKeyConstraint(["caller_id"], ["user.id"], name=op.f("fk_call_caller_id_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_call_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_call_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )  # fmt: skip
    for column in ("person_id", "organisation_id", "caller_id", "ended_at"):
        op.create_index(op.f(f"ix_call_{column}"), "call", [column])
    op.create_table(
        "call_invitation",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["call.id"], name=op.f("fk_call_invitation_call_id_call"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_call_invitation_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call_id", "invitation_id", name=op.f("pk_call_invitation")),
    )  # fmt: skip
    op.create_index(op.f("ix_call_invitation_invitation_id"), "call_invitation", ["invitation_id"])
    op.create_table(
        "call_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("caller_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(ONE_CALLEE, name=op.f("ck_call_claim_one_callee")),
        sa.ForeignKeyConstraint(["caller_id"], ["user.id"], name=op.f("fk_call_claim_caller_id_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_call_claim_organisation_id_organisation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_call_claim_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_claim")),
        sa.UniqueConstraint("person_id", name=op.f("uq_call_claim_person_id")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_call_claim_organisation_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_call_claim_caller_id"), "call_claim", ["caller_id"])
    op.create_table(
        "call_question",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["call.id"], name=op.f("fk_call_question_call_id_call"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["settled_by_id"], ["user.id"], name=op.f("fk_call_question_settled_by_id_user")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_question")),
    )
    op.create_table(
        "wrong_number",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["found_by_id"], ["user.id"], name=op.f("fk_wrong_number_found_by_id_user")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_wrong_number")),
    )


def downgrade():
    op.drop_table("wrong_number")
    op.drop_table("call_question")
    op.drop_table("call_claim")
    op.drop_table("call_invitation")
    op.drop_table("call")
