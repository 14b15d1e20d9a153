"""How long the office keeps what, how much was erased when, and the marks of erased people.

Revision ID: 0050
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

from outreach.models.base import UTCDateTime

revision = "0050"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "retention_period",
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("changed_at", UTCDateTime, nullable=False),
        sa.Column("changed_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_retention_period_changed_by_id_user")),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_retention_period")),
    )
    op.create_table(
        "erased_count",
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("store", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("on", "store", name=op.f("pk_erased_count")),
    )
    op.create_table(
        "erased_mark",
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_erased_mark")),
    )


def downgrade():
    for table in ("erased_mark", "erased_count", "retention_period"):
        op.drop_table(table)
