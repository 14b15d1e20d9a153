"""Asking again, just before sending, what is still true of each message: its lines' facts, in a fixed number of queries.

The rule itself is domain/truth.py; what becomes of the message is delivery/outbox.py.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from outreach.delivery import tokens
from outreach.domain.kinds import LinkPurpose, MailKind
from outreach.domain.reminders import Times, local_day, useful_until
from outreach.domain.states import InvitationState, MessageState
from outreach.domain.truth import LineFacts, SkipReason, skip_because
from outreach.extensions import writing
from outreach.models import Activity, AgendaItem, Attempt, Invitation, Link, Message, MessageLine, Organisation, Person

WENT_OUT = (MessageState.SENT, MessageState.UNKNOWN, MessageState.HANDING_OVER)


@dataclass(frozen=True)
class Earlier:
    """What other messages have told about the same invitations and activities."""

    told: frozenset[int] = frozenset()  # ids of invitations that a mail went out about
    revoked: frozenset[tuple[int | None, int | None]] = frozenset()  # person, organisation whose answer link is revoked
    in_work: frozenset[tuple[int, int]] = frozenset()  # invitation, message that a worker is about to send about it
    today: frozenset[tuple[int | None, int | None, int]] = (
        frozenset()
    )  # person, organisation, activity of today's mails


@dataclass(frozen=True)
class Verdict:
    """What a message has left to say."""

    lines: tuple[MessageLine, ...] = ()
    skipped: dict[int, SkipReason] = field(default_factory=dict)  # by the line's id
    useful_until: datetime | None = None

    @property
    def reason(self) -> SkipReason:
        """Return why nothing is left: the first line's reason speaks for the message."""
        return next(iter(self.skipped.values()), SkipReason.TOO_LATE)


def load(session: Session, message_ids: Collection[int]) -> list[Message]:
    """Return the messages with all that judging and composing them reads, however many, in a fixed number of queries."""
    person = (
        joinedload(Person.organisation).joinedload(Organisation.region),
        joinedload(Person.region),
        selectinload(Person.cadre_roles),
    )
    invitation = selectinload(Message.lines).joinedload(MessageLine.invitation)
    activity = invitation.joinedload(Invitation.activity)
    found = session.scalars(
        sa.select(Message)
        .where(Message.id.in_(message_ids))
        .order_by(Message.due_at, Message.id)
        .options(
            joinedload(Message.person).options(*person),
            joinedload(Message.organisation).joinedload(Organisation.region),
            joinedload(Message.representative_of),
            selectinload(Message.lines).joinedload(MessageLine.reminder),
            invitation.joinedload(Invitation.attendance),
            invitation.joinedload(Invitation.person),
            invitation.joinedload(Invitation.organisation),
            invitation.joinedload(Invitation.nominated_under),
            invitation.selectinload(Invitation.nominees),
            activity.joinedload(Activity.programme),
            activity.joinedload(Activity.venue),
            activity.joinedload(Activity.region),
            activity.joinedload(Activity.coordinator),
            activity.selectinload(Activity.agenda).selectinload(AgendaItem.speakers),
        )
        .execution_options(populate_existing=True)
    )
    return list(found.unique())


def make_missing_links(session: Session, message_ids: Collection[int], *, expires_at: datetime) -> None:
    """Make sure that each reader has an answer link before mails with it are composed, in a transaction of its own."""
    missing = session.execute(
        sa.select(Message.person_id, Message.organisation_id)
        .outerjoin(
            Link,
            sa.and_(
                Link.purpose == LinkPurpose.ANSWER,
                sa.or_(Link.person_id == Message.person_id, Link.organisation_id == Message.organisation_id),
            ),
        )
        .where(Message.id.in_(message_ids), Link.id.is_(None))
    ).all()
    if missing:
        with writing() as own:
            tokens.ensure_links(
                own,
                expires_at=expires_at,
                person_ids=[row.person_id for row in missing if row.person_id],
                organisation_ids=[row.organisation_id for row in missing if row.organisation_id],
            )


def earlier(session: Session, messages: Sequence[Message], *, now: datetime) -> Earlier:
    """Return what other messages told about the invitations that these are about."""
    own = {message.id for message in messages}
    invitation_ids = {line.invitation_id for message in messages for line in message.lines}
    if not invitation_ids:
        return Earlier()
    doubted = sa.exists().where(Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN)
    tried_at = sa.select(sa.func.max(Attempt.at)).where(Attempt.message_id == Message.id).scalar_subquery()
    rows = session.execute(
        sa.select(MessageLine.invitation_id, Invitation.activity_id, Message.id, Message.state, Message.person_id,
                  Message.organisation_id, Message.sent_at, tried_at.label("tried_at"), Activity.zone)
        .join(Message, MessageLine.message_id == Message.id)
        .join(Invitation, MessageLine.invitation_id == Invitation.id)
        .join(Activity, Invitation.activity_id == Activity.id)
        .where(
            MessageLine.invitation_id.in_(invitation_ids),
            MessageLine.skipped.in_(("", SkipReason.SAID_BY_ANOTHER_LINE)),
            sa.or_(Message.state.in_((*WENT_OUT, MessageState.LEASED)), sa.and_(Message.attempts > 0, doubted)),
        )
    ).all()  # fmt: skip
    revoked = session.execute(
        sa.select(Link.person_id, Link.organisation_id).where(
            Link.purpose == LinkPurpose.ANSWER,
            Link.revoked_at.is_not(None),
            sa.or_(
                Link.person_id.in_([m.person_id for m in messages if m.person_id]),
                Link.organisation_id.in_([m.organisation_id for m in messages if m.organisation_id]),
            ),
        )
    )
    others = [row for row in rows if row.id not in own]
    went = [row for row in others if row.state is not MessageState.LEASED]
    return Earlier(
        revoked=frozenset((row.person_id, row.organisation_id) for row in revoked),
        told=frozenset(row.invitation_id for row in went),
        in_work=frozenset((row.invitation_id, row.id) for row in others if row.state is MessageState.LEASED),
        today=frozenset(
            (row.person_id, row.organisation_id, row.activity_id)
            for row in went
            if local_day(row.sent_at or row.tried_at or now, row.zone) == local_day(now, row.zone)
        ),
    )


def judge(
    message: Message, lines: Iterable[MessageLine], known: Earlier, now: datetime, *, resent: bool = False
) -> Verdict:
    """Return which lines are still true. resent: asked for by hand, so a second mail that day, with today's facts, is meant."""
    lines = list(lines)
    reader = _settle_representative(message, lines)
    left: list[MessageLine] = []
    skipped: dict[int, SkipReason] = {}
    until: list[datetime] = []
    for line in lines:
        facts = _facts(message, line, known, resent)
        reason = _person_reason(message) or skip_because(facts, now)
        if reason is None and line.to_representative and _representative(line.invitation) != reader:
            reason = SkipReason.NOT_ATTENDING
        if reason is None and not resent and _written_today(message, line, known):
            reason = SkipReason.ALREADY_WRITTEN_TODAY
        if reason is not None:
            skipped[line.id] = reason
            continue
        left.append(line)
        until.append(facts.useful_until)
    return Verdict(tuple(left), skipped, max(until, default=None))


def useful_line_until(line: MessageLine) -> datetime:
    """Return the instant after which a line helps nobody, by its activity as it is now."""
    activity, reminder = line.invitation.activity, line.reminder
    times = Times(activity.starts_at, activity.ends_at, activity.respond_by_at)
    return useful_until(reminder.kind, reminder.audience, reminder.due_at, times)


def must_wait(message: Message, known: Earlier) -> bool:
    """Return whether an older message about the same invitation is just being sent: what is true depends on that one."""
    about = {line.invitation_id for line in message.lines}
    return any(invitation_id in about and other_id < message.id for invitation_id, other_id in known.in_work)


def doubts(session: Session, message_ids: Collection[int]) -> dict[int, int]:
    """Return, by message, how often it was handed over without the server's word ever coming."""
    counts: dict[int, int] = defaultdict(int)
    rows = session.execute(
        sa.select(Attempt.message_id, sa.func.count())
        .where(Attempt.message_id.in_(message_ids), Attempt.outcome == MessageState.UNKNOWN)
        .group_by(Attempt.message_id)
    )
    for message_id, count in rows:
        counts[message_id] = count
    return counts


def _facts(message: Message, line: MessageLine, known: Earlier, resent: bool) -> LineFacts:
    invitation, reminder = line.invitation, line.reminder
    activity = invitation.activity
    reader = message.person or message.organisation
    return LineFacts(
        kind=reminder.kind,
        audience=reminder.audience,
        activity_state=activity.state,
        activity_sequence=activity.sequence,
        line_sequence=activity.sequence if resent else line.sequence,
        invitation_state=invitation.state,
        present=bool(invitation.attendance and invitation.attendance.present),
        stopped=bool(reader and reader.reminders_stopped_at),
        link_revoked=(message.person_id, message.organisation_id) in known.revoked,
        nominated=invitation.nominated_under_id is not None,
        told_before=invitation.id in known.told,
        useful_until=useful_line_until(line),
    )


def _person_reason(message: Message) -> SkipReason | None:
    return SkipReason.ERASED if message.person and message.person.erased_at else None


def _settle_representative(message: Message, lines: Sequence[MessageLine]) -> tuple[str, str] | None:
    """Return who reads a mail to a representative: as the first line whose invitee is still represented names them."""
    if message.representative_of is None:
        return None
    standing = [line.invitation for line in lines if line.to_representative and _representative(line.invitation)]
    if standing and _representative(message.representative_of) is None:
        set_committed_value(message, "representative_of", standing[0])
    return _representative(message.representative_of) or ("", "")


def _representative(invitation: Invitation) -> tuple[str, str] | None:
    if invitation.state is not InvitationState.REPRESENTED or not invitation.representative_email:
        return None
    return invitation.representative_name.casefold(), invitation.representative_email.casefold()


def _written_today(message: Message, line: MessageLine, known: Earlier) -> bool:
    """A reminder adds nothing on a day on which its reader had a mail about the same activity."""
    if line.reminder.kind is not MailKind.REMINDER or line.to_representative:
        return False
    return (message.person_id, message.organisation_id, line.invitation.activity_id) in known.today
