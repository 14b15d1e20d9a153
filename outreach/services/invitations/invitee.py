"""Stop reminders to a person or an organisation, and send them again. queries/invitations/invitee.py shows one invitee."""

from datetime import datetime

import sqlalchemy as sa

from outreach.models import Link, Organisation, Person, ReplacedLink, User
from outreach.services import audit
from outreach.transactions import writing


def stop_reminders(invitee: Person | Organisation, *, by: User | None, now: datetime) -> None:
    """Stop reminders and thanks to the invitee; they still hear of changes to what they accepted."""
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is None:
            invitee.reminders_stopped_at = now
            audit.record(session, by, f"{invitee.__tablename__}.reminders_stopped", invitee, now=now)


def resume_reminders(
    invitee: Person | Organisation, *, by: User | None, now: datetime, block_old_links: bool = False
) -> None:
    """Send the invitee reminders and thanks again.

    block_old_links: links of theirs that were replaced cannot stop them any more, because a stranger has one.
    """
    with writing() as session:
        session.add(invitee)
        if invitee.reminders_stopped_at is not None:
            invitee.reminders_stopped_at = None
            audit.record(session, by, f"{invitee.__tablename__}.reminders_resumed", invitee, now=now)
        if block_old_links:
            holder = Link.person_id if isinstance(invitee, Person) else Link.organisation_id
            of_theirs = ReplacedLink.link_id.in_(sa.select(Link.id).where(holder == invitee.id))
            session.execute(sa.delete(ReplacedLink).where(of_theirs))
            audit.record(session, by, f"{invitee.__tablename__}.old_links_blocked", invitee, now=now)
