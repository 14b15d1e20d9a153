"""What a calendar answered, whether a mail's invitation is a guess, and why no mail arrives at an address.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    # Not in a batch: SQLite would create these tables again.
    op.add_column("incoming_mail", sa.Column("participation", sa.String(length=24), nullable=True))
    op.add_column("incoming_mail", sa.Column("guessed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("address_failure", sa.Column("fault", sa.String(length=24), nullable=True))


def downgrade():
    op.drop_column("address_failure", "fault")
    op.drop_column("incoming_mail", "guessed")
    op.drop_column("incoming_mail", "participation")
