"""What is told anew while an older mail about the same still waits: the older one leaves it to the newer, so it is told once.

Where the older mail waits as the newer is written, services/gathering draws its lines in. Here it had been claimed by then:
its worker vanished, or put it back untried, or the mail server put it off.
"""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.delivery.facts import LineRow, MessageRow, Shared
from outreach.domain.kinds import MailKind
from outreach.domain.states import TO_SEND, MessageState
from outreach.domain.truth import SkipReason
from outreach.models import Attempt, Message, MessageLine, Reminder

TOLD_ANEW = frozenset({MailKind.INVITATION, MailKind.CHANGE, MailKind.WITHDRAWAL})  # it may happen twice
TOLD_BY_NONE = (MessageState.FAILED, MessageState.SKIPPED, MessageState.CANCELLED)


def retold(session: Session, rows: Sequence[MessageRow], shared: Shared) -> dict[int, int]:
    """Return, by line, the newer message that tells the same anew, or has told it.

    Only of messages that were claimed before, so mostly nothing is asked. What may have arrived stays as it is.
    """
    old = {
        line.id: line
        for row in rows if row.fence > 1 and row.resend_of_id is None
        for line in row.lines if shared.reminders[line.reminder_id].kind in TOLD_ANEW
    }  # fmt: skip
    if not old:
        return {}
    about: dict[tuple[int, bool], list[LineRow]] = defaultdict(list)
    for line in old.values():
        about[line.invitation_id, line.to_representative].append(line)
    found = session.execute(
        sa.select(
            MessageLine.id,
            MessageLine.invitation_id,
            MessageLine.to_representative,
            MessageLine.message_id,
            Reminder.kind,
        )
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .join(Message, MessageLine.message_id == Message.id)
        .where(
            MessageLine.invitation_id.in_({line.invitation_id for line in old.values()}),
            MessageLine.id > min(old),
            MessageLine.skipped.in_(("", SkipReason.SAID_BY_ANOTHER_LINE.value)),
            Message.state.not_in(TOLD_BY_NONE),
            Message.resend_of_id.is_(None),
        )
        .order_by(MessageLine.id)
    )
    newer = {
        line.id: row.message_id
        for row in found
        for line in about[row.invitation_id, row.to_representative]
        if row.id > line.id and row.message_id != line.message_id
        and row.kind is shared.reminders[line.reminder_id].kind
    }  # fmt: skip
    if newer:
        in_doubt = sa.select(Attempt.message_id).where(
            Attempt.message_id.in_({old[line_id].message_id for line_id in newer}),
            Attempt.outcome == MessageState.UNKNOWN,
        )
        doubted = set(session.scalars(in_doubt))
        newer = {line_id: new_id for line_id, new_id in newer.items() if old[line_id].message_id not in doubted}
    return newer


def hand_on(session: Session, line_ids: Sequence[int]) -> None:
    """Put lines that a newer message tells anew into it, as far as it has not gone out: so it tells of both together."""
    new, kind, new_kind = aliased(MessageLine), aliased(Reminder), aliased(Reminder)
    found = session.execute(
        sa.select(MessageLine.id, sa.func.max(new.message_id).label("newest"))
        .join(kind, MessageLine.reminder_id == kind.id)
        .join(
            new,
            sa.and_(
                new.invitation_id == MessageLine.invitation_id,
                new.to_representative == MessageLine.to_representative,
                new.id > MessageLine.id,
            ),
        )
        .join(new_kind, sa.and_(new.reminder_id == new_kind.id, new_kind.kind == kind.kind))
        .join(Message, new.message_id == Message.id)
        .where(MessageLine.id.in_(line_ids), Message.state.in_(TO_SEND), Message.resend_of_id.is_(None))
        .group_by(MessageLine.id)
    )
    into = {row.id: row.newest for row in found}
    if not into:
        return
    waiting = sa.select(Message.id).where(Message.id.in_(set(into.values())), Message.state.in_(TO_SEND))
    # One that is just being claimed has been read without them.
    free = set(session.scalars(waiting.order_by(Message.id).with_for_update(skip_locked=True, key_share=True)))
    for line_id, message_id in ((line_id, id) for line_id, id in into.items() if id in free):
        session.execute(
            sa.update(MessageLine)
            .where(MessageLine.id == line_id)
            .values(message_id=message_id, skipped="")
            .execution_options(synchronize_session=False)
        )
