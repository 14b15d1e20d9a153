"""Speakers' files, topics, biographies and photos; until when they are wanted, and since when attendees see them.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "material",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_material_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_material_person_id_person")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_material_file_id_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
        sa.UniqueConstraint("file_id", name=op.f("uq_material_file_id")),
    )
    op.create_index("ix_material_activity_person", "material", ["activity_id", "person_id"])
    op.create_index(op.f("ix_material_person_id"), "material", ["person_id"])
    op.create_table(
        "proposed_topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=300), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_proposed_topic_activity_id_activity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_proposed_topic_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_topic")),
        sa.UniqueConstraint("activity_id", "person_id", name=op.f("uq_proposed_topic_activity_id_person_id")),
    )
    op.create_index(op.f("ix_proposed_topic_person_id"), "proposed_topic", ["person_id"])
    op.create_table(
        "speaker_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("biography", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_speaker_profile_person_id_person")),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["stored_file.id"], name=op.f("fk_speaker_profile_photo_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speaker_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_speaker_profile_person_id")),
        sa.UniqueConstraint("photo_id", name=op.f("uq_speaker_profile_photo_id")),
    )
    op.add_column("activity", sa.Column("materials_days", sa.Integer(), nullable=True))
    op.add_column("activity", sa.Column("materials_published_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("office", sa.Column("materials_days", sa.Integer(), nullable=False, server_default="3"))


def downgrade():
    op.drop_column("office", "materials_days")
    op.drop_column("activity", "materials_published_at")
    op.drop_column("activity", "materials_days")
    connection = op.get_bind()
    files = connection.scalars(
        sa.text("SELECT file_id FROM material UNION SELECT photo_id FROM speaker_profile WHERE photo_id IS NOT NULL")
    ).all()
    for table in ("speaker_profile", "proposed_topic", "material"):
        op.drop_table(table)
    stored_file = sa.table("stored_file", sa.column("id", sa.Integer))
    op.execute(sa.delete(stored_file).where(stored_file.c.id.in_(files)))
