"""The texts of mails: which text a mail uses, stored edited texts, and the texts shipped in data/texts.

services/reminders/texts.py edits them. mail/placeholders.py has their placeholders.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session, object_session

from outreach.delivery.mail.placeholders import names_in
from outreach.domain.kinds import ON_STAGE, Audience, MailKind, Role
from outreach.domain.states import UNANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, MessageText

LINK_TEXT = "confirmation-link"
OPEN_AGAIN_TEXT = "representation-open"
NO_LONGER_ACTING_TEXT = "representation-ended"
ACTING_AGAIN_TEXT = "appointment-again"
CONFIRMED_AGAIN_TEXT = "appointment-again-confirmed"
OTHER_HOLDER_TEXT = "other-holder"
FOLLOW_UP_TEXT = "follow-up"
OF_THE_OFFICE_ALONE = frozenset({FOLLOW_UP_TEXT})  # their mails are about several activities
KEYS: dict[str, object] = {
    "invitation-speaker": _l("Invitation to speakers and moderators"),
    "invitation-cadre": _l("Invitation to cadres"),
    "invitation-participant": _l("Invitation to participants"),
    "invitation-organisation": _l("Invitation to organisations"),
    "invitation-nominee": _l("Invitation to people sent by an organisation"),
    "reminder-unanswered": _l("Reminder to those without an answer"),
    "reminder-organisation": _l("Reminder to organisations without an answer"),
    "reminder-coming": _l("Reminder to those coming"),
    "reminder-materials": _l("Reminder to speakers who have sent no materials"),
    "last-call": _l("Last call to answer"),
    "change": _l("Notice of a change"),
    "change-organisation": _l("Notice of a change to organisations"),
    "new-date": _l("New date after a postponement"),
    "new-date-organisation": _l("New date after a postponement, to organisations"),
    "postponement": _l("Postponement without a new date"),
    "cancellation": _l("Cancellation"),
    "withdrawal": _l("Withdrawal of an invitation"),
    "substitution": _l("To those on stage: somebody else speaks or moderates"),
    "seat": _l("A seat has become free"),
    "confirmation": _l("An answer from their calendar was noted"),
    LINK_TEXT: _l("An answer from their link was noted"),
    "appointment": _l("To somebody who comes in an invitee's place"),
    ACTING_AGAIN_TEXT: _l("To somebody who comes in an invitee's place again"),
    CONFIRMED_AGAIN_TEXT: _l("To somebody who comes in an invitee's place again and had confirmed it"),
    "representation": _l("To an invitee: who comes in their place has changed"),
    OPEN_AGAIN_TEXT: _l("To an invitee: nobody comes in their place any more"),
    NO_LONGER_ACTING_TEXT: _l("To somebody who no longer comes in an invitee's place"),
    "assistance": _l("To an adjutant or secretary: please pass our invitation on"),
    OTHER_HOLDER_TEXT: _l("To somebody whose post has another holder now"),
    "link": _l("A new answer link"),
    "certificate": _l("A certificate is ready"),
    "thanks": _l("Thank-you"),
    "thanks-speaker": _l("Thank-you to speakers and moderators"),
    "absent": _l("To those who did not come"),
    "minutes-ask": _l("Minutes: the chair is asked to agree"),
    "minutes": _l("Minutes to those who took part"),
    FOLLOW_UP_TEXT: _l("Reminder of tasks from meetings"),
    "poll": _l("Date poll"),
    "poll-reminder": _l("Reminder to answer a date poll"),
}
CALL_KEYS: dict[
    str, object
] = {  # for callers, by the invitee's situation (call_texts.py): no mails, and without a subject
    "whatsapp-unanswered": _l("WhatsApp: they have not answered"),
    "whatsapp-unreached": _l("WhatsApp: no mail reaches them"),
    "whatsapp-today": _l("WhatsApp: the activity is today"),
    "whatsapp-call-back": _l("WhatsApp: after a call, please call back"),
}
RULE_PREFIX = "rule-"  # a rule's own text has the key "rule-<the rule's key>"


@dataclass(frozen=True)
class Text:
    subject: str
    greeting: str
    body: str

    @property
    def names(self) -> frozenset[str]:
        """Return the English names of the text's placeholders."""
        return frozenset(names_in("\n".join((self.subject, self.greeting, self.body))))


def key_for(
    kind: MailKind, role: Role, *, audience: Audience, state: InvitationState, to_organisation: bool = False,
    nominated: bool = False, postponed: bool = False,
) -> str:  # fmt: skip
    """Return the key of the text for a mail of `kind` to such an invitee. postponed: a change gives it a date again."""
    match kind:
        case MailKind.INVITATION if to_organisation:
            return "invitation-organisation"
        case MailKind.INVITATION if nominated:
            return "invitation-nominee"
        case MailKind.INVITATION if role in (Role.SPEAKER, Role.MODERATOR):
            return "invitation-speaker"
        case MailKind.INVITATION:
            return "invitation-cadre" if role is Role.CADRE else "invitation-participant"
        case MailKind.CHANGE:
            key = "new-date" if postponed else "change"
            return f"{key}-organisation" if to_organisation else key
        case MailKind.REMINDER if to_organisation and state in UNANSWERED:
            return "reminder-organisation"
        case MailKind.REMINDER if audience is Audience.NO_MATERIALS:
            return "reminder-materials"
        case MailKind.REMINDER:
            return "reminder-unanswered" if state in UNANSWERED else "reminder-coming"
        case MailKind.THANKS if audience is Audience.ABSENT:
            return "absent"
        case MailKind.THANKS:
            return "thanks-speaker" if role in ON_STAGE else "thanks"
        case _:
            return kind.value


def usual_key(kind: MailKind, audience: Audience) -> str:
    """Return the key of the text that most mails of a rule use."""
    if audience is Audience.NO_MATERIALS:
        return "reminder-materials"
    if kind is MailKind.REMINDER:
        return "reminder-unanswered" if audience is Audience.UNANSWERED else "reminder-coming"
    return "absent" if audience is Audience.ABSENT else "thanks"


def rule_text_key(rule_key: str) -> str:
    return RULE_PREFIX + rule_key


@cache
def shipped(key: str, locale: str) -> Text | None:
    """Return the text shipped for a key, or None for a rule's own key."""
    if key not in KEYS and key not in CALL_KEYS:
        return None
    raw = (files("outreach") / "data" / "texts" / f"{key}.{locale}.txt").read_text("utf-8")
    head, _, body = raw.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return Text(fields.get("Subject", ""), fields["Greeting"], body.strip())


def text_for(key: str, locale: str, activity: Activity, rule_key: str = "") -> Text:
    """Return the text for an activity's mail: its own, else its programme's, else the office's, else the shipped one.

    rule_key: the text that a reminder asks for. It is used first, if it was written in this language.
    """
    session = object_session(activity) or db.session
    rows = session.scalars(
        sa.select(MessageText).where(
            MessageText.key.in_([key, rule_key]), MessageText.locale == locale, _of([activity])
        )
    ).all()
    return chosen(rows, key, locale, activity, rule_key)


def of_office(session: Session, key: str, locale: str) -> Text:
    """Return the office's own text of a key, else the shipped one."""
    row = session.scalar(
        sa.select(MessageText).where(
            MessageText.key == key, MessageText.locale == locale, MessageText.programme_id.is_(None),
            MessageText.activity_id.is_(None),
        )
    )  # fmt: skip
    found = Text(row.subject, row.greeting, row.body) if row is not None else shipped(key, locale)
    if found is None:
        raise KeyError(key)
    return found


def stored(session: Session, activities: Collection[Activity]) -> Sequence[MessageText]:
    """Return all edited texts that mails about these activities may use, freshly read."""
    wanted = sa.select(MessageText).where(_of(activities)).execution_options(populate_existing=True)
    return session.scalars(wanted).all()


def chosen(rows: Iterable[MessageText], key: str, locale: str, activity: Activity, rule_key: str = "") -> Text:
    """Return an activity's text as text_for does, from edited texts that are already loaded."""
    ids = {activity.id, None}
    programme_ids = {activity.programme_id, None}
    fitting = [
        row for row in rows if row.locale == locale and row.activity_id in ids and row.programme_id in programme_ids
    ]
    for name in dict.fromkeys((rule_key, key)):
        own = [row for row in fitting if row.key == name]
        if name and own:
            row = max(own, key=lambda r: (r.activity_id is not None, r.programme_id is not None))
            return Text(row.subject, row.greeting, row.body)
        if found := shipped(name, locale):
            return found
    raise KeyError(key)


def _of(activities: Collection[Activity]) -> sa.ColumnElement[bool]:
    scopes = [
        sa.and_(MessageText.programme_id.is_(None), MessageText.activity_id.is_(None)),
        MessageText.programme_id.in_(
            {activity.programme_id for activity in activities if activity.programme_id is not None}
        ),
        MessageText.activity_id.in_({activity.id for activity in activities if activity.id is not None}),
    ]
    return sa.or_(*scopes)
