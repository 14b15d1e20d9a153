"""What a person and an organisation have in common as invitees: their answer link, their invitations, stopped reminders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.extensions import db
from outreach.models import Activity, Invitation, Link, Organisation, Person, User
from outreach.services import audit
from outreach.transactions import writing

MOST_INVITATIONS = 100


@dataclass(frozen=True)
class AnswerLink:
    """A holder's link as staff see it. url: empty where it does not work."""

    url: str
    expires_at: datetime
    revoked: bool
    expired: bool


def link_of(invitee: Person | Organisation, *, now: datetime) -> AnswerLink | None:
    """Return the holder's link, or None where none was made yet."""
    column = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
    link = db.session.scalar(sa.select(Link).where(Link.purpose == LinkPurpose.ANSWER, column == invitee.id))
    if link is None:
        return None
    revoked, expired = link.revoked_at is not None, now >= link.expires_at
    return AnswerLink("" if revoked or expired else tokens.answer_url(link), link.expires_at, revoked, expired)


def known(person_id: int | None, organisation_id: int | None) -> dict[str, Any]:
    """Return whose messages or mails a list is narrowed to, as its filters hold it: their ids, where known, and the name."""
    person = db.session.get(Person, person_id) if person_id else None
    organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
    invitee = person or organisation
    return {
        "person_id": person.id if person else None,
        "organisation_id": organisation.id if organisation else None,
        "name": invitee.display_name if invitee else "",
    }


def invitations_of(invitee: Person | Organisation) -> Sequence[Invitation]:
    """Return what the holder was asked to, over all activities, newest first. One query."""
    column = Invitation.person_id if isinstance(invitee, Person) else Invitation.organisation_id
    found = db.session.scalars(
        sa.select(Invitation)
        .join(Invitation.activity)
        .where(column == invitee.id)
        .options(
            joinedload(Invitation.activity).joinedload(Activity.venue),
            joinedload(Invitation.attendance),
            joinedload(Invitation.answer_recorded_by),
            joinedload(Invitation.nominated_under).joinedload(Invitation.organisation),
        )
        .order_by(Activity.starts_at.desc(), Invitation.id.desc())
        .limit(MOST_INVITATIONS)
    )
    return found.unique().all()


def stop_reminders(invitee: Person | Organisation, *, by: User | None, now: datetime) -> None:
    """Send the holder no more reminders and thanks; of changes to what they accepted they still hear."""
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is None:
            invitee.reminders_stopped_at = now
            audit.record(session, by, f"{invitee.__tablename__}.reminders_stopped", invitee, now=now)


def resume_reminders(invitee: Person | Organisation, *, by: User | None, now: datetime) -> None:
    """Send the holder reminders and thanks again."""
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is not None:
            invitee.reminders_stopped_at = None
            audit.record(session, by, f"{invitee.__tablename__}.reminders_resumed", invitee, now=now)
