"""After mails in doubt, a channel sends smaller groups for a while.

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
    op.add_column("channel", sa.Column("group_size", sa.Integer(), nullable=True))


def downgrade():
    op.drop_column("channel", "group_size")
