"""Remind speakers who have sent no materials: the rule that new offices start with, for offices that are set up already.

Revision ID: 0023
Revises: 0022
"""

from datetime import time

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

rule = sa.table(
    "reminder_rule",
    *(sa.column(name, sa.String) for name in ("key", "kind", "timing", "audience", "name", "text_key")),
    sa.column("days", sa.Integer),
    sa.column("at", sa.Time),
    sa.column("enabled", sa.Boolean),
)


def upgrade():
    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT count(*) FROM office")):
        op.execute(
            sa.insert(rule).values(
                key="materials", kind="reminder", timing="before_start", audience="no_materials", name="", text_key="",
                days=5, at=time(8), enabled=True,
            )
        )  # fmt: skip


def downgrade():
    op.execute("DELETE FROM reminder WHERE audience = 'no_materials' AND state IN ('scheduled', 'cancelled', 'missed')")
    op.execute("UPDATE reminder SET audience = 'coming' WHERE audience = 'no_materials'")
    op.execute("DELETE FROM reminder_rule WHERE audience = 'no_materials'")
