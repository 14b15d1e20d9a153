"""Which notices are sent again, and which moves and postponements a recipient does not know yet. Each notice is sent only once.

If a newer mail says the same, the older one is not sent. services/reminders/expand.py moves the lines of an older mail that still
waits. This file handles older mails that a worker had claimed at that moment and that came back: the worker vanished or
returned them, or the mail server did not take them yet.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.delivery.mail import values
from outreach.delivery.rows.batch import LineRow, MessageRow, SharedRows
from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.representation import TO_ASSISTANT
from outreach.domain.states import MessageState
from outreach.models import Activity, Attempt, Message, MessageLine, Reminder

NOTIFIED_AGAIN = frozenset(
    {
        MailKind.INVITATION,
        MailKind.APPOINTMENT,
        MailKind.REPRESENTATION,
        MailKind.CHANGE,
        MailKind.POSTPONEMENT,
        MailKind.WITHDRAWAL,
    }
)  # kinds that may be sent twice
ANNOUNCES = (MailKind.INVITATION, MailKind.CHANGE)  # kinds that tell time and place, also to calendars
TELLS_NEWS = (MailKind.CHANGE, MailKind.POSTPONEMENT)
WENT_OUT = (MessageState.SENT, MessageState.UNKNOWN, MessageState.HANDING_OVER)
SAID = ("", SkipReason.SAID_BY_ANOTHER_LINE.value)
IN_DOUBT = sa.exists().where(Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN)
# The condition, on a line joined with its message, that its recipient was told of the invitation or may have been.
# A mail to their adjutant or secretary tells neither the invitee nor whoever acts for them.
MAY_HAVE_TOLD = sa.and_(
    MessageLine.skipped.in_(SAID),
    Message.kind.not_in(sorted(TO_ASSISTANT)),
    sa.or_(Message.state.in_(WENT_OUT), IN_DOUBT),
)
_LATER, _ITS_MAIL, _ITS_REMINDER = aliased(MessageLine), aliased(Message), aliased(Reminder)
# The condition, on a line, that its recipient was told later that the invitation is withdrawn.
_CALLED_OFF_SINCE = sa.exists().where(
    _LATER.invitation_id == MessageLine.invitation_id,
    _LATER.id >= MessageLine.id,
    _LATER.skipped == "",
    ~_LATER.to_representative,
    _LATER.message_id == _ITS_MAIL.id,
    _ITS_MAIL.state == MessageState.SENT,
    _LATER.reminder_id == _ITS_REMINDER.id,
    _ITS_REMINDER.kind == MailKind.WITHDRAWAL,
)
# The same, but the recipient was not told later that the invitation is withdrawn.
MAY_COUNT_ON_IT = sa.and_(MAY_HAVE_TOLD, ~_CALLED_OFF_SINCE)
TOLD_BY_NONE = (MessageState.FAILED, MessageState.SKIPPED, MessageState.CANCELLED)


def notified_again(session: Session, rows: Sequence[MessageRow], shared: SharedRows) -> dict[int, int]:
    """Return, by line, the newer message that notifies again about the same, whether sent or not.

    Only messages that were claimed before are checked, so usually no query is needed. A message that may have arrived
    stays as it is.
    """
    old = {
        line.id: line
        for row in rows if row.fence > 1 and row.resend_of_id is None
        for line in row.lines if _kind(line, shared) in NOTIFIED_AGAIN and line.leaves is None
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
            MessageLine.skipped.in_(SAID),
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
        and row.kind is _kind(line, shared)
    }  # fmt: skip
    if newer:
        in_doubt = sa.select(Attempt.message_id).where(
            Attempt.message_id.in_({old[line_id].message_id for line_id in newer}),
            Attempt.outcome == MessageState.UNKNOWN,
        )
        doubted = set(session.scalars(in_doubt))
        newer = {line_id: new_id for line_id, new_id in newer.items() if old[line_id].message_id not in doubted}
    return newer


def not_yet_notified(session: Session, rows: Sequence[MessageRow], shared: SharedRows) -> dict[int, tuple[int, ...]]:
    """Return, by line about a move, the moves that it must tell, oldest first: those unknown to its recipient.

    The result is empty if the recipient knows the current state: a notice or invitation told it, or the activity moved
    back. A recipient knows the state that a mail told, if the mail may have arrived, and the state that they answered. A
    mail that is sent again tells the same moves as before.
    A recipient who was last told of a postponement knows of no time. Even the former time is news to them. Another
    postponement is not, so the result for its line is empty, too.
    """
    moved = [(row, line) for row in rows for line in row.lines if _kind(line, shared) in TELLS_NEWS]
    if not moved:
        return {}
    told = _told(session, {line.invitation_id for _row, line in moved})
    found: dict[int, tuple[int, ...]] = {}
    for row, line in moved:
        activity, answered = shared.activities[line.activity_id], line.answered_sequence or 0
        mails, first = told[line.invitation_id, line.to_representative], row.resend_of_id or row.id
        repeated = [mail.sequence for mail in mails if mail.message_id == first]
        if repeated:
            heard = max([mail.sequence for mail in mails if mail.message_id < first], default=answered)
        else:
            heard = max([answered, *[mail.sequence for mail in mails]])
        earlier = [mail for mail in mails if mail.message_id < first] if repeated else mails
        dateless = any(mail.postponed and mail.sequence >= heard for mail in earlier)
        if _kind(line, shared) is MailKind.POSTPONEMENT:
            if dateless and not repeated:
                found[line.id] = ()
            continue
        moves = _moves_since(heard, activity, shared)
        back = not dateless and _is_back(activity, moves)
        if repeated and back:
            moves = _moves_since(max(repeated), activity, shared)
        known = back or any(mail.announced and mail.sequence >= activity.sequence for mail in mails)
        found[line.id] = () if known and not repeated else tuple([move.id for move in moves]) or (line.reminder_id,)
    return found


def _moves_since(sequence: int, activity: Activity, shared: SharedRows) -> list[Reminder]:
    """Return the notices of moves after this sequence. The occurrence of each is the sequence before the move."""
    return [move for move in shared.moves_of(activity) if sequence <= move.occurrence < activity.sequence]


def _is_back(activity: Activity, moves: Sequence[Reminder]) -> bool:
    """Return whether these moves, the first one from what the recipient knows, lead back to there."""
    if not moves or any(values.differs(activity, moves[0].detail)):
        return False
    return len(moves) > 1 or WAS_POSTPONED in moves[0].detail


class _Told(NamedTuple):
    """What a mail told that may have arrived: the activity at this sequence. announced: certainly told, as its subject.

    A mail that was in doubt is not announced: both copies have one Message-ID, so the recipient may have seen only the
    first.
    """

    message_id: int
    sequence: int
    announced: bool
    postponed: bool  # told that it is postponed


def _told(session: Session, invitation_ids: Collection[int]) -> Mapping[tuple[int, bool], list[_Told]]:
    """Return what was told, by invitation and recipient: the invitee (False) or their representative (True)."""
    rows = session.execute(
        sa.select(
            MessageLine.invitation_id,
            MessageLine.to_representative,
            Message.id,
            MessageLine.sequence,
            sa.and_(Reminder.kind.in_(ANNOUNCES), Message.state == MessageState.SENT, ~IN_DOUBT),
            Reminder.kind == MailKind.POSTPONEMENT,
        )
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .join(Message, MessageLine.message_id == Message.id)
        .where(
            MessageLine.invitation_id.in_(invitation_ids),
            MAY_HAVE_TOLD,
        )
    )
    found: dict[tuple[int, bool], list[_Told]] = defaultdict(list)
    for invitation_id, to_representative, message_id, sequence, announced, postponed in rows:
        found[invitation_id, to_representative].append(_Told(message_id, sequence, announced, postponed))
    return found


def _kind(line: LineRow, shared: SharedRows) -> MailKind:
    return shared.reminders[line.reminder_id].kind
