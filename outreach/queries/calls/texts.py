"""The WhatsApp text that is ready for somebody to call: by their situation, as the office wrote it.

Nothing is sent from here: a link opens WhatsApp with the text, and the caller presses send.
"""

from datetime import datetime

from flask_babel import force_locale

from outreach.delivery.mail import call_texts
from outreach.delivery.words import whatsapp
from outreach.delivery.words.whatsapp import Sender, WaysToReach
from outreach.domain.states import UNANSWERED
from outreach.extensions import db
from outreach.queries.calls.lists import Callee
from outreach.services import office_defaults


def has_text(one: Callee) -> bool:
    """Return whether there is something to write: an answer is missing, or there is news that they should hear."""
    return any(each.state in UNANSWERED or whatsapp.tells_news(each) for each in one.asked)


def reach(one: Callee, sender: Sender, *, with_link: bool, now: datetime) -> WaysToReach:
    """Return how to reach somebody, with the text about everything they are asked. with_link: to their answer page.

    After a move, a cancellation or a postponement the text tells of that, in words that nobody can change.
    """
    link = one.link if with_link else ""
    if not one.asked:
        return whatsapp.at(one.invitee.phone)
    if any(whatsapp.tells_news(invitation) for invitation in one.asked):
        return whatsapp.call_about(one.asked, link, sender, now=now)
    locale = one.invitee.locale or "id"
    text = call_texts.text_for(one.situation_at(now), locale, one.asked[0].activity)
    office = office_defaults.office(db.session)
    with force_locale(locale):
        return whatsapp.at(one.invitee.phone, call_texts.fill(text, one.asked, link, sender, office, now=now))
