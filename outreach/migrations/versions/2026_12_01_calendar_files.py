"""Keep a calendar file that came by link until an engine has read it.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "calendar_file",
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["absence_calendar.id"],
            name=op.f("fk_calendar_file_calendar_id_absence_calendar"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("calendar_id", name=op.f("pk_calendar_file")),
    )


def downgrade():
    # Nothing would ever read these files: their calendars go with them.
    op.execute("DELETE FROM absence_calendar WHERE id IN (SELECT calendar_id FROM calendar_file)")
    op.drop_table("calendar_file")
