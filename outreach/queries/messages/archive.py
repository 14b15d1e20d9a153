"""Read archived messages for the message log, and their lines about invitations.

services/messages/archive.py moves messages to the archive.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach import codec
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import (
    Activity,
    ArchivedActivity,
    ArchivedLine,
    ArchivedMessage,
    Invitation,
    Message,
    Organisation,
    Person,
    Reminder,
)
from outreach.models.archive import Try


def select(*, person_id: int | None, organisation_id: int | None, activity_id: int | None, q: str) -> sa.Select[Any]:
    """Select the archived messages that match all filters, with what the list shows, newest first."""
    chosen = matching(person_id=person_id, organisation_id=organisation_id, activity_id=activity_id, q=q)
    return chosen.options(
        joinedload(ArchivedMessage.person),
        joinedload(ArchivedMessage.organisation),
        joinedload(ArchivedMessage.user),
        selectinload(ArchivedMessage.lines)
        .joinedload(ArchivedLine.invitation)
        .joinedload(Invitation.activity)
        .load_only(Activity.title, Activity.zone, Activity.starts_at),
        selectinload(ArchivedMessage.lines).joinedload(ArchivedLine.reminder).load_only(Reminder.kind),
    )


def matching(*, person_id: int | None, organisation_id: int | None, activity_id: int | None, q: str) -> sa.Select[Any]:
    """Select the archived messages that match all filters, newest first. q: part of a recipient's name, post or address."""
    chosen = sa.select(ArchivedMessage)
    if person_id is not None:
        chosen = chosen.where(ArchivedMessage.person_id == person_id)
    if organisation_id is not None:
        chosen = chosen.where(ArchivedMessage.organisation_id == organisation_id)
    if activity_id is not None:
        about = sa.union_all(
            _about(activity_id).with_only_columns(ArchivedLine.message_id),
            sa.select(ArchivedActivity.message_id).where(ArchivedActivity.activity_id == activity_id),
        )
        chosen = chosen.where(ArchivedMessage.id.in_(about))
    if q:
        people = sa.select(Person.id).where(_any_has(q, Person.name, Person.post, Person.email))
        organisations = sa.select(Organisation.id).where(_any_has(q, Organisation.name, Organisation.email))
        chosen = chosen.where(
            sa.or_(ArchivedMessage.person_id.in_(people), ArchivedMessage.organisation_id.in_(organisations))
        )
    return chosen.order_by(ArchivedMessage.id.desc())


def get(message_id: int) -> ArchivedMessage | None:
    """Return an archived message with its lines, or None."""
    line = selectinload(ArchivedMessage.lines)
    wanted = sa.select(ArchivedMessage).where(ArchivedMessage.id == message_id)
    return db.session.scalar(
        wanted.options(
            line.joinedload(ArchivedLine.reminder),
            line.joinedload(ArchivedLine.invitation).joinedload(Invitation.activity),
        )
    )


def tries(message: ArchivedMessage) -> list[Try]:
    return codec.from_json(list[Try], message.tries)


def resent_as(message: Message | ArchivedMessage) -> int | None:
    """Return the id of the archived message sent in this one's place, or None. Looks only at the recipient's messages."""
    found: int | None = db.session.scalar(
        sa.select(sa.func.max(ArchivedMessage.id)).where(
            ArchivedMessage.resend_of_id == message.id,
            ArchivedMessage.person_id == message.person_id
            if message.person_id
            else ArchivedMessage.organisation_id == message.organisation_id,
        )
    )
    return found


def last_about(invitation_ids: Collection[int]) -> list[tuple[ArchivedLine, ArchivedMessage]]:
    """Return the latest archived line about each invitation, with its message; one statement."""
    latest = (
        sa.select(sa.func.max(ArchivedLine.id))
        .where(ArchivedLine.invitation_id.in_(invitation_ids))
        .group_by(ArchivedLine.invitation_id)
    )
    rows = db.session.execute(
        sa.select(ArchivedLine, ArchivedMessage)
        .join(ArchivedMessage, ArchivedMessage.id == ArchivedLine.message_id)
        .where(ArchivedLine.id.in_(latest))
    )
    return [(line, message) for line, message in rows]


def states(activity_id: int) -> dict[MessageState, int]:
    """Return the number of archived messages about an activity, by state."""
    rows = db.session.execute(
        _about(activity_id)
        .join(ArchivedMessage, ArchivedMessage.id == ArchivedLine.message_id)
        .with_only_columns(ArchivedMessage.state, sa.func.count(sa.distinct(ArchivedMessage.id)))
        .group_by(ArchivedMessage.state)
    )
    return {row[0]: row[1] for row in rows}


def _about(activity_id: int) -> sa.Select[Any]:
    return (
        sa.select(ArchivedLine)
        .join(Invitation, Invitation.id == ArchivedLine.invitation_id)
        .where(Invitation.activity_id == activity_id)
    )


def _any_has(q: str, *columns: Any) -> sa.ColumnElement[bool]:
    return sa.or_(*(column.icontains(q, autoescape=True) for column in columns))
