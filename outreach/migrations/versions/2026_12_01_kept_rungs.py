"""What became of a former holder's ladder: it goes on if the post comes back to them before anybody else was invited.

Revision ID: 0053
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("former_holder", sa.Column("rungs", sa.JSON(), nullable=False, server_default="[]"))


def downgrade():
    op.drop_column("former_holder", "rungs")
