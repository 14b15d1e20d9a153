"""Write an activity's reminders: one row for each rule and each event. reminders/tick.py expands them into messages."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.activities.values import Move
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.hours import SOON
from outreach.domain.reminders.due import (
    ActivityTimes,
    DueRule,
    MissedReason,
    OtherDay,
    local_day,
    upcoming,
)
from outreach.domain.states import ANSWERED, ActivityState, InvitationState, ReminderState
from outreach.models import Activity, Invitation, MessageLine, Reminder, Rung
from outreach.models.base import literally
from outreach.services import office_defaults
from outreach.services.reminders import audiences
from outreach.services.reminders.rules import moments_of, rules_for

CHANGES_TOLD_IN_A_DAY = 5  # mails to one invitee about what links changed of one invitation
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
BY_HAND = "by-hand"  # the key of reminders that staff send to chosen invitees
OTHER_DAY = "other_day"  # in a reminder's detail: why it is due on another day than its rule says


def event_reminder(
    session: Session,
    activity: Activity,
    kind: MailKind,
    audience: Audience,
    *,
    now: datetime,
    invitation: Invitation | None = None,
    detail: dict[str, Any] | None = None,
    text_key: str = "",
    key: str = "",
    occurrence: int | None = None,
) -> Reminder:
    """Write the reminder of an event that just happened, due now. key: "" for its kind. occurrence: None for the next one."""
    key = key or kind.value
    reminder = Reminder(
        activity_id=activity.id,
        key=key,
        occurrence=_next_occurrence(session, activity.id, key) if occurrence is None else occurrence,
        kind=kind,
        audience=audience,
        invitation_id=invitation.id if invitation else None,
        text_key=text_key,
        due_at=now,
        state=ReminderState.SCHEDULED,
        detail=detail or {},
    )
    session.add(reminder)
    session.flush()
    return reminder


def spread(session: Session, reminder: Reminder, invitation: Invitation, *, now: datetime) -> None:
    """Put off a mail about what was changed by links, if the invitee was sent CHANGES_TOLD_IN_A_DAY of them within a day.

    It goes out a day after the first of these, an hour before the start at the latest, and says what is true then.
    """
    told = session.scalars(
        sa.select(Reminder.due_at)
        .where(
            Reminder.invitation_id == invitation.id,
            Reminder.kind.in_((MailKind.REPRESENTATION, MailKind.CONFIRMATION)),
            Reminder.id != reminder.id,
            Reminder.due_at > now - A_DAY,
        )
        .order_by(Reminder.due_at.desc())
        .limit(CHANGES_TOLD_IN_A_DAY)
    ).all()
    if len(told) == CHANGES_TOLD_IN_A_DAY:
        reminder.due_at = max(now, min(told[-1] + A_DAY, invitation.activity.starts_at - AN_HOUR))


def confirm(session: Session, invitation: Invitation, *, now: datetime, text_key: str = "") -> Reminder | None:
    """Schedule a mail that confirms the invitee's answer; None if no answer, not published, or scheduled already.

    An answer by a calendar reply can be forged like any mail. So the invitee gets this mail at the address that the
    office has, and learns how to change the answer.
    Called inside a transaction that holds the activity's lock, after the answer was set. The mail states the answer as it
    is when the mail goes out, and is merged with other mails to them. Several answers in a row make one mail.
    text_key: the key of its text; "" for the text about answers by calendar.
    """
    if invitation.state not in ANSWERED or invitation.activity.state is not ActivityState.PUBLISHED:
        return None
    scheduled = sa.exists().where(
        Reminder.invitation_id == invitation.id,
        Reminder.kind == MailKind.CONFIRMATION,
        Reminder.state == ReminderState.SCHEDULED,
    )
    if session.scalar(sa.select(scheduled)):
        return None
    reminder = event_reminder(
        session,
        invitation.activity,
        MailKind.CONFIRMATION,
        Audience.ONE,
        now=now,
        invitation=invitation,
        text_key=text_key,
    )
    spread(session, reminder, invitation, now=now)
    return reminder


def schedule(
    session: Session, activity: Activity, *, now: datetime, passed_reason: str = "moved_closer"
) -> list[Reminder]:
    """Write or move one reminder for each rule that is due in the future; cancel those whose rule no longer applies.

    passed_reason: the reason stored for a reminder whose due instant is now in the past: the activity moved closer, or
    the rule changed.
    Expanded reminders stay as history. If the activity moves so far that their rule is due in the future again, a
    further reminder is written.
    """
    times = ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at)
    late = audiences.late_invitees(session, [activity.id], now=now) if now >= activity.respond_by_at else []
    hours = office_defaults.mail_hours(session)
    found_moments = moments_of(
        rules_for(session, activity), times, activity.zone, activity.told_at or activity.published_at or now, hours,
        late_told_at=audiences.last_told_late(late, activity.id),
    )  # fmt: skip
    by_key = {moment.rule.key: moment for moment in found_moments}
    wanted = {due.rule.key: due for due in upcoming(found_moments, activity.starts_at, now)}
    present: dict[str, Reminder] = {
        r.key: r
        for r in session.scalars(
            sa.select(Reminder).where(Reminder.activity_id == activity.id, Reminder.state == ReminderState.SCHEDULED)
        )
        if _has_a_moment(r)
    }
    for key, reminder in present.items():
        if key not in wanted:
            _end_or_keep(reminder, by_key.get(key), passed_reason)
    found = []
    for key, due in wanted.items():
        known = present.get(key)
        if known is not None and known.due_at != due.due_at and _has_lines(session, known):
            known.state, known.expanded_at = ReminderState.EXPANDED, now  # its lines are in an earlier mail
            known = None
        reminder = known or Reminder(
            activity_id=activity.id, key=key, occurrence=_next_occurrence(session, activity.id, key)
        )
        reminder.kind, reminder.audience = due.rule.kind, due.rule.audience
        reminder.due_at, reminder.state = due.due_at, ReminderState.SCHEDULED
        reminder.text_key = due.rule.text_key
        reminder.detail = {OTHER_DAY: due.other_day.value} if due.other_day else {}
        session.add(reminder)
        found.append(reminder)
    session.flush()
    return found


def reschedule(session: Session, activity: Activity, *, now: datetime, passed_reason: str = "rule_changed") -> None:
    """Update the reminders of a published or held activity to its rules and deadline, in the caller's transaction."""
    if activity.state in (ActivityState.PUBLISHED, ActivityState.HELD):
        schedule(session, activity, now=now, passed_reason=passed_reason)


def other_day_of(reminder: Reminder) -> OtherDay | None:
    """Return why a reminder is due on another day than its rule says; None if it is not."""
    stored = (reminder.detail or {}).get(OTHER_DAY)
    return OtherDay(stored) if stored else None


def later_rule_is_due(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a later reminder of the same activity, kind and audience is due as well."""
    later = aliased(Reminder)
    return sa.and_(
        Reminder.invitation_id.is_(None),
        sa.exists().where(
            later.activity_id == Reminder.activity_id,
            later.kind == Reminder.kind,
            later.audience == Reminder.audience,
            later.key != BY_HAND,  # a reminder by hand is only for some invitees
            literally(later.state, ReminderState.SCHEDULED),
            later.due_at > Reminder.due_at,
            later.due_at <= now,
        ),
    )


def unsent_invitations(session: Session, activity_id: int) -> list[Reminder]:
    """Return the reminders of an activity's invitations that have not gone out: they wait for their moment or the morning."""
    wanted = sa.select(Reminder).where(
        Reminder.activity_id == activity_id,
        Reminder.kind == MailKind.INVITATION,
        Reminder.audience == Audience.NEWLY_INVITED,
        Reminder.state == ReminderState.SCHEDULED,
    )
    return list(session.scalars(wanted.order_by(Reminder.due_at, Reminder.id)))


def waiting_invitations(session: Session, activity_id: int, now: datetime) -> Reminder | None:
    """Return the reminder of an activity's invitations that go out later than `now`; None if there is none."""
    return next((reminder for reminder in unsent_invitations(session, activity_id) if reminder.due_at > now), None)


def has_prepared(session: Session, activity_id: int) -> bool:
    """Return whether a postponed activity has invitees whose invitation is still to come."""
    waiting = sa.or_(Invitation.state == InvitationState.PREPARED, audiences.KEPT_FROM_INVITATION)
    return bool(session.scalar(sa.select(sa.exists().where(Invitation.activity_id == activity_id, waiting))))


def invite_again(session: Session, activity: Activity, *, now: datetime) -> None:
    """Send the invitations that a postponement kept back, now that the activity has its new date."""
    if not has_prepared(session, activity.id):
        return
    kept = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, audiences.KEPT_FROM_INVITATION)
    session.execute(sa.delete(Rung).where(Rung.invitation_id.in_(kept)))  # the ladder counts from the new invitation
    session.execute(
        sa.update(Invitation)
        .where(Invitation.id.in_(kept))
        .values(state=InvitationState.PREPARED, invited_at=None)
        .execution_options(synchronize_session="fetch")
    )
    event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)


def hasten_invitations(session: Session, activity: Activity, *, now: datetime) -> None:
    """Send an activity's waiting invitations at once if its start or deadline is now so near that they would come too late."""
    waiting = hastened_invitations(session, activity.id, activity.starts_at, activity.respond_by_at, now=now)
    if waiting is not None:
        waiting.due_at = activity.told_at = now


def hastened_invitations(
    session: Session, activity_id: int, starts_at: datetime, respond_by_at: datetime, *, now: datetime
) -> Reminder | None:
    """Return the reminder of waiting invitations that would go out at once because of this start and deadline; None if
    there is none.
    """
    waiting = waiting_invitations(session, activity_id, now)
    return waiting if waiting is not None and waiting.due_at > min(starts_at, respond_by_at) - SOON else None


def told_at_after(activity: Activity, move: Move, *, now: datetime) -> datetime:
    """Return when the invitees hear of the day of a published or postponed activity that moves: now, if it is another day.

    Invitations that go out later keep their moment.
    """
    same_day = local_day(move.starts_at, move.zone) == local_day(activity.starts_at, activity.zone)
    return activity.told_at if same_day and activity.told_at else max(now, activity.told_at or now)


def cancel_scheduled(session: Session, activity: Activity, reason: str) -> None:
    """Cancel all scheduled reminders of an activity, except notices of withdrawal."""
    session.execute(
        sa.update(Reminder)
        .where(
            Reminder.activity_id == activity.id,
            Reminder.state == ReminderState.SCHEDULED,
            Reminder.kind != MailKind.WITHDRAWAL,
        )
        .values(state=ReminderState.CANCELLED, reason=reason)
    )


def _has_a_moment(reminder: Reminder) -> bool:
    ruled = reminder.kind in (MailKind.REMINDER, MailKind.THANKS) and reminder.key != BY_HAND
    return ruled and reminder.invitation_id is None


def _end_or_keep(reminder: Reminder, due: DueRule | None, passed_reason: str) -> None:
    """Cancel a scheduled reminder whose rule is gone. Otherwise leave it to the next tick if its due instant is unchanged,
    or mark it as missed if that has changed to the past, or to a day on which another reminder goes out."""
    if due is None:
        reminder.state, reminder.reason = ReminderState.CANCELLED, "rule_removed"
        return
    moved = due.due_at != reminder.due_at
    reminder.due_at = due.due_at
    if due.superseded:
        reminder.state, reminder.reason = ReminderState.MISSED, MissedReason.SAME_DAY
    elif moved:
        reminder.state, reminder.reason = ReminderState.MISSED, passed_reason


def _has_lines(session: Session, reminder: Reminder) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(MessageLine.reminder_id == reminder.id))))


def _next_occurrence(session: Session, activity_id: int, key: str) -> int:
    last = session.scalar(
        sa.select(sa.func.max(Reminder.occurrence)).where(Reminder.activity_id == activity_id, Reminder.key == key)
    )
    return 0 if last is None else last + 1
