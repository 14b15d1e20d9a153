"""The mail server's limits, shared by all workers through the database: connections at once and messages per minute.

Messages are counted in parts of 12 seconds. Each part may have a sixth of the limit, so any sixty seconds, which touch
at most six parts, stay within it. Counting whole minutes would allow twice as many around the turn of a minute.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from outreach.delivery.outbox.channel import MAIL, locked
from outreach.delivery.outbox.leases import lapsed
from outreach.extensions import db
from outreach.models import Channel, ChannelSlot
from outreach.transactions import insert_into, writing

PART_S = 12
PARTS = 6  # the most parts that any sixty seconds touch
AHEAD = timedelta(minutes=2)  # a part further ahead was counted before the clock was set back


def take_slot(worker: str, most: int, lease_s: float, *, now: datetime) -> int | None:
    """Return the number of a connection that the worker may open, or None if others use all `most` connections."""
    with writing() as session:
        held = session.scalar(sa.select(sa.func.count()).select_from(ChannelSlot).where(ChannelSlot.channel == MAIL))
        if (held or 0) < most:
            rows = [{"channel": MAIL, "number": number, "worker": ""} for number in range(1, most + 1)]
            session.execute(insert_into(session, ChannelSlot).values(rows).on_conflict_do_nothing())
        free = (
            sa.select(ChannelSlot.number)
            .where(
                ChannelSlot.channel == MAIL,
                ChannelSlot.number <= most,
                sa.or_(ChannelSlot.leased_until.is_(None), lapsed(ChannelSlot.leased_until, lease_s, now)),
            )
            .order_by(ChannelSlot.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        number = session.scalar(free)
        if number is not None:
            session.execute(
                sa.update(ChannelSlot)
                .where(ChannelSlot.channel == MAIL, ChannelSlot.number == number)
                .values(worker=worker, leased_until=now + timedelta(seconds=lease_s))
            )
    return number


def keep_slot(number: int, worker: str, lease_s: float, *, now: datetime) -> bool:
    """Keep the connection for another `lease_s` seconds. Return whether it was still the worker's.

    A released connection stays free, even if the thread that renews it comes a moment late.
    """
    return _set_slot(number, worker, now + timedelta(seconds=lease_s))


def free_slot(number: int, worker: str) -> None:
    """Release the connection."""
    _set_slot(number, worker, None)


def left_now(most: int, *, now: datetime) -> int:
    """Return how many more messages may be handed over now. most: limit per minute for all workers together."""
    found = db.session.get(Channel, MAIL, populate_existing=True)
    left = _share(_part(now), most) if found is None else _left(found, most, now)
    db.session.rollback()
    return left


def take(wanted: int, most: int, *, now: datetime) -> int:
    """Count up to `wanted` messages into the current part, as far as the limit allows. Return how many."""
    with writing() as session:
        found = locked(session)
        allowed = max(0, min(wanted, _left(found, most, now)))
        found.minute_count = (found.minute_count if _still_counts(found, now) else 0) + allowed
        found.minute_at = _counted_at(found, now)
    return allowed


def _set_slot(number: int, worker: str, until: datetime | None) -> bool:
    with writing() as session:
        kept = session.scalar(
            sa.update(ChannelSlot)
            .where(
                ChannelSlot.channel == MAIL,
                ChannelSlot.number == number,
                ChannelSlot.worker == worker,
                ChannelSlot.leased_until.is_not(None),
            )
            .values(leased_until=until)
            .returning(ChannelSlot.number)
        )
    return kept is not None


def _left(channel: Channel, most: int, now: datetime) -> int:
    counted = channel.minute_count if _still_counts(channel, now) else 0
    return _share(_counted_at(channel, now), most) - counted


def _share(part_at: datetime, most: int) -> int:
    """Return how many messages a part may have. Six parts in a row have exactly `most` together."""
    number = int(part_at.timestamp()) // PART_S
    return (number + 1) * most // PARTS - number * most // PARTS


def _counted_at(channel: Channel, now: datetime) -> datetime:
    return channel.minute_at if channel.minute_at and _still_counts(channel, now) else _part(now)


def _still_counts(channel: Channel, now: datetime) -> bool:
    """Return whether the counted part is the current one, or one of a worker whose clock is slightly ahead."""
    ahead = None if channel.minute_at is None else channel.minute_at - _part(now)
    return ahead is not None and timedelta() <= ahead <= AHEAD


def _part(now: datetime) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // PART_S * PART_S, UTC)
