"""The log of the door: devices, scans, people who walked in, the signed list. Attendance recorded before is in the log once.

Revision ID: 0037
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

attendance = sa.table(
    "attendance",
    sa.column("invitation_id", sa.Integer),
    sa.column("present", sa.Boolean),
    sa.column("source", sa.String),
    sa.column("recorded_at", sa.DateTime(timezone=True)),
    sa.column("recorded_by_id", sa.Integer),
    sa.column("in_at", sa.DateTime(timezone=True)),
)
invitation = sa.table("invitation", sa.column("id", sa.Integer), sa.column("activity_id", sa.Integer))
scan = sa.table(
    "scan",
    sa.column("activity_id", sa.Integer),
    sa.column("invitation_id", sa.Integer),
    sa.column("how", sa.String),
    sa.column("outcome", sa.String),
    sa.column("source", sa.String),
    sa.column("code", sa.String),
    sa.column("name", sa.String),
    sa.column("digest", sa.String),
    sa.column("clock_ms", sa.BigInteger),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("received_at", sa.DateTime(timezone=True)),
    sa.column("by_id", sa.Integer),
)


def upgrade():
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_device_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("key", name=op.f("uq_device_key")),
        sa.UniqueConstraint("number", name=op.f("uq_device_number")),
    )
    op.create_index(op.f("ix_device_user_id"), "device", ["user_id"])
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("invitation_id", sa.Integer(), nullable=True),
        sa.Column("acting_id", sa.Integer(), nullable=True),
        sa.Column("how", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_ms", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_scan_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_scan_device_id_device")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_scan_invitation_id_invitation"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["acting_id"], ["acting_person.id"], name=op.f("fk_scan_acting_id_acting_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_scan_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sa.UniqueConstraint("device_id", "number", name=op.f("uq_scan_device_id_number")),
    )
    op.create_index("ix_scan_activity_at", "scan", ["activity_id", "at"])
    for column in ("invitation_id", "acting_id", "by_id"):
        op.create_index(op.f(f"ix_scan_{column}"), "scan", [column])
    op.create_table(
        "walk_in",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_walk_in_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_walk_in_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_walk_in")),
    )
    op.create_index(op.f("ix_walk_in_activity_id"), "walk_in", ["activity_id"])
    op.create_table(
        "signed_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_signed_list_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_signed_list_file_id_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_list")),
        sa.UniqueConstraint("file_id", name=op.f("uq_signed_list_file_id")),
    )
    op.create_index(op.f("ix_signed_list_activity_id"), "signed_list", ["activity_id"])
    op.create_table(
        "signed_line",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_signed_line_invitation_id_invitation"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["read_by_id"], ["user.id"], name=op.f("fk_signed_line_read_by_id_user")),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_signed_line")),
    )
    op.add_column("office", sa.Column("phones_on_lists", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("attendance", sa.Column("in_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attendance", sa.Column("out_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attendance", sa.Column("conflicts", sa.Integer(), nullable=False, server_default="0"))
    _move()


def _move():
    nothing = sa.literal("")
    moved = sa.select(
        invitation.c.activity_id, attendance.c.invitation_id, sa.literal("migrated"),
        sa.case((attendance.c.present, "present"), else_="undone"), attendance.c.source,
        nothing, nothing, nothing, sa.literal(0),
        attendance.c.recorded_at, attendance.c.recorded_at, attendance.c.recorded_by_id,
    ).join_from(attendance, invitation, invitation.c.id == attendance.c.invitation_id)  # fmt: skip
    op.execute(scan.insert().from_select([column.name for column in scan.c], moved))
    op.execute(sa.update(attendance).where(attendance.c.present).values(in_at=attendance.c.recorded_at))


def downgrade():
    for name in ("conflicts", "out_at", "in_at"):
        op.drop_column("attendance", name)
    op.drop_column("office", "phones_on_lists")
    for table in ("signed_line", "signed_list", "walk_in", "scan", "device"):
        op.drop_table(table)
