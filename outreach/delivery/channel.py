"""Whether mail can go out at all: a mail server in trouble is left alone for a while, and everybody can see that it is."""

import random
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from outreach.delivery.smtp import ChannelDown
from outreach.domain.failures import pause_after
from outreach.extensions import db, writing
from outreach.models import Channel

MAIL = "mail"
log = structlog.get_logger()


def trouble() -> Channel | None:
    """Return what is wrong with the mail channel, or None while it works."""
    found = db.session.get(Channel, MAIL, populate_existing=True)
    return found if found is not None and found.trouble is not None else None


def paused(now: datetime) -> bool:
    """Return whether nothing should be sent yet."""
    found = trouble()
    return bool(found and found.paused_until and found.paused_until > now)


def alarm(session: Session, down: ChannelDown, *, now: datetime) -> None:
    """Pause the channel, in the caller's transaction, longer each time in a row; say so in the log."""
    found = session.get(Channel, MAIL, with_for_update=True)
    if found is None:
        found = Channel(name=MAIL, failures=0)
        session.add(found)
    found.trouble = down.trouble
    found.reply = str(down)[:300]
    found.failures = (found.failures or 0) + 1
    found.since_at = found.since_at or now
    found.paused_until = now + pause_after(found.failures, random.random())  # noqa: S311
    log.error("mail channel down", trouble=down.trouble.value, code=down.code, failures=found.failures)


def clear() -> None:
    """Note that the channel works again."""
    if trouble() is None:
        return
    with writing() as session:
        found = session.get(Channel, MAIL, with_for_update=True)
        if found is not None:
            found.trouble, found.reply, found.failures, found.since_at, found.paused_until = None, "", 0, None, None
    log.info("mail channel works again")
