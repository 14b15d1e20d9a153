"""When a link was first used to do something, as far as answers still show it.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# A nominee's answer of the same instant as the nomination is the office's.
OWN_ANSWERS = """
    UPDATE link SET used_at = (
        SELECT MIN(invitation.answered_at) FROM invitation
        WHERE (invitation.person_id = link.person_id OR invitation.organisation_id = link.organisation_id)
            AND invitation.answer_source = 'link' AND invitation.answer_recorded_by_id IS NULL
            AND (invitation.nominated_under_id IS NULL OR invitation.answered_at <> invitation.invited_at)
    ) WHERE purpose = 'answer'
"""
LAST_ANSWERS = """
    UPDATE link SET used_at = (SELECT made_at FROM answer_before WHERE answer_before.link_id = link.id)
    WHERE used_at IS NULL
"""


def upgrade():
    op.add_column("link", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(OWN_ANSWERS)
    op.execute(LAST_ANSWERS)


def downgrade():
    op.drop_column("link", "used_at")
