"""The WhatsApp texts for callers: which text a situation has, and the text with an invitee's values.

They are stored and edited as mails' texts are (texts.py). Each ends with the sentence that protects from fraud.
"""

from collections.abc import Sequence
from datetime import datetime

from outreach.delivery.mail import letter, placeholders, texts, values
from outreach.delivery.mail.texts import Text
from outreach.delivery.words import addressing, formats, whatsapp
from outreach.delivery.words.salutations import salutation
from outreach.delivery.words.whatsapp import Sender
from outreach.domain.calls import Situation
from outreach.models import Activity, Invitation, Office, Organisation, Person


def key_of(situation: Situation) -> str:
    return f"whatsapp-{situation.value.replace('_', '-')}"


def text_for(situation: Situation, locale: str, activity: Activity) -> Text:
    """Return the text for a situation: the activity's own, else its programme's, the office's or the shipped one."""
    return texts.text_for(key_of(situation), locale, activity)


def fill(
    text: Text, asked: Sequence[Invitation], link: str, sender: Sender, office: Office | None, *, now: datetime
) -> str:
    """Return the text about these invitations of one invitee, at least one, in the current locale.

    link: URL of their answer page; left out once it takes no answers. Only public titles are written, so that a phone lying
    on a table reveals nothing.
    """
    invitee = asked[0].invitee
    with addressing.addressing(child=invitee.child):
        return _filled(letter.addressed(text), invitee, asked, link, sender, office, now)


def _filled(
    text: Text, invitee: Person | Organisation, asked: Sequence[Invitation], link: str, sender: Sender,
    office: Office | None, now: datetime,
) -> str:  # fmt: skip
    found = {
        "name": invitee.display_name,
        "salutation": salutation(invitee, formats.language()),
        "sender": ", ".join(filter(None, (sender.name, sender.office))),
        "unit": office.short_name if office else "",
        "link": link if whatsapp.takes_answers(asked, now) else "",
        "contact": values.contact_line(*values.contact_of(asked[0].activity.programme, office)),
    }
    lines: list[str] = []
    for line in (text.greeting, *text.body.splitlines()):
        if "asked" in placeholders.names_in(line):
            lines += _about(asked, now)
        elif (parts := placeholders.fill_line(line, found)) is not None:
            lines.append("".join(part.text for part in parts))
    return "\n".join([*lines, "", whatsapp.costs_nothing()])


def _about(asked: Sequence[Invitation], now: datetime) -> list[str]:
    """Return title, time and place of each activity, with an empty line between two."""
    lines: list[str] = []
    for invitation in asked:
        lines += ["", f"*{invitation.activity.neutral_title}*", *whatsapp.facts(invitation, invitation.activity, now)]
    return lines[1:]
