"""State of the mail channel: its pauses while the mail server is in trouble, and its smaller groups after mails in doubt."""

import random
from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from outreach.delivery.smtp.wire import ChannelDown
from outreach.domain.mail import doubt
from outreach.domain.mail.failures import LONGEST_PAUSE, ChannelTrouble, pause_after
from outreach.extensions import db
from outreach.models import Channel
from outreach.transactions import insert_into, writing

MAIL = "mail"
log = structlog.get_logger()


def state() -> Channel | None:
    """Return the channel as it is stored now, or None if nothing was ever noted about it."""
    return db.session.get(Channel, MAIL, populate_existing=True)


def trouble() -> Channel | None:
    """Return the channel with its trouble, or None while it works."""
    found = state()
    return found if found is not None and found.trouble is not None else None


def paused(now: datetime) -> bool:
    """Return whether sending is paused. Pauses longer than LONGEST_PAUSE are ignored: the clock was set back since then."""
    found = trouble()
    return found is not None and is_paused(found, now)


def wants_trial(now: datetime) -> bool:
    """Return whether the channel was in trouble and may be tried again now."""
    found = trouble()
    return found is not None and not is_paused(found, now)


def take_trial(now: datetime) -> bool:
    """Return whether the caller should try the channel. This renews the pause, so other workers wait for the result."""
    with writing() as session:
        found = session.get(Channel, MAIL, with_for_update=True, populate_existing=True)
        if found is None or found.trouble is None or is_paused(found, now):
            return False
        found.paused_until = now + pause_after(found.failures, random.random())  # noqa: S311
    return True


def locked(session: Session) -> Channel:
    """Return the mail channel's row, locked until the transaction ends. Create it if it is missing."""
    found = session.get(Channel, MAIL, with_for_update=True, populate_existing=True)
    if found is not None:
        return found
    first = insert_into(session, Channel).values(name=MAIL, reply="", failures=0, minute_count=0)
    session.execute(first.on_conflict_do_nothing())
    return session.get_one(Channel, MAIL, with_for_update=True, populate_existing=True)


def alarm(session: Session, down: ChannelDown, *, now: datetime) -> None:
    """Pause the channel, in the caller's transaction, and log it. Each failure in a row makes the pause longer."""
    found = locked(session)
    found.trouble = down.trouble
    found.reply = str(down)[:300]
    found.failures = (found.failures or 0) + 1
    found.since_at = found.since_at or now
    found.paused_until = now + pause_after(found.failures, random.random())  # noqa: S311
    log.error("mail channel down", trouble=down.trouble.value, code=down.code, failures=found.failures)


def shrink(session: Session, broke: int, full: int) -> int:
    """Make the groups smaller, in the caller's transaction, after a doubt in a group of `broke` mails. Return their size.

    full: a whole group by the settings.
    """
    found = locked(session)
    group = found.group_size or full
    smaller = doubt.smaller(group, broke)
    if smaller < group:
        found.group_size = smaller
        log.warning("smaller groups", mails=smaller, broke=broke)
    return smaller


def shrunk(broke: int, full: int) -> int:
    """Do the same as `shrink` in a transaction of its own."""
    with writing() as session:
        return shrink(session, broke, full)


def grow(went: int, full: int) -> tuple[int, bool]:
    """Make groups larger again if enough mails `went` without a doubt. Return their size, and whether this made them larger."""
    with writing() as session:
        found = locked(session)
        before = found.group_size or full
        if found.group_size is not None:
            found.group_size = doubt.larger(found.group_size, went, full)
            if found.group_size is None:
                log.info("whole groups again", mails=full)
        after = found.group_size or full
        return after, after > before


def clear(over: Collection[ChannelTrouble]) -> None:
    """Note that the channel works again, if its trouble is in `over`."""
    with writing() as session:
        found = session.get(Channel, MAIL, with_for_update=True, populate_existing=True)
        if found is None or found.trouble not in over:
            return
        found.trouble, found.reply, found.failures, found.since_at, found.paused_until = None, "", 0, None, None
    log.info("mail channel works again")


def is_paused(found: Channel, now: datetime) -> bool:
    return bool(found.paused_until and now < found.paused_until <= now + LONGEST_PAUSE)
