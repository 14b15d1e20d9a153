"""Change the texts of mails by language, for the office, a programme, an activity or one rule; send one as a trial.

queries/reminders/texts.py shows and previews them; delivery/mail/texts.py chooses the text of a mail.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from outreach.delivery.mail import compose, headers, letter, placeholders
from outreach.delivery.mail.placeholders import CALL_PLACEHOLDERS, PLACEHOLDERS, Placeholder
from outreach.delivery.mail.recipient import Recipient
from outreach.delivery.mail.texts import CALL_KEYS, KEYS, OF_THE_OFFICE_ALONE, RULE_PREFIX, Text
from outreach.delivery.outbox import single
from outreach.domain.kinds import LOCALES
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import MessageText, ReminderRule, User
from outreach.services import audit, office_defaults
from outreach.services.reminders.scopes import Scope, closest, exactly, scope_of, within
from outreach.transactions import writing

SUBJECT_LENGTH, GREETING_LENGTH, BODY_LENGTH = 200, 300, 8000


class TextMissing(Problem):
    message = "There is no such text."


class TextIncomplete(Problem):
    message = "A mail needs a subject, a greeting and a body. Please write what is missing."


class CallTextIncomplete(Problem):
    message = "A text needs a greeting and a body. Please write what is missing."


class TextTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."


def save(
    key: str, locale: str, text: Text, programme_id: int | None = None, activity_id: int | None = None, *,
    by: User | None, now: datetime,
) -> MessageText:  # fmt: skip
    """Store a text for a scope; raise a Problem from `checked`, TextMissing or ScopeMissing."""
    text = checked(text, key)
    with writing() as session:
        scope = scope_of(session, programme_id, activity_id)
        check_key(session, scope, key, locale)
        row = _own(session, scope, key, locale)
        if row is None:
            row = MessageText(
                programme_id=scope.programme_id, activity_id=scope.activity_id, key=key, locale=locale,
                subject=text.subject, greeting=text.greeting, body=text.body,
            )  # fmt: skip
            session.add(row)
        else:
            row.subject, row.greeting, row.body = text.subject, text.greeting, text.body
        audit.record(session, by, "text.changed", row, name=_named(key, locale, scope), now=now)
    return row


def reset(
    key: str, locale: str, programme_id: int | None = None, activity_id: int | None = None, *,
    by: User | None, now: datetime,
) -> None:  # fmt: skip
    """Let a scope inherit the text again, in the end from the shipped texts. Raise TextMissing if it has no text of its own."""
    with writing() as session:
        scope = scope_of(session, programme_id, activity_id)
        row = _own(session, scope, key, locale)
        if row is None:
            raise TextMissing
        audit.record(session, by, "text.reset", row, name=_named(key, locale, scope), now=now)
        session.delete(row)


def checked(text: Text, key: str = "") -> Text:
    """Return the text stripped, with line ends as \n; raise a Problem with the field concerned. key: "" for a mail's text."""
    text = Text(text.subject.strip(), text.greeting.strip(), text.body.replace("\r\n", "\n").strip())
    parts = [("subject", SUBJECT_LENGTH), ("greeting", GREETING_LENGTH), ("body", BODY_LENGTH)]
    incomplete: type[Problem] = TextIncomplete
    known: Collection[Placeholder] = PLACEHOLDERS
    if key in CALL_KEYS:
        text, parts, incomplete, known = replace(text, subject=""), parts[1:], CallTextIncomplete, CALL_PLACEHOLDERS
    for field, longest in parts:
        value = getattr(text, field)
        if not value:
            raise incomplete(field=field)
        if len(value) > longest:
            raise TextTooLong(field=field, longest=longest)
        placeholders.check(value, single_line=field != "body", subject=field == "subject", field=field, known=known)
    return text


def send_trial(written: letter.MailContent, locale: str, *, to: User, now: Callable[[], datetime]) -> None:
    """Send a text's preview to a member of staff, so that they see it in their own mail program.

    written: from queries/reminders/texts.py. Raise AddressUnusable, NotHandedOver or ServerBusy.
    """
    office = office_defaults.office(db.session)
    with force_locale(locale):
        trial = replace(written, subject=gettext("Trial: %(subject)s", subject=written.subject))
    recipient = Recipient(to.name, to.email, locale, "")
    address = headers.envelope_address(to.email)
    message_id = f"<trial.{uuid4().hex}@{compose.id_domain()}>"
    mail = compose.as_mail(trial, recipient, address, office, message_id, now=now())
    db.session.rollback()
    single.hand_over(mail, now)


def rule_of_text(session: Session, scope: Scope, key: str) -> ReminderRule | None:
    """Return the rule to which a text of its own belongs, as it applies in the scope."""
    name = key.removeprefix(RULE_PREFIX)
    rows = session.scalars(sa.select(ReminderRule).where(within(ReminderRule, scope), ReminderRule.key == name))
    return closest(rows).get(name)


def check_key(session: Session, scope: Scope, key: str, locale: str) -> None:
    """Raise TextMissing if there is no text of this key in this language, or its rule does not apply in the scope."""
    usual = key in CALL_KEYS or (key in KEYS and (scope.is_office or key not in OF_THE_OFFICE_ALONE))
    if locale not in LOCALES or not (usual or key.startswith(RULE_PREFIX)):
        raise TextMissing
    if not usual and rule_of_text(session, scope, key) is None:
        raise TextMissing


def _own(session: Session, scope: Scope, key: str, locale: str) -> MessageText | None:
    return session.scalar(
        sa.select(MessageText).where(exactly(MessageText, scope), MessageText.key == key, MessageText.locale == locale)
    )


def _named(key: str, locale: str, scope: Scope) -> str:
    return f"{key} ({locale}), {scope.title}".removesuffix(", ")
