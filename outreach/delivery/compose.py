"""One message of the outbox as the bytes of a mail: its words (letter.py), its headers, its calendar entries.

What the lines say was found true by the outbox; here nothing is decided but how to say it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import Session, object_session

from outreach.delivery import calendar, letter, merging, placeholders, texts, tokens, values
from outreach.delivery.calendar import Attendee, Method
from outreach.delivery.merging import worth_saying
from outreach.delivery.readers import Reader, reader_of
from outreach.domain.kinds import MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.extensions import current_settings, db
from outreach.models import Invitation, Message, MessageLine, Office

__all__ = ["AddressUnusable", "Composed", "compose", "message_id", "worth_saying"]

_FILES = {
    ("id", Method.REQUEST): "undangan", ("id", Method.CANCEL): "pembatalan",
    ("en", Method.REQUEST): "invitation", ("en", Method.CANCEL): "cancellation",
}  # fmt: skip


class _OneLineSubject(EmailPolicy):
    """The ordinary policy would begin a long subject with an empty line; an ASCII one need not be folded at all."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        text = str(value)
        if name.lower() == "subject" and text.isascii() and len(text) < LONGEST_LINE:
            return f"{name}: {text}{self.linesep}".encode()
        return super().fold_binary(name, value)


LONGEST_LINE = 900  # octets; RFC 5322, 2.1.1 allows 998
POLICY = _OneLineSubject(linesep="\r\n")


class AddressUnusable(Problem):
    message = "No mail can be sent to the address “%(address)s”. Please correct it."


@dataclass(frozen=True)
class Composed:
    """A mail ready for the wire. sender and recipient: the envelope's addresses."""

    subject: str
    data: bytes
    sender: str
    recipient: str


def compose(message: Message, lines: Sequence[MessageLine], *, now: datetime) -> Composed:
    """Return the mail that says `lines` to a message's reader, in the reader's language.

    lines: those found true; where several are about one activity, only the weightiest is said (worth_saying).
    Raise ValueError without lines, AddressUnusable for an address that no mail can carry.
    """
    said, _ = worth_saying(lines)
    if not said:
        raise ValueError("A mail without lines has nothing to say.")
    session = object_session(message) or db.session()
    office = session.scalar(sa.select(Office).limit(1))
    holder = message.person or message.organisation
    assert holder is not None
    link = cache(lambda: tokens.link_for(session, holder))
    reader = reader_of(message, lambda choice: tokens.answer_url(link(), choice))
    if not reader.address:
        raise AddressUnusable(address="")  # before the work of writing
    with force_locale(reader.locale):
        written = letter.write(
            [_said(message, line, reader, office, now=now) for line in said],
            reader,
            office,
            common_subject=merging.common_subject(said) if len(said) > 1 else "",
        )
        mail = _mail(message, written, reader, office, now=now)
        _add_calendars(mail, session, said, reader, office, now=now)
    mail["Content-Language"] = reader.locale  # at last: adding parts moves Content- headers into the first of them
    return Composed(
        written.subject, mail.as_bytes(), parseaddr(current_settings().mail_sender)[1], _ascii(reader.address)
    )


def message_id(message: Message) -> str:
    """Return the message's Message-ID, the same at every attempt, so that a repeated mail is known as the same one."""
    if message.rfc_message_id:
        return message.rfc_message_id
    made = int(message.created_at.timestamp()) if message.created_at else 0
    domain = parseaddr(current_settings().mail_sender)[1].rpartition("@")[2] or "localhost"
    return f"<{message.id}.{made}@{domain}>"


def text_key_of(line: MessageLine) -> str:
    """Return the key of the usual text for a line."""
    invitation, reminder = line.invitation, line.reminder
    return texts.key_for(
        reminder.kind,
        invitation.role,
        audience=reminder.audience,
        state=invitation.state,
        to_organisation=invitation.organisation_id is not None,
        nominated=invitation.nominated_under_id is not None,
    )


def say(
    text: texts.Text, invitation: Invitation, reader: Reader, office: Office | None, detail: dict[str, Any], *,
    heading: str = "", kind: MailKind | None = None, now: datetime,
) -> letter.Said:  # fmt: skip
    """Return one thing to say, its text's values looked up. The current locale must be the reader's."""
    wanted = placeholders.names_in("\n".join((text.subject, text.greeting, text.body)))
    activity = invitation.activity
    return letter.Said(
        text,
        values.values_for(invitation, reader, office, detail, now=now, wanted=wanted, kind=kind),
        heading,
        values.contact_of(activity.programme, office),
        kind,
    )


def _said(message: Message, line: MessageLine, reader: Reader, office: Office | None, *, now: datetime) -> letter.Said:
    invitation = line.invitation
    text = texts.text_for(text_key_of(line), reader.locale, invitation.activity, line.reminder.text_key)
    return say(
        text, invitation, reader, office, merging.detail_of(message, line),
        heading=merging.heading_of(line), kind=line.reminder.kind, now=now,
    )  # fmt: skip


def _mail(
    message: Message, written: letter.Letter, reader: Reader, office: Office | None, *, now: datetime
) -> EmailMessage:
    sender_name, sender = parseaddr(current_settings().mail_sender)
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _address(office.short_name if office else sender_name, sender)
    mail["To"] = _address(reader.name, reader.address)
    if office and office.email:
        mail["Reply-To"] = _address(office.short_name, office.email)
    mail["Subject"] = _plain(written.subject)
    mail["Date"] = format_datetime(now.astimezone(office.zone) if office else now)
    mail["Message-ID"] = message_id(message)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(written.text, cte="quoted-printable")
    mail.add_alternative(written.html, subtype="html", cte="quoted-printable")
    return mail


def _add_calendars(
    mail: EmailMessage, session: Session, lines: Sequence[MessageLine], reader: Reader, office: Office | None, *,
    now: datetime,
) -> None:  # fmt: skip
    """Add each activity's calendar entry: the last alternative where there is one activity, attachments for several.

    Never base64 (RFC 6047, 2.6, warns of programs that cannot read it); one UID each (RFC 5546, 3.2).
    """
    entries = list(_calendars(session, lines, reader, office, now=now))
    if len(lines) == 1:
        for method, entry in entries:
            named = {"method": method.value, "name": f"{_FILES[reader.locale, method]}.ics"}
            mail.add_alternative(entry, subtype="calendar", cte="quoted-printable", params=named)
        return
    for number, (method, entry) in enumerate(entries, 1):
        mail.add_attachment(
            entry,
            subtype="calendar",
            cte="quoted-printable",
            params={"method": method.value},
            filename=f"{_FILES[reader.locale, method]}-{number}.ics",
        )


def _calendars(
    session: Session, lines: Sequence[MessageLine], reader: Reader, office: Office | None, *, now: datetime
) -> Iterable[tuple[Method, str]]:
    for line in lines:
        invitation = line.invitation
        method = calendar.METHODS.get(line.reminder.kind)
        if method is None or (line.reminder.kind is MailKind.WITHDRAWAL and _still_invited(session, invitation)):
            continue
        entry = calendar.ics_for(
            invitation.activity,
            method,
            url=reader.link,
            now=now,
            attendee=Attendee(
                reader.name,
                _ascii(reader.address),
                calendar.answer_of(invitation, representative=reader.represents),
            ),
            organiser=office.short_name if office else "",
            withdrawn=line.reminder.kind is MailKind.WITHDRAWAL,
        )
        yield method, entry.decode()


def _still_invited(session: Session, withdrawn: Invitation) -> bool:
    """Whether the reader is expected at the activity in another role, so that it must stay in the calendar."""
    if withdrawn.person_id is None:
        return False
    others = sa.select(Invitation.id).where(
        Invitation.activity_id == withdrawn.activity_id,
        Invitation.person_id == withdrawn.person_id,
        Invitation.id != withdrawn.id,
        Invitation.state.not_in([InvitationState.WITHDRAWN, InvitationState.PREPARED]),
    )
    return session.scalar(others.limit(1)) is not None


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=_plain(placeholders.clean(name)), addr_spec=_ascii(address))
    except (ValueError, IndexError, MessageError) as error:
        raise AddressUnusable(address=address) from error


def _plain(text: str) -> str:
    """Keep what merely looks like an encoded word (RFC 2047) from being decoded: it could hide a line break."""
    return text.replace("=?", "= ?")


def _ascii(address: str) -> str:
    """Return the address with its domain in the form that every server knows (IDNA)."""
    local, at, domain = address.rpartition("@")
    try:
        found = f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise AddressUnusable(address=address) from error
    if not (local and domain and found.isascii()):
        raise AddressUnusable(address=address)
    return found
