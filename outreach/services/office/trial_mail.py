"""Send a test mail to a member of staff, so that they know whether mails leave this server."""

from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext

from outreach.delivery.line_ends import whole
from outreach.delivery.mail import headers
from outreach.delivery.mail.compose import Composed
from outreach.delivery.mail.kinds.trial import trial
from outreach.delivery.outbox import single
from outreach.extensions import current_settings, db
from outreach.models import User


def send(*, to: User, now: Callable[[], datetime]) -> str:
    """Send it and return the mail server's answer. Raise AddressUnusable, NotHandedOver or ServerBusy."""
    settings = current_settings()
    address = headers.envelope_address(to.email)
    subject = gettext("Test of Outreach's mail")
    body = gettext(
        "This mail was sent from the page “Office”. It arrived, so mails from Outreach can arrive here.\n\n"
        "Its headers say more: Authentication-Results should have spf=pass, dkim=pass and dmarc=pass."
    )
    mail = trial(settings, address, subject, f"{body}\n", now=now())
    db.session.rollback()  # nothing is held while the mail server is waited for
    taken = single.hand_over(Composed(subject, whole(mail.as_bytes()), settings.mail_sender, address), now)
    return f"{taken.code} {taken.words}"
