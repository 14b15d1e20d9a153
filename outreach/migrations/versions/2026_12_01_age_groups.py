"""The age group of a person.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("person", sa.Column("age_group", sa.String(24), nullable=True))


def downgrade():
    op.drop_column("person", "age_group")
