"""Incoming mail, addresses that bounce, connections and messages a minute, revisions in calendars, the archive, heartbeats.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The message log's and the metrics' partial indexes: name, table, column, condition.
PARTLY = (
    ('ix_message_waiting', 'message', 'id', "state IN ('due', 'retry', 'leased', 'handing_over')"),
    ('ix_message_sent', 'message', 'sent_at', "state = 'sent'"),
    ('ix_message_failed', 'message', 'due_at', "state IN ('failed', 'unknown')"),
    ('ix_message_skipped', 'message', 'due_at', "state IN ('skipped', 'cancelled')"),
    ('ix_message_retry', 'message', 'due_at', "state = 'retry'"),
    ('ix_message_organisation_id', 'message', 'organisation_id', "organisation_id IS NOT NULL"),
    ('ix_message_resend_of_id', 'message', 'resend_of_id', "resend_of_id IS NOT NULL"),
    ('ix_activity_closing', 'activity', 'respond_by_at', "state = 'published'"),
    ('ix_activity_ending', 'activity', 'ends_at', "state = 'published'"),
    ('ix_reminder_missed', 'reminder', 'due_at', "state = 'missed'"),
    ('ix_attempt_trouble', 'attempt', 'at', "outcome <> 'sent'"),
)


def upgrade():
    op.create_table('address_failure',
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply', sa.String(length=300), nullable=False),
    sa.Column('delays', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('address', name=op.f('pk_address_failure'))
    )
    op.create_table('channel_slot',
    sa.Column('channel', sa.String(length=40), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('worker', sa.String(length=80), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('channel', 'number', name=op.f('pk_channel_slot'))
    )
    op.create_table('incoming_mail',
    sa.Column('mailbox', sa.String(length=200), nullable=False),
    sa.Column('uid_validity', sa.BigInteger(), nullable=False),
    sa.Column('uid', sa.BigInteger(), nullable=False),
    sa.Column('rfc_message_id', sa.String(length=250), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sender', sa.String(length=254), nullable=False),
    sa.Column('sender_name', sa.String(length=160), nullable=False),
    sa.Column('subject', sa.String(length=250), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('outcome', sa.String(length=24), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('invitation_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_by_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('(CURRENT_TIMESTAMP)'), nullable=False),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_incoming_mail_invitation_id_invitation'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_incoming_mail_organisation_id_organisation'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_incoming_mail_person_id_person'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['seen_by_id'], ['user.id'], name=op.f('fk_incoming_mail_seen_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incoming_mail')),
    sa.UniqueConstraint('mailbox', 'uid_validity', 'uid', name=op.f('uq_incoming_mail_mailbox_uid_validity_uid'))
    )
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incoming_mail_digest'), ['digest'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_invitation_id'), ['invitation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_message_id'), ['message_id'], unique=False)
        batch_op.create_index('ix_incoming_mail_kind', ['kind', 'id'], unique=False)
        batch_op.create_index('ix_incoming_mail_open', ['outcome', 'seen_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_incoming_mail_person_id'), ['person_id'], unique=False)

    op.create_table('archived_message',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('local_day', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('rfc_message_id', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=250), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('server_reply', sa.String(length=300), nullable=False),
    sa.Column('resend_of_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_archived_message_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_archived_message_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archived_message'))
    )
    op.create_index(op.f('ix_archived_message_organisation_id'), 'archived_message', ['organisation_id'])
    op.create_index(op.f('ix_archived_message_person_id'), 'archived_message', ['person_id'])
    op.create_table('archived_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('reminder_id', sa.Integer(), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('to_representative', sa.Boolean(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_archived_line_invitation_id_invitation')),
    sa.ForeignKeyConstraint(['message_id'], ['archived_message.id'], name=op.f('fk_archived_line_message_id_archived_message')),
    sa.ForeignKeyConstraint(['reminder_id'], ['reminder.id'], name=op.f('fk_archived_line_reminder_id_reminder')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archived_line'))
    )
    op.create_index(op.f('ix_archived_line_invitation_id'), 'archived_line', ['invitation_id'])
    op.create_index(op.f('ix_archived_line_message_id'), 'archived_line', ['message_id'])
    op.create_table('heartbeat',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeat'))
    )
    op.drop_index('ix_message_state', table_name='message')
    op.drop_index('ix_message_organisation_id', table_name='message')
    to_send = sa.text("state IN ('due', 'retry')")
    op.drop_index('ix_message_to_send', table_name='message')
    op.create_index('ix_message_to_send', 'message', ['due_at', 'id'], sqlite_where=to_send, postgresql_where=to_send)
    for name, table, column, condition in PARTLY:
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
    for table in ('person', 'organisation'):
        op.create_index(f'ix_{table}_email_lower', table, [sa.text('lower(email)')])

    # Not in a batch: SQLite would create these tables again, and lose what refers to them.
    op.add_column('channel', sa.Column('minute_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('channel', sa.Column('minute_count', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('invitation', sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('invitation', sa.Column('replied_at', sa.DateTime(timezone=True), nullable=True))


def downgrade():
    for table in ('person', 'organisation'):
        op.drop_index(f'ix_{table}_email_lower', table_name=table)
    for name, table, _column, _condition in PARTLY:
        op.drop_index(name, table_name=table)
    to_send = sa.text("state IN ('due', 'retry')")
    op.drop_index('ix_message_to_send', table_name='message')
    op.create_index('ix_message_to_send', 'message', ['due_at'], sqlite_where=to_send, postgresql_where=to_send)
    op.create_index('ix_message_organisation_id', 'message', ['organisation_id'])
    op.create_index('ix_message_state', 'message', ['state', 'id'])
    op.drop_table('heartbeat')
    op.drop_table('archived_line')
    op.drop_table('archived_message')
    op.drop_column('invitation', 'replied_at')
    op.drop_column('invitation', 'revision')
    op.drop_column('channel', 'minute_count')
    op.drop_column('channel', 'minute_at')
    with op.batch_alter_table('incoming_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_incoming_mail_person_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_mail_organisation_id'))
        batch_op.drop_index('ix_incoming_mail_open')
        batch_op.drop_index('ix_incoming_mail_kind')
        batch_op.drop_index(batch_op.f('ix_incoming_mail_message_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_mail_invitation_id'))
        batch_op.drop_index(batch_op.f('ix_incoming_mail_digest'))

    op.drop_table('incoming_mail')
    op.drop_table('channel_slot')
    op.drop_table('address_failure')
