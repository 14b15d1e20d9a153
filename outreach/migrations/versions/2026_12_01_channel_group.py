"""After mails in doubt, a channel sends smaller groups for a while.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("channel", sa.Column("group_size", sa.Integer(), nullable=True))


def downgrade():
    op.drop_column("channel", "group_size")
