"""Checks the simulation: compares what the mail server received with what should have been sent.

The expected mails are computed from invitations, answers and attendance, not from the reminders' own rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.cli.simulate.play import Story
from outreach.delivery.demo_server import server as demo_server
from outreach.domain.kinds import AnswerSource, Audience, MailKind, Role
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.reminders.due import ActivityTimes, MissedReason, local_day
from outreach.domain.states import TAKES_A_SEAT, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Material, Message, MessageLine, Reminder, StoredFile
from outreach.services.reminders import rules

MORE_THAN_ONE_A_DAY = frozenset(
    {
        MailKind.CHANGE,
        MailKind.CANCELLATION,
        MailKind.POSTPONEMENT,
        MailKind.WITHDRAWAL,
        MailKind.SEAT,
        MailKind.CONFIRMATION,
        MailKind.LINK,
        MailKind.APPOINTMENT,
        MailKind.REPRESENTATION,
    }
)
FINE = frozenset({MessageState.SENT, MessageState.SKIPPED})
SAID_ALREADY = (SkipReason.SAID_BY_ANOTHER_LINE, SkipReason.ALREADY_WRITTEN_TODAY)
EIGHT = time(8, 0)
OF_FIRST_DAY = " of its first day"


@dataclass(frozen=True)
class Received:
    message_id: str
    recipient: str


@dataclass(frozen=True)
class DeliveredLine:
    """One line that reached its recipient: its kind or rule, and the invitation it is about."""

    key: str
    invitation_id: int


def complaints(story: Story, mailbox: Path) -> list[str]:
    """Return one sentence for each broken promise; empty if all were kept."""
    received = [_received(mailbox, kept) for kept in demo_server.listing(mailbox)]
    messages = db.session.scalars(sa.select(Message)).all()
    sent = [m for m in messages if m.state is MessageState.SENT]
    found = compared([(m.rfc_message_id, m.address) for m in sent], received)
    found += twice_a_day((m.person_id, m.organisation_id, m.local_day, m.kind) for m in sent)
    found += [f"Message {m.id} ended as {m.state.value} ({m.reason})." for m in messages if m.state not in FINE]
    reminders = sa.select(Reminder).where(Reminder.due_at < story.ends_at).options(joinedload(Reminder.activity))
    for reminder in db.session.scalars(reminders):
        off = (story.cancelled_id, story.prepared.postponed_id)
        cancelled_rightly = reminder.state is ReminderState.CANCELLED and reminder.activity_id in off
        # Where no working day lies between the invitation and the deadline, nobody is asked again.
        too_late = (
            reminder.reason == MissedReason.DEADLINE_PASSED and reminder.due_at >= reminder.activity.respond_by_at
        )
        if reminder.state is not ReminderState.EXPANDED and not cancelled_rightly and not too_late:
            found.append(f"Reminder {reminder.id} ({reminder.key}) is {reminder.state.value}: {reminder.reason}.")
    said, doubled = _said({m.rfc_message_id for m in sent} & {r.message_id for r in received}, story)
    found += doubled
    for wanted in sorted(expected(story) - said, key=lambda one: (one.key, one.invitation_id)):
        found.append(f"Invitation {wanted.invitation_id} never got its {wanted.key}.")
    for extra in sorted(said - expected(story), key=lambda one: (one.key, one.invitation_id)):
        found.append(f"Invitation {extra.invitation_id} got a {extra.key} that it should not have got.")
    found += other_than_forecast(story.forecast, _mails_by_reminder())
    db.session.rollback()
    return found


def other_than_forecast(forecast: Mapping[int, int], sent: Mapping[int, int]) -> list[str]:
    """Compare the forecast of mails per reminder, as the coordinator's page showed it, with what was sent."""
    return [
        f"Reminder {reminder} was forecast to send {count} mails and sent {sent.get(reminder, 0)}."
        for reminder, count in sorted(forecast.items())
        if sent.get(reminder, 0) != count
    ]


def _mails_by_reminder() -> dict[int, int]:
    """Return for each reminder how many recipients were told of it by mail."""
    rows = db.session.execute(
        sa.select(MessageLine.reminder_id, sa.func.count(sa.distinct(MessageLine.message_id)))
        .join(Message, Message.id == MessageLine.message_id)
        .where(
            Message.state == MessageState.SENT,
            MessageLine.skipped.in_(("", SkipReason.SAID_BY_ANOTHER_LINE, SkipReason.ALREADY_WRITTEN_TODAY)),
        )
        .group_by(MessageLine.reminder_id)
    )
    return {row[0]: row[1] for row in rows}


def compared(sent: Iterable[tuple[str, str]], received: Iterable[Received]) -> list[str]:
    """Compare the mails that the outbox counts as sent, as (Message-ID, address), with those on the mail server."""
    counts = Counter(received)
    outbox = Counter(Received(*mail) for mail in sent)
    differences = [f"{mail.message_id} arrived {count} times." for mail, count in counts.items() if count > 1]
    differences += [f"{mail.message_id} was sent and never arrived." for mail in outbox.keys() - counts.keys()]
    differences += [f"{mail.message_id} arrived, but was never sent." for mail in counts.keys() - outbox.keys()]
    return sorted(differences)


def twice_a_day(mails: Iterable[tuple[int | None, int | None, object, MailKind]]) -> list[str]:
    """Return who got more than one mail on one day. mails: (person, organisation, day, kind).

    Kinds in MORE_THAN_ONE_A_DAY are not counted.
    """
    counts = Counter((person, office, day) for person, office, day, kind in mails if kind not in MORE_THAN_ONE_A_DAY)
    return [
        f"{f'Person {person}' if person else f'Organisation {office}'} got {count} mails on {day}."
        for (person, office, day), count in counts.items()
        if count > 1
    ]


def expected(story: Story) -> set[DeliveredLine]:
    """Return what every invitee should have been told, by key: a rule's key, or the kind of event."""
    found: set[DeliveredLine] = set()
    invitations = db.session.scalars(
        sa.select(Invitation).options(
            joinedload(Invitation.activity),
            joinedload(Invitation.person),
            joinedload(Invitation.organisation),
            joinedload(Invitation.attendance),
        )
    ).all()
    for invitation in invitations:
        if invitation.invitee.email:
            found |= {DeliveredLine(key, invitation.id) for key in _keys(invitation, story)}
    return found


def _keys(one: Invitation, story: Story) -> Iterable[str]:
    activity = one.activity
    nominee = one.nominated_under_id is not None
    cancelled = activity.id == story.cancelled_id
    yield MailKind.INVITATION
    if activity.id == story.moved_id and not _declined_by(one, story.moved_at) and _there_by(one, story.moved_at):
        yield MailKind.CHANGE
    if activity.id == story.prepared.postponed_id:
        for kind, at in ((MailKind.POSTPONEMENT, story.postponed_at), (MailKind.CHANGE, story.new_date_at)):
            if not _declined_by(one, at) and _there_by(one, at):
                yield kind
    if cancelled and not _declined_by(one, story.cancelled_at) and _there_by(one, story.cancelled_at):
        yield MailKind.CANCELLATION
    told_at = activity.told_at or story.prepared.published_at  # when invitees were told of its day
    times = ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at)
    for key, due in _asked_at(times, activity.zone, told_at).items():
        open_then = one.answered_at is None or one.answered_at > due
        if not nominee and open_then and not (cancelled and due > story.cancelled_at):
            yield key
    if activity.id == story.prepared.postponed_id:
        for key, due in _asked_at(story.first_times, activity.zone, story.prepared.published_at).items():
            if not nominee and due < story.postponed_at and (one.answered_at is None or one.answered_at > due):
                yield f"{key}{OF_FIRST_DAY}"
    if one.state is InvitationState.REPRESENTED and one.answer_source is AnswerSource.LINK:
        yield MailKind.REPRESENTATION  # confirms who comes in their place
    due = _materials_at(activity, told_at)
    if one.role is Role.SPEAKER and one.person_id and one.state in TAKES_A_SEAT and not _sent_by(one, due):
        late = local_day(due, activity.zone) <= local_day(told_at, activity.zone)
        if not late and one.answered_at and one.answered_at < due and not (cancelled and due > story.cancelled_at):
            yield "materials"
    due = _days_before(activity, 1)
    if not cancelled and one.state in TAKES_A_SEAT and one.answered_at and one.answered_at < due:
        yield "day-before"
    if one.attendance is not None and one.attendance.present:
        yield "thanks"


def _days_before(activity: Activity, days: int) -> datetime:
    day = local_day(activity.starts_at, activity.zone) - timedelta(days=days)
    return datetime.combine(day, EIGHT, tzinfo=activity.zone)


def _materials_at(activity: Activity, told_at: datetime) -> datetime:
    """Return when speakers who have sent nothing are reminded."""
    times = ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at)
    found = rules.moments_of(rules.DEFAULT_RULES, times, activity.zone, told_at, None)
    return next(row.due_at for row in found if row.rule.audience is Audience.NO_MATERIALS)


def _sent_by(one: Invitation, instant: datetime) -> bool:
    """Return whether a speaker had sent a file for the activity by then."""
    own = (Material.activity_id == one.activity_id, Material.person_id == one.person_id)
    sent = sa.select(Material.id).join(Material.file).where(*own, StoredFile.uploaded_at <= instant)
    return db.session.scalar(sent) is not None


def _asked_at(times: ActivityTimes, zone: ZoneInfo, told_at: datetime) -> dict[str, datetime]:
    """Return when invitees without an answer are reminded, by the rules' keys.

    None is reminded on the day on which they were told, or once the time to answer is over.
    """
    found = rules.moments_of(rules.DEFAULT_RULES, times, zone, told_at, None)
    asking = (row for row in found if row.rule.audience is Audience.UNANSWERED and not row.superseded)
    return {
        row.rule.key: row.due_at
        for row in asking
        if row.due_at < times.respond_by_at and local_day(row.due_at, zone) > local_day(told_at, zone)
    }


def _declined_by(one: Invitation, instant: datetime) -> bool:
    return one.state is InvitationState.NOT_COMING and one.answered_at is not None and one.answered_at <= instant


def _there_by(one: Invitation, instant: datetime) -> bool:
    return one.invited_at is not None and one.invited_at <= instant


def _said(arrived: set[str], story: Story) -> tuple[set[DeliveredLine], list[str]]:
    """Return what the received mails said, and complaints about what was said twice.

    A skipped line counts as said if the same mail, or another one of that day, told that recipient the same.
    """
    counts: Counter[DeliveredLine] = Counter()
    left_out: list[tuple[DeliveredLine, tuple[object, ...]]] = []
    told: dict[tuple[object, ...], int] = defaultdict(int)
    rows = db.session.execute(
        sa.select(MessageLine, Reminder, Invitation, Message)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .join(Invitation, MessageLine.invitation_id == Invitation.id)
        .join(Message, MessageLine.message_id == Message.id)
    ).all()
    for line, reminder, invitation, message in rows:
        key = reminder.key + (OF_FIRST_DAY if _of_first_day(reminder, story) else "")
        reader = (message.person_id, message.organisation_id, invitation.activity_id, message.local_day)
        if message.rfc_message_id in arrived and not line.skipped:
            counts[DeliveredLine(key, invitation.id)] += 1
            told[reader] += 1
        elif (line.skipped or message.reason) in SAID_ALREADY:
            left_out.append((DeliveredLine(key, invitation.id), reader))
    doubled = [f"Invitation {mail.invitation_id} got its {mail.key} {n} times." for mail, n in counts.items() if n > 1]
    return set(counts) | {mail for mail, reader in left_out if told[reader]}, doubled


def _of_first_day(reminder: Reminder, story: Story) -> bool:
    """Return whether the reminder is about the day on which the postponed activity was first to be."""
    postponed = reminder.activity_id == story.prepared.postponed_id and reminder.due_at < story.postponed_at
    return postponed and reminder.kind is MailKind.REMINDER


def _received(mailbox: Path, kept: demo_server.KeptMail) -> Received:
    return Received(demo_server.header(demo_server.headers(mailbox, kept), "Message-ID"), kept.recipient)
