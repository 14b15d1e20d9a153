"""Tags of activities with indicators of Kota Layak Anak, and the office's own lists of these.

Revision ID: 0046
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("activity", sa.Column("indicators", sa.String(length=420), nullable=False, server_default=""))
    op.create_table(
        "indicator_year",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["user.id"], name=op.f("fk_indicator_year_replaced_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_year")),
        sa.UniqueConstraint("year", name=op.f("uq_indicator_year_year")),
    )


def downgrade():
    op.drop_table("indicator_year")
    op.drop_column("activity", "indicators")
