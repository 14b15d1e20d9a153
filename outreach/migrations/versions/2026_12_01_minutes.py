"""Minutes of activities, and their follow-ups.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def _moment(name, *, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _to(table, column, other, **options):
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), **options
    )


def upgrade():
    op.add_column(
        "office", sa.Column("follow_up_days", sa.String(length=20), nullable=False, server_default="7, 1")
    )
    with op.batch_alter_table("office") as office:
        office.alter_column("follow_up_days", server_default=None)
    op.create_table(
        "minutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("chair_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=24), nullable=False),
        _moment("changed_at", nullable=False),
        _moment("asked_at"),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        _moment("approved_at"),
        _moment("sent_at"),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _to("minutes", "activity_id", "activity", ondelete="CASCADE"),
        _to("minutes", "chair_id", "person"),
        _to("minutes", "asked_by_id", "user"),
        _to("minutes", "file_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_minutes_activity_id")),
        sa.UniqueConstraint("nonce", name=op.f("uq_minutes_nonce")),
    )
    op.create_index(op.f("ix_minutes_chair_id"), "minutes", ["chair_id"])
    op.create_table(
        "minutes_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("minutes_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        _moment("made_at", nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        _to("minutes_version", "minutes_id", "minutes", ondelete="CASCADE"),
        _to("minutes_version", "made_by_id", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_version")),
        sa.UniqueConstraint("minutes_id", "number", name=op.f("uq_minutes_version_minutes_id_number")),
    )
    op.create_index(op.f("ix_minutes_version_made_by_id"), "minutes_version", ["made_by_id"])
    op.create_table(
        "minutes_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("minutes_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        _moment("said_at", nullable=False),
        sa.Column("nonce", sa.String(length=24), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        _to("minutes_reply", "minutes_id", "minutes", ondelete="CASCADE"),
        _to("minutes_reply", "recorded_by_id", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_reply")),
    )
    for column in ("minutes_id", "said_at", "nonce"):
        op.create_index(op.f(f"ix_minutes_reply_{column}"), "minutes_reply", [column])
    op.create_table(
        "follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("minutes_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        _moment("settled_at"),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (organisation_id IS NULL)", name=op.f("ck_follow_up_one_owner")
        ),
        _to("follow_up", "minutes_id", "minutes", ondelete="CASCADE"),
        _to("follow_up", "person_id", "person"),
        _to("follow_up", "organisation_id", "organisation"),
        _to("follow_up", "settled_by_id", "user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("nonce", name=op.f("uq_follow_up_nonce")),
    )
    for column in ("minutes_id", "person_id", "organisation_id"):
        op.create_index(op.f(f"ix_follow_up_{column}"), "follow_up", [column])
    is_open = sa.text("state = 'open'")
    op.create_index("ix_follow_up_open", "follow_up", ["due_on"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_table(
        "follow_up_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follow_up_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        _to("follow_up_line", "follow_up_id", "follow_up", ondelete="CASCADE"),
        _to("follow_up_line", "message_id", "message", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_line")),
        sa.UniqueConstraint("follow_up_id", "due_on", "lead", name=op.f("uq_follow_up_line_follow_up_id_due_on_lead")),
    )
    op.create_index(op.f("ix_follow_up_line_message_id"), "follow_up_line", ["message_id"])
    op.create_table(
        "minutes_mail",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("minutes_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        _to("minutes_mail", "message_id", "message", ondelete="CASCADE"),
        _to("minutes_mail", "minutes_id", "minutes", ondelete="CASCADE"),
        _to("minutes_mail", "invitation_id", "invitation", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_minutes_mail")),
    )
    op.create_index(op.f("ix_minutes_mail_minutes_id"), "minutes_mail", ["minutes_id"])
    op.create_index(op.f("ix_minutes_mail_invitation_id"), "minutes_mail", ["invitation_id"])


def downgrade():
    for table in ("minutes_mail", "follow_up_line", "follow_up", "minutes_reply", "minutes_version", "minutes"):
        op.drop_table(table)
    op.drop_column("office", "follow_up_days")
