"""The number of mails in the inbox that wait for a coordinator. Every page shows it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.domain.kinds import IncomingOutcome
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import IncomingMail
from outreach.recent import Life, Recent

ASKING = (IncomingOutcome.TO_READ, IncomingOutcome.REFUSED)
WAITS = sa.and_(IncomingMail.outcome.in_(ASKING), IncomingMail.seen_at.is_(None))
KEPT_FOR = timedelta(seconds=10)
_recent: Recent[int] = Recent(Life(KEPT_FOR))


class IncomingMissing(Problem):
    message = "This mail is not in the list."


def count_waiting() -> int:
    """Return how many mails wait for a coordinator."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(IncomingMail).where(WAITS)) or 0


def recent_count(*, now: datetime) -> int:
    """Return the number of waiting mails, at most KEPT_FOR old, or newer if this process changed it. For every page."""
    return _recent.value(count_waiting, now=now)


def count_again() -> None:
    """Make the next page count again, because the number changed. Call it after the commit."""
    _recent.forget()
