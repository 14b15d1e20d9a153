"""The mail that asks one invitee which of the proposed times suit them: its recheck and its text.

Such a message has no lines and no frame; it refers to a date poll's invitee. services/polls/mail.py creates it.
domain/polls.py has the rule when it is still true.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter, texts, values
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.mail.recipient import Recipient, locale_of, recipient_of, spoken_to
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.words import formats
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.polls import MailFacts, skip_because
from outreach.models import Activity, DatePoll, MessageText, Office, PollInvitee, PollSlot

FIRST_KEY, REMINDER_KEY = KEYS = ("poll", "poll-reminder")  # keys of the texts


def asked(session: Session, rows: Collection[MessageRow]) -> dict[int, PollInvitee]:
    """Return the poll invitees of these messages, by id, with everything that the mail says. Without any, nothing is read."""
    ids = {row.poll_invitee_id for row in rows if row.poll_invitee_id is not None}
    if not ids:
        return {}
    found = session.scalars(
        sa.select(PollInvitee)
        .where(PollInvitee.id.in_(ids))
        .options(
            joinedload(PollInvitee.poll).options(
                joinedload(DatePoll.programme), selectinload(DatePoll.slots).joinedload(PollSlot.venue)
            )
        )
        .execution_options(populate_existing=True)
    )
    return {invitee.id: invitee for invitee in found.unique()}


def untrue_because(
    one: PollInvitee | None, row: MessageRow, blocked: Collection[str], *, now: datetime
) -> SkipReason | None:
    """Return why a message must not be sent, or None. one: its poll invitee; None if they are no longer asked."""
    standing = one is not None and (one.person_id, one.organisation_id) == (row.person_id, row.organisation_id)
    poll = one.poll if one is not None and standing else None
    facts = MailFacts(
        state=poll.state if poll else None,
        closes_at=poll.closes_at if poll else None,
        answered=one is not None and one.answered_at is not None,
        reminds=row.kind is MailKind.REMINDER,
        stopped=row.stopped,
        erased=row.erased,
        link_revoked=row.link_revoked,
        has_address=bool(row.email),
        blocked=email_addresses.key(row.email) in blocked,
    )
    return skip_because(facts, now)


def written(session: Session, one: PollInvitee, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its recipient's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(row.email)
    recipient = recipient_of(row, tokens.tokens_by_nonce()(row.link_nonce))
    key = REMINDER_KEY if row.kind is MailKind.REMINDER else FIRST_KEY
    with spoken_to(recipient):
        said = _said(one.poll, _text(session, one.poll, key, locale_of(row)), recipient, office)
        text = letter.write([said], recipient, office)
        return compose.as_mail(text, recipient, address, office, row.rfc_message_id, now=now)


def page_url(token: str, poll_id: int) -> str:
    """Return the absolute address of the page where a link's invitee answers a poll."""
    return f"{tokens.page_url(token)}/polls/{poll_id}"


def proposals(slots: Sequence[PollSlot]) -> str:
    """Return the proposed times in the current language, each on its own line with a number.

    The poll's zone is named. The venue is added if one is known.
    """
    return "\n".join(_numbered(number, clean(_when_and_where(slot))) for number, slot in enumerate(slots, start=1))


def _numbered(number: int, words: str) -> str:
    name = gettext("Proposal %(number)d", number=number)
    return f"{name}: {words}"


def sample(activity: Activity) -> dict[str, str]:
    """Return the values for a preview of a poll's text: the activity's own time is the only proposal."""
    at = values.when(activity.starts_at, activity.ends_at, activity.zone)
    return {"slots": _numbered(1, at), "note": "…"}


def when(slot: PollSlot) -> str:
    """Return "Senin, 18 Januari 2027, 08.00–12.00 WIB"."""
    return values.when(slot.starts_at, slot.ends_at, slot.poll.zone)


def _when_and_where(slot: PollSlot) -> str:
    return f"{when(slot)}, {slot.venue.name}" if slot.venue else when(slot)


def _said(poll: DatePoll, text: texts.Text, recipient: Recipient, office: Office | None) -> letter.LetterSection:
    contact_name, contact_phone = values.contact_of(poll.programme, office)
    found = {
        "activity": poll.neutral_title,
        "slots": proposals(poll.slots),
        "note": poll.note,
        "deadline": formats.moment(poll.closes_at, poll.zone),
        "name": recipient.name,
        "salutation": recipient.salutation,
        "office": recipient.organisation,
        "programme": values.programme(poll.programme),
        "contact": values.contact_line(contact_name, contact_phone),
        "contact_name": contact_name,
        "contact_phone": formats.phone(contact_phone),
        "unit": office.short_name if office else "",
        "link": page_url(recipient.token, poll.id),
    }
    return letter.LetterSection(text, found, poll.neutral_title, (contact_name, contact_phone), MailKind.POLL)


def _text(session: Session, poll: DatePoll, key: str, locale: str) -> texts.Text:
    """Return the programme's own text, else the office's, else the shipped one."""
    rows = session.scalars(
        sa.select(MessageText).where(
            MessageText.key == key,
            MessageText.locale == locale,
            MessageText.activity_id.is_(None),
            sa.or_(MessageText.programme_id.is_(None), MessageText.programme_id == (poll.programme_id or 0)),
        )
    ).all()
    if rows:
        row = max(rows, key=lambda text: text.programme_id is not None)
        return texts.Text(row.subject, row.greeting, row.body)
    found = texts.shipped(key, locale)
    assert found is not None
    return found
