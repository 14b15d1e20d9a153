"""The outbox's state changes, each one short transaction: claim, begin handing over, settle, release, take back.

A claim raises the message's fence, and every later change names it: a worker that lost its lease changes nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.failures import FailureReason
from outreach.domain.kinds import MailKind
from outreach.domain.states import InvitationState, MessageState
from outreach.domain.truth import SkipReason
from outreach.extensions import db, writing
from outreach.models import Attempt, Invitation, Message, MessageLine, Reminder

# Said as in the tables' partial indexes, word for word: only so are they used.
TO_SEND = sa.text("state IN ('due', 'retry')")
IN_WORK = sa.text("state IN ('leased', 'handing_over')")
GONE = frozenset({MessageState.SENT, MessageState.UNKNOWN})


@dataclass(frozen=True)
class Lease:
    message_id: int
    fence: int


@dataclass(frozen=True)
class Begun:
    """What is written down about a message before its data goes out."""

    lease: Lease
    rfc_message_id: str
    address: str
    subject: str
    skipped_lines: Mapping[int, SkipReason]


@dataclass(frozen=True)
class Settled:
    """What became of a claimed message. tried: the server was spoken to about it, so that it counts as an attempt."""

    lease: Lease
    state: MessageState
    reason: str = ""
    tried: bool = False
    outcome: MessageState | None = None  # the attempt's, where it differs from the message's state
    code: int | None = None
    reply: str = ""
    due_at: datetime | None = None  # when to try again
    skipped_lines: Mapping[int, SkipReason] | None = None


def anything_due(now: datetime) -> bool:
    """Return whether a message waits to be sent, or a lease has run out."""
    due = sa.exists().where(TO_SEND, Message.due_at <= now)
    lost = sa.exists().where(IN_WORK, Message.leased_until <= now)
    return bool(db.session.scalar(sa.select(sa.or_(due, lost))))


def claim(worker: str, limit: int, lease_s: float, *, now: datetime) -> list[Lease]:
    """Take up to `limit` due messages for `lease_s` seconds. No further line can join a claimed message."""
    due = sa.select(Message.id).where(TO_SEND, Message.due_at <= now).order_by(Message.due_at, Message.id).limit(limit)
    with writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            due = due.with_for_update(skip_locked=True)
        chosen = due.cte("chosen")  # read once: a plain subquery may be run again, and then locks more than `limit`
        rows = session.execute(
            sa.update(Message)
            .where(Message.id.in_(sa.select(chosen.c.id)))
            .values(
                state=MessageState.LEASED,
                fence=Message.fence + 1,
                worker=worker,
                leased_until=now + timedelta(seconds=lease_s),
                merge_key=None,
            )
            .returning(Message.id, Message.fence, Message.due_at)
            .execution_options(synchronize_session=False)
        ).all()
    return [Lease(row.id, row.fence) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]


def begin(group: Sequence[Begun], lease_s: float, *, now: datetime) -> set[Lease]:
    """Write down that the group is about to be handed over; return the leases that are still ours to hand over."""
    with writing() as session:
        held = _held(session, [begun.lease for begun in group], MessageState.LEASED)
        values = [
            {
                "key": begun.lease.message_id,
                "rfc_message_id": begun.rfc_message_id,
                "address": begun.address[:254],
                "subject": begun.subject[:250],
                "leased_until": now + timedelta(seconds=lease_s),
            }
            for begun in group
            if begun.lease in held
        ]
        if values:
            session.connection().execute(
                sa.update(Message.__table__)  # type: ignore[arg-type]
                .where(Message.__table__.c.id == sa.bindparam("key"))
                .values(state=MessageState.HANDING_OVER),
                values,
            )
        _skip_lines(session, {k: v for begun in group if begun.lease in held for k, v in begun.skipped_lines.items()})
    return held


def settle(results: Sequence[Settled], came_from: MessageState, worker: str, *, now: datetime) -> list[Settled]:
    """Write down what became of claimed messages, in one transaction; return those that were still ours to settle."""
    if not results:
        return []
    with writing() as session:
        return settle_in(session, results, came_from, worker, now=now)


def settle_in(
    session: Session, results: Sequence[Settled], came_from: MessageState, worker: str, *, now: datetime
) -> list[Settled]:
    """As `settle`, in the caller's transaction."""
    held = _held(session, [result.lease for result in results], came_from)
    ours = [result for result in results if result.lease in held]
    if not ours:
        return []
    table: Any = Message.__table__
    session.connection().execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("key"))
        .values(
            leased_until=None,
            attempts=table.c.attempts + sa.bindparam("tries"),
            due_at=sa.func.coalesce(sa.bindparam("again_at", type_=table.c.due_at.type), table.c.due_at),
        ),
        [
            {
                "key": result.lease.message_id,
                "state": result.state,
                "reason": result.reason,
                "server_reply": result.reply[:300],
                "sent_at": now if result.state is MessageState.SENT else None,
                "tries": int(result.tried),
                "again_at": result.due_at,
            }
            for result in ours
        ],
    )
    tried = [
        {
            "message_id": result.lease.message_id,
            "at": now,
            "worker": worker,
            "outcome": result.outcome or result.state,
            "code": result.code,
            "reply": result.reply[:300],
        }
        for result in ours
        if result.tried
    ]
    if tried:
        session.execute(sa.insert(Attempt), tried)
    _skip_lines(session, {k: v for result in ours for k, v in (result.skipped_lines or {}).items()})
    _mark_invited(session, [result.lease.message_id for result in ours if result.state in GONE], now)
    return ours


def release(leases: Collection[Lease], came_from: MessageState) -> None:
    """Put claimed messages back as they were: nothing was tried, and nothing is held against them."""
    if leases:
        with writing() as session:
            release_in(session, leases, came_from)


def release_in(session: Session, leases: Collection[Lease], came_from: MessageState) -> None:
    """As `release`, in the caller's transaction."""
    held = _held(session, leases, came_from)
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


def take_back(worker: str, *, now: datetime) -> Counter[MessageState]:
    """Take back what vanished workers held: leased messages become due again; those being handed over are in doubt.

    A doubted message is sent once more, with the same Message-ID; after a second doubt it stays unknown.
    Return how many doubted ones got which state.
    """
    with writing() as session:
        lost = sa.select(Message.id, Message.fence, Message.state).where(IN_WORK, Message.leased_until <= now)
        if session.get_bind().dialect.name == "postgresql":
            lost = lost.with_for_update(skip_locked=True)
        rows = session.execute(lost.limit(5000)).all()
        doubted = [row.id for row in rows if row.state is MessageState.HANDING_OVER]
        earlier = set(
            session.scalars(
                sa.select(Attempt.message_id).where(
                    Attempt.message_id.in_(doubted), Attempt.outcome == MessageState.UNKNOWN
                )
            )
        )
        leased = [Lease(row.id, row.fence) for row in rows if row.state is MessageState.LEASED]
        unsure = [
            Settled(
                Lease(row.id, row.fence),
                MessageState.UNKNOWN if row.id in earlier else MessageState.RETRY,
                FailureReason.IN_DOUBT,
                tried=True,
                outcome=MessageState.UNKNOWN,
                due_at=now,
            )
            for row in rows
            if row.state is MessageState.HANDING_OVER
        ]
        release_in(session, leased, MessageState.LEASED)
        settle_in(session, unsure, MessageState.HANDING_OVER, worker, now=now)
    return Counter(result.state for result in unsure)


def _held(session: Session, leases: Collection[Lease], state: MessageState) -> set[Lease]:
    wanted = set(leases)
    rows = sa.select(Message.id, Message.fence).where(
        Message.id.in_([lease.message_id for lease in wanted]), Message.state == state
    )
    if session.get_bind().dialect.name == "postgresql":
        rows = rows.order_by(Message.id).with_for_update()
    return wanted & {Lease(row.id, row.fence) for row in session.execute(rows)}


def _skip_lines(session: Session, skipped: Mapping[int, SkipReason]) -> None:
    table: Any = MessageLine.__table__
    if skipped:
        session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("key")),
            [{"key": line_id, "skipped": reason.value} for line_id, reason in skipped.items()],
        )


def _mark_invited(session: Session, message_ids: Collection[int], now: datetime) -> None:
    if not message_ids:
        return
    told = (
        sa.select(MessageLine.invitation_id)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .where(MessageLine.message_id.in_(message_ids), MessageLine.skipped == "", Reminder.kind == MailKind.INVITATION)
    )
    session.execute(
        sa.update(Invitation)
        .where(Invitation.id.in_(told), Invitation.state == InvitationState.PREPARED)
        .values(state=InvitationState.INVITED, invited_at=now)
        .execution_options(synchronize_session=False)
    )
