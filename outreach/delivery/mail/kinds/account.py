"""A mail to an account about signing in: whether it is still true, and its text.

Such a message has no lines. Its content is an AccountMail; services/sign_in/mails.py writes it. The secret link is made
when the mail is composed, so it is not stored.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail import compose, headers, letter
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.mail.recipient import locale_of, recipient_of
from outreach.delivery.mail.texts import Text
from outreach.delivery.rows.batch import MessageRow
from outreach.delivery.words import formats
from outreach.domain.kinds import AccountNews, LinkPurpose, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.zones import DEFAULT
from outreach.extensions import current_settings
from outreach.models import AccountMail, Office, PasswordReset, User


def untrue_because(session: Session, row: MessageRow, *, now: datetime) -> SkipReason | None:
    """Return why the mail must not be sent, or None: it came too late, the account is closed, or the link is used."""
    if now >= row.expires_at:
        return SkipReason.TOO_LATE
    open_account = sa.select(User.id).where(User.id == row.user_id, User.active)
    if session.scalar(open_account) is None:
        return SkipReason.STOPPED
    found = session.get(AccountMail, row.id)
    if found is None:
        return SkipReason.STOPPED
    if found.news is not AccountNews.NEW_PASSWORD:
        return None
    usable = sa.select(PasswordReset.id).where(
        PasswordReset.nonce == found.facts["nonce"], PasswordReset.used_at.is_(None), PasswordReset.ends_at > now
    )
    return SkipReason.TOO_LATE if session.scalar(usable) is None else None


def written(session: Session, row: MessageRow, office: Office | None, *, now: datetime) -> Composed:
    """Return the mail in its account's language. Raise AddressUnusable if no mail can be sent to the address."""
    address = headers.envelope_address(row.email)
    recipient = recipient_of(row, "")
    about = session.get_one(AccountMail, row.id)
    with force_locale(locale_of(row)):
        return compose.as_mail(
            letter.write([_said(about, recipient.name, office)], recipient, office),
            recipient,
            address,
            office,
            row.rfc_message_id,
            now=now,
        )


def new_password_url(nonce: str) -> str:
    """Return the absolute address of the page for a new password."""
    token = tokens.tokens_by_nonce(LinkPurpose.NEW_PASSWORD)(nonce)
    return f"{current_settings().base_url.rstrip('/')}/r/{token}"


def _said(about: AccountMail, name: str, office: Office | None) -> letter.LetterSection:
    subject, parts = _words(about, office)
    text = Text(subject, gettext("Dear %(name)s,", name="{name}"), "\n\n".join(parts))
    return letter.LetterSection(text, {"name": name}, subject, ("", ""), MailKind.ACCOUNT)


def _words(about: AccountMail, office: Office | None) -> tuple[str, list[str]]:
    if about.news is AccountNews.NEW_PASSWORD:
        return gettext("A new password for Outreach"), [
            gettext("Somebody asked for a new password for your account. If it was you, choose one on this page:"),
            new_password_url(about.facts["nonce"]),
            gettext("The link counts for 30 minutes and for one new password. Nobody else should get it."),
            gettext("If it was not you, you need do nothing: your password stays as it is."),
        ]
    if about.news is AccountNews.MANY_FAILURES:
        return gettext("Many failed sign-ins"), [
            gettext(
                "Within an hour, %(count)s tries to sign in to Outreach failed. Somebody may be guessing passwords. "
                "Nobody is locked out by it. The page shows from where they came:",
                count=about.facts.get("count", 0),
            ),
            f"{current_settings().base_url.rstrip('/')}/security-events?kind=failures",
        ]
    subject, happened = _happened(about.news, about.facts)
    when = formats.moment(about.at, office.zone if office else DEFAULT)
    return subject, [
        f"{happened} ({when})",
        gettext(
            "If it was not you, choose a new password at once, and tell an administrator of your office: "
            "somebody else may know your password."
        ),
        f"{current_settings().base_url.rstrip('/')}/reset",
    ]


def _happened(news: AccountNews, facts: dict[str, Any]) -> tuple[str, str]:
    name = clean(str(facts.get("name", "")))
    device = clean(" / ".join(str(facts.get(part) or "?") for part in ("browser", "system", "network_address")))
    words: dict[AccountNews, tuple[str, str]] = {
        AccountNews.PASSWORD_CHANGED: (
            gettext("Your password for Outreach was changed"),
            gettext("The password of your account was changed."),
        ),
        AccountNews.FACTOR_ADDED: (
            gettext("Your account has a new second factor"),
            gettext("A second factor was set up for your account: %(name)s.", name=name or gettext("a code app")),
        ),
        AccountNews.FACTOR_REMOVED: (
            gettext("A second factor of your account was removed"),
            gettext("A second factor of your account was removed: %(name)s.", name=name or gettext("a code app")),
        ),
        AccountNews.FACTORS_RESET: (
            gettext("The second factors of your account were reset"),
            gettext(
                "An administrator reset the second factors and recovery codes of your account, and ended its sessions. "
                "At the next sign-in you set up a new one, if your office asks for it."
            ),
        ),
        AccountNews.RECOVERY_CODE_USED: (
            gettext("Somebody signed in with a recovery code"),
            gettext(
                "Somebody signed in to your account with one of its recovery codes. Codes that are left: %(count)s.",
                count=facts.get("left", 0),
            ),
        ),
        AccountNews.NEW_DEVICE: (
            gettext("Your account was used on a new device"),
            gettext("Somebody signed in to your account on a device for the first time: %(device)s.", device=device),
        ),
        AccountNews.RECOVERY_CODES_MADE: (
            gettext("Your account has new recovery codes"),
            gettext("New recovery codes were made for your account. The earlier ones no longer count."),
        ),
    }
    return words[news]
