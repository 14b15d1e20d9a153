"""Many failed sign-ins within an hour: the overview of administrators says so, a figure counts them, and a mail goes out.

Nobody is locked out by it, so nobody has to hurry; but somebody should look from where they come.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import SecurityEvent
from outreach.services.sign_in import mails
from outreach.services.sign_in.administrators import administrators
from outreach.services.sign_in.events import security_event
from outreach.transactions import writing

WITHIN = timedelta(hours=1)
FROM = 20  # failures; of one kind from one network address, five a minute are counted at most
AGAIN_AFTER = timedelta(hours=12)  # a mail about the same attack
COUNTED = (SecurityKind.SIGN_IN_FAILED, SecurityKind.FACTOR_FAILED, SecurityKind.TOO_MANY_TRIES)


def failures(*, now: datetime) -> int:
    """Return how many sign-ins failed within the last hour."""
    within = (SecurityEvent.at > now - WITHIN, SecurityEvent.kind.in_(COUNTED))
    return db.session.scalar(sa.select(sa.func.count(SecurityEvent.id)).where(*within)) or 0


def many(*, now: datetime) -> int:
    """Return how many failed, if they are so many that somebody should look; otherwise 0."""
    found = failures(now=now)
    return found if found >= FROM else 0


def tell_administrators(now: datetime) -> int:
    """Write a mail to each administrator if very many sign-ins fail and none was written lately. Return how many mails."""
    with writing() as session:
        count = many(now=now)
        lately = (SecurityEvent.kind == SecurityKind.ALARM, SecurityEvent.at > now - AGAIN_AFTER)
        if not count or session.scalar(sa.select(SecurityEvent.id).where(*lately).limit(1)) is not None:
            return 0
        security_event(SecurityKind.ALARM, now=now, count=count)
        told = administrators(session, now=now)
        for user in told:
            mails.tell(session, user.id, AccountNews.MANY_FAILURES, now=now, count=count)
        return len(told)
