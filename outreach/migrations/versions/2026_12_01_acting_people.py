"""Who comes in whose place is a chain of people; today's single representative becomes its first link.

Revision ID: 0020
Revises: 0019
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AT_ONCE = 500
PARTS = {"name": 160, "post": 160, "phone": 20, "email": 254}

invitation = sa.table(
    "invitation",
    sa.column("id", sa.Integer),
    sa.column("answered_at", sa.DateTime(timezone=True)),
    sa.column("answer_source", sa.String),
    sa.column("answer_recorded_by_id", sa.Integer),
    *(sa.column(f"representative_{part}", sa.String) for part in PARTS),
)
acting_person = sa.table(
    "acting_person",
    *(sa.column(name, sa.Integer) for name in ("invitation_id", "position", "named_by_user_id")),
    sa.column("acting", sa.Boolean),
    sa.column("named_at", sa.DateTime(timezone=True)),
    *(sa.column(name, sa.String) for name in (*PARTS, "rank", "nonce", "named_by", "source")),
)


def upgrade():
    op.create_table(
        "acting_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("acting", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("post", sa.String(160), nullable=False),
        sa.Column("rank", sa.String(80), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("nonce", sa.String(24), nullable=False),
        sa.Column("named_by", sa.String(24), nullable=False),
        sa.Column("named_by_user_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(24), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(24), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 2", name=op.f("ck_acting_person_one_or_two")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"],
            name=op.f("fk_acting_person_invitation_id_invitation"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["named_by_user_id"], ["user.id"], name=op.f("fk_acting_person_named_by_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acting_person")),
        sa.UniqueConstraint("nonce", name=op.f("uq_acting_person_nonce")),
    )
    op.create_index(op.f("ix_acting_person_invitation_id"), "acting_person", ["invitation_id"])
    op.create_index(op.f("ix_acting_person_email"), "acting_person", [sa.text("lower(email)")])
    op.create_index(
        "uq_acting_person_acting", "acting_person", ["invitation_id"], unique=True,
        sqlite_where=sa.text("acting = 1"), postgresql_where=sa.text("acting"),
    )
    op.add_column(
        "invitation", sa.Column("notices_wanted", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    _first_links(op.get_bind())
    for part in PARTS:
        op.drop_column("invitation", f"representative_{part}")


def _first_links(connection):
    found = connection.execute(
        sa.select(invitation).where(invitation.c.representative_name != "").order_by(invitation.c.id)
    ).all()
    for start in range(0, len(found), AT_ONCE):
        rows = [
            {
                "invitation_id": row.id,
                "position": 1,
                "acting": True,
                **{part: getattr(row, f"representative_{part}") for part in PARTS},
                "rank": "",
                "nonce": secrets.token_urlsafe(12),
                "named_by": "staff" if row.answer_recorded_by_id else "invitee",
                "named_by_user_id": row.answer_recorded_by_id,
                "source": row.answer_source,
                "named_at": row.answered_at,
            }
            for row in found[start : start + AT_ONCE]
        ]
        connection.execute(sa.insert(acting_person), rows)


def downgrade():
    for part, length in PARTS.items():
        op.add_column(
            "invitation", sa.Column(f"representative_{part}", sa.String(length), nullable=False, server_default="")
        )
        op.execute(
            f"UPDATE invitation SET representative_{part} ="  # noqa: S608
            f" (SELECT {part} FROM acting_person WHERE invitation_id = invitation.id AND acting)"
            " WHERE EXISTS (SELECT 1 FROM acting_person WHERE invitation_id = invitation.id AND acting)"
        )
    op.drop_column("invitation", "notices_wanted")
    op.drop_table("acting_person")
