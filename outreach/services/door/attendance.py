"""Who attended: ticked by staff on the sheet, at the door or from the paper list. Each tick is a scan of the log (log.py)."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.domain.door.scans import ScanHow, ScanOutcome
from outreach.domain.kinds import ON_STAGE, AnswerSource, AttendanceSource, Audience, MailKind, Role
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import THANKS_USEFUL_FOR
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.models import Activity, AuditEntry, Invitation, MessageLine, Reminder, User
from outreach.services import audit
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.door import log
from outreach.services.invitations import given_answers
from outreach.services.locking import activity_for_change, invitation_for_change, lock_address_book
from outreach.services.planning import bookings
from outreach.services.reminders.schedule import event_reminder
from outreach.transactions import writing


class NotYet(Problem):
    message = "Attendance can be ticked from the day of the activity on."


class NotOpen(Problem):
    message = "Attendance can be ticked only for an activity that is published or held."


def tick(
    activity_id: int,
    present_ids: Collection[int],
    shown_ids: Collection[int],
    source: AttendanceSource,
    *,
    by: User | None,
    now: datetime,
    made_at: datetime | None = None,
) -> int:
    """Set who attended, for the invitations shown on the sheet. Return how many are present in total.

    present_ids, shown_ids: invitation ids; those not shown stay unchanged. made_at: when this was ticked, if the
    browser kept it for a while. What somebody else recorded after that stays. Raise NotOpen, or NotYet before the
    activity's day.
    """
    made_at = made_at or now
    how = log.HOW_OF[source]
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        check_open(activity, now)
        shown = session.scalars(
            sa.select(Invitation)
            .where(Invitation.activity_id == activity_id, Invitation.id.in_(shown_ids))
            .options(joinedload(Invitation.attendance))
        ).all()
        changed = [
            invitation
            for invitation in shown
            if (invitation.id in present_ids) != bool(invitation.attendance and invitation.attendance.present)
        ]
        # An account's own ticks count in the order in which they arrive: their times are whole seconds.
        before = log.last_on_sheet(session, [invitation.id for invitation in changed], by)
        newly = log.add(
            session,
            [
                log.on_sheet(
                    invitation, invitation.id in present_ids, how, by=by, now=now,
                    made_at=max(made_at, before.get(invitation.id, made_at)),
                )
                for invitation in changed
            ],
        )  # fmt: skip
        total = log.total(session, activity_id)
        thank_late(session, activity, [one for one in changed if one.id in newly], now)
        if changed:
            audit.record(
                session, by, "activity.attendance_ticked", activity, now=now, changed=len(changed), present=total,
                source=source.value,
            )  # fmt: skip
    return total


class NotTicked(Problem):
    message = "%(name)s is not ticked as present."


def leave(invitation_id: int, gone: bool, *, by: User | None, now: datetime) -> Invitation:
    """Record on the sheet that somebody present has left, or is back. Raise InvitationMissing, NotTicked, NotOpen or NotYet."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        activity = activity_for_change(session, invitation.activity_id)
        check_open(activity, now)
        if not (invitation.attendance and invitation.attendance.present):
            raise NotTicked(name=invitation.invitee.display_name)
        if gone == (invitation.attendance.out_at is not None):
            return invitation
        scan = log.on_sheet(invitation, True, ScanHow.NAME, by=by, made_at=now, now=now)
        scan.outcome = ScanOutcome.OUT if gone else ScanOutcome.ALREADY
        log.add(session, [scan])
        audit.record(
            session, by, "activity.left" if gone else "activity.came_back", activity, now=now, invitation=invitation.id
        )
    return invitation


def walk_in(
    activity_id: int,
    who: int | PersonValues,
    *,
    source: AttendanceSource,
    by: User | None,
    now: datetime,
    entry: str = "",
) -> Invitation:
    """Record a person who came without an invitation, as a participant who is present.

    who: a person's id, or the data of a new person, stored in the same transaction. entry: the browser's key for this
    entry; "" for none. A browser sends an entry again until it gets an answer, and the key prevents recording it twice.
    An invitee who has not answered is only ticked, as on the sheet. An invitee who declined has changed their mind.
    Raise NotOpen or NotYet.
    """
    with writing() as session:
        if not isinstance(who, int):
            lock_address_book(session)
        activity = activity_for_change(session, activity_id)
        known = _recorded(session, activity, entry) if entry else None
        if known is not None:
            return known
        check_open(activity, now)
        person_id = who if isinstance(who, int) else people.store(session, who, by=by, now=now).id
        invitation = uninvited(session, activity, person_id, by=by, now=now)
        how = ScanHow.PAPER if source is AttendanceSource.PAPER else ScanHow.WALK_IN
        log.add(session, [log.on_sheet(invitation, True, how, by=by, made_at=now, now=now)])
        thank_late(session, activity, [invitation], now)
        mark = {"entry": entry} if entry else {}
        audit.record(session, by, "activity.walk_in", activity, now=now, invitation=invitation.id, **mark)
    return invitation


def uninvited(session: Session, activity: Activity, person_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Return the invitation of a person who is at the door: their own, or a new one as a participant."""
    invitation = session.scalar(
        sa.select(Invitation)
        .where(Invitation.activity_id == activity.id, Invitation.person_id == person_id)
        .order_by(Invitation.id)
        .limit(1)
    )
    if invitation is None:
        invitation = Invitation(activity_id=activity.id, person_id=person_id, role=Role.PARTICIPANT)
        session.add(invitation)
    came_by_themselves = invitation.state in (None, InvitationState.WITHDRAWN)
    if came_by_themselves or invitation.state in (InvitationState.NOT_COMING, InvitationState.WAITLISTED):
        invitation.state = InvitationState.COMING
        invitation.answered_at = now
        invitation.answer_source = AnswerSource.WALK_IN if came_by_themselves else AnswerSource.IN_PERSON
        invitation.answered_sequence = activity.sequence
        invitation.answer_recorded_by_id = by.id if by else None
        given_answers.keep(
            session, [invitation], invitation.answer_source, now, recorded_by=invitation.answer_recorded_by_id
        )
    invitation.invited_at = invitation.invited_at or now
    session.flush()
    if invitation.role in ON_STAGE:
        bookings.rebook_people(session, [person_id])
    tokens.ensure_links(session, person_ids=[person_id], expires_at=activity.ends_at + tokens.lifetime())
    return invitation


def _recorded(session: Session, activity: Activity, entry: str) -> Invitation | None:
    """Return the invitation that was recorded before for an entry with this key; None if there is none."""
    made = session.scalars(
        sa.select(AuditEntry.detail).where(
            AuditEntry.subject_type == Activity.__tablename__,
            AuditEntry.subject_id == activity.id,
            AuditEntry.action == "activity.walk_in",
        )
    )
    found = next((detail["invitation"] for detail in made if detail.get("entry") == entry), None)
    return session.get(Invitation, found) if found else None


def check_open(activity: Activity, now: datetime) -> None:
    """Raise NotOpen or NotYet if attendance cannot be recorded at `now`."""
    if activity.state not in (ActivityState.PUBLISHED, ActivityState.HELD):
        raise NotOpen
    if now.astimezone(activity.zone).date() < activity.starts_at.astimezone(activity.zone).date():
        raise NotYet


def thank_late(session: Session, activity: Activity, present: Collection[Invitation], now: datetime) -> None:
    """Thank those recorded as present after the thank-you mails were written, while thanks are still useful."""
    written = session.scalars(
        sa.select(Reminder)
        .where(
            Reminder.activity_id == activity.id,
            Reminder.kind == MailKind.THANKS,
            Reminder.audience == Audience.PRESENT,
            Reminder.invitation_id.is_(None),
            Reminder.state == ReminderState.EXPANDED,
        )
        .order_by(Reminder.due_at.desc())
        .limit(1)
    ).first()
    if written is None or now >= written.due_at + THANKS_USEFUL_FOR:
        return
    thanked = set(
        session.scalars(
            sa.select(Invitation.person_id)
            .join(MessageLine, MessageLine.invitation_id == Invitation.id)
            .join(Reminder, Reminder.id == MessageLine.reminder_id)
            .where(
                Invitation.activity_id == activity.id,
                Reminder.kind == MailKind.THANKS,
                Reminder.audience == Audience.PRESENT,
            )
        )
    )
    for invitation in present:
        if invitation.person_id not in thanked:
            thanked.add(invitation.person_id)
            event_reminder(
                session, activity, MailKind.THANKS, Audience.PRESENT,
                now=now, invitation=invitation, text_key=written.text_key,
            )  # fmt: skip
