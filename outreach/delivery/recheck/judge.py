"""Check again, just before sending, what is still true of each message. The facts are read for a whole batch.

The rule itself is domain/mail/still_true.py. outbox/prepare.py decides what happens to the message.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.recheck import moves_told
from outreach.delivery.recheck.moves_told import SAID, WENT_OUT
from outreach.delivery.rows.batch import LineRow, MessageRow, SharedRows
from outreach.domain.kinds import MailKind
from outreach.domain.mail.merging import Saying, worth_saying
from outreach.domain.mail.still_true import ACTING, LineFacts, SkipReason, skip_because
from outreach.domain.reminders.due import ActivityTimes, local_day, useful_until
from outreach.domain.representation import AS_WELL, TO_ASSISTANT
from outreach.domain.states import IN_WORK, InvitationState, MessageState
from outreach.models import Activity, Attempt, Message, MessageLine, Reminder

A_DAY_OR_SO = timedelta(hours=36)  # longer than a day on any calendar


@dataclass(frozen=True)
class Earlier:
    """What other messages told about the same invitations and activities."""

    told: frozenset[int] = frozenset()  # ids of invitations that a mail told and no later mail withdrew
    in_work: frozenset[tuple[int, int]] = frozenset()  # invitation id, unsettled message about it
    today: frozenset[tuple[int | None, int | None, int]] = (
        frozenset()
    )  # person, organisation, activity of today's mails
    notified_again: Mapping[int, int] = field(
        default_factory=dict
    )  # by line: the newer message that notifies again about the same
    not_yet_notified: Mapping[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # by line about a move or postponement: the notices that it must tell


@dataclass(frozen=True)
class RecheckResult:
    """What a message still has to say: its lines in the mail's order, and its recipient."""

    recipient: MessageRow
    lines: tuple[LineRow, ...] = ()
    skipped: dict[int, SkipReason] = field(default_factory=dict)  # by line id
    useful_until: datetime | None = None
    untrue_because: SkipReason | None = None  # set for a message without lines

    @property
    def reason(self) -> SkipReason:
        """Return why nothing is left. The first line's reason stands for the message."""
        return self.untrue_because or next(iter(self.skipped.values()), SkipReason.TOO_LATE)


def earlier(session: Session, rows: Sequence[MessageRow], shared: SharedRows, *, now: datetime) -> Earlier:
    """Return what other messages told about the invitations of `rows`, in a fixed number of queries.

    A message of `rows` that was in doubt earlier may have told its recipient. It counts for the other messages.
    """
    activity_of = {line.invitation_id: line.activity_id for row in rows for line in row.lines}
    if not activity_of:
        return Earlier()
    alike = Earlier(
        notified_again=moves_told.notified_again(session, rows, shared),
        not_yet_notified=moves_told.not_yet_notified(session, rows, shared),
    )
    others = _others(_about(session, activity_of), rows)
    tried = _doubted_at(session, {row.id for row in others if row.state is not MessageState.SENT})
    return _with_others(alike, others, tried, rows, shared, now)


def earlier_of_each(
    session: Session, rows: Sequence[MessageRow], shared: SharedRows, *, now: datetime
) -> dict[int, Earlier]:
    """Return, by message, what `earlier` returns for it alone, in a fixed number of queries: the others of `rows` are
    earlier ones, too.
    """
    activity_of = {line.invitation_id: line.activity_id for row in rows for line in row.lines}
    if not activity_of:
        return {row.id: Earlier() for row in rows}
    alike = Earlier(
        notified_again=moves_told.notified_again(session, rows, shared),
        not_yet_notified=moves_told.not_yet_notified(session, rows, shared),
    )
    about: dict[int, list[sa.Row[Any]]] = defaultdict(list)
    unsettled = set()
    for other in _about(session, activity_of):
        about[other.invitation_id].append(other)
        if other.state is not MessageState.SENT:
            unsettled.add(other.id)
    tried = _doubted_at(session, unsettled)
    found = {}
    for row in rows:
        told = [other for id_ in dict.fromkeys(line.invitation_id for line in row.lines) for other in about[id_]]
        found[row.id] = _with_others(alike, _others(told, [row]), tried, [row], shared, now)
    return found


def _about(session: Session, invitation_ids: Collection[int]) -> Sequence[Any]:
    """Return the lines about these invitations in messages that are under way, went out or were tried."""
    return session.execute(
        sa.select(MessageLine.invitation_id, Message.id, Message.state, Message.person_id, Message.organisation_id,
                  Message.sent_at, sa.and_(Reminder.kind == MailKind.WITHDRAWAL, MessageLine.skipped == "",
                                           ~MessageLine.to_representative).label("off"))
        .join(Message, MessageLine.message_id == Message.id)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .where(
            MessageLine.invitation_id.in_(invitation_ids),
            MessageLine.skipped.in_(SAID),
            Message.kind.not_in(sorted(TO_ASSISTANT)),  # the invitee has not read it
            sa.or_(Message.state.in_((*WENT_OUT, MessageState.LEASED)), Message.attempts > 0),
        )
        .order_by(MessageLine.id)
    ).all()  # fmt: skip


def _others(found: Iterable[sa.Row[Any]], rows: Sequence[MessageRow]) -> list[sa.Row[Any]]:
    """Return those of the lines that are not of these messages, or are of one that was tried before."""
    untried = {row.id for row in rows if not row.attempts}
    return [row for row in found if row.id not in untried]


def _with_others(
    alike: Earlier, others: Sequence[sa.Row[Any]], tried: Mapping[int, datetime], rows: Sequence[MessageRow],
    shared: SharedRows, now: datetime,
) -> Earlier:  # fmt: skip
    """Return `alike` with what the lines of others told the recipients of `rows`. tried: when those in doubt were."""
    own = {row.id for row in rows}
    activity_of = {line.invitation_id: line.activity_id for row in rows for line in row.lines}
    invitee_of = {line.invitation_id: line.invitee_id for row in rows for line in row.lines}
    went = [row for row in others if row.state in WENT_OUT or row.id in tried]
    told, today = set(), set()
    for row in went:
        if row.person_id != invitee_of[row.invitation_id]:
            continue  # told to somebody who held the post before
        if row.off and row.state is MessageState.SENT:
            told.discard(row.invitation_id)
        else:
            told.add(row.invitation_id)
        if row.id in own:
            continue
        sent_at = row.sent_at or tried.get(row.id, now)
        activity_id = activity_of[row.invitation_id]
        zone = shared.activities[activity_id].zone
        if now - sent_at < A_DAY_OR_SO and local_day(sent_at, zone) == local_day(now, zone):
            today.add((row.person_id, row.organisation_id, activity_id))
    return replace(
        alike,
        told=frozenset(told),
        in_work=frozenset((row.invitation_id, row.id) for row in others if row.state in IN_WORK and row.id not in own),
        today=frozenset(today),
    )


class Judge:
    """Finds the lines of a batch that are still true. Results that are the same for many lines are computed once."""

    def __init__(self, shared: SharedRows, known: Earlier, now: datetime) -> None:
        self.shared = shared
        self.known = known
        self.now = now
        self._until: dict[tuple[int, datetime | None], datetime] = {}
        self._reasons: dict[LineFacts, SkipReason | None] = {}

    def judge(self, row: MessageRow, *, resent: bool = False) -> RecheckResult:
        """Return what is left to say. resent: sent by hand, so a second mail that day with current facts is intended."""
        row, recipient = _settled_recipient(row)
        left: list[LineRow] = []
        skipped: dict[int, SkipReason] = {}
        for line in row.lines:
            reason = self._reason(row, line, recipient, resent)
            if reason is None:
                moves = self.known.not_yet_notified.get(line.id)
                left.append(line._replace(moves=moves) if moves else line)
            else:
                skipped[line.id] = reason
        said = left
        if len(left) > 1:
            places, needless = worth_saying([self._saying(line) for line in left])
            said = [left[place] for place in places]
            skipped.update({left[place].id: SkipReason.SAID_BY_ANOTHER_LINE for place in needless})
        return RecheckResult(row, tuple(said), skipped, max(map(self.useful_until, left), default=None))

    def useful_until(self, line: LineRow) -> datetime:
        """Return the instant after which a line is useless, from the activity's current times."""
        found = self._until.get((line.reminder_id, line.invited_at))
        if found is None:
            activity, reminder = self.shared.activities[line.activity_id], self.shared.reminders[line.reminder_id]
            found = line_useful_until(activity, reminder, line.invited_at)
            self._until[line.reminder_id, line.invited_at] = found
        return found

    def _reason(
        self, row: MessageRow, line: LineRow, recipient: tuple[str, str] | None, resent: bool
    ) -> SkipReason | None:
        if row.erased:
            return SkipReason.ERASED
        if row.unconsented:
            return SkipReason.NOT_CONSENTED
        activity, reminder = self.shared.activities[line.activity_id], self.shared.reminders[line.reminder_id]
        leaves = line.leaves
        to_invitee = line.assistant is not None or not line.to_representative
        if leaves is None and to_invitee and row.person_id != line.invitee_id:
            return SkipReason.OTHER_HOLDER
        facts = LineFacts(
            kind=reminder.kind,
            audience=reminder.audience,
            activity_state=activity.state,
            activity_sequence=activity.sequence,
            line_sequence=activity.sequence if resent else line.sequence,
            invitation_state=line.state if leaves is None or leaves.stays else InvitationState.WITHDRAWN,
            present=line.present,
            stopped=row.stopped if line.assistant is None else line.assistant.stopped,
            link_revoked=row.link_revoked,
            nominated=line.nominated_under_id is not None,
            told_before=line.invitation_id in self.known.told if leaves is None else leaves.told,
            useful_until=self.useful_until(line),
            owes_materials=line.owes_materials,
            certified=line.certified,
        )
        try:
            reason = self._reasons[facts]
        except KeyError:
            reason = self._reasons[facts] = skip_because(facts, self.now)
        if reason is None and line.id in self.known.notified_again:
            reason = SkipReason.JOINED
        if reason is None and self.known.not_yet_notified.get(line.id) == ():
            reason = SkipReason.KNOWN
        if reason is None and line.assistant is not None and not line.assistant.email:
            reason = SkipReason.NO_ADDRESS
        if reason is None and line.to_representative and line.representative != recipient:
            reason = SkipReason.NOT_ATTENDING
        if reason is None and reminder.kind is MailKind.APPOINTMENT and line.acting_id != reminder.detail.get(ACTING):
            reason = SkipReason.NOT_ATTENDING
        if reason is None and not line.to_representative and _is_left_to_acting(line, reminder.kind):
            reason = SkipReason.NOT_WANTED
        if reason is None and reminder.kind is MailKind.REMINDER and not (resent or line.to_representative):
            # A reminder adds nothing if its recipient got a mail about the same activity today.
            written = (row.person_id, row.organisation_id, line.activity_id) in self.known.today
            return SkipReason.ALREADY_WRITTEN_TODAY if written else None
        return reason

    def _saying(self, line: LineRow) -> Saying:
        activity, reminder = self.shared.activities[line.activity_id], self.shared.reminders[line.reminder_id]
        return Saying(
            reminder.kind, line.role, line.activity_id, line.invitation_id, line.reminder_id, reminder.due_at,
            activity.starts_at,
        )  # fmt: skip


def _is_left_to_acting(line: LineRow, kind: MailKind) -> bool:
    """Return whether an invitee wants no notices while somebody acts who gets them."""
    return kind in AS_WELL and not line.notices_wanted and line.representative is not None


def line_useful_until(activity: Activity, reminder: Reminder, invited_at: datetime | None) -> datetime:
    """Return the instant after which a reminder's line is useless, from the activity's current times.

    invited_at: when its invitee was invited.
    """
    times = ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at, activity.dateless)
    return useful_until(reminder.kind, reminder.audience, reminder.due_at, times, invited_at)


def must_wait(row: MessageRow, known: Earlier) -> bool:
    """Return whether an older message about the same invitation is being sent. Its result affects what is true here."""
    if not known.in_work:
        return False
    about = {line.invitation_id for line in row.lines}
    return any(invitation_id in about and other_id < row.id for invitation_id, other_id in known.in_work)


def doubts(session: Session, message_ids: Collection[int]) -> dict[int, int]:
    """Return, per message, how many hand-overs got no answer from the server."""
    counts: dict[int, int] = defaultdict(int)
    if not message_ids:
        return counts
    rows = session.execute(
        sa.select(Attempt.message_id, sa.func.count())
        .where(Attempt.message_id.in_(message_ids), Attempt.outcome == MessageState.UNKNOWN)
        .group_by(Attempt.message_id)
    )
    for message_id, count in rows:
        counts[message_id] = count
    return counts


def _doubted_at(session: Session, message_ids: Collection[int]) -> dict[int, datetime]:
    """Return the last attempt of each message that may have arrived although the server did not confirm it."""
    if not message_ids:
        return {}
    in_doubt = sa.case((Attempt.outcome == MessageState.UNKNOWN, 1), else_=0)
    rows = session.execute(
        sa.select(Attempt.message_id, sa.func.max(Attempt.at), sa.func.max(in_doubt))
        .where(Attempt.message_id.in_(message_ids))
        .group_by(Attempt.message_id)
    )
    return {message_id: at for message_id, at, doubted in rows if doubted}


def _settled_recipient(row: MessageRow) -> tuple[MessageRow, tuple[str, str] | None]:
    """Return the recipient of a mail to a representative: the one named by the first line that still has a representative."""
    if row.representative_of_id is None:
        return row, None
    by_id = {line.invitation_id: line for line in row.lines}
    naming = by_id.get(row.representative_of_id)
    if naming is not None and naming.representative:
        return row, naming.representative
    standing = [line for line in row.lines if line.to_representative and line.representative]
    if not standing:
        return row, ("", "")
    return row._replace(representative_of_id=standing[0].invitation_id), standing[0].representative


def with_told(known: Earlier, invitation_ids: Collection[int]) -> Earlier:
    """Return `known` with these invitations added as told."""
    return replace(known, told=known.told | frozenset(invitation_ids))
