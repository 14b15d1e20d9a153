"""Why a reminder was missed or dropped, in a sentence."""

from flask_babel import gettext as _

from outreach.delivery.words.labels import label
from outreach.domain.reminders import MissedReason


def reason_words(reason: str) -> str:
    """Return the sentence for a reminder's stored reason; the reason itself where it is of no known kind."""
    match reason:
        case "moved_closer":
            return _("The activity was moved closer, so its moment had passed already.")
        case "rule_changed":
            return _("Its rule was changed, and the new moment had passed already.")
        case "rule_removed":
            return _("Its rule was switched off or removed.")
        case "activity_cancelled":
            return _("The activity was cancelled.")
    return label(MissedReason(reason)) if reason in set(MissedReason) else reason
