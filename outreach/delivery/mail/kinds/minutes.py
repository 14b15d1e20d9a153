"""The mails about minutes: to the chair to agree, to staff what the chair said, and the copies with the PDF.

Such a message has no lines; a MinutesMail says what it is about. services/minutes writes them. domain/minutes/content.py has the
rule when one is still true.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter, texts, values
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import clean, plain
from outreach.delivery.mail.recipient import Recipient, locale_of, recipient_of, spoken_to
from outreach.delivery.mail.texts import Text
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.rows.letters import AttachedLetter
from outreach.delivery.words import formats, salutations
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import LetterKind, LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.minutes.content import MinutesMailFacts, MinutesPurpose, skip_because
from outreach.extensions import current_settings
from outreach.models import Activity, Minutes, MinutesMail, MinutesReply, MinutesVersion, Office

KEYS = {MinutesPurpose.ASK: "minutes-ask", MinutesPurpose.COPY: "minutes"}  # of the texts


@dataclass(frozen=True)
class ConcernedMail:
    """A mail with the minutes that it is about. last: the number of their latest version."""

    mail: MinutesMail
    last: int

    @property
    def minutes(self) -> Minutes:
        return self.mail.minutes


def concerned(session: Session, rows: Collection[MessageRow]) -> Mapping[int, ConcernedMail]:
    """Return what these messages are about, by message; only those about minutes. Without any, nothing is read."""
    ids = [row.id for row in rows if row.kind is MailKind.MINUTES]
    if not ids:
        return {}
    last = (
        sa.select(sa.func.max(MinutesVersion.number))
        .where(MinutesVersion.minutes_id == MinutesMail.minutes_id)
        .correlate(MinutesMail)
        .scalar_subquery()
    )
    found = session.execute(
        sa.select(MinutesMail, last)
        .where(MinutesMail.message_id.in_(ids))
        .options(
            joinedload(MinutesMail.minutes).joinedload(Minutes.activity).joinedload(Activity.programme),
            joinedload(MinutesMail.minutes).joinedload(Minutes.file),
            joinedload(MinutesMail.invitation),
        )
        .execution_options(populate_existing=True)
    )
    return {mail.message_id: ConcernedMail(mail, number) for mail, number in found}


def address_of(one: ConcernedMail | None, row: MessageRow) -> str:
    """Return the address of the mail's reader: of the representative, if the mail goes to them."""
    if row.representative_of_id is None or one is None or one.mail.invitation is None:
        return row.email
    return one.mail.invitation.representative_email


def untrue_because(
    one: ConcernedMail | None, row: MessageRow, blocked: Collection[str], *, now: datetime
) -> SkipReason | None:
    """Return why the mail must not be sent, or None. one: None if its minutes are gone."""
    if one is None:
        return SkipReason.MINUTES_CHANGED
    address, invitation = address_of(one, row), one.mail.invitation
    return skip_because(
        MinutesMailFacts(
            purpose=one.mail.purpose,
            state=one.minutes.state,
            number=one.mail.number,
            last=one.last,
            present=bool(invitation and invitation.attendance and invitation.attendance.present),
            erased=row.erased,
            has_address=bool(address),
            blocked=email_addresses.key(address) in blocked if address else False,
            expires_at=row.expires_at,
        ),
        now,
    )


def written(session: Session, one: ConcernedMail, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its reader's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(address_of(one, row))
    with force_locale(locale_of(row)):
        recipient = _recipient(one, row)
    with spoken_to(recipient):
        said = _said(session, one, recipient, office)
        text = letter.write([said], recipient, office)
        return compose.as_mail(text, recipient, address, office, row.rfc_message_id, letters=_attached(one), now=now)


def chair_url(minutes: Minutes) -> str:
    """Return the absolute address of the page where the chair reads the minutes and agrees."""
    return f"{tokens.page_url(tokens.tokens_by_nonce(LinkPurpose.MINUTES)(minutes.nonce))}/minutes"


def _recipient(one: ConcernedMail, row: MessageRow) -> Recipient:
    invitation = one.mail.invitation
    if row.representative_of_id is None or invitation is None:
        token = "" if row.user_id is not None else tokens.tokens_by_nonce()(row.link_nonce)
        return recipient_of(row, token)
    name, invitee = clean(invitation.representative_name), clean(invitation.invitee.display_name)
    salutation = gettext(
        "%(name)s, representing %(invitee)s", name=salutations.polite(name, None, locale_of(row)), invitee=invitee
    )
    nonce = invitation.acting.nonce if invitation.acting else ""
    return replace(
        recipient_of(row, tokens.acting_token(nonce)),
        name=name, address=invitation.representative_email, salutation=salutation, represents=invitee,
        child=False,
    )  # fmt: skip


def link_ends_at(minutes: Minutes) -> datetime:
    """Return until when the chair's link opens."""
    return (minutes.asked_at or minutes.changed_at) + timedelta(days=current_settings().minutes_link_days)


def sample(activity: Activity, recipient: Recipient, *, now: datetime) -> dict[str, str]:
    """Return the values for a preview of the text to the chair."""
    until = now + timedelta(days=current_settings().minutes_link_days)
    return {"deadline": formats.moment(until, activity.zone), "link": f"{recipient.link}/minutes"}


def _said(session: Session, one: ConcernedMail, recipient: Recipient, office: Office | None) -> letter.LetterSection:
    activity = one.minutes.activity
    contact = values.contact_of(activity.programme, office)
    named = recipient.salutation or recipient.name
    if one.mail.purpose is MinutesPurpose.REPLIED:
        day = formats.day(activity.starts_at, activity.zone)
        subject, lines = _replied(session, one, {"title": plain(activity.neutral_title), "day": day})
        text = Text(subject, gettext("Dear %(name)s,", name="{name}"), "\n\n".join(lines))
        return letter.LetterSection(text, {"name": named}, subject, contact, MailKind.MINUTES)
    text = texts.text_for(KEYS[one.mail.purpose], recipient.locale, activity)
    found = {
        "activity": activity.neutral_title,
        "full_title": "" if activity.title == activity.neutral_title else activity.title,
        "programme": values.programme(activity.programme),
        "day_date": formats.day(activity.starts_at, activity.zone),
        "time": formats.span(activity.starts_at, activity.ends_at, activity.zone),
        "when": values.when(activity.starts_at, activity.ends_at, activity.zone),
        "venue": values.place(activity.venue),
        "name": recipient.name,
        "salutation": named,
        "office": recipient.organisation,
        "represents": recipient.represents,
        "contact": values.contact_line(*contact),
        "contact_name": contact[0],
        "contact_phone": formats.phone(contact[1]),
        "unit": office.short_name if office else "",
    }
    if one.mail.purpose is MinutesPurpose.ASK:
        found |= {"link": chair_url(one.minutes), "deadline": formats.moment(link_ends_at(one.minutes), activity.zone)}
    return letter.LetterSection(text, found, activity.neutral_title, contact, MailKind.MINUTES)


def _replied(session: Session, one: ConcernedMail, about: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    reply = session.scalar(
        sa.select(MinutesReply)
        .where(MinutesReply.minutes_id == one.minutes.id, MinutesReply.number == one.mail.number)
        .order_by(MinutesReply.id.desc())
        .limit(1)
    )
    page = f"{current_settings().base_url.rstrip('/')}/activities/{one.minutes.activity_id}/minutes"
    name = plain(reply.name) if reply else ""
    if reply is None or reply.agrees:
        said = gettext("%(name)s agrees to the minutes of “%(title)s” on %(day)s.", name=name, **about)
        return gettext("Minutes approved: %(title)s", **about), (said, page)
    said = gettext("%(name)s asks for changes in the minutes of “%(title)s” on %(day)s:", name=name, **about)
    return gettext("Changes wanted in the minutes: %(title)s", **about), (said, f"“{plain(reply.note)}”", page)


def _attached(one: ConcernedMail) -> tuple[AttachedLetter, ...]:
    file = one.minutes.file
    if one.mail.purpose is not MinutesPurpose.COPY or file is None:
        return ()
    return (AttachedLetter(LetterKind.INVITATION, "", None, file.sha256, file.name),)
