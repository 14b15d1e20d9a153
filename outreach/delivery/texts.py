"""The texts of mails: which one a mail takes, where an edited one is stored, and the ones shipped in data/texts.

Editing them is services/texts.py; the placeholders in them are placeholders.py.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import object_session

from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.states import UNANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, MessageText

KEYS: dict[str, object] = {
    "invitation-speaker": _l("Invitation to speakers and moderators"),
    "invitation-cadre": _l("Invitation to cadres"),
    "invitation-participant": _l("Invitation to participants"),
    "invitation-organisation": _l("Invitation to organisations"),
    "invitation-nominee": _l("Invitation to those whom an organisation sends"),
    "reminder-unanswered": _l("Reminder to those without an answer"),
    "reminder-organisation": _l("Reminder to organisations without an answer"),
    "reminder-coming": _l("Reminder to those coming"),
    "change": _l("Notice of a change"),
    "change-organisation": _l("Notice of a change to organisations"),
    "cancellation": _l("Cancellation"),
    "withdrawal": _l("Withdrawal of an invitation"),
    "seat": _l("A seat has become free"),
    "thanks": _l("Thank-you"),
    "absent": _l("To those who did not come"),
}
RULE_PREFIX = "rule-"  # one rule's own text is "rule-<the rule's key>"


@dataclass(frozen=True)
class Text:
    subject: str
    greeting: str
    body: str


def key_for(
    kind: MailKind, role: Role, *, audience: Audience, state: InvitationState, to_organisation: bool = False,
    nominated: bool = False,
) -> str:  # fmt: skip
    """Return the key of the text that a mail of `kind` to such an invitee takes."""
    match kind:
        case MailKind.INVITATION if to_organisation:
            return "invitation-organisation"
        case MailKind.INVITATION if nominated:
            return "invitation-nominee"
        case MailKind.INVITATION if role in (Role.SPEAKER, Role.MODERATOR):
            return "invitation-speaker"
        case MailKind.INVITATION:
            return "invitation-cadre" if role is Role.CADRE else "invitation-participant"
        case MailKind.CHANGE if to_organisation:
            return "change-organisation"
        case MailKind.REMINDER if to_organisation and state in UNANSWERED:
            return "reminder-organisation"
        case MailKind.REMINDER:
            return "reminder-unanswered" if state in UNANSWERED else "reminder-coming"
        case MailKind.THANKS:
            return "absent" if audience is Audience.ABSENT else "thanks"
        case _:
            return kind.value


def usual_key(kind: MailKind, audience: Audience) -> str:
    """Return the key of the text that most mails of a rule take."""
    if kind is MailKind.REMINDER:
        return "reminder-unanswered" if audience is Audience.UNANSWERED else "reminder-coming"
    return "absent" if audience is Audience.ABSENT else "thanks"


def rule_text_key(rule_key: str) -> str:
    return RULE_PREFIX + rule_key


@cache
def shipped(key: str, locale: str) -> Text | None:
    """Return the text shipped for a key; None for a rule's own, which has none."""
    if key not in KEYS:
        return None
    raw = (files("outreach") / "data" / "texts" / f"{key}.{locale}.txt").read_text("utf-8")
    head, _, body = raw.partition("\n\n")
    subject, _, greeting = head.partition("\n")
    return Text(subject.removeprefix("Subject: "), greeting.removeprefix("Greeting: "), body.strip())


def text_for(key: str, locale: str, activity: Activity, rule_key: str = "") -> Text:
    """Return the text of an activity's mail: its own, else its programme's, else the office's, else the shipped one.

    rule_key: the text a reminder asks for; taken first, where somebody has written it in this language.
    """
    wanted = [k for k in dict.fromkeys((rule_key, key)) if k]
    session = object_session(activity) or db.session
    scopes = [sa.and_(MessageText.programme_id.is_(None), MessageText.activity_id.is_(None))]
    if activity.programme_id is not None:
        scopes.append(MessageText.programme_id == activity.programme_id)
    if activity.id is not None:
        scopes.append(MessageText.activity_id == activity.id)
    rows = session.scalars(
        sa.select(MessageText).where(MessageText.key.in_(wanted), MessageText.locale == locale, sa.or_(*scopes))
    ).all()
    for name in wanted:
        stored = [row for row in rows if row.key == name]
        if stored:
            row = max(stored, key=lambda r: (r.activity_id is not None, r.programme_id is not None))
            return Text(row.subject, row.greeting, row.body)
        if found := shipped(name, locale):
            return found
    raise KeyError(key)
