"""Of an answer by link, from which device it came and what it replaced of another device.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invitation", sa.Column("answer_device", sa.String(24), nullable=False, server_default=""))
    op.add_column("invitation", sa.Column("answer_replaced", sa.JSON(), nullable=True))


def downgrade():
    op.drop_column("invitation", "answer_replaced")
    op.drop_column("invitation", "answer_device")
