"""What pages show of one invitee: the answer link and the latest invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Invitation, Link, Organisation, Person, ReplacedLink
from outreach.services.invitations import links

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


def stopped_by_old_link(invitee: Person | Organisation) -> bool:
    """Return whether reminders are stopped, a link of theirs that was replaced has done it, and such a link can do it again."""
    if invitee.reminders_stopped_at is None:
        return False
    entry = sa.exists().where(
        AuditEntry.subject_type == invitee.__tablename__,
        AuditEntry.subject_id == invitee.id,
        AuditEntry.action == f"{invitee.__tablename__}.{links.STOPPED_BY_OLD_LINK}",
        AuditEntry.at == invitee.reminders_stopped_at,
    )
    holder = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
    can = sa.exists().where(ReplacedLink.link_id == Link.id, holder == invitee.id)
    return bool(db.session.scalar(sa.select(sa.and_(entry, can))))


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
            joinedload(Invitation.declined),
            joinedload(Invitation.answer_recorded_by),
            joinedload(Invitation.nominated_under).joinedload(Invitation.organisation),
        )
        .order_by(Activity.starts_at.desc(), Invitation.id.desc())
        .limit(most)
    )
    return found.unique().all()
