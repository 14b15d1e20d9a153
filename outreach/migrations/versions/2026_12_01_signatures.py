"""Signed letters as they came back, the office's root certificates, and activities whose mails wait for the letter.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "returned_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_returned_file_letter_id_letter"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_returned_file_file_id_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_file")),
        sa.UniqueConstraint("letter_id", "file_id", name=op.f("uq_returned_file_letter_id_file_id")),
    )
    op.create_index(op.f("ix_returned_file_file_id"), "returned_file", ["file_id"])
    op.create_table(
        "trusted_root",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["user.id"], name=op.f("fk_trusted_root_added_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_root")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_trusted_root_fingerprint")),
    )
    op.add_column("activity", sa.Column("letter_first", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    op.drop_column("activity", "letter_first")
    for table in ("trusted_root", "returned_file"):
        op.drop_table(table)
