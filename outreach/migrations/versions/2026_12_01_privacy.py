"""What people ask about their data, the mails about it, the office's texts on privacy, and consents.

Revision ID: 0057
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

from outreach.models.base import UTCDateTime

revision = "0057"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "privacy_text",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text_id", sa.Text, nullable=False),
        sa.Column("text_en", sa.Text, nullable=False),
        sa.Column("made_at", UTCDateTime, nullable=False),
        sa.Column("made_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_privacy_text_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_text")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_privacy_text_kind_number")),
    )
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Integer, nullable=True),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("way", sa.String(24), nullable=False),
        sa.Column("received_at", UTCDateTime, nullable=False),
        sa.Column("wanted", sa.JSON, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("nonce", sa.String(24), nullable=False),
        sa.Column("confirmed_at", UTCDateTime, nullable=True),
        sa.Column("warned_at", UTCDateTime, nullable=True),
        sa.Column("overdue_told_at", UTCDateTime, nullable=True),
        sa.Column("entered_by_id", sa.Integer, nullable=True),
        sa.Column("outcome", sa.String(24), nullable=True),
        sa.Column("done_at", UTCDateTime, nullable=True),
        sa.Column("done_by_id", sa.Integer, nullable=True),
        sa.Column("what_done", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_data_request_person_id_person"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["entered_by_id"], ["user.id"], name=op.f("fk_data_request_entered_by_id_user")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user.id"], name=op.f("fk_data_request_done_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("nonce", name=op.f("uq_data_request_nonce")),
    )
    op.create_index(op.f("ix_data_request_person_id"), "data_request", ["person_id"])
    op.create_index(op.f("ix_data_request_done_at"), "data_request", ["done_at"])
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "ix_data_request_open", "data_request", ["received_at"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "privacy_mail",
        sa.Column("message_id", sa.Integer, nullable=False),
        sa.Column("request_id", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_privacy_mail_message_id_message"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["data_request.id"], name=op.f("fk_privacy_mail_request_id_data_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_privacy_mail")),
    )
    op.create_index(op.f("ix_privacy_mail_request_id"), "privacy_mail", ["request_id"])
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Integer, nullable=False),
        sa.Column("text_number", sa.Integer, nullable=False),
        sa.Column("given_on", sa.Date, nullable=False),
        sa.Column("way", sa.String(24), nullable=False),
        sa.Column("given_by", sa.String(160), nullable=False),
        sa.Column("recorded_at", UTCDateTime, nullable=False),
        sa.Column("recorded_by_id", sa.Integer, nullable=True),
        sa.Column("withdrawn_at", UTCDateTime, nullable=True),
        sa.Column("withdrawn_by_id", sa.Integer, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_consent_recorded_by_id_user")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["user.id"], name=op.f("fk_consent_withdrawn_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"])


def downgrade():
    for table in ("consent", "privacy_mail", "data_request", "privacy_text"):
        op.drop_table(table)
