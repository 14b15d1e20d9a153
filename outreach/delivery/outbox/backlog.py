"""How much is due, looked up in the partial index and never counted over the table."""

from datetime import datetime

import sqlalchemy as sa

from outreach.delivery.outbox import channel, leases
from outreach.extensions import db
from outreach.models import Message
from outreach.models.mails import IS_TO_SEND


def portions(size: int, most: int, lease_s: float, *, now: datetime) -> int:
    """Return how many portions of `size` messages are due, or `most` where there are more.

    Where nothing is due, messages whose lease has run out make one: whoever sends it takes them back first. So does a
    mail server whose pause is over: it is tried.
    """
    due = sa.select(sa.literal(1)).where(IS_TO_SEND, Message.due_at <= now).limit(size * most)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(due.subquery())) or 0
    found = -(-count // size) or int(leases.anything_due(lease_s, now=now) or channel.wants_trial(now))
    db.session.rollback()
    return found
