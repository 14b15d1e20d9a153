"""Store the results of claimed messages: state, attempts, and which invitees were told for the first time.

A result is stored only if the fence is still the claim's. outbox/settle.py derives the result from the server's answer.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail.kept import StoredMail
from outreach.delivery.outbox import address_failures, channel
from outreach.delivery.outbox.leases import Lease, begin_in, by_driver, held_among, lapsed, lock, release_in, stored
from outreach.delivery.recheck.judge import doubts
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.doubt import repeat_at
from outreach.domain.mail.failures import FailureReason
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import InvitationState, MessageState
from outreach.models import ActingPerson, Attempt, Invitation, Message, MessageLine, Person, Reminder
from outreach.models.mails import IS_IN_WORK
from outreach.models.people import ERASED
from outreach.transactions import writing

MAY_HAVE_ARRIVED = frozenset({MessageState.SENT, MessageState.UNKNOWN})


@dataclass(frozen=True)
class Settled:
    """The result of a claimed message. tried: the server was asked about it, so it counts as an attempt."""

    lease: Lease
    state: MessageState
    reason: str = ""
    tried: bool = False
    outcome: MessageState | None = None  # the attempt's, if different from the message's state
    code: int | None = None
    reply: str = ""
    due_at: datetime | None = None  # when to try again
    address: str | None = None  # recipient and subject of the mail; None keeps the stored ones
    subject: str | None = None
    skipped_lines: Mapping[int, SkipReason] | None = None
    now_invited: Collection[int] = ()  # invitations for which this was the first mail
    told: Mapping[int, int] | None = None  # per line: the sequence that the mail told, if it is not the line's own
    mail: StoredMail | None = None  # if it arrived or may have arrived
    fault: AddressFault | None = None  # set if the server's refusal means that no mail ever arrives at the address


def ended(result: Settled, doubts: int) -> Settled:
    """Return the result of a message that is not tried again. doubts: its earlier hand-overs without an answer.

    With doubts it is `unknown`, whatever came last: it may have arrived, and may have told its lines. So a refusal now says
    nothing certain about the address either.
    """
    if not doubts:
        return result
    return replace(
        result, state=MessageState.UNKNOWN, reason=FailureReason.IN_DOUBT, outcome=result.outcome or result.state,
        skipped_lines=None, fault=None,
    )  # fmt: skip


def turn(
    settled: Sequence[Settled], next_ones: Sequence[Lease], worker: str, *, lease_s: float, now: datetime
) -> tuple[list[Settled], set[Lease]]:
    """Settle what was handed over and begin the next group for `lease_s` seconds, in one transaction.

    Return the results that were still ours, and the leases that are still ours to hand over.
    """
    if not settled and not next_ones:
        return [], set()
    with writing() as session:
        lock(session.connection(), [*(result.lease for result in settled), *next_ones])
        ours = settle_in(session, settled, MessageState.HANDING_OVER, worker, now=now) if settled else []
        return ours, begin_in(session, next_ones, now + timedelta(seconds=lease_s))


def settle(results: Sequence[Settled], came_from: MessageState, worker: str, *, now: datetime) -> list[Settled]:
    """Store the results of claimed messages in one transaction. Return those that were still ours."""
    if not results:
        return []
    with writing() as session:
        lock(session.connection(), [result.lease for result in results])
        return settle_in(session, results, came_from, worker, now=now)


def settle_in(
    session: Session, results: Sequence[Settled], came_from: MessageState, worker: str, *, now: datetime
) -> list[Settled]:
    """Do the same as `settle` in the caller's transaction, once these messages are locked."""
    sent = [result for result in results if result.state is MessageState.SENT]
    unsent = [result for result in results if result.state is not MessageState.SENT]
    connection = session.connection()
    at = stored(connection, now)
    held = _settle_sent(connection, sent, came_from, at) if sent else set()
    if unsent:
        held |= held_among(connection, [result.lease for result in unsent], came_from)
        _settle_unsent(connection, [result for result in unsent if result.lease in held])
    ours = [result for result in results if result.lease in held]
    if not ours:
        return []
    ours = _without_erased(session, ours)
    tried = [
        (r.lease.message_id, at, worker, (r.outcome or r.state).value, r.code, r.reply[:300]) for r in ours if r.tried
    ]
    if tried:
        by_driver(
            connection,
            "INSERT INTO attempt (message_id, at, worker, outcome, code, reply) VALUES (?, ?, ?, ?, ?, ?)",
            tried,
        )
    _keep_mails(connection, {r.lease.message_id: r.mail for r in ours if r.mail is not None})
    for result in sorted(
        (r for r in ours if r.fault and r.address), key=lambda r: email_addresses.key(r.address or "")
    ):
        address_failures.block(session, result.address or "", result.fault, result.reply, now=now)
    _skip_lines(session, {k: v for result in ours for k, v in (result.skipped_lines or {}).items()})
    _note_told(session, {k: v for result in ours for k, v in (result.told or {}).items()})
    _mark_invited(
        session,
        [id_ for result in ours if MAY_HAVE_ARRIVED & {result.state, result.outcome} for id_ in result.now_invited],
        now,
    )
    return ours


def _without_erased(session: Session, results: Sequence[Settled]) -> list[Settled]:
    """Return the results. Those for people who were erased during the hand-over lose the address and the server's words.

    A mail that names an erased person as representative or nominee is not kept. Call it once the messages are locked:
    erasing locks them first.
    """
    ids = [result.lease.message_id for result in results if result.address or result.reply or result.mail]
    if not ids:
        return list(results)
    is_erased = Invitation.person.has(Person.erased_at.is_not(None))
    named = (
        sa.select(MessageLine.message_id)
        .join(Invitation, MessageLine.invitation_id == Invitation.id)
        .where(
            MessageLine.message_id.in_(ids),
            sa.or_(
                Invitation.representative_name == ERASED,
                Invitation.nominees.any(is_erased),
                sa.and_(MessageLine.to_representative, Invitation.chain.any(ActingPerson.name == ERASED)),
            ),
        )
    )
    rows = session.execute(
        sa.select(
            Message.id, Person.erased_at.is_not(None), Message.representative_of_id.is_not(None),
            Invitation.representative_email,
        )
        .outerjoin(Person, Message.person_id == Person.id)
        .outerjoin(Invitation, Message.representative_of_id == Invitation.id)
        .where(Message.id.in_(ids), sa.or_(Person.erased_at.is_not(None), Message.id.in_(named)))
    )  # fmt: skip
    went_to = {result.lease.message_id: (result.address or "").lower() for result in results}
    erased = {  # whether it is theirs; to a representative, unless it went to the one who is named there now
        id_: was_erased or (to_representative and went_to[id_] != (named_now or "").lower())
        for id_, was_erased, to_representative, named_now in rows
    }
    theirs = [id_ for id_, is_theirs in erased.items() if is_theirs]
    if theirs:
        session.execute(
            sa.update(Message)
            .where(Message.id.in_(theirs))
            .values(address="", server_reply="")
            .execution_options(synchronize_session=False)
        )
    found = []
    for result in results:
        if result.lease.message_id in erased:
            result = replace(result, mail=None)
            if erased[result.lease.message_id]:
                result = replace(result, address="", reply="", fault=None)
        found.append(result)
    return found


def _keep_mails(connection: sa.Connection, mails: Mapping[int, StoredMail]) -> None:
    """Store mails with their frames. Frames in the order of their keys, so that two workers never wait for each other."""
    if not mails:
        return
    frames = {mail.frame.key: mail.frame for mail in mails.values() if mail.frame is not None}
    if frames:
        by_driver(
            connection,
            "INSERT INTO mail_frame (key, made_on, data) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            [(key, frames[key].made_on.isoformat(), frames[key].data) for key in sorted(frames)],
        )
    by_driver(
        connection,
        "INSERT INTO sent_mail (message_id, frame_key, data) VALUES (?, ?, ?)"
        " ON CONFLICT (message_id) DO UPDATE SET frame_key = excluded.frame_key, data = excluded.data",
        [(id_, mail.frame.key if mail.frame else None, mail.data) for id_, mail in mails.items()],
    )


def take_back(worker: str, lease_s: float, full: int, *, now: datetime) -> int:
    """Take back messages of vanished workers. Leased ones become due again; those being handed over are in doubt.

    A message in doubt is repeated with the same Message-ID, and groups become smaller. full: a whole group by the
    settings. Return how many messages were in doubt.
    """
    with writing() as session:
        lost = sa.select(Message.id, Message.fence, Message.state, Message.worker, Message.expires_at).where(
            IS_IN_WORK, lapsed(Message.leased_until, lease_s, now)
        )
        rows = session.execute(lost.limit(5000).with_for_update(skip_locked=True)).all()
        doubted = [row for row in rows if row.state is MessageState.HANDING_OVER]
        ids = [row.id for row in doubted]
        earlier = doubts(session, ids)
        told = _told_of(session, ids)
        leased = [Lease(row.id, row.fence) for row in rows if row.state is MessageState.LEASED]
        unsure = [
            Settled(
                Lease(row.id, row.fence),
                MessageState.RETRY,
                FailureReason.IN_DOUBT,
                tried=True,
                outcome=MessageState.UNKNOWN,
                due_at=_repeated_at(row.expires_at, earlier.get(row.id, 0), now),
                now_invited=told[row.id],
            )
            for row in doubted
        ]
        release_in(session, leased, MessageState.LEASED)
        settle_in(session, unsure, MessageState.HANDING_OVER, worker, now=now)
        if doubted:
            channel.shrink(session, max(Counter(row.worker for row in doubted).values()), full)
    return len(unsure)


def _repeated_at(useful_until: datetime, earlier: int, now: datetime) -> datetime:
    """Return when to repeat a vanished worker's message: at once after its first doubt, because its lease has taken time.

    If it is useless by then, it is claimed when it is, and the check says so.
    """
    if not earlier:
        return now
    return repeat_at(now, earlier + 1, useful_until, random.random()) or max(now, useful_until)  # noqa: S311


def _settle_sent(connection: sa.Connection, sent: Sequence[Settled], came_from: MessageState, at: Any) -> set[Lease]:
    """Settle accepted messages. Return those that were still ours.

    Messages that were already settled by a commit whose answer was lost are not returned, because their attempts are
    stored.
    """
    changed = by_driver(
        connection,
        "UPDATE message SET state = 'sent', reason = '', sent_at = ?, server_reply = ?, address = ?, subject = ?,"
        " attempts = attempts + 1, leased_until = NULL WHERE id = ? AND fence = ? AND state = ?",
        [
            (at, r.reply[:300], (r.address or "")[:254], (r.subject or "")[:250], *r.lease, came_from.value)
            for r in sent
        ],
    ).rowcount
    leases = {result.lease for result in sent}
    if changed == len(sent):
        return leases
    held = held_among(connection, leases, MessageState.SENT)
    ids = [lease.message_id for lease in held]
    noted = sa.select(Attempt.message_id).where(Attempt.message_id.in_(ids), Attempt.outcome == MessageState.SENT)
    before = set(connection.scalars(noted))
    return {lease for lease in held if lease.message_id not in before}


def _settle_unsent(connection: sa.Connection, results: Sequence[Settled]) -> None:
    if not results:
        return
    connection.execute(
        _SETTLING,
        [
            {
                "key": result.lease.message_id,
                "to_state": result.state,
                "why": result.reason,
                "words": result.reply[:300] if result.tried else None,
                "tries": int(result.tried),
                "again_at": result.due_at,
                "to": result.address and result.address[:254],
                "about": result.subject and result.subject[:250],
            }
            for result in results
        ],
    )


def _skip_lines(session: Session, skipped: Mapping[int, SkipReason]) -> None:
    table: Any = MessageLine.__table__
    if skipped:
        session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("key")),
            [{"key": line_id, "skipped": reason.value} for line_id, reason in skipped.items()],
        )


def _note_told(session: Session, told: Mapping[int, int]) -> None:
    """Store the sequence that these lines told, so invitees get no notice of a move that they know already."""
    table: Any = MessageLine.__table__
    if told:
        session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("key")),
            [{"key": line_id, "sequence": sequence} for line_id, sequence in told.items()],
        )


def _mark_invited(session: Session, invitation_ids: Collection[int], now: datetime) -> None:
    if invitation_ids:
        session.execute(
            sa.update(Invitation)
            .where(Invitation.id.in_(invitation_ids), Invitation.state == InvitationState.PREPARED)
            .values(state=InvitationState.INVITED, invited_at=now)
            .execution_options(synchronize_session=False)
        )


def _told_of(session: Session, message_ids: Collection[int]) -> dict[int | None, list[int]]:
    """Return, per message, the invitations for which it was the first mail."""
    found: dict[int | None, list[int]] = defaultdict(list)
    rows = session.execute(
        sa.select(MessageLine.message_id, MessageLine.invitation_id)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .where(MessageLine.message_id.in_(message_ids), MessageLine.skipped == "", Reminder.kind == MailKind.INVITATION)
    )
    for message_id, invitation_id in rows:
        found[message_id].append(invitation_id)
    return found


def _settling() -> sa.Update:
    def new(column: str, name: str) -> sa.BindParameter[Any]:
        return sa.bindparam(name, type_=_MESSAGE.c[column].type)

    kept = {"server_reply": "words", "due_at": "again_at", "address": "to", "subject": "about"}
    return (
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id == sa.bindparam("key"))
        .values(
            state=new("state", "to_state"),
            reason=new("reason", "why"),
            sent_at=None,
            leased_until=None,
            attempts=_MESSAGE.c.attempts + new("attempts", "tries"),
            **{column: sa.func.coalesce(new(column, name), _MESSAGE.c[column]) for column, name in kept.items()},
        )
    )


_MESSAGE: Any = Message.__table__
_SETTLING = _settling()
