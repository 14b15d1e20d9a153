"""Security events: what happened to accounts, and what somebody tried.

Revision ID: 0047
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "security_event",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("network_address", sa.String(length=45), nullable=False),
        sa.Column("browser", sa.String(length=30), nullable=False),
        sa.Column("system", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_security_event_user_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_event")),
    )
    op.create_index(op.f("ix_security_event_at"), "security_event", ["at"])
    op.create_index("ix_security_event_kind_at", "security_event", ["kind", "at"])
    op.create_index("ix_security_event_user_id_at", "security_event", ["user_id", "at"])


def downgrade():
    op.drop_table("security_event")
