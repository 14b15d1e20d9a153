"""Find organisations by their phone number: wrong numbers are counted on many pages.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(op.f("ix_organisation_phone"), "organisation", ["phone"])


def downgrade():
    op.drop_index(op.f("ix_organisation_phone"), table_name="organisation")
