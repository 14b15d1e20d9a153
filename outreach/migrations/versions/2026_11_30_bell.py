"""The bell: what each account has seen, and since when each clash is in the plan.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "bell_seen",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_bell_seen_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_bell_seen")),
    )
    op.create_table(
        "noticed_clash",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("other_activity_id", sa.Integer(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_noticed_clash_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_activity_id"], ["activity.id"],
            name=op.f("fk_noticed_clash_other_activity_id_activity"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_noticed_clash")),
    )  # fmt: skip
    op.create_index("ix_noticed_clash_first_at", "noticed_clash", ["first_at"])
    op.create_index(op.f("ix_noticed_clash_activity_id"), "noticed_clash", ["activity_id"])
    op.create_index(op.f("ix_noticed_clash_other_activity_id"), "noticed_clash", ["other_activity_id"])
    op.create_table(
        "bell_digest",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_bell_digest_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_bell_digest")),
    )
    for table in ("message", "archived_message"):
        op.add_column(table, sa.Column("user_id", sa.Integer(), nullable=True))
    op.add_column("user", sa.Column("wants_digest", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("user", sa.Column("digested_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("office") as office:
        office.add_column(sa.Column("clashes_noticed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    with op.batch_alter_table("office") as office:
        office.drop_column("clashes_noticed_at")
    for column in ("digested_at", "wants_digest"):
        op.drop_column("user", column)
    for table in ("archived_message", "message"):
        op.drop_column(table, "user_id")
    op.drop_table("bell_digest")
    op.drop_table("noticed_clash")
    op.drop_table("bell_seen")
