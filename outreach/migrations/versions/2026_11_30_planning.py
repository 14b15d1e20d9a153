"""Speakers are booked by their turns; clashes marked as intended; proposals that were taken and can be undone.

Revision ID: 0007
Revises: 0006
"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STANDING = """
SELECT activity.id, invitation.person_id, invitation.role, activity.starts_at, activity.ends_at
FROM activity JOIN invitation ON invitation.activity_id = activity.id
WHERE activity.state IN ('draft', 'published') AND invitation.person_id IS NOT NULL
AND invitation.role IN ('speaker', 'moderator')
AND invitation.state NOT IN ('not_coming', 'represented', 'withdrawn')
"""
LINES = """
SELECT agenda_item.activity_id, agenda_speaker.person_id, agenda_item.starts_at, agenda_item.ends_at
FROM agenda_item JOIN agenda_speaker ON agenda_speaker.agenda_item_id = agenda_item.id
JOIN activity ON activity.id = agenda_item.activity_id
WHERE activity.state IN ('draft', 'published')
ORDER BY agenda_item.starts_at
"""


def upgrade():
    op.create_table('placement_taken',
    sa.Column('search_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user.id'], name=op.f('fk_placement_taken_by_id_user')),
    sa.ForeignKeyConstraint(['search_id'], ['placement.id'], name=op.f('fk_placement_taken_search_id_placement'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['undone_by_id'], ['user.id'], name=op.f('fk_placement_taken_undone_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placement_taken'))
    )
    op.create_index(op.f('ix_placement_taken_search_id'), 'placement_taken', ['search_id'])
    op.create_table('intended_clash',
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('other_activity_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('substance', sa.String(length=64), nullable=False),
    sa.Column('shortage', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('taken_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_back_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_intended_clash_activity_id_activity'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['by_id'], ['user.id'], name=op.f('fk_intended_clash_by_id_user')),
    sa.ForeignKeyConstraint(['other_activity_id'], ['activity.id'], name=op.f('fk_intended_clash_other_activity_id_activity'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_intended_clash_person_id_person'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['taken_back_by_id'], ['user.id'], name=op.f('fk_intended_clash_taken_back_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intended_clash'))
    )
    op.create_index('ix_intended_clash_activity', 'intended_clash', ['activity_id'])
    op.create_index('ix_intended_clash_other_activity', 'intended_clash', ['other_activity_id'])
    op.create_index(op.f('ix_intended_clash_person_id'), 'intended_clash', ['person_id'])
    change_key(["activity_id", "person_id", "starts_at"])
    book_by_turns()


def change_key(columns):
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_speaker_booking", "speaker_booking", type_="primary")
        op.create_primary_key("pk_speaker_booking", "speaker_booking", columns)
    else:
        with op.batch_alter_table("speaker_booking") as batch:
            batch.drop_constraint("pk_speaker_booking", type_="primary")
            batch.create_primary_key("pk_speaker_booking", columns)


def book_by_turns():
    """Book speakers for their turns instead of whole activities. Existing bookings come first, then the earliest."""
    connection = op.get_bind()
    whole, moderating, lines = {}, set(), defaultdict(list)
    for activity_id, person_id, role, starts_at, ends_at in connection.exec_driver_sql(STANDING):
        whole[activity_id, person_id] = starts_at, ends_at
        if role == "moderator":
            moderating.add((activity_id, person_id))
    for activity_id, person_id, starts_at, ends_at in connection.exec_driver_sql(LINES):
        lines[activity_id, person_id].append((starts_at, ends_at))
    booked = connection.exec_driver_sql("SELECT activity_id, person_id FROM speaker_booking")
    had = {(activity_id, person_id) for activity_id, person_id in booked}
    taken: dict[int, list] = defaultdict(list)
    rows = []
    for key, span in sorted(whole.items(), key=lambda one: (one[0] not in had, one[1][0], one[0])):
        for starts_at, ends_at in turns(span, [] if key in moderating else lines[key]):
            if all(ends_at <= since or starts_at >= until for since, until in taken[key[1]]):
                taken[key[1]].append((starts_at, ends_at))
                rows.append({"a": key[0], "p": key[1], "s": starts_at, "e": ends_at})
    connection.execute(sa.text("DELETE FROM speaker_booking"))
    if rows:
        connection.execute(
            sa.text("INSERT INTO speaker_booking (activity_id, person_id, starts_at, ends_at) VALUES (:a, :p, :s, :e)"),
            rows,
        )


def turns(span, lines):
    """Return the sorted lines, cut to the span, with touching ones joined; the span itself if none is left."""
    found: list[tuple] = []
    for starts_at, ends_at in ((max(since, span[0]), min(until, span[1])) for since, until in lines):
        if starts_at >= ends_at:
            continue
        if found and starts_at <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends_at))
        else:
            found.append((starts_at, ends_at))
    return found or [span]


def downgrade():
    connection = op.get_bind()
    whole = connection.exec_driver_sql(
        "SELECT DISTINCT s.person_id, a.id, a.starts_at, a.ends_at FROM speaker_booking s"
        " JOIN activity a ON a.id = s.activity_id ORDER BY s.person_id, a.starts_at, a.id"
    ).all()
    connection.execute(sa.text("DELETE FROM speaker_booking"))
    change_key(["activity_id", "person_id"])
    until: dict[int, object] = {}
    rows = []
    for person_id, activity_id, starts_at, ends_at in whole:
        if person_id not in until or starts_at >= until[person_id]:
            until[person_id] = ends_at
            rows.append({"a": activity_id, "p": person_id, "s": starts_at, "e": ends_at})
    if rows:
        connection.execute(
            sa.text("INSERT INTO speaker_booking (activity_id, person_id, starts_at, ends_at) VALUES (:a, :p, :s, :e)"),
            rows,
        )
    op.drop_table('intended_clash')
    op.drop_table('placement_taken')
