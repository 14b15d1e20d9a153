"""Tell those who came uninvited from those who accepted, also where they were recorded before that difference was made.

Revision ID: 0012
Revises: 0011
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AT_ONCE = timedelta(minutes=1)  # an invitation made at the door is answered in the same transaction

audit_entry = sa.table(
    "audit_entry", sa.column("action", sa.String), sa.column("detail", sa.JSON)
)
invitation = sa.table(
    "invitation",
    sa.column("id", sa.Integer),
    sa.column("role", sa.String),
    sa.column("state", sa.String),
    sa.column("answer_source", sa.String),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("answered_at", sa.DateTime(timezone=True)),
)


def upgrade():
    connection = op.get_bind()
    made = connection.scalars(sa.select(audit_entry.c.detail).where(audit_entry.c.action == "activity.walk_in"))
    at_the_door = {detail["invitation"] for detail in made if detail and "invitation" in detail}
    found = connection.execute(
        sa.select(invitation.c.id, invitation.c.created_at, invitation.c.answered_at).where(
            invitation.c.answer_source == "in_person",
            invitation.c.state == "coming",
            invitation.c.role == "participant",
            invitation.c.answered_at.is_not(None),
        )
    )
    uninvited = [
        one.id for one in found if one.id in at_the_door and abs(one.answered_at - one.created_at) <= AT_ONCE
    ]
    for start in range(0, len(uninvited), 500):
        op.execute(
            sa.update(invitation)
            .where(invitation.c.id.in_(uninvited[start : start + 500]))
            .values(answer_source="walk_in")
        )


def downgrade():
    op.execute(sa.update(invitation).where(invitation.c.answer_source == "walk_in").values(answer_source="in_person"))
