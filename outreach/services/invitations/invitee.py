"""What people and organisations share as invitees: answer link, invitations, stopped reminders."""

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
    """An invitee's link as staff see it. url: empty if the link does not work."""

    url: str
    expires_at: datetime
    revoked: bool
    expired: bool


def link_of(invitee: Person | Organisation, *, now: datetime) -> AnswerLink | None:
    """Return the invitee's link, or None if none was made yet."""
    column = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
    link = db.session.scalar(sa.select(Link).where(Link.purpose == LinkPurpose.ANSWER, column == invitee.id))
    if link is None:
        return None
    revoked, expired = link.revoked_at is not None, now >= link.expires_at
    return AnswerLink("" if revoked or expired else tokens.answer_url(link), link.expires_at, revoked, expired)


def known(person_id: int | None, organisation_id: int | None) -> dict[str, Any]:
    """Return the invitee that a list is filtered by, as the filters need it: the ids, if known, and the name."""
    person = db.session.get(Person, person_id) if person_id else None
    organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
    invitee = person or organisation
    return {
        "person_id": person.id if person else None,
        "organisation_id": organisation.id if organisation else None,
        "name": invitee.display_name if invitee else "",
    }


def invitations_of(invitee: Person | Organisation, *, most: int | None = MOST_INVITATIONS) -> Sequence[Invitation]:
    """Return the invitee's latest invitations, by activity, newest first. Runs one query. most: None for all."""
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
        .limit(most)
    )
    return found.unique().all()


def stop_reminders(invitee: Person | Organisation, *, by: User | None, now: datetime) -> None:
    """Stop reminders and thanks to the invitee; they still hear of changes to what they accepted."""
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is None:
            invitee.reminders_stopped_at = now
            audit.record(session, by, f"{invitee.__tablename__}.reminders_stopped", invitee, now=now)


def resume_reminders(invitee: Person | Organisation, *, by: User | None, now: datetime) -> None:
    """Send the invitee reminders and thanks again."""
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is not None:
            invitee.reminders_stopped_at = None
            audit.record(session, by, f"{invitee.__tablename__}.reminders_resumed", invitee, now=now)
