"""Who writes the texts that staff send themselves."""

from flask_login import current_user

from outreach.delivery.words.whatsapp import Sender
from outreach.web.frame import access


def sender() -> Sender:
    """Return the office and the signed-in user's name."""
    office = access.office()
    return Sender(office.name if office else "", current_user.name or "")
