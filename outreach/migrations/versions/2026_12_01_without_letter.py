"""Whose invitation goes out without the signed letter for which the others of its activity wait.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invitation", sa.Column("without_letter", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    op.drop_column("invitation", "without_letter")
