"""Who may work on a message: claim, begin handing over, renew, release. Each is one short transaction.

A claim raises the message's fence, and every later change names that fence. A worker that lost its lease therefore
changes nothing. results.py stores the results.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.outbox import channel
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message
from outreach.models.mails import IS_IN_WORK, IS_TO_SEND
from outreach.transactions import writing


class Lease(NamedTuple):
    message_id: int
    fence: int


# The CTE is read once. A plain subquery may run again and then locks more rows than the limit.
_CLAIMING = """
    WITH chosen AS (
        SELECT id FROM message WHERE state IN ('due', 'retry') AND due_at <= ? ORDER BY due_at, id LIMIT ?{locking}
    )
    UPDATE message SET state = 'leased', fence = fence + 1, worker = ?, leased_until = ?, merge_key = NULL,
        rfc_message_id = CASE rfc_message_id
            WHEN '' THEN '<' || id || '.' || {random} || CAST(? AS VARCHAR) ELSE rfc_message_id END
    WHERE id IN (SELECT id FROM chosen) RETURNING due_at, id, fence
"""
# Random per message, so that somebody who reads one Message-ID cannot guess another. A delivery report may be proven by it.
_RANDOM = {
    "sqlite": "lower(hex(randomblob(8)))",
    "postgresql": "substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)",
}


def lapsed(leased_until: Any, lease_s: float, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a lease has expired, or lies too far ahead because the clock was set back since."""
    return sa.or_(leased_until <= now, leased_until > now + timedelta(seconds=2 * lease_s))


def anything_due(lease_s: float, *, now: datetime) -> bool:
    """Return whether a message waits to be sent or a lease has expired."""
    due = sa.exists().where(IS_TO_SEND, Message.due_at <= now)
    lost = sa.exists().where(IS_IN_WORK, lapsed(Message.leased_until, lease_s, now))
    return bool(db.session.scalar(sa.select(sa.or_(due, lost))))


def claim(worker: str, limit: int, lease_s: float, domain: str = "localhost", *, now: datetime) -> list[Lease]:
    """Claim up to `limit` due messages for `lease_s` seconds. No further line can join a claimed message.

    domain: of new Message-IDs. A message keeps its Message-ID at every attempt, so repeated mails are recognised as
    one.
    """
    with writing() as session:
        connection = session.connection()
        dialect = connection.dialect.name
        locking = " FOR UPDATE SKIP LOCKED" if dialect == "postgresql" else ""
        until = stored(connection, now + timedelta(seconds=lease_s))
        rows = by_driver(
            connection,
            _CLAIMING.format(locking=locking, random=_RANDOM[dialect]),
            (stored(connection, now), limit, worker, until, f"@{domain}>"),
        ).all()
    return [Lease(id_, fence) for _due_at, id_, fence in sorted(tuple(row) for row in rows)]


def begin_in(session: Session, leases: Sequence[Lease], until: datetime) -> set[Lease]:
    """Record that these are being handed over, with leases until `until`. Return those that are still ours.

    Without the extension, a lease that has expired but was not taken back yet would count as in doubt during the
    hand-over. Leases already recorded as ours are returned, too, because a commit whose answer was lost is repeated.
    """
    if not leases:
        return set()
    connection = session.connection()
    statement = "UPDATE message SET state = 'handing_over', leased_until = ? WHERE "
    rows = by_driver(connection, f"{statement}{_of(leases)} RETURNING id, fence", (stored(connection, until),))
    return {Lease._make(row) for row in rows}


def renew(leases: Sequence[Lease], until: datetime) -> None:
    """Extend these leases until `until`, as far as they are still ours."""
    if leases:
        with writing() as session:
            connection = session.connection()
            lock(connection, leases)
            statement = "UPDATE message SET leased_until = ?"
            by_driver(connection, f"{statement} WHERE {_of(leases)}", (stored(connection, until),))


def release(leases: Collection[Lease], came_from: MessageState) -> None:
    """Release claimed messages to their earlier state. Nothing was tried, so no attempt is counted."""
    if leases:
        with writing() as session:
            release_in(session, leases, came_from)


def release_in(session: Session, leases: Collection[Lease], came_from: MessageState) -> None:
    """Do the same as `release` in the caller's transaction."""
    held = held_among(session.connection(), leases, came_from)
    if held:
        session.execute(
            sa.update(Message)
            .where(Message.id.in_([lease.message_id for lease in held]))
            .values(
                state=sa.case((Message.attempts > 0, MessageState.RETRY), else_=MessageState.DUE),
                leased_until=None,
            )
            .execution_options(synchronize_session=False)
        )


def lock(connection: sa.Connection, leases: Collection[Lease]) -> None:
    """Lock these messages until the transaction ends, in the order of their ids.

    Whoever waits for locks of several messages takes them in this order: then nobody waits for each other on PostgreSQL.
    Call it before the first change.
    """
    if leases and connection.dialect.name == "postgresql":
        ids = ", ".join(f"{lease.message_id:d}" for lease in leases)
        by_driver(connection, f"SELECT id FROM message WHERE id IN ({ids}) ORDER BY id FOR NO KEY UPDATE", ())  # noqa: S608


def held_among(connection: sa.Connection, leases: Collection[Lease], state: MessageState) -> set[Lease]:
    """Return which of these are still ours and in that state. They stay locked until the transaction ends."""
    if not leases:
        return set()
    ids = ", ".join(f"{lease.message_id:d}" for lease in leases)
    locking = " ORDER BY id FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    rows = by_driver(
        connection,
        f"SELECT id, fence FROM message WHERE id IN ({ids}) AND state = ?{locking}",  # noqa: S608  `ids` are numbers
        (state.value,),
    )
    return {Lease._make(row) for row in rows}.intersection(leases)


def _of(leases: Collection[Lease]) -> str:
    pairs = ", ".join(f"({id_:d}, {fence:d})" for id_, fence in leases)
    return f"(id, fence) IN (VALUES {pairs}) AND state IN ('leased', 'handing_over')"


def by_driver(connection: sa.Connection, statement: str, values: Any) -> sa.CursorResult[Any]:
    """Run a statement that each group of mails needs. Built by SQLAlchemy, it would take twice as long.

    Placeholders are question marks. Our own numbers may be part of the text.
    """
    if connection.dialect.paramstyle != "qmark":
        statement = statement.replace("?", "%s")
    return connection.exec_driver_sql(statement, values)


def stored(connection: sa.Connection, instant: datetime) -> Any:
    """Return an instant in the form that the driver stores."""
    if connection.dialect.name != "sqlite":
        return instant
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def portions(size: int, most: int, lease_s: float, *, now: datetime) -> int:
    """Return how many portions of `size` messages are due, at most `most`.

    If nothing is due, messages with expired leases count as one portion, because sending takes them back first. A mail
    server whose pause is over also counts as one, because it must be tried.
    """
    due = sa.select(sa.literal(1)).where(IS_TO_SEND, Message.due_at <= now).limit(size * most)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(due.subquery())) or 0
    found = -(-count // size) or int(anything_due(lease_s, now=now) or channel.wants_trial(now))
    db.session.rollback()
    return found
