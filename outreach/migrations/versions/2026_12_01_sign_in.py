"""First passwords that end, codes taken once, recovery codes, new passwords by mail, and mails to accounts.

Revision ID: 0048
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("user", sa.Column("password_ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user", sa.Column("tf_last_counter", sa.BigInteger(), nullable=True))
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )
    op.create_table(
        "password_reset",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=16), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_password_reset_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("nonce", name=op.f("uq_password_reset_nonce")),
    )
    op.create_index(op.f("ix_password_reset_user_id"), "password_reset", ["user_id"])
    op.create_table(
        "account_mail",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("news", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_account_mail_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_account_mail")),
    )


def downgrade():
    for table in ("account_mail", "password_reset", "recovery_code"):
        op.drop_table(table)
    for column in ("tf_last_counter", "password_ends_at"):
        op.drop_column("user", column)
