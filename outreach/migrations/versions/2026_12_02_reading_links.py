"""Links by which a post reads reports without an account, until a day.

Revision ID: 0056
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "reading_link",
        sa.Column("for_post", sa.String(length=120), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_reading_link_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_link")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_reading_link_code_hash")),
    )


def downgrade():
    op.drop_table("reading_link")
