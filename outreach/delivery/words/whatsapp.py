"""Contact invitees by phone: their number, and a neutral WhatsApp text in their language.

The text invites. After a move it tells the new time and place; after a cancellation it says that they need not come.
Nothing is sent from here: the link opens WhatsApp on the coordinator's phone or computer with the text filled in.
"""

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import force_locale, gettext

from outreach.delivery.words import formats
from outreach.domain.states import ANSWERED, ActivityState
from outreach.models import Activity, Invitation

WHATSAPP = "https://wa.me/"


@dataclass(frozen=True)
class Call:
    number: str  # in Indonesian notation; "" if unknown
    tel: str  # E.164, for a tel: link
    whatsapp: str  # URL that opens WhatsApp with the text; "" without a number
    text: str


def call(invitation: Invitation, activity: Activity, link: str) -> Call:
    """Return how to reach an invitee by phone. link: URL of their answer page, "" without one.

    The text contains only the public title, so a phone lying on a table reveals nothing.
    """
    return at(invitation.invitee.phone, _text(invitation, activity, link))


def at(phone: str, text: str = "") -> Call:
    """Return how to reach somebody at a number (E.164, "" if unknown)."""
    digits = phone.lstrip("+")
    written = f"?text={quote(text)}" if text else ""
    return Call(formats.phone(phone), phone, f"{WHATSAPP}{digits}{written}" if digits else "", text)


def _text(invitation: Invitation, activity: Activity, link: str) -> str:
    with force_locale(invitation.invitee.locale or "id"):
        lines = [gettext("Dear %(name)s,", name=invitation.invitee.display_name)]
        if activity.state is ActivityState.CANCELLED:
            return "\n".join(lines + _cancellation(activity))
        again = is_moved(activity) and invitation.answered_before_the_move
        if is_moved(activity) and (again or invitation.state not in ANSWERED):
            lines.append(gettext("time or place have changed for: %(title)s", title=activity.neutral_title))
            lines.append(gettext("Now:"))
        else:
            lines.append(gettext("we invite you to: %(title)s", title=activity.neutral_title))
        lines += _when(activity)
        if activity.venue:
            lines.append(activity.venue.name)
        return "\n".join([*lines, "", *_question(link, again)])


def is_moved(activity: Activity) -> bool:
    """Return whether a published activity was moved after publication."""
    return activity.state is ActivityState.PUBLISHED and activity.sequence > 0


def _cancellation(activity: Activity) -> list[str]:
    lines = [
        gettext("this activity is cancelled: %(title)s", title=activity.neutral_title),
        *_when(activity),
        "",
    ]
    if activity.cancelled_reason:
        lines.append(gettext("Reason: %(reason)s", reason=activity.cancelled_reason))
    return [*lines, gettext("You need not come. We are sorry for the trouble.")]


def _when(activity: Activity) -> list[str]:
    return [
        formats.day(activity.starts_at, activity.zone),
        formats.span(activity.starts_at, activity.ends_at, activity.zone),
    ]


def _question(link: str, again: bool) -> list[str]:
    if again:
        by_link = gettext("Please tell us whether you can still come:")
        by_message = gettext("Please tell us whether you can still come by answering this message.")
    else:
        by_link = gettext("Please tell us whether you will come:")
        by_message = gettext("Please tell us whether you will come by answering this message.")
    return [by_link, link] if link else [by_message]
