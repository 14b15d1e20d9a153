"""Mails to an account about signing in, through the outbox. delivery/mail/kinds/account.py writes their words."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from outreach.domain.kinds import AccountNews, MailKind
from outreach.models import AccountMail, Message
from outreach.services import office_defaults

USEFUL_FOR = timedelta(days=3)


def tell(
    session: Session, user_id: int, news: AccountNews, *, now: datetime, useful_until: datetime | None = None,
    **facts: Any,
) -> None:  # fmt: skip
    """Write a mail to an account, in the caller's transaction. It goes out at any hour."""
    message = Message(
        user_id=user_id, kind=MailKind.ACCOUNT, local_day=now.astimezone(office_defaults.zone(session)).date(),
        due_at=now, expires_at=useful_until or now + USEFUL_FOR,
    )  # fmt: skip
    session.add(message)
    session.flush()
    session.add(AccountMail(message_id=message.id, news=news, at=now, facts=facts))
