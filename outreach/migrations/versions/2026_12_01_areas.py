"""Roles with areas: where an account's role holds, until which day, and for whom it stands in.

Revision ID: 0049
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0046"
branch_labels = None
depends_on = None

CHECK = "(stands_in_for_id IS NULL) = (stands_in_from IS NULL) AND (stands_in_for_id IS NULL) = (stands_in_until IS NULL)"


def upgrade():
    op.create_table(
        "user_area",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=13), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_user_area_region_code_region")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_user_area_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "region_code", name=op.f("pk_user_area")),
    )
    op.create_index(op.f("ix_user_area_region_code"), "user_area", ["region_code"])
    with op.batch_alter_table("user") as batch:
        batch.add_column(sa.Column("area_only", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("access_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("stands_in_for_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("stands_in_from", sa.Date(), nullable=True))
        batch.add_column(sa.Column("stands_in_until", sa.Date(), nullable=True))
        batch.create_foreign_key("fk_user_stands_in_for_id_user", "user", ["stands_in_for_id"], ["id"])
        batch.create_check_constraint(op.f("ck_user_stands_in_on_days"), CHECK)


def downgrade():
    with op.batch_alter_table("user") as batch:
        batch.drop_constraint(op.f("ck_user_stands_in_on_days"), type_="check")
        batch.drop_constraint("fk_user_stands_in_for_id_user", type_="foreignkey")
        for column in ("stands_in_until", "stands_in_from", "stands_in_for_id", "access_until", "area_only"):
            batch.drop_column(column)
    op.drop_index(op.f("ix_user_area_region_code"), table_name="user_area")
    op.drop_table("user_area")
