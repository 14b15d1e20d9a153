"""Stop reminders to a person or an organisation, and send them again. queries/invitations/invitee.py shows one invitee."""

from datetime import datetime

from outreach.models import Organisation, Person, User
from outreach.services import audit
from outreach.transactions import writing


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
