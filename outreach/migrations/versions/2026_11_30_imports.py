"""Imports that can be undone for a day; what the columns of known spreadsheets mean

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "import_shape",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_import_shape")),
    )
    op.create_table(
        "person_import",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_person_import_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_import")),
    )
    op.create_index(op.f("ix_person_import_at"), "person_import", ["at"], unique=False)
    op.create_index(op.f("ix_person_import_user_id"), "person_import", ["user_id"], unique=False)
    op.create_table(
        "person_import_line",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=24), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("kept", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["person_import.id"], name=op.f("fk_person_import_line_import_id_person_import"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_import_line_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "person_id", name=op.f("pk_person_import_line")),
    )
    op.create_index(op.f("ix_person_import_line_person_id"), "person_import_line", ["person_id"], unique=False)


def downgrade():
    op.drop_index(op.f("ix_person_import_line_person_id"), table_name="person_import_line")
    op.drop_table("person_import_line")
    op.drop_index(op.f("ix_person_import_user_id"), table_name="person_import")
    op.drop_index(op.f("ix_person_import_at"), table_name="person_import")
    op.drop_table("person_import")
    op.drop_table("import_shape")
