"""The summary of the day's news for a coordinator: whether it is still wanted, and its text.

Such a message has no lines and no link to answer; its content is a BellDigest. services/bell.py creates it.
"""

from datetime import datetime

import sqlalchemy as sa
from flask_babel import force_locale, gettext, ngettext
from sqlalchemy.orm import Session

from outreach.delivery.mail import compose, headers, letter
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.mail.recipient import locale_of, recipient_of
from outreach.delivery.mail.texts import Text
from outreach.delivery.rows.batch import MessageRow
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.extensions import current_settings
from outreach.models import BellDigest, Office, User

MOST_LINES = 30


def untrue_because(session: Session, row: MessageRow, *, now: datetime) -> SkipReason | None:
    """Return why the summary must not be sent, or None: it came too late, or the account is closed or wants none now."""
    if now >= row.expires_at:
        return SkipReason.TOO_LATE
    wanted = sa.select(User.id).where(User.id == row.user_id, User.active, User.wants_digest)
    return SkipReason.STOPPED if session.scalar(wanted) is None else None


def written(session: Session, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its recipient's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(row.email)
    recipient = recipient_of(row, "")
    lines = session.scalar(sa.select(BellDigest.lines).where(BellDigest.message_id == row.id)) or []
    with force_locale(locale_of(row)):
        return compose.as_mail(
            letter.write([_said(lines, recipient.name)], recipient, office),
            recipient,
            address,
            office,
            row.rfc_message_id,
            now=now,
        )


def _said(lines: list[list[str]], name: str) -> letter.LetterSection:
    subject = ngettext("%(num)d piece of news", "%(num)d pieces of news", len(lines))
    shown = []
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        label = gettext("News %(number)d", number=number)
        shown.append(f"{label}: {clean(' – '.join(part for part in line if part))}")
    text = Text(
        subject,
        gettext("Dear %(name)s,", name="{name}"),
        "\n\n".join(
            (gettext("This is new in Outreach:"), "{slots}", f"{current_settings().base_url.rstrip('/')}/bell")
        ),
    )
    return letter.LetterSection(text, {"slots": "\n".join(shown), "name": name}, subject, ("", ""), MailKind.DIGEST)
