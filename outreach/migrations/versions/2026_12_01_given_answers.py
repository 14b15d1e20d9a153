"""Each answer of an invitation is kept, with its reason. What is known of earlier answers is taken over.

Revision ID: 0036
Revises: 0037
"""

import json
from collections import defaultdict
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0037"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
ANSWERS = ("coming", "not_coming", "represented", "waitlisted")
AUDITED = {
    "invitation.answer_recorded": "answered",
    "invitation.nominees_recorded": "answered",
    "invitation.recorded_undone": "undone",
}
given_answer = sa.table(
    "given_answer",
    *(
        sa.column(name, kind)
        for name, kind in (
            ("invitation_id", sa.Integer), ("person_id", sa.Integer), ("given_at", AT), ("kind", sa.String),
            ("state", sa.String), ("named", sa.Integer), ("source", sa.String), ("recorded_by_id", sa.Integer),
            ("acting_id", sa.Integer), ("device", sa.String), ("note", sa.String), ("incoming_mail_id", sa.Integer),
            ("reason", sa.String), ("wished_on", sa.Date), ("reason_at", AT),
        )
    ),
)  # fmt: skip


def upgrade():
    op.create_table(
        "given_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("given_at", AT, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("named", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=24), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("acting_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("incoming_mail_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("wished_on", sa.Date(), nullable=True),
        sa.Column("reason_at", AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_given_answer_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_given_answer_person_id_person")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name=op.f("fk_given_answer_recorded_by_id_user")),
        sa.ForeignKeyConstraint(
            ["acting_id"], ["acting_person.id"], name=op.f("fk_given_answer_acting_id_acting_person"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["incoming_mail_id"], ["incoming_mail.id"], name=op.f("fk_given_answer_incoming_mail_id_incoming_mail"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_answer")),
    )  # fmt: skip
    for name, columns in (
        ("invitation_id", ["invitation_id", "id"]), ("person_id", ["person_id"]), ("acting_id", ["acting_id"]),
        ("incoming_mail_id", ["incoming_mail_id"]),
    ):  # fmt: skip
        op.create_index(op.f(f"ix_given_answer_{name}"), "given_answer", columns)
    rows = sorted(_known(op.get_bind()), key=lambda row: row["given_at"])
    if rows:
        op.bulk_insert(given_answer, rows)
    op.drop_table("decline_reason")


def _known(connection):
    """Return what is known of the answers so far, as rows."""

    def read(columns, **kinds):
        return connection.execute(sa.text(f"SELECT {columns}").columns(**(kinds or {"at": AT}))).all()

    people = dict(connection.execute(sa.text("SELECT id, person_id FROM invitation")).all())
    mails = set(connection.scalars(sa.text("SELECT id FROM incoming_mail")))
    former = defaultdict(list)  # by invitation
    for row in read(
        "invitation_id, person_id, state, answered_at AS at, left_at FROM former_holder ORDER BY left_at, id",
        at=AT, left_at=AT,
    ):  # fmt: skip
        former[row.invitation_id].append(row)
    rows, seen = [], set()

    def holder(invitation_id, at):
        """Return who had the invitation then: of a post, the first holder who left it after that, else the present one."""
        left = (row.person_id for row in former[invitation_id] if row.left_at >= at)
        return next(left, people[invitation_id])

    def add(invitation_id, at, state, kind="answered", **values):
        seen.add((invitation_id, at))
        row = {
            "invitation_id": invitation_id, "person_id": holder(invitation_id, at), "given_at": at, "kind": kind,
            "state": state, "named": None, "source": None, "recorded_by_id": None, "acting_id": None, "device": "",
            "note": "", "incoming_mail_id": None, "reason": "", "wished_on": None, "reason_at": None,
        }  # fmt: skip
        rows.append(row | values)

    entries = connection.execute(
        sa.text("SELECT subject_id, at, action, user_id, detail FROM audit_entry WHERE subject_type = 'invitation'"
                " AND action IN :actions ORDER BY id")
        .bindparams(sa.bindparam("actions", list(AUDITED), expanding=True)).columns(at=AT)
    )  # fmt: skip
    for id_, at, action, user_id, detail in entries.all():
        said = json.loads(detail) if isinstance(detail, str) else detail or {}
        state, mail = said.get("state"), said.get("incoming_mail")
        if id_ in people:
            add(
                id_, at, state[-1] if isinstance(state, list) else "coming", AUDITED[action], source=said.get("source"),
                recorded_by_id=user_id, named=said.get("named"), incoming_mail_id=mail if mail in mails else None,
            )  # fmt: skip
    reasons = {
        id_: {"reason": reason, "wished_on": wished_on, "reason_at": reason_at}
        for id_, reason, wished_on, reason_at in read(
            "invitation_id, reason, wished_on, said_at AS reason_at FROM decline_reason", wished_on=sa.Date, reason_at=AT
        )
    }
    present = read(
        "id, answered_at AS at, state, answer_source, answer_recorded_by_id, answer_device, answer_note, answer_replaced"
        " FROM invitation WHERE answered_at IS NOT NULL"
    )
    for id_, at, state, source, by, device, note, replaced in present:
        before = json.loads(replaced) if isinstance(replaced, str) else replaced or {}
        if before.get("at") and before.get("state") in ANSWERS:
            earlier = datetime.fromisoformat(before["at"]).astimezone(UTC)
            if connection.dialect.name == "sqlite":
                earlier = earlier.replace(tzinfo=None)
            if (id_, earlier) not in seen:
                add(id_, earlier, before["state"], source="link")
        if state not in ANSWERS:
            continue
        if (id_, at) not in seen:
            add(id_, at, state, source=source, recorded_by_id=by)
        mine = next(row for row in reversed(rows) if (row["invitation_id"], row["given_at"]) == (id_, at))
        mine |= {"device": device or "", "note": note or ""}
        why = reasons.get(id_)
        if why and state == "not_coming" and why["reason_at"] >= at:
            mine |= why
    chain = read(
        "id, invitation_id, source, confirmed_at AS at FROM acting_person WHERE confirmed_at IS NOT NULL"
    )
    for acting_id, id_, source, at in chain:
        add(id_, at, "coming", acting_id=acting_id, source="link")
    declined = read("id, invitation_id, ended_at AS at FROM acting_person WHERE ended_because = 'declined'")
    for acting_id, id_, at in declined:
        add(id_, at, "not_coming", acting_id=acting_id, source="link")
    for id_, holders in former.items():
        for row in holders:
            if row.at is not None and (id_, row.at) not in seen:
                add(id_, row.at, row.state, person_id=row.person_id)
    return rows


def downgrade():
    op.create_table(
        "decline_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("wished_on", sa.Date(), nullable=True),
        sa.Column("said_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_decline_reason_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decline_reason")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_decline_reason_invitation_id")),
    )  # fmt: skip
    op.execute(
        "INSERT INTO decline_reason (invitation_id, reason, wished_on, said_at)"
        " SELECT invitation_id, reason, wished_on, reason_at FROM given_answer g WHERE reason_at IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM given_answer l WHERE l.invitation_id = g.invitation_id AND l.id > g.id)"
    )
    op.drop_table("given_answer")
