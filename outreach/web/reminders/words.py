"""A reminder rule in words: "3 days before at 08.00, to those without an answer"."""

from flask_babel import gettext as _

from outreach.delivery.mail.texts import CALL_KEYS, KEYS
from outreach.delivery.words.formats import language
from outreach.delivery.words.labels import label
from outreach.domain.kinds import RuleTiming
from outreach.domain.reminders.due import MissedReason, Rule
from outreach.models import ReminderRule


def moment_words(row: ReminderRule | Rule) -> str:
    """Return when a rule falls due."""
    if row.timing is RuleTiming.AT_PUBLISHING:
        return _("When the activity is published")
    at = f"{row.at:%H.%M}" if language() == "id" else f"{row.at:%H:%M}"
    if row.timing is RuleTiming.AFTER_END:
        return (
            _("The day after, at %(at)s", at=at)
            if row.days == 1
            else _("%(days)d days after, at %(at)s", days=row.days, at=at)
        )
    if row.days == 0:
        return _("On the day itself, at %(at)s", at=at)
    if row.days == 1:
        return _("The day before, at %(at)s", at=at)
    return _("%(days)d days before, at %(at)s", days=row.days, at=at)


def rule_words(row: ReminderRule | Rule) -> str:
    """Return the whole rule in words."""
    return _("%(moment)s, to %(audience)s", moment=moment_words(row), audience=label(row.audience))


def text_title(key: str, rule: ReminderRule | None = None) -> str:
    """Return what a text is for. The own text of a rule is named by the rule."""
    if rule is None:
        return str(KEYS.get(key) or CALL_KEYS.get(key) or _("One rule's own text"))
    return _("Own text of the rule “%(rule)s”", rule=rule.name or rule_words(rule))


def reason_words(reason: str) -> str:
    """Return the sentence for a reminder's stored reason, or the reason itself if its kind is unknown."""
    match reason:
        case "moved_closer":
            return _("The activity was moved closer, so its moment had passed already.")
        case "rule_changed":
            return _("Its rule was changed, and the new moment had passed already.")
        case "deadline_changed":
            return _("The deadline for answers was changed, and the new moment had passed already.")
        case "rule_removed":
            return _("Its rule was switched off or removed.")
        case "activity_cancelled":
            return _("The activity was cancelled.")
        case "activity_postponed":
            return _("The activity was postponed.")
        case "new_date":
            return _("The new date was set meanwhile.")
    return label(MissedReason(reason)) if reason in set(MissedReason) else reason
