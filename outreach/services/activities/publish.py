"""Publishing, postponing and cancelling activities. Each writes its reminders in its own transaction; see move.py for moving."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.hours import SOON
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, User
from outreach.services import audit
from outreach.services.invitations.links import prolong_links
from outreach.services.letters import follow_up
from outreach.services.locking import Stale, activities_for_change, activity_for_change
from outreach.services.office_defaults import deadline_at_publishing
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import book
from outreach.services.reminders.schedule import cancel_scheduled, event_reminder, schedule, unsent_invitations
from outreach.transactions import writing

WAITS_FOR = timedelta(days=366)  # the answer links of a postponed activity stay valid for at least this time


class AlreadyPublished(Problem):
    message = "“%(title)s” is published already."


class NotPublished(Problem):
    message = "Only a published activity can be moved, postponed or cancelled. A draft can simply be edited or deleted."


class InThePast(Problem):
    message = "“%(title)s” would start in the past. Give it a later time first."
    field = "starts_at"


class NothingToPublish(Problem):
    message = "There is no draft to publish."


class SentTooEarly(Problem):
    message = "Please choose a later moment for the invitations; this one has passed."
    field = "send_on"


class SentTooLate(Problem):
    message = (
        "The invitations to “%(title)s” must go out at least a day before it starts. Please choose an earlier moment."
    )
    field = "send_on"


class NothingToSend(Problem):
    message = "No invitations wait to be sent; they have gone out already."


class ReasonMissing(Problem):
    message = "Please give the reason; it stands in the mail, for example “bentrok dengan agenda Wali Kota”."
    field = "reason"


def publish(
    activity_ids: Collection[int], *, by: User | None, now: datetime, invitations_at: datetime | None = None
) -> list[Activity]:
    """Publish drafts. Invitees get the invitation at the next tick, and each rule writes one reminder.

    invitations_at: when the invitations go out, if not at once. Venues and speakers are booked at once all the same.
    Publishes all or none. Raise AlreadyPublished, InThePast, NothingToPublish, SentTooEarly, SentTooLate, VenueTaken,
    SpeakerTaken or PlanBlocked; nothing is changed then.
    """
    with writing() as session:
        return publish_in(session, activity_ids, by=by, now=now, invitations_at=invitations_at)


def publish_in(
    session: Session, activity_ids: Collection[int], *, by: User | None, now: datetime,
    invitations_at: datetime | None = None,
) -> list[Activity]:  # fmt: skip
    """Do the same as `publish` in the caller's transaction."""
    sent_at = invitations_at or now
    if not activity_ids:
        raise NothingToPublish
    activities = activities_for_change(session, activity_ids)
    for activity in activities:
        if activity.state is not ActivityState.DRAFT:
            raise AlreadyPublished(title=activity.title)
        if activity.starts_at <= now:
            raise InThePast(title=activity.title)
        if invitations_at is not None:
            _check_sent_at(activity, invitations_at, now)
    with session.no_autoflush:
        for activity in activities:
            activity.state = ActivityState.PUBLISHED
            activity.published_at, activity.told_at = now, sent_at
            activity.respond_by_at = deadline_at_publishing(session, activity, sent_at)
        book(session, activities)
    # Blocking clashes are found before people are notified. The programme's days do not block, because invitees never see them.
    ids = [activity.id for activity in activities]
    plan_checks.refuse_blocking(session, ids, but=[ClashKind.OUTSIDE_PROGRAMME], now=now)
    for activity in activities:
        event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=sent_at)
        schedule(session, activity, now=now)
        later = {"invitations_at": sent_at.isoformat()} if invitations_at is not None else {}
        audit.record(session, by, "activity.published", activity, now=now, **later)
    return activities


def send_invitations_at(
    activity_id: int, invitations_at: datetime | None, *, by: User | None, now: datetime
) -> Activity:
    """Let an activity's waiting invitations go out at another moment; None: at once.

    Raise NothingToSend if they have gone out, SentTooEarly or SentTooLate.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        waiting = unsent_invitations(session, activity_id)
        if not waiting:
            raise NothingToSend
        if invitations_at is not None:
            _check_sent_at(activity, invitations_at, now)
        activity.told_at = sent_at = invitations_at or now
        for reminder in waiting:
            reminder.due_at = sent_at
        activity.respond_by_at = deadline_at_publishing(session, activity, sent_at)
        schedule(session, activity, now=now, passed_reason="deadline_changed")
        audit.record(
            session, by, "activity.invitations_set", activity, now=now, invitations_at=sent_at.isoformat()
        )  # fmt: skip
    return activity


def _check_sent_at(activity: Activity, invitations_at: datetime, now: datetime) -> None:
    if invitations_at <= now:
        raise SentTooEarly
    if invitations_at > activity.starts_at - SOON:
        raise SentTooLate(title=activity.title)


def cancel(activity_id: int, reason: str, *, by: User | None, now: datetime) -> Activity:
    """Cancel a published or postponed activity. Everyone who was notified and has not declined gets the cancellation.

    All other mails stop. Raise NotPublished or ReasonMissing; nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state not in (ActivityState.PUBLISHED, ActivityState.POSTPONED):
            raise NotPublished
        if activity.told_at is not None and activity.told_at > now:
            activity.told_at = None  # its invitations never go out
        _call_off(session, activity, ActivityState.CANCELLED, MailKind.CANCELLATION, reason, by, now)
    return activity


def postpone(activity_id: int, reason: str, version: int | None = None, *, by: User | None, now: datetime) -> Activity:
    """Postpone a published activity without a new date. Everyone who was notified and has not declined is told.

    All other mails stop. Its venue and speakers are free again. It keeps its former times until `move` gives it the new ones
    and so publishes it again; until then it can also be cancelled. version: None for any version.
    Raise Stale, NotPublished or ReasonMissing; nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        if activity.state is not ActivityState.PUBLISHED:
            raise NotPublished
        activity.told_at = None
        # The links show the postponement, also after its former day.
        prolong_links(session, activity, until=now + WAITS_FOR)
        _call_off(session, activity, ActivityState.POSTPONED, MailKind.POSTPONEMENT, reason, by, now)
    return activity


def check_version(activity: Activity, version: int | None) -> None:
    """Raise Stale if somebody has changed the activity since this version. None: any version."""
    if version is not None and activity.version != version:
        raise Stale


def _call_off(
    session: Session,
    activity: Activity,
    state: ActivityState,
    kind: MailKind,
    reason: str,
    by: User | None,
    now: datetime,
) -> None:
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    activity.state, activity.cancelled_reason = state, reason
    activity.sequence += 1
    bookings.release(session, [activity])
    cancel_scheduled(session, activity, f"activity_{state.value}")
    event_reminder(session, activity, kind, Audience.EXPECTED, now=now, detail={"reason": reason})
    follow_up.draft_follow_ups(session, activity, reason, by=by, now=now)
    audit.record(session, by, f"activity.{state.value}", activity, now=now, reason=reason)
