"""What acting people send as speakers: who sent a file or proposed a topic, and their biography and photo.

Revision ID: 0031
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

SENDERS = (("material", "sent_by_id"), ("proposed_topic", "proposed_by_id"))


def upgrade():
    op.create_table(
        "acting_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acting_id", sa.Integer(), nullable=False),
        sa.Column("biography", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["acting_id"], ["acting_person.id"], name=op.f("fk_acting_profile_acting_id_acting_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["stored_file.id"], name=op.f("fk_acting_profile_photo_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acting_profile")),
        sa.UniqueConstraint("acting_id", name=op.f("uq_acting_profile_acting_id")),
        sa.UniqueConstraint("photo_id", name=op.f("uq_acting_profile_photo_id")),
    )
    for table, column in SENDERS:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column, sa.Integer(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_{table}_{column}_acting_person"), "acting_person", [column], ["id"], ondelete="SET NULL"
            )
            batch.create_index(op.f(f"ix_{table}_{column}"), [column])


def downgrade():
    for table, column in SENDERS:
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f"ix_{table}_{column}"))
            batch.drop_constraint(op.f(f"fk_{table}_{column}_acting_person"), type_="foreignkey")
            batch.drop_column(column)
    photos = op.get_bind().scalars(sa.text("SELECT photo_id FROM acting_profile WHERE photo_id IS NOT NULL")).all()
    op.drop_table("acting_profile")
    stored_file = sa.table("stored_file", sa.column("id", sa.Integer))
    op.execute(sa.delete(stored_file).where(stored_file.c.id.in_(photos)))
