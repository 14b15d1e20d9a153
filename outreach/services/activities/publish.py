"""What sends mail: publishing, moving and cancelling activities. Each writes its reminders in the same transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail.values import place
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import writing
from outreach.models import Activity, Invitation, User
from outreach.services import audit
from outreach.services.activities.checks import check_times
from outreach.services.activities.edit import differs, usual_deadline
from outreach.services.invitations import links, seats
from outreach.services.locking import activities_for_change, activity_for_change
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import claim
from outreach.services.reminders.schedule import cancel_scheduled, event_reminder, schedule


class AlreadyPublished(Problem):
    message = "“%(title)s” is published already."


class NotPublished(Problem):
    message = "Only a published activity can be moved or cancelled. A draft can simply be edited or deleted."


class InThePast(Problem):
    message = "“%(title)s” would start in the past. Give it a later time first."
    field = "starts_at"


class NothingToPublish(Problem):
    message = "There is no draft to publish."


class NothingMoved(Problem):
    message = "Time and place are the same as before, so there is nothing to tell anyone."


class ReasonMissing(Problem):
    message = "Please give the reason; it stands in the mail, for example “bentrok dengan agenda Wali Kota”."
    field = "reason"


@dataclass(frozen=True)
class Move:
    """The new time and place. respond_by_at: None for the office's usual deadline."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    venue_id: int | None
    registration_at: datetime | None = None
    respond_by_at: datetime | None = None


def publish(activity_ids: Collection[int], *, by: User | None, now: datetime) -> list[Activity]:
    """Publish drafts: their invitees get the invitation at the next tick, and one reminder is written for each rule.

    All or none: raise AlreadyPublished, InThePast, NothingToPublish, VenueTaken, SpeakerTaken or PlanBlocked, having changed
    nothing.
    """
    with writing() as session:
        return publish_in(session, activity_ids, by=by, now=now)


def publish_in(session: Session, activity_ids: Collection[int], *, by: User | None, now: datetime) -> list[Activity]:
    """As `publish`, in the caller's transaction."""
    if not activity_ids:
        raise NothingToPublish
    activities = activities_for_change(session, activity_ids)
    for activity in activities:
        if activity.state is not ActivityState.DRAFT:
            raise AlreadyPublished(title=activity.title)
        if activity.starts_at <= now:
            raise InThePast(title=activity.title)
    with session.no_autoflush:
        for activity in activities:
            activity.state = ActivityState.PUBLISHED
            activity.published_at = activity.told_at = now
            if activity.respond_by_at <= now:  # a draft that lay too long: nobody could answer any more
                activity.respond_by_at = usual_deadline(session, activity.starts_at, activity.zone, now)
        claim(session, activities)
    # What people are told has to be sound, whenever it was saved. Of a programme's days they are not told.
    ids = [activity.id for activity in activities]
    plan_checks.refuse_blocking(session, ids, but=[ClashKind.OUTSIDE_PROGRAMME], now=now)
    for activity in activities:
        event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)
        schedule(session, activity, now=now)
        audit.record(session, by, "activity.published", activity, now=now)
    return activities


def move(activity_id: int, move: Move, reason: str, version: int | None, *, by: User | None, now: datetime) -> Activity:
    """Give a published activity another time or place, tell everyone who was told of it, and move its reminders.

    The sequence rises (RFC 5546), so calendars replace the old entry and answers show that they were given before.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        if activity.state is not ActivityState.PUBLISHED:
            raise NotPublished
        if not reason.strip():
            raise ReasonMissing
        if not differs(activity, move):
            raise NothingMoved
        if move.starts_at <= now:
            raise InThePast(title=activity.title)
        old = present_place(activity, reason)
        other_time, planned = (
            differs(activity, move, "starts_at", "ends_at"),
            plan_checks.before(session, [activity_id]),
        )
        with session.no_autoflush:
            apply_move(session, activity, move, now)
            check_times(activity)
            activity.sequence += 1
            claim(session, [activity], speakers=other_time)
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        tell_of_move(session, activity, old, by=by, now=now)
    return activity


def cancel(activity_id: int, reason: str, *, by: User | None, now: datetime) -> Activity:
    """Cancel a published activity: everyone who was told of it gets the cancellation, and nothing else any more."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state is not ActivityState.PUBLISHED:
            raise NotPublished
        if not reason.strip():
            raise ReasonMissing
        activity.state = ActivityState.CANCELLED
        activity.cancelled_reason = reason.strip()
        activity.sequence += 1
        bookings.release(session, [activity])
        cancel_scheduled(session, activity, "activity_cancelled")
        event_reminder(
            session, activity, MailKind.CANCELLATION, Audience.EXPECTED, now=now, detail={"reason": reason.strip()}
        )
        audit.record(session, by, "activity.cancelled", activity, now=now, reason=reason.strip())
    return activity


def reschedule(session: Session, activity: Activity, *, now: datetime) -> None:
    """Let a published activity's reminders follow its rules, inside the caller's transaction."""
    if activity.state in (ActivityState.PUBLISHED, ActivityState.HELD):
        schedule(session, activity, now=now, passed_reason="rule_changed")


def apply_move(session: Session, activity: Activity, move: Move, now: datetime) -> None:
    """Set the new time and place on the row, without telling anyone. Of another day people will have heard only now."""
    shift = move.starts_at - activity.starts_at
    same_day = move.starts_at.astimezone(move.zone).date() == activity.starts_at.astimezone(activity.zone).date()
    if activity.state is ActivityState.PUBLISHED and not same_day:
        activity.told_at = now
    activity.starts_at, activity.ends_at, activity.zone = move.starts_at, move.ends_at, move.zone
    activity.venue_id = move.venue_id
    activity.registration_at = move.registration_at or (
        activity.registration_at + shift if activity.registration_at else None
    )
    activity.respond_by_at = move.respond_by_at or usual_deadline(session, move.starts_at, move.zone, now)
    for item in activity.agenda:
        item.starts_at += shift
        item.ends_at += shift


def present_place(activity: Activity, reason: str) -> dict[str, str]:
    """Return what the mail about a move says of the time and place before it; to be asked before the row is changed."""
    return {
        "old_starts_at": activity.starts_at.isoformat(),
        "old_ends_at": activity.ends_at.isoformat(),
        "old_zone": activity.zone.key,
        "old_venue": place(activity.venue),
        "reason": reason.strip(),
    }


def tell_of_move(session: Session, activity: Activity, old: dict[str, str], *, by: User | None, now: datetime) -> None:
    """Tell everyone who was told of a published activity that it has moved, and let all that hangs on its time follow.

    Its row is changed and flushed, its sequence raised. old: what present_place() said before.
    """
    session.refresh(activity, ["venue"])
    event_reminder(session, activity, MailKind.CHANGE, Audience.EXPECTED, now=now, detail=old)
    schedule(session, activity, now=now)
    _reopen(session, activity, now)
    links.prolong_links(session, activity)
    seats.offer_freed(session, activity, now=now)
    audit.record(session, by, "activity.moved", activity, now=now, **old)


def _reopen(session: Session, activity: Activity, now: datetime) -> None:
    """A later deadline gives those who had not answered their time back."""
    if activity.respond_by_at > now:
        session.execute(
            sa.update(Invitation)
            .where(Invitation.activity_id == activity.id, Invitation.state == InvitationState.NO_ANSWER)
            .values(state=InvitationState.INVITED)
        )
