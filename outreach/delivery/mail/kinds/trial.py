"""A mail that only tries the way: Flask-Mail's own Message, as `outreach doctor --send-to` and the office's page send it.

Mails to invitees, and trials of their texts, are composed by compose.py.
"""

from datetime import datetime
from email.utils import make_msgid, parseaddr

from flask_mail import Message

from outreach.settings import Settings


def trial(settings: Settings, address: str, subject: str, body: str, *, now: datetime) -> Message:
    """Return the mail. Needs an app context with Flask-Mail."""
    mail = Message(
        subject,
        [address],
        body,
        sender=settings.mail_sender,
        date=now.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    mail.msgId = make_msgid("trial", parseaddr(settings.mail_sender)[1].rpartition("@")[2] or "localhost")
    return mail
