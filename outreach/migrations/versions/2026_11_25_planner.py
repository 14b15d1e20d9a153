"""What planning needs: who is booked where, absences, the office's rules, feeds, placements and date polls.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HELD = "venue_id IS NOT NULL AND holds_venue AND state IN ('draft', 'published')"
BOUND = """
SELECT DISTINCT invitation.person_id, activity.id, activity.starts_at, activity.ends_at
FROM activity JOIN invitation ON invitation.activity_id = activity.id
WHERE activity.state IN ('draft', 'published') AND invitation.person_id IS NOT NULL
AND invitation.role IN ('speaker', 'moderator')
AND invitation.state NOT IN ('not_coming', 'represented', 'withdrawn')
ORDER BY invitation.person_id, activity.starts_at, activity.id
"""


def upgrade():
    make_tables()
    bind_speakers()
    let_one_of_two_hold()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE activity ADD CONSTRAINT ex_activity_venue EXCLUDE USING gist"
            " (int4range(venue_id, venue_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)"
            f" WHERE ({HELD})"
        )
        op.execute(
            "ALTER TABLE speaker_booking ADD CONSTRAINT ex_speaker_booking_person EXCLUDE USING gist"
            " (int4range(person_id, person_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)"
        )


def bind_speakers():
    """Write who is booked where. Of two that overlap, only the first is booked; the other is found as a clash."""
    connection = op.get_bind()
    rows: list[dict] = []
    until: dict[int, object] = {}
    for person_id, activity_id, starts_at, ends_at in connection.exec_driver_sql(BOUND):
        if person_id not in until or starts_at >= until[person_id]:
            until[person_id] = ends_at
            rows.append({"p": person_id, "a": activity_id, "s": starts_at, "e": ends_at})
    if rows:
        connection.execute(
            sa.text("INSERT INTO speaker_booking (person_id, activity_id, starts_at, ends_at) VALUES (:p, :a, :s, :e)"),
            rows,
        )


def let_one_of_two_hold():
    """Of activities that overlap in one venue, only the first keeps the booking. There should be no such activities."""
    connection = op.get_bind()
    freed: list[dict] = []
    until: dict[int, object] = {}
    for activity_id, venue_id, starts_at, ends_at in connection.exec_driver_sql(
        f"SELECT id, venue_id, starts_at, ends_at FROM activity WHERE {HELD} ORDER BY venue_id, starts_at, id"
    ):
        if venue_id in until and starts_at < until[venue_id]:
            freed.append({"a": activity_id})
        else:
            until[venue_id] = ends_at
    if freed:
        connection.execute(sa.text("UPDATE activity SET holds_venue = false WHERE id = :a"), freed)


def make_tables():
    op.create_table('plan_settings',
    sa.Column('values', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_settings'))
    )
    op.create_table('placement',
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('request', sa.JSON(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('progress', sa.JSON(), nullable=False),
    sa.Column('problem', sa.String(length=300), nullable=False),
    sa.Column('worker', sa.String(length=80), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stop_asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_placement_created_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_placement'))
    )
    op.create_index(op.f('ix_placement_state'), 'placement', ['state'], unique=False)
    op.create_table('absence_calendar',
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('url', sa.String(length=1000), nullable=False),
    sa.Column('source', sa.String(length=24), nullable=False),
    sa.Column('added_by_id', sa.Integer(), nullable=True),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('problem', sa.String(length=300), nullable=False),
    sa.Column('problem_values', sa.JSON(), nullable=False),
    sa.Column('etag', sa.String(length=250), nullable=False),
    sa.Column('last_modified', sa.String(length=60), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.CheckConstraint('(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END + CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END + CASE WHEN venue_id IS NULL THEN 0 ELSE 1 END) = 1', name=op.f('ck_absence_calendar_one_subject')),
    sa.ForeignKeyConstraint(['added_by_id'], ['user.id'], name=op.f('fk_absence_calendar_added_by_id_user')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_absence_calendar_organisation_id_organisation'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_absence_calendar_person_id_person'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_absence_calendar_venue_id_venue'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_absence_calendar'))
    )
    op.create_index('ix_absence_calendar_due', 'absence_calendar', ['next_read_at'], unique=False)
    op.create_index(op.f('ix_absence_calendar_person_id'), 'absence_calendar', ['person_id'], unique=False)
    op.create_index(op.f('ix_absence_calendar_venue_id'), 'absence_calendar', ['venue_id'], unique=False)
    op.create_table('date_poll',
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('public_title', sa.String(length=200), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('programme_id', sa.Integer(), nullable=True),
    sa.Column('region_code', sa.String(length=13), nullable=True),
    sa.Column('coordinator_id', sa.Integer(), nullable=True),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('activity_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_date_poll_activity_id_activity'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['coordinator_id'], ['user.id'], name=op.f('fk_date_poll_coordinator_id_user')),
    sa.ForeignKeyConstraint(['programme_id'], ['programme.id'], name=op.f('fk_date_poll_programme_id_programme'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['region_code'], ['region.code'], name=op.f('fk_date_poll_region_code_region')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_date_poll'))
    )
    op.create_index(op.f('ix_date_poll_activity_id'), 'date_poll', ['activity_id'], unique=False)
    op.create_index(op.f('ix_date_poll_programme_id'), 'date_poll', ['programme_id'], unique=False)
    op.create_index(op.f('ix_date_poll_region_code'), 'date_poll', ['region_code'], unique=False)
    op.create_index(op.f('ix_date_poll_state'), 'date_poll', ['state'], unique=False)
    op.create_table('feed',
    sa.Column('scope', sa.String(length=24), nullable=False),
    sa.Column('programme_id', sa.Integer(), nullable=True),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('nonce', sa.String(length=24), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('read_on', sa.Date(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_feed_created_by_id_user')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_feed_person_id_person'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['programme_id'], ['programme.id'], name=op.f('fk_feed_programme_id_programme'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_feed_venue_id_venue'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feed')),
    sa.UniqueConstraint('nonce', name=op.f('uq_feed_nonce'))
    )
    op.create_index(op.f('ix_feed_person_id'), 'feed', ['person_id'], unique=False)
    op.create_index(op.f('ix_feed_programme_id'), 'feed', ['programme_id'], unique=False)
    op.create_index(op.f('ix_feed_venue_id'), 'feed', ['venue_id'], unique=False)
    op.create_table('speaker_booking',
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_speaker_booking_activity_id_activity'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_speaker_booking_person_id_person'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('activity_id', 'person_id', name=op.f('pk_speaker_booking'))
    )
    op.create_index('ix_speaker_booking_person', 'speaker_booking', ['person_id', 'starts_at'], unique=False)
    op.create_table('absence',
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('whole_days', sa.Boolean(), nullable=False),
    sa.Column('repeats', sa.String(length=24), nullable=False),
    sa.Column('repeats_until_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=160), nullable=False),
    sa.Column('source', sa.String(length=24), nullable=False),
    sa.Column('calendar_id', sa.Integer(), nullable=True),
    sa.Column('added_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    sa.CheckConstraint('(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END + CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END + CASE WHEN venue_id IS NULL THEN 0 ELSE 1 END) = 1', name=op.f('ck_absence_one_subject')),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_absence_ends_after_start')),
    sa.ForeignKeyConstraint(['added_by_id'], ['user.id'], name=op.f('fk_absence_added_by_id_user')),
    sa.ForeignKeyConstraint(['calendar_id'], ['absence_calendar.id'], name=op.f('fk_absence_calendar_id_absence_calendar'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_absence_organisation_id_organisation'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_absence_person_id_person'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_absence_venue_id_venue'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_absence'))
    )
    op.create_index(op.f('ix_absence_calendar_id'), 'absence', ['calendar_id'], unique=False)
    op.create_index(op.f('ix_absence_ends_at'), 'absence', ['ends_at'], unique=False)
    op.create_index(op.f('ix_absence_organisation_id'), 'absence', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_absence_person_id'), 'absence', ['person_id'], unique=False)
    op.create_index(op.f('ix_absence_venue_id'), 'absence', ['venue_id'], unique=False)
    op.create_table('poll_invitee',
    sa.Column('poll_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.String(length=24), nullable=False),
    sa.Column('quota', sa.Integer(), nullable=True),
    sa.Column('needed', sa.Boolean(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer_source', sa.String(length=24), nullable=True),
    sa.Column('answer_recorded_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_by', sa.String(length=160), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.CheckConstraint('(person_id IS NULL) <> (organisation_id IS NULL)', name=op.f('ck_poll_invitee_one_invitee')),
    sa.ForeignKeyConstraint(['answer_recorded_by_id'], ['user.id'], name=op.f('fk_poll_invitee_answer_recorded_by_id_user')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_poll_invitee_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_poll_invitee_person_id_person')),
    sa.ForeignKeyConstraint(['poll_id'], ['date_poll.id'], name=op.f('fk_poll_invitee_poll_id_date_poll'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll_invitee')),
    sa.UniqueConstraint('poll_id', 'organisation_id', name=op.f('uq_poll_invitee_poll_id_organisation_id')),
    sa.UniqueConstraint('poll_id', 'person_id', name=op.f('uq_poll_invitee_poll_id_person_id'))
    )
    op.create_index(op.f('ix_poll_invitee_organisation_id'), 'poll_invitee', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_poll_invitee_person_id'), 'poll_invitee', ['person_id'], unique=False)
    op.create_table('poll_slot',
    sa.Column('poll_id', sa.Integer(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('chosen', sa.Boolean(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_poll_slot_ends_after_start')),
    sa.ForeignKeyConstraint(['poll_id'], ['date_poll.id'], name=op.f('fk_poll_slot_poll_id_date_poll'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_poll_slot_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll_slot'))
    )
    op.create_index(op.f('ix_poll_slot_poll_id'), 'poll_slot', ['poll_id'], unique=False)
    op.create_table('poll_answer',
    sa.Column('invitee_id', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('choice', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['invitee_id'], ['poll_invitee.id'], name=op.f('fk_poll_answer_invitee_id_poll_invitee'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['slot_id'], ['poll_slot.id'], name=op.f('fk_poll_answer_slot_id_poll_slot'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('invitee_id', 'slot_id', name=op.f('pk_poll_answer'))
    )
    op.create_index(op.f('ix_poll_answer_slot_id'), 'poll_answer', ['slot_id'], unique=False)
    op.add_column('activity', sa.Column('holds_venue', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('activity', sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE activity SET told_at = published_at")
    op.add_column('activity', sa.Column('fixed', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('archived_message', sa.Column('poll_invitee_id', sa.Integer(), nullable=True))
    op.add_column('message', sa.Column('poll_invitee_id', sa.Integer(), nullable=True))
    op.create_index('ix_message_poll_invitee_id', 'message', ['poll_invitee_id'], unique=False, sqlite_where=sa.text('poll_invitee_id IS NOT NULL'), postgresql_where=sa.text('poll_invitee_id IS NOT NULL'))
    op.add_column('venue', sa.Column('kind', sa.String(length=24), nullable=False, server_default='other'))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ex_activity_venue", "activity")
    op.drop_column('venue', 'kind')
    op.drop_index('ix_message_poll_invitee_id', table_name='message', sqlite_where=sa.text('poll_invitee_id IS NOT NULL'), postgresql_where=sa.text('poll_invitee_id IS NOT NULL'))
    op.drop_column('message', 'poll_invitee_id')
    op.drop_column('archived_message', 'poll_invitee_id')
    op.drop_column('activity', 'fixed')
    op.drop_column('activity', 'told_at')
    op.drop_column('activity', 'holds_venue')
    op.drop_index(op.f('ix_poll_answer_slot_id'), table_name='poll_answer')
    op.drop_table('poll_answer')
    op.drop_index(op.f('ix_poll_slot_poll_id'), table_name='poll_slot')
    op.drop_table('poll_slot')
    op.drop_index(op.f('ix_poll_invitee_person_id'), table_name='poll_invitee')
    op.drop_index(op.f('ix_poll_invitee_organisation_id'), table_name='poll_invitee')
    op.drop_table('poll_invitee')
    op.drop_index(op.f('ix_absence_venue_id'), table_name='absence')
    op.drop_index(op.f('ix_absence_person_id'), table_name='absence')
    op.drop_index(op.f('ix_absence_organisation_id'), table_name='absence')
    op.drop_index(op.f('ix_absence_ends_at'), table_name='absence')
    op.drop_index(op.f('ix_absence_calendar_id'), table_name='absence')
    op.drop_table('absence')
    op.drop_index('ix_speaker_booking_person', table_name='speaker_booking')
    op.drop_table('speaker_booking')
    op.drop_index(op.f('ix_feed_venue_id'), table_name='feed')
    op.drop_index(op.f('ix_feed_programme_id'), table_name='feed')
    op.drop_index(op.f('ix_feed_person_id'), table_name='feed')
    op.drop_table('feed')
    op.drop_index(op.f('ix_date_poll_state'), table_name='date_poll')
    op.drop_index(op.f('ix_date_poll_region_code'), table_name='date_poll')
    op.drop_index(op.f('ix_date_poll_programme_id'), table_name='date_poll')
    op.drop_index(op.f('ix_date_poll_activity_id'), table_name='date_poll')
    op.drop_table('date_poll')
    op.drop_index(op.f('ix_absence_calendar_venue_id'), table_name='absence_calendar')
    op.drop_index(op.f('ix_absence_calendar_person_id'), table_name='absence_calendar')
    op.drop_index('ix_absence_calendar_due', table_name='absence_calendar')
    op.drop_table('absence_calendar')
    op.drop_index(op.f('ix_placement_state'), table_name='placement')
    op.drop_table('placement')
    op.drop_table('plan_settings')
