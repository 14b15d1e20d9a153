"""Contact invitees by phone: their number, and a neutral WhatsApp text in their language.

The text names the office and who writes, what, when and until when to answer, and says that nothing is to be paid. It
invites. After a move it tells the new time and place; after a cancellation or postponement it says that they need not come.
Nothing is sent from here: the link opens WhatsApp on the coordinator's phone or computer with the text filled in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from flask_babel import force_locale, gettext

from outreach.delivery.words import formats
from outreach.delivery.words.addressing import addressing
from outreach.delivery.words.salutations import salutation
from outreach.domain.answers import answer_by
from outreach.domain.directory import phones
from outreach.domain.states import ANSWERED, ActivityState
from outreach.models import Activity, Invitation, Organisation, Person

WHATSAPP = "https://wa.me/"
OFF = (ActivityState.CANCELLED, ActivityState.POSTPONED)


@dataclass(frozen=True)
class WaysToReach:
    """How to reach somebody by phone."""

    number: str  # in Indonesian notation; "" if unknown
    tel: str  # E.164, for a tel: link
    whatsapp: str  # URL that opens WhatsApp with the text; "" without a number, and for a landline
    text: str


@dataclass(frozen=True)
class Sender:
    """Who writes the text. office: its full name. name: of the staff member, "" if the account has none."""

    office: str
    name: str = ""


def call_about(invitations: Sequence[Invitation], link: str, sender: Sender, *, now: datetime) -> WaysToReach:
    """Return how to reach an invitee by phone about the activities of these invitations of theirs; at least one.

    link: URL of their answer page, "" without one.
    """
    asked = [(invitation, invitation.activity) for invitation in invitations]
    return at(invitations[0].invitee.phone, _text(asked, link, sender, now))


def at(phone: str, text: str = "") -> WaysToReach:
    """Return how to reach somebody at a number (E.164, "" if unknown)."""
    digits = phone.lstrip("+") if phones.may_have_whatsapp(phone) else ""
    written = f"?text={quote(text)}" if text else ""
    return WaysToReach(formats.phone(phone), phone, f"{WHATSAPP}{digits}{written}" if digits else "", text)


def opening(invitee: Person | Organisation, sender: Sender) -> list[str]:
    """Return the first lines of a text: the greeting, as in mails, and who writes."""
    if sender.name:
        who = gettext("this is %(name)s from %(office)s.", name=sender.name, office=sender.office)
    else:
        who = gettext("this is %(office)s.", office=sender.office)
    return [gettext("Dear %(name)s,", name=salutation(invitee, formats.language())), who]


def costs_nothing() -> str:
    """Return the sentence that protects from fraud in the office's name."""
    return gettext("Taking part is free: we never ask for money or transfers.")


def tells_news(invitation: Invitation) -> bool:
    """Return whether the text about an invitation tells of a move, a cancellation or a postponement."""
    activity = invitation.activity
    unanswered = _asks_again(invitation, activity) or invitation.state not in ANSWERED
    return activity.state in OFF or (is_moved(activity) and unanswered)


def takes_answers(asked: Sequence[Invitation], now: datetime) -> bool:
    """Return whether at least one of these invitations can still be answered by link."""
    return any(now < _answer_by(invitation, invitation.activity) for invitation in asked)


def facts(invitation: Invitation, activity: Activity, now: datetime) -> list[str]:
    """Return when and where an activity is, and until when to answer."""
    lines = _when(activity)
    if activity.venue:
        lines.append(activity.venue.name)
    by = _answer_by(invitation, activity)
    if now < by:
        lines.append(gettext("Please answer by %(moment)s.", moment=formats.moment(by, activity.zone)))
    return lines


def is_moved(activity: Activity) -> bool:
    """Return whether a published activity was moved after publication."""
    return activity.state is ActivityState.PUBLISHED and activity.sequence > 0


def _text(asked: Sequence[tuple[Invitation, Activity]], link: str, sender: Sender, now: datetime) -> str:
    """Return the text. It contains only public titles, so a phone lying on a table reveals nothing."""
    invitee = asked[0][0].invitee
    with force_locale(invitee.locale or "id"), addressing(child=invitee.child):
        lines = opening(invitee, sender)
        for invitation, activity in asked:
            lines += ["", *_about(invitation, activity, now)]
        on = [(invitation, activity) for invitation, activity in asked if activity.state not in OFF]
        if on:
            again = all(_asks_again(invitation, activity) for invitation, activity in on)
            opens = any(now < _answer_by(invitation, activity) for invitation, activity in on)
            lines += ["", *_question(link if opens else "", again), "", costs_nothing()]
        return "\n".join(lines)


def _about(invitation: Invitation, activity: Activity, now: datetime) -> list[str]:
    if activity.state in OFF:
        return _off(activity)
    if is_moved(activity) and (_asks_again(invitation, activity) or invitation.state not in ANSWERED):
        lines = [
            gettext("Time or place have changed for: %(title)s", title=activity.neutral_title),
            gettext("Now:"),
        ]
    else:
        lines = [gettext("We invite you to: %(title)s", title=activity.neutral_title)]
    return [*lines, *facts(invitation, activity, now)]


def _answer_by(invitation: Invitation, activity: Activity) -> datetime:
    return answer_by(activity.respond_by_at, activity.starts_at, invitation.invited_at)


def _asks_again(invitation: Invitation, activity: Activity) -> bool:
    return is_moved(activity) and invitation.answered_before_the_move


def _off(activity: Activity) -> list[str]:
    """Return what is said of an activity that is cancelled or postponed."""
    title, postponed = activity.neutral_title, activity.state is ActivityState.POSTPONED
    if postponed:
        lines = [
            gettext("This activity is postponed: %(title)s", title=title),
            gettext("Before:"),
            *_when(activity),
            "",
        ]
    else:
        before = [gettext("Before:")] if activity.dateless else []
        lines = [gettext("This activity is cancelled: %(title)s", title=title), *before, *_when(activity), ""]
    if activity.cancelled_reason:
        lines.append(gettext("Reason: %(reason)s", reason=activity.cancelled_reason))
    if postponed:
        lines.append(
            gettext("The new date is not set yet; we tell you as soon as it is. You need not come on that day.")
        )
        return [*lines, gettext("We are sorry for the trouble.")]
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
