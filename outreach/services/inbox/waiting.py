"""How many mails in the inbox wait for a coordinator. Every page shows the number."""

from datetime import datetime
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from outreach.domain.kinds import IncomingOutcome
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import IncomingMail

ASKING = (IncomingOutcome.TO_READ, IncomingOutcome.REFUSED)


_kept: WeakKeyDictionary[sa.Engine, tuple[datetime, int]] = WeakKeyDictionary()


WAITS = sa.and_(IncomingMail.outcome.in_(ASKING), IncomingMail.seen_at.is_(None))


class IncomingMissing(Problem):
    message = "This mail is not in the list."


def count_waiting() -> int:
    """Return how many mails wait for a coordinator."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(IncomingMail).where(WAITS)) or 0


def count_again() -> None:
    """Let the next page count again: what waits has changed. Called after the commit."""
    _kept.clear()
