"""Compose one message as the bytes of a mail: its text (mail/letter.py), header fields and calendar events.

The outbox has already checked that the lines are true. This file only decides how to say them.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parseaddr
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from outreach.delivery import tokens
from outreach.delivery.mail import (
    attached,
    door_code,
    feedback,
    headers,
    ical_event,
    letter,
    placeholders,
    texts,
    values,
)
from outreach.delivery.mail import body as mail_body
from outreach.delivery.mail import merge_lines as merging
from outreach.delivery.mail.headers import AddressUnusable
from outreach.delivery.mail.ical_event import Attendee, Method
from outreach.delivery.mail.merge_lines import worth_saying
from outreach.delivery.mail.recipient import Recipient, locale_of, recipient_of, spoken_to
from outreach.delivery.rows import stored as rows
from outreach.delivery.rows.batch import LineRow, MessageRow
from outreach.delivery.rows.letters import AttachedLetter
from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import InvitationState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Invitation, Message, MessageLine, Office, Reminder, the_office

# These texts ask for an answer, or offer to change it, as far as the reader may still answer.
ASKS = (
    MailKind.INVITATION, MailKind.CHANGE, MailKind.REMINDER, MailKind.SEAT, MailKind.CONFIRMATION, MailKind.APPOINTMENT,
    MailKind.REPRESENTATION, MailKind.ASSISTANCE,
)  # fmt: skip
__all__ = ["AddressUnusable", "Composed", "compose", "message_id", "worth_saying"]


@dataclass(frozen=True)
class Composed:
    """A mail ready to send. sender, recipient: the envelope's addresses."""

    subject: str
    data: bytes
    sender: str
    recipient: str


@dataclass(frozen=True)
class Item:
    """One line with everything needed to say it, except its recipient.

    detail: what the reminder knows (merge_lines.detail_of). counted: what is read for all readers: values.attendance_of,
    if the text uses it, and values.substitution_of.
    in_calendar: False if the recipient is expected in another role: a withdrawal must then leave their calendar
    unchanged.
    """

    line: LineRow
    activity: Activity
    kind: MailKind
    text: texts.Text
    detail: Mapping[str, Any] = field(default_factory=dict)
    counted: Mapping[str, str] = field(default_factory=dict)
    in_calendar: bool = True
    asks_feedback: bool = False
    about_materials: bool = False


def compose(message: Message, lines: Sequence[MessageLine], *, now: datetime) -> Composed:
    """Return the mail that says `lines` to a message's recipient, in their language.

    lines: checked as true. If several are about one activity, only the most important is said (worth_saying). Raise
    ValueError without lines, AddressUnusable if no mail can be sent to the address.
    """
    said, _ = worth_saying(lines)
    invitee = message.person or message.organisation
    assert invitee is not None
    session = object_session(message) or db.session()
    row, representing = rows.message_row(message), None
    if message.representative_of is not None:
        naming = (line for line in said if line.invitation_id == message.representative_of_id)
        representing = next(map(rows.line_row, naming), None) or rows.invitation_row(message.representative_of)
    headers.envelope_address(representing.representative_email if representing else row.email)  # before the work
    token = "" if representing else tokens.token(tokens.link_for(session, invitee))
    items = [_stored_item(session, message, row, line) for line in said]
    office = session.scalar(the_office())
    return written(items, recipient_of(row, token, representing), office, message_id(message), now=now)


def _stored_item(session: Session, message: Message, row: MessageRow, line: MessageLine) -> Item:
    found, reminder, activity = rows.line_row(line), line.reminder, line.invitation.activity
    moves = sorted(
        (
            other.reminder
            for other in message.lines
            if other.reminder.kind is MailKind.CHANGE and other.invitation_id == line.invitation_id
        ),
        key=lambda move: (move.due_at, move.id),
    )
    text = texts.text_for(text_key(row, found, reminder, moves), locale_of(row), activity, reminder.text_key)
    in_calendar = not expected_otherwise(session, row, found, reminder.kind)
    return item_of(session, found, reminder, activity, text, moves=moves, in_calendar=in_calendar)


def message_id(message: Message) -> str:
    """Return the Message-ID. It is the same at every attempt, so that a repeated mail is recognised."""
    if message.rfc_message_id:
        return message.rfc_message_id
    made = int(message.created_at.timestamp()) if message.created_at else 0
    return f"<{message.id}.{made}@{id_domain()}>"


def id_domain() -> str:
    """Return the domain of our Message-IDs: the sender's domain."""
    return parseaddr(current_settings().mail_sender)[1].rpartition("@")[2] or "localhost"


def text_key(row: MessageRow, line: LineRow, reminder: Reminder, moves: Sequence[Reminder] = ()) -> str:
    """Return the key of the usual text for a line. moves: those that a change tells, oldest first."""
    first = moves[0] if moves and reminder.kind is MailKind.CHANGE else reminder
    return texts.key_for(
        reminder.kind,
        line.role,
        audience=reminder.audience,
        state=line.state,
        to_organisation=row.person_id is None,
        nominated=line.nominated_under_id is not None,
        postponed=WAS_POSTPONED in (first.detail or {}),
    )


def item_of(
    session: Session, line: LineRow, reminder: Reminder, activity: Activity, text: texts.Text, *,
    moves: Sequence[Reminder] = (), in_calendar: bool = True,
) -> Item:  # fmt: skip
    """Return a line with everything needed to say it. moves: those that a change tells, oldest first."""
    kind = reminder.kind
    counted = values.attendance_of(session, activity) if text.names & values.ATTENDANCE else {}
    if kind is MailKind.SUBSTITUTION:
        counted = {**counted, **values.substitution_of(session, reminder.detail)}
    return Item(
        line,
        activity,
        kind,
        text,
        merging.detail_of(reminder, moves if kind is MailKind.CHANGE else ()),
        counted,
        in_calendar,
        feedback.is_asked(session, reminder, activity),
        reminder.audience is Audience.NO_MATERIALS,
    )


def written(
    items: Sequence[Item], recipient: Recipient, office: Office | None, rfc_message_id: str, *, now: datetime
) -> Composed:
    """Return the mail that says the items, in this order, to its recipient.

    Raise ValueError without items, AddressUnusable if no mail can be sent to the address.
    """
    if not items:
        raise ValueError("A mail without lines has nothing to say.")
    address = headers.envelope_address(recipient.address)
    several = len(items) > 1
    with spoken_to(recipient):
        subject = merging.common_subject([(item.kind, item.activity) for item in items]) if several else ""
        said = [say(item, recipient, office, now=now) for item in items]
        text = letter.write(said, recipient, office, common_subject=subject)
        entries = [entry for item in items for entry in _entry(item, recipient, address, office, now=now)]
        letters = [one for item in items for one in attached.of_mail(item.kind, item.line.letters)]
        codes = [
            (door_code.content_id(item.line.invitation_id), code)
            for item in items
            if (code := door_code.of_line(item.kind, item.line, recipient))
        ]
        return as_mail(
            text, recipient, address, office, rfc_message_id, entries, letters, codes, several=several, now=now
        )


def as_mail(
    text: letter.MailContent, recipient: Recipient, address: str, office: Office | None, rfc_message_id: str,
    entries: Sequence[tuple[Method, str]] = (), letters: Sequence[AttachedLetter] = (),
    codes: Sequence[tuple[str, str]] = (), *, several: bool = False, now: datetime,
) -> Composed:  # fmt: skip
    """Return a letter as a mail with these calendar events, signed letters and codes for the door.

    address: the envelope address. codes: each with the Content-ID of its picture.
    """
    body = mail_body.body(text, entries, recipient.locale, list(dict.fromkeys(letters)), codes, several=several)
    head = _head(text.subject, recipient, address, office, rfc_message_id, now)
    return Composed(text.subject, head + body, parseaddr(current_settings().mail_sender)[1], address)


def say(item: Item, recipient: Recipient, office: Office | None, *, now: datetime) -> letter.LetterSection:
    """Return one section of the letter, with its values looked up. The current words must be the recipient's (`spoken_to`)."""
    found = values.values_for(item.line, item.activity, recipient, office, item.detail, now=now, kind=item.kind)
    code = door_code.of_line(item.kind, item.line, recipient)
    return letter.LetterSection(
        item.text,
        found | dict(item.counted),
        merging.heading_of(item.activity, item.kind),
        values.contact_of(item.activity.programme, office),
        item.kind,
        item.kind not in ASKS or values.answer_until(item.line, item.activity, now) is not None,
        tuple(attached.sentence(one) for one in attached.of_mail(item.kind, item.line.letters)),
        door_code.block(code, item.line) if code else None,
        feedback.blocks(item.activity.id, recipient) if item.asks_feedback else (),
        item.about_materials,
    )


def date_field(now: datetime, office: Office | None) -> bytes:
    return headers.named("Date", format_datetime(now.astimezone(office.zone) if office else now))


def _head(
    subject: str, recipient: Recipient, address: str, office: Office | None, rfc_message_id: str, now: datetime
) -> bytes:
    """Return the mail's own header fields. One-click unsubscribe is RFC 8058; it needs https."""
    settings = current_settings()
    sender_name, sender = parseaddr(settings.mail_sender)
    name = placeholders.clean(office.short_name if office else sender_name)
    reply_to = _reply_to(office)
    fields = [headers.address_field("From", name, sender), headers.address_field("To", recipient.name, address)]
    if reply_to:
        fields.append(headers.address_field("Reply-To", name, reply_to))
    fields += [
        headers.text_field("Subject", placeholders.clean(subject)),
        date_field(now, office),
        headers.named("Message-ID", rfc_message_id),
        headers.named("Auto-Submitted", "auto-generated"),
    ]
    if recipient.stop_link:
        fields.append(headers.named("List-Unsubscribe", f"<{tokens.stop_page_url(recipient.token)}>"))
        if settings.https:
            fields.append(headers.named("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return b"".join(fields)


def _reply_to(office: Office | None) -> str:
    """Return the address for replies; "" if neither address is usable.

    The mailbox that is read comes first, so that replies appear next to the invitation. The office's address comes
    second.
    """
    for address in (ical_event.mailbox() if current_settings().imap_server else "", office.email if office else ""):
        with suppress(AddressUnusable):
            return headers.envelope_address(address)
    return ""


def _entry(
    item: Item, recipient: Recipient, address: str, office: Office | None, *, now: datetime
) -> Iterable[tuple[Method, str]]:
    """Yield the item's calendar object, if it has one. Each activity has its own UID (RFC 5546, 3.2)."""
    method = ical_event.method_of(item.kind, may_answer=not recipient.represents)
    if method is None or not item.in_calendar:
        return
    entry = ical_event.ics_for(
        item.activity,
        method,
        url=recipient.link,
        now=now,
        attendee=Attendee(recipient.name, address, ical_event.answer_of(item.line, item.activity)),
        organiser=office.short_name if office else "",
        revision=item.line.revision,
        notes=() if method is Method.CANCEL else ical_event.notes_of(item.activity, office, recipient.person_id),
    )
    yield method, entry.decode()


def expected_otherwise(session: Session, row: MessageRow, line: LineRow, kind: MailKind) -> bool:
    """Return whether a withdrawal's recipient is expected in another role, so that their calendar keeps the activity."""
    if kind is not MailKind.WITHDRAWAL or row.person_id is None or line.to_representative:
        return False
    others = sa.select(Invitation.id).where(
        Invitation.activity_id == line.activity_id,
        Invitation.person_id == row.person_id,
        Invitation.id != line.invitation_id,
        Invitation.state.not_in([InvitationState.WITHDRAWN, InvitationState.PREPARED]),
    )
    return session.scalar(others.limit(1)) is not None
