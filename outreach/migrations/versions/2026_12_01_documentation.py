"""Photos of an activity, its press text, and who sees them.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "documentation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=24), nullable=False),
        sa.Column("public_key", sa.String(length=24), nullable=False),
        sa.Column("press_title", sa.String(length=200), nullable=False),
        sa.Column("press_text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_documentation_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documentation")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_documentation_activity_id")),
        sa.UniqueConstraint("public_key", name=op.f("uq_documentation_public_key")),
    )
    op.create_table(
        "activity_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(length=200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("thumbnail_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_activity_photo_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_activity_photo_file_id_stored_file")),
        sa.ForeignKeyConstraint(
            ["thumbnail_id"], ["stored_file.id"], name=op.f("fk_activity_photo_thumbnail_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_photo")),
        sa.UniqueConstraint("file_id", name=op.f("uq_activity_photo_file_id")),
        sa.UniqueConstraint("thumbnail_id", name=op.f("uq_activity_photo_thumbnail_id")),
    )
    op.create_index(op.f("ix_activity_photo_activity_id"), "activity_photo", ["activity_id"])


def downgrade():
    connection = op.get_bind()
    files = connection.scalars(
        sa.text("SELECT file_id FROM activity_photo UNION SELECT thumbnail_id FROM activity_photo")
    ).all()
    for table in ("activity_photo", "documentation"):
        op.drop_table(table)
    stored_file = sa.table("stored_file", sa.column("id", sa.Integer))
    op.execute(sa.delete(stored_file).where(stored_file.c.id.in_(files)))
