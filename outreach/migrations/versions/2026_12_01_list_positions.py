"""Names on an office's list have a position, so that a corrected one stays where it was.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invitation", sa.Column("list_position", sa.Integer(), nullable=False, server_default="0"))
    # Until now they were listed in the order of their ids.
    op.execute(
        "UPDATE invitation SET list_position = (SELECT count(*) FROM invitation AS earlier"
        " WHERE earlier.nominated_under_id = invitation.nominated_under_id AND earlier.id < invitation.id)"
        " WHERE nominated_under_id IS NOT NULL"
    )


def downgrade():
    op.drop_column("invitation", "list_position")
