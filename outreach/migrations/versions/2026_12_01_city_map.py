"""The map of the kelurahan that an administrator loaded.

Revision ID: 0058
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "kelurahan_map",
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["loaded_by_id"], ["user.id"], name=op.f("fk_kelurahan_map_loaded_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kelurahan_map")),
    )


def downgrade():
    op.drop_table("kelurahan_map")
