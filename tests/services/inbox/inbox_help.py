"""Mails that arrive in the office's mailbox one after the other, and their results."""

from datetime import datetime

import sqlalchemy as sa

from outreach.delivery.inbox.mailbox import FetchedMail, Folder
from outreach.domain.kinds import IncomingOutcome
from outreach.extensions import db
from outreach.models import IncomingMail, Invitation, Message, Person, Reminder
from outreach.services.inbox import receive as receiving
from tests.world import at

FOLDER = Folder("undangan@imap.example.com/INBOX", 7)
MORNING = at(5, 9)
OUR_SERVER = "mx.example.org"
APPLIED, REFUSED = IncomingOutcome.APPLIED, IncomingOutcome.REFUSED
TO_READ, IGNORED = IncomingOutcome.TO_READ, IncomingOutcome.IGNORED


class Inbox:
    """Mails that arrive one after the other."""

    def __init__(self) -> None:
        self.uid = 0

    def __call__(
        self, data: bytes, now: datetime = MORNING, uid: int = 0, came: datetime | None = None
    ) -> IncomingMail:
        """Read one mail at `now`. came: when it arrived, if it is read later than that.

        Our mail server has judged a calendar answer in its sender's favour, unless it carries verdicts already.
        """
        self.uid += 1
        if b"text/calendar" in data.lower() and b"Authentication-Results:" not in data:
            data = vouched_for(data)
        receiving.take(FOLDER, FetchedMail(uid or self.uid, came or now, data), now=now)
        return db.session.scalars(sa.select(IncomingMail).order_by(IncomingMail.id.desc()).limit(1)).one()


def vouched_for(data: bytes) -> bytes:
    """Return the mail with the verdict of our mail server at its top."""
    return f"Authentication-Results: {OUR_SERVER}; dmarc=pass\r\n".encode() + data


def result(mail: IncomingMail) -> tuple[IncomingOutcome, str]:
    return mail.outcome, mail.reason


def first_invitation_of(person) -> Invitation:
    db.session.expire_all()
    column = Invitation.person_id if isinstance(person, Person) else Invitation.organisation_id
    return db.session.scalars(sa.select(Invitation).where(column == person.id).order_by(Invitation.id)).first()


def confirmations() -> list[str]:
    found = db.session.scalars(sa.select(Reminder).where(Reminder.kind == "confirmation").order_by(Reminder.id))
    return [reminder.invitation.invitee.display_name for reminder in found]


def sent_to(person, address="ani@example.com") -> Message:
    """The person's invitation, as it is after it was sent."""
    message = db.session.scalars(sa.select(Message).where(Message.person_id == person.id)).one()
    message.rfc_message_id, message.address, message.state = f"<{message.id}.1767488400@example.com>", address, "sent"
    message.merge_key = None
    db.session.commit()
    return message
