"""The pages of mail texts: the list, one text, and its preview with an invitee's values.

services/reminders/texts.py stores texts; delivery/mail/texts.py chooses the text of a mail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import Session, joinedload

from outreach import codec
from outreach.delivery.mail import call_texts, compose, letter, texts, values
from outreach.delivery.mail import recipient as recipients
from outreach.delivery.mail.kinds import follow_ups as follow_up_mail
from outreach.delivery.mail.kinds import minutes as minutes_mail
from outreach.delivery.mail.kinds import poll as poll_mail
from outreach.delivery.mail.texts import CALL_KEYS, FOLLOW_UP_TEXT, KEYS, OF_THE_OFFICE_ALONE, RULE_PREFIX, Text
from outreach.delivery.rows import assistants as rows_of_assistants
from outreach.delivery.rows import stored as rows
from outreach.delivery.words.whatsapp import Sender
from outreach.domain.kinds import LOCALES, MailKind, Role
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, db
from outreach.models import Activity, Invitation, MessageText, ReminderRule
from outreach.queries.reminders.rules import Narrower, narrower
from outreach.services import office_defaults
from outreach.services.reminders.scopes import Scope, closeness, closest, scope_of, within
from outreach.services.reminders.texts import check_key, checked, rule_of_text

CANDIDATES = 15
_ROLES = {
    "invitation-speaker": (Role.SPEAKER, Role.MODERATOR),
    "invitation-cadre": (Role.CADRE,),
    "invitation-participant": (Role.PARTICIPANT,),
}


class NobodyToPreview(Problem):
    message = "Nobody suitable has been invited yet. Invite somebody, and the text can be shown with their values."


class Origin(StrEnum):
    SHIPPED = "shipped"
    OFFICE = "office"
    PROGRAMME = "programme"
    ACTIVITY = "activity"


@dataclass(frozen=True)
class TextInScope:
    """A text as it applies in a scope. own: written for exactly this scope."""

    key: str
    locale: str
    text: Text
    origin: Origin
    own: bool


@dataclass(frozen=True)
class TextsPage:
    scope: Scope
    rows: list[tuple[str, list[TextInScope]]]  # by key, each language
    narrower: list[Narrower]
    rules: Mapping[str, ReminderRule]  # the rules with a text of their own, by its key


@dataclass(frozen=True)
class Editor:
    scope: Scope
    shown: TextInScope
    candidates: Sequence[Invitation]
    rule: ReminderRule | None = None  # the only one that uses this text


def texts_page(programme_id: int | None = None, activity_id: int | None = None) -> TextsPage:
    """Return all texts of a scope; raise ScopeMissing."""
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    own = _with_own_text(session, scope)
    stored = session.scalars(sa.select(MessageText).where(within(MessageText, scope))).all()
    usual = [key for key in KEYS if scope.is_office or key not in OF_THE_OFFICE_ALONE]
    keys = [*usual, *CALL_KEYS, *sorted(own)]
    rows = [(key, [_shown(session, scope, key, locale, stored) for locale in LOCALES]) for key in keys]
    return TextsPage(scope, rows, narrower(session, scope, MessageText), own)


def editor(key: str, locale: str, programme_id: int | None = None, activity_id: int | None = None) -> Editor:
    """Return one text of a scope and invitations to preview it with; raise TextMissing or ScopeMissing."""
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    shown, rule = _text(session, scope, key, locale), _with_own_text(session, scope).get(key)
    return Editor(scope, shown, _candidates(session, scope, key), rule)


def preview(
    key: str, locale: str, text: Text | None, invitation_id: int | None, programme_id: int | None = None,
    activity_id: int | None = None, *, now: datetime,
) -> letter.MailContent:  # fmt: skip
    """Return the mail that an invitee would get with this text. text: None for the stored one.

    It does not contain the invitee's real links, so staff cannot answer in the invitee's place.
    Raise NobodyToPreview, or what `checked` raises.
    """
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    invitation = _invitation(session, scope, key, invitation_id)
    text = _text(session, scope, key, locale).text if text is None else checked(text)
    row = rows.invitee_row(invitation.invitee, locale=locale)
    recipient = recipients.recipient_of(row, "contoh")
    if _kind(key) is MailKind.ASSISTANCE:
        one = rows_of_assistants.Assisting("Rina Astuti")
        their = recipients.recipient_of(row, "", rows.invitation_row(invitation).with_assistant(one))
        recipient = replace(their, token=recipient.token)
    activity = invitation.activity
    item = compose.Item(
        rows.invitation_row(invitation),
        activity,
        _kind(key),
        text,
        _before(invitation),
        values.attendance_of(session, activity),
    )
    office = office_defaults.office(session)
    with recipients.spoken_to(recipient):
        said = compose.say(item, recipient, office, now=now)
        if key in poll_mail.KEYS:
            said = replace(said, values=said.values | poll_mail.sample(activity))
        elif key in minutes_mail.KEYS.values():
            said = replace(said, values=said.values | minutes_mail.sample(activity, recipient, now=now))
        elif key == FOLLOW_UP_TEXT:
            today = now.astimezone(activity.zone).date()
            said = replace(said, values=said.values | follow_up_mail.sample(activity, recipient.link, today))
        return letter.write([said], recipient, office)


def preview_of_call(
    key: str, locale: str, text: Text | None, invitation_id: int | None, programme_id: int | None = None,
    activity_id: int | None = None, *, sender: Sender, now: datetime,
) -> str:  # fmt: skip
    """Return the WhatsApp text that a caller would find ready for an invitee. text: None for the stored one.

    Raise NobodyToPreview, or what `checked` raises.
    """
    session: Session = db.session()
    scope = scope_of(session, programme_id, activity_id)
    invitation = _invitation(session, scope, key, invitation_id)
    text = _text(session, scope, key, locale).text if text is None else checked(text, key)
    link = f"{current_settings().base_url.rstrip('/')}/j/contoh"
    with force_locale(locale):
        return call_texts.fill(text, [invitation], link, sender, office_defaults.office(session), now=now)


def _invitation(session: Session, scope: Scope, key: str, invitation_id: int | None) -> Invitation:
    """Return the chosen invitation, or the first of those offered. Raise NobodyToPreview."""
    found = session.get(Invitation, invitation_id) if invitation_id else None
    found = found or next(iter(_candidates(session, scope, key)), None)
    if found is None:
        raise NobodyToPreview
    return found


def _kind(key: str) -> MailKind:
    """Return the kind of mail that uses a text: CHANGE for "change-organisation", REMINDER for a rule's own text."""
    if key == "absent":
        return MailKind.THANKS
    if key.startswith("new-date"):
        return MailKind.CHANGE
    if key == FOLLOW_UP_TEXT:
        return MailKind.FOLLOW_UP
    name = key.partition("-")[0]
    return MailKind(name) if name in set(MailKind) else MailKind.REMINDER


def _before(invitation: Invitation) -> dict[str, str]:
    """Return sample values for a notice of change, as if the activity had been one day earlier."""
    activity = invitation.activity
    sample = values.PlaceBefore.of(activity, activity.cancelled_reason or "…", earlier=timedelta(days=1))
    return dict(codec.to_json(sample))


def _text(session: Session, scope: Scope, key: str, locale: str) -> TextInScope:
    check_key(session, scope, key, locale)
    rows = session.scalars(sa.select(MessageText).where(within(MessageText, scope), MessageText.key == key)).all()
    return _shown(session, scope, key, locale, rows)


def _shown(session: Session, scope: Scope, key: str, locale: str, rows: Sequence[MessageText]) -> TextInScope:
    found = closest(row for row in rows if row.key == key and row.locale == locale).get(key)
    if found is None:
        usual = texts.shipped(key if key in KEYS or key in CALL_KEYS else _usual(session, scope, key), locale)
        assert usual is not None
        return TextInScope(key, locale, usual, Origin.SHIPPED, own=False)
    origin = (Origin.OFFICE, Origin.PROGRAMME, Origin.ACTIVITY)[closeness(found)]
    own = (found.programme_id, found.activity_id) == (scope.programme_id, scope.activity_id)
    return TextInScope(key, locale, Text(found.subject, found.greeting, found.body), origin, own)


def _usual(session: Session, scope: Scope, key: str) -> str:
    """Return the key of the usual text from which a rule's own text starts."""
    rule = rule_of_text(session, scope, key)
    if rule is None:
        return "reminder-unanswered"
    return texts.usual_key(rule.kind, rule.audience)


def _with_own_text(session: Session, scope: Scope) -> dict[str, ReminderRule]:
    """Return the scope's rules with a text of their own, by the text's key."""
    rules = closest(session.scalars(sa.select(ReminderRule).where(within(ReminderRule, scope)))).values()
    return {rule.text_key: rule for rule in rules if rule.text_key.startswith(RULE_PREFIX)}


def _candidates(session: Session, scope: Scope, key: str) -> Sequence[Invitation]:
    """Return up to CANDIDATES invitations of the scope that would get such a mail, sorted by the invitees' names."""
    wanted = (
        sa.select(Invitation)
        .join(Activity, Invitation.activity_id == Activity.id)
        .options(joinedload(Invitation.activity), joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Activity.starts_at.desc(), Invitation.id)
        .limit(CANDIDATES)
    )
    if scope.activity:
        wanted = wanted.where(Activity.id == scope.activity_id)
    elif scope.programme:
        wanted = wanted.where(Activity.programme_id == scope.programme_id)
    if key.endswith("-organisation"):
        wanted = wanted.where(Invitation.organisation_id.is_not(None))
    elif key == "invitation-nominee":
        wanted = wanted.where(Invitation.nominated_under_id.is_not(None))
    elif key in _ROLES:
        wanted = wanted.where(Invitation.role.in_(_ROLES[key]), Invitation.person_id.is_not(None))
    return sorted(session.scalars(wanted), key=lambda invitation: invitation.invitee.display_name.casefold())
