"""Store a message with lines as the reminders do, compose it, and parse the mail as its reader would."""

import re
from datetime import date, datetime, time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from flask import Flask
from icalendar import Calendar

from outreach.delivery import tokens
from outreach.delivery.mail.compose import compose
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Invitation, Message, MessageLine, Organisation, Person, Reminder
from tests.support.apps import with_settings
from tests.world import NOW


def published_invitation(
    activity: Activity, invitee: Person | Organisation, role: Role = Role.CADRE, **values: object
) -> Invitation:
    """Store and return an invitation to a published activity."""
    activity.state = ActivityState.PUBLISHED
    party = {"person": invitee} if isinstance(invitee, Person) else {"organisation": invitee}
    invitation = Invitation(**{"activity": activity, "role": role, "state": InvitationState.INVITED, **party, **values})
    db.session.add(invitation)
    db.session.flush()
    column = "person_ids" if isinstance(invitee, Person) else "organisation_ids"
    tokens.ensure_links(db.session, expires_at=activity.ends_at, **{column: [invitee.id]})
    db.session.commit()
    return invitation


def dewi() -> ActingPerson:
    """Return somebody with an address who comes in an invitee's place."""
    return ActingPerson(name="Dewi", email="dewi@example.com")


def line(
    invitation: Invitation,
    kind: MailKind,
    audience: Audience = Audience.NEWLY_INVITED,
    *,
    detail: dict | None = None,
    text_key: str = "",
    due_at: datetime = NOW,
) -> MessageLine:
    """Store and return one line that is not yet part of a message."""
    number = db.session.query(Reminder).count()
    reminder = Reminder(
        activity=invitation.activity, key=kind.value, occurrence=number, kind=kind, audience=audience,
        due_at=due_at, detail=detail or {}, text_key=text_key,
    )  # fmt: skip
    found = MessageLine(reminder=reminder, invitation=invitation, sequence=invitation.activity.sequence)
    db.session.add_all([reminder, found])
    db.session.commit()
    return found


def message_of(*lines: MessageLine, to_representative: bool = False) -> Message:
    """Store and return a message with the lines to their invitee, or to the first invitee's representative."""
    invitation = lines[0].invitation
    message = Message(
        person=invitation.person, organisation=invitation.organisation, kind=lines[0].reminder.kind,
        local_day=date(2027, 1, 4), due_at=NOW, expires_at=datetime.combine(date(2027, 1, 18), time(1), NOW.tzinfo),
        created_at=NOW, lines=list(lines), representative_of=invitation if to_representative else None,
    )  # fmt: skip
    db.session.add(message)
    db.session.commit()
    return message


def mail_of(*lines: MessageLine, now: datetime = NOW, to_representative: bool = False) -> EmailMessage:
    """Return the composed mail, parsed again from its bytes."""
    message = message_of(*lines, to_representative=to_representative)
    return parsed(compose(message, message.lines, now=now).data)


def reads_a_mailbox(app: Flask, **values: object) -> None:
    with_settings(app, **{"imap_server": "imap.example.com", "imap_address": "jawaban@example.com", **values})


def parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=default)


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()


def calendar_parts(mail: EmailMessage) -> list[EmailMessage]:
    return [part for part in mail.walk() if part.get_content_type() == "text/calendar"]


def event_in(part: EmailMessage):
    (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return event


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def words_in_html(html: str) -> str:
    """Return the visible text of the HTML, with whitespace normalised."""
    reader = _Words()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.found)).strip()


def links_in_html(html: str) -> list[str]:
    class Links(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.found += [value for name, value in attrs if tag == "a" and name == "href"]

    reader = Links()
    reader.found = []
    reader.feed(html)
    return reader.found
