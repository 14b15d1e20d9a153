"""Inviting by phone those whom no mail can reach: their number, and a neutral WhatsApp text in their language.

Nothing is sent from here: the link opens WhatsApp on the coordinator's own phone or computer with the text filled in.
"""

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import force_locale, gettext

from outreach.delivery import wording
from outreach.models import Activity, Invitation

WHATSAPP = "https://wa.me/"


@dataclass(frozen=True)
class Call:
    number: str  # as people there write it; "" where no number is known
    tel: str  # the number in E.164, for a tel: link
    whatsapp: str  # the address that opens WhatsApp with the text; "" where there is no number
    text: str


def call(invitation: Invitation, activity: Activity, link: str) -> Call:
    """Return how to reach an invitee by phone. link: their answer page's address, "" where they have none.

    The text names the public title only, so that it gives nothing away on a phone that lies on a table.
    """
    invitee = invitation.invitee
    text = _text(invitation, activity, link)
    digits = invitee.phone.lstrip("+")
    return Call(
        number=wording.phone(invitee.phone),
        tel=invitee.phone,
        whatsapp=f"{WHATSAPP}{digits}?text={quote(text)}" if digits else "",
        text=text,
    )


def _text(invitation: Invitation, activity: Activity, link: str) -> str:
    with force_locale(invitation.invitee.locale or "id"):
        lines = [
            gettext("Dear %(name)s,", name=invitation.invitee.display_name),
            gettext("we invite you to: %(title)s", title=activity.neutral_title),
            wording.day(activity.starts_at, activity.zone),
            wording.span(activity.starts_at, activity.ends_at, activity.zone),
        ]
        if activity.venue:
            lines.append(activity.venue.name)
        lines.append("")
        if link:
            lines += [gettext("Please tell us whether you will come:"), link]
        else:
            lines.append(gettext("Please tell us whether you will come by answering this message."))
        return "\n".join(lines)
