"""Moving an activity to another time or place: the preview, the move itself, and the data to undo it.

A draft simply changes. When a published activity moves, everybody who was notified of it is notified of the move. A
postponed one gets its new date the same way, and is published again.
`write` is the only place that changes a stored time or place: also for a draft's edit form and for timetabling.
The transaction that moves an activity decides whether the move is allowed; `preview` writes nothing and returns the
decision as it would be now.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.delivery.mail.values import PlaceBefore
from outreach.delivery.mail.values import differs as place_differs
from outreach.domain.activities.values import WAS_POSTPONED, Move, differs
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.planning.rules import Rules
from outreach.domain.planning.working_days import is_working_day, last_working_day
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Attempt, Invitation, Message, MessageLine, Reminder, User, Venue
from outreach.models.mails import IS_IN_WORK, IS_TO_SEND
from outreach.services import audit, holidays
from outreach.services.activities import agenda, projected
from outreach.services.activities.checks import CannotEdit, check_times
from outreach.services.activities.publish import InThePast, ReasonMissing
from outreach.services.invitations import links, post_holders, seats
from outreach.services.letters import follow_up
from outreach.services.locking import ActivityMissing, Stale, activity_for_change
from outreach.services.office_defaults import deadline
from outreach.services.planning import book as booking
from outreach.services.planning import checks as plan_checks
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.planning.checks import BlockedChange
from outreach.services.planning.clashes import FoundClashes
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import Forecast, Passing
from outreach.services.reminders.schedule import (
    cancel_scheduled,
    event_reminder,
    hasten_invitations,
    invite_again,
    schedule,
    told_at_after,
)
from outreach.transactions import writing

MOVABLE = (ActivityState.DRAFT, ActivityState.PUBLISHED, ActivityState.POSTPONED)
KEPT = tuple(field.name for field in fields(Move))  # the columns of an activity that a move sets


class NothingMoved(Problem):
    message = "Time and place are the same as before, so there is nothing to tell anyone."


@dataclass(frozen=True)
class MovePreview:
    """The effects of a move. found: the clashes that it would add. refused: the problem the booking would raise now.

    forecast: None if nobody has been notified yet, or if the move is not possible. unheard: it leads back before anybody
    has heard of another time or place, so nobody is told and nobody is asked again. passing: invitations to posts that
    go to other people.
    """

    activity: Activity
    before: Move
    after: Move
    found: FoundClashes
    refused: Problem | None
    forecast: Forecast | None
    unheard: bool = False
    passing: Collection[Passing] = ()

    @property
    def blocked(self) -> bool:
        return self.refused is not None or bool(self.found.blocking)

    @property
    def needs_reason(self) -> bool:
        """Return whether the move needs a reason, because people are notified of it."""
        return _is_announced(self.activity)


@dataclass(frozen=True)
class Moved:
    """A completed move. back: the move that undoes it, valid while the activity has this version.

    unheard: as in MovePreview.
    """

    activity: Activity
    back: Move
    version: int
    unheard: bool = False


def as_it_is(activity: Activity) -> Move:
    """Return an activity's current time and place."""
    return Move(**{name: getattr(activity, name) for name in KEPT})


def move_to(activity: Activity, starts_at: datetime, ends_at: datetime, venue_id: int | None, *, now: datetime) -> Move:
    """Return the move to this time and place. Registration and the answer deadline shift with the start.

    If the shifted deadline would have passed, the office's usual deadline is used.
    """
    shift = starts_at - activity.starts_at
    days = starts_at.astimezone(activity.zone).date() - activity.starts_at.astimezone(activity.zone).date()
    deadline = _shifted(activity.respond_by_at.astimezone(activity.zone), days).astimezone(UTC)
    return Move(
        starts_at=starts_at,
        ends_at=ends_at,
        zone=activity.zone,
        venue_id=venue_id,
        registration_at=activity.registration_at and activity.registration_at + shift,
        respond_by_at=deadline if not days or now < deadline else None,
    )


def _shifted(deadline: datetime, days: timedelta) -> datetime:
    """Return the deadline moved by this many days.

    A deadline on a working day stays on a working day; if needed, on an earlier one.
    """
    then = deadline + days
    off = holidays.days_off({deadline.year, then.year - 1, then.year})
    if not days or not is_working_day(deadline.date(), off):
        return then
    return then - (then.date() - last_working_day(then.date(), off))


def preview(
    activity: Activity, to: Move, version: int, *, refusal: Problem | None = None, now: datetime
) -> MovePreview:
    """Return the effects of the move. Nothing is written.

    refusal: why the move was just refused; its clashes are used, not searched again. Raise what the move itself would
    raise: CannotEdit, Stale, NothingMoved, InThePast, or a problem with its times. What the booking or the office's
    rules would refuse is returned, not raised, because the user may choose differently.
    """
    _check_open(activity)
    if activity.version != version:
        raise Stale
    _check_new(activity, to, now)
    session: Session = db.session()
    after = _completed(session, activity, to, now)
    # A copy that is never stored, for functions that need an Activity.
    copy = Activity(id=activity.id, title=activity.title, capacity=activity.capacity, **vars(after))
    check_times(copy)
    found = brought(activity.id, after, refusal, now=now)
    other_time = is_postponed(activity) or differs(activity, after, "starts_at", "ends_at")
    passing = changing_hands(session, [(activity, after)])
    refused = _refused(session, copy, found.plan.rules, other_time=other_time, passing=passing)
    if not _is_announced(activity) or refused is not None or found.blocking:
        return MovePreview(activity, as_it_is(activity), after, found, refused, None, passing=passing)
    unheard = is_unheard_way_back(session, activity, after)
    mails = forecast(activity, after, passing, now=now)
    return MovePreview(activity, as_it_is(activity), after, found, refused, mails, unheard, passing)


def forecast(activity: Activity, to: Move, passing: Collection[Passing], *, now: datetime) -> Forecast:
    """Return the mails that moving this published activity would cause, or giving this postponed one its new date.

    passing: from `changing_hands`.
    """
    session: Session = db.session()
    unheard = is_unheard_way_back(session, activity, to)
    seated = seats.given_by_move(session, activity, to, passing, now=now)
    return forecasting.for_move(activity.id, to, told=not unheard, seated=seated, passing=passing, now=now)


def brought(activity_id: int, to: Move, refusal: Problem | None = None, *, now: datetime) -> FoundClashes:
    """Return the clashes that the move would add to the plan. refusal: as in `preview`. Raise ActivityMissing."""
    if isinstance(refusal, BlockedChange) and refusal.checked:
        return clashing.with_resolutions(refusal.checked, now=now)
    stored = plans.planned(db.session(), [activity_id])
    if not stored:
        raise ActivityMissing
    after = projected.as_moved(stored[0], to, now=now)
    if stored[0].state is ActivityState.POSTPONED:  # it has no clashes without a date
        after, stored = replace(after, state=ActivityState.PUBLISHED, told_at=None), []
    return clashing.preview_saved(after, stored, now=now)


def move(activity_id: int, to: Move, reason: str, version: int | None, *, by: User | None, now: datetime) -> Moved:
    """Give an activity another time or place. For a published one, notify everybody who knows of it and move reminders.

    A postponed activity is published again, with any time that lies ahead, also its former one. Those who were not
    invited yet get the invitation.
    The sequence of a published one rises (RFC 5546), so that calendars replace the old entry. The sequence also shows
    which answers were given before the move. It falls back if the activity returns before anybody was told. reason: shown
    to everybody. A published activity needs one; a postponed one keeps the reason of its postponement if none is given.
    version: None for any version.

    Raise ActivityMissing, Stale, CannotEdit, NothingMoved, InThePast, ReasonMissing, a problem with its times, or what
    the booking or the office's rules refuse (VenueTaken, SpeakerTaken, PlanBlocked, …); nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        back = as_it_is(activity)
        planned = [] if is_postponed(activity) else plan_checks.before(session, [activity_id])
        told = write(session, [(activity, to)], reason, by=by, now=now)
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        are_told = [tell_of_move(session, moved, old, by=by, now=now) for moved, old in told]
        if not told:
            changed = audit.changes(vars(back), vars(as_it_is(activity)))
            audit.record(session, by, "activity.edited", activity, now=now, changed=changed)
    return Moved(activity, back, activity.version, unheard=are_told == [False])


def write(
    session: Session, changes: Sequence[tuple[Activity, Move]], reason: str, *, by: User | None, now: datetime
) -> list[tuple[Activity, dict[str, str]]]:
    """Set new times and places together, with their agendas, and book them. Every change of a time or place ends here.

    The activities are locked. Return the published ones with their old place, for `tell_of_move`. For drafts whose letter
    is signed already, the letter that corrects it is drafted. The caller checks what the office's rules block. Raise
    CannotEdit, NothingMoved, InThePast, ReasonMissing, a problem with their times, or what the booking refuses.
    """
    told = []
    other_time = any(
        is_postponed(activity) or differs(activity, to, "starts_at", "ends_at") for activity, to in changes
    )
    passing = changing_hands(session, changes)
    if passing:  # people are locked together, before the links of the new holders
        people = {person.id for one in passing for person in (one.former, one.new)}
        booking.lock(
            session, [activity for activity, _to in changes], [to.venue_id for _activity, to in changes], people
        )
    with session.no_autoflush:
        for activity, to in changes:
            _check_open(activity)
            _check_new(activity, to, now)
            if _is_announced(activity):
                why = reason.strip() or (activity.cancelled_reason if is_postponed(activity) else "")
                if not why:
                    raise ReasonMissing
                told.append((activity, present_place(activity, why)))
            _set(session, activity, to, now)
            check_times(activity)
        booked = [activity for activity, _to in changes]
        booking.book(session, booked, speakers=other_time, passing=new_people(passing))
    agreed = {one.invitation.id for one in passing}
    for activity, _to in changes:
        post_holders.follow_activity(session, activity, agreed, by=by, now=now)
    if passing:
        booking.book_passed(session, booked, {one.former.id for one in passing})
    for activity, _to in changes:
        if activity.state is ActivityState.DRAFT:
            session.flush()
            session.refresh(activity, ["venue"])
            follow_up.follow_draft(session, activity, by=by, now=now)
    return told


def changing_hands(session: Session, changes: Iterable[tuple[Activity, Move]]) -> list[Passing]:
    """Return the invitations to posts that go to other people because of the new days. Call it before the rows are changed."""
    days = {activity.id: local_day(to.starts_at, to.zone) for activity, to in changes}
    return post_holders.passing(
        session,
        {
            activity.id: days[activity.id]
            for activity, _to in changes
            if days[activity.id] != post_holders.day_of(activity)
        },
    )


def new_people(passing: Iterable[Passing]) -> dict[int, int]:
    """Return the ids of the people to whom these invitations go, by invitation."""
    return {one.invitation.id: one.new.id for one in passing}


def _set(session: Session, activity: Activity, to: Move, now: datetime) -> None:
    """Set the new time and place. A postponed activity is published again."""
    if _is_announced(activity):
        activity.sequence += 1
        activity.told_at = told_at_after(activity, to, now=now)
    if is_postponed(activity):
        activity.state, activity.cancelled_reason = ActivityState.PUBLISHED, ""
    shift = to.starts_at - activity.starts_at
    for name, value in vars(_completed(session, activity, to, now)).items():
        setattr(activity, name, value)
    agenda.shift(activity, shift)


def present_place(activity: Activity, reason: str) -> dict[str, str]:
    """Return the old time and place for the mail about a move. Call it before the row is changed."""
    was = {WAS_POSTPONED: "yes"} if is_postponed(activity) else {}
    return dict(codec.to_json(PlaceBefore.of(activity, reason.strip()))) | was


def tell_of_move(session: Session, activity: Activity, old: dict[str, str], *, by: User | None, now: datetime) -> bool:
    """Notify everyone who knows of a published activity that it has moved, and update all that depends on its time.

    The row is already changed and flushed. old: the result of present_place() before the change. Return whether anybody
    is told: not if it leads back before anybody has heard of another time or place.
    """
    session.refresh(activity, ["venue"])
    if WAS_POSTPONED in old:
        cancel_scheduled(session, activity, "new_date")  # the mails about its postponement that have not gone out
        invite_again(session, activity, now=now)
    is_undone = _is_undone(session, activity, old)
    if not is_undone:
        # Its occurrence is the sequence before the move: delivery/recheck/moves_told.py finds it by that.
        before = activity.sequence - 1
        event_reminder(session, activity, MailKind.CHANGE, Audience.EXPECTED, now=now, detail=old, occurrence=before)
    hasten_invitations(session, activity, now=now)
    schedule(session, activity, now=now)
    _reopen(session, activity, now)
    links.prolong_links(session, activity)
    seats.offer_freed(session, activity, now=now)
    if is_undone:
        follow_up.give_up_follow_ups(session, activity, by=by, now=now)
    else:
        follow_up.draft_follow_ups(session, activity, old.get("reason", ""), by=by, now=now)
    action = "activity.new_date" if WAS_POSTPONED in old else "activity.moved"
    audit.record(session, by, action, activity, now=now, **{name: old[name] for name in old if name != WAS_POSTPONED})
    return not is_undone


def is_unheard_way_back(session: Session, activity: Activity, to: Move) -> bool:
    """Return whether this move would lead back before anybody has heard of another time or place, as `_is_undone` decides."""
    then = Activity(id=activity.id, sequence=activity.sequence + 1, **vars(to))
    then.venue = None if to.venue_id is None else session.get(Venue, to.venue_id)
    sequence, _untold = _known_sequence(session, then, present_place(activity, ""))
    return sequence is not None and not _may_have_heard(session, activity.id, sequence)


def _is_undone(session: Session, activity: Activity, old: dict[str, str]) -> bool:
    """Return whether this move leads back to the time and place that everybody knows, and nobody was told of another.

    Then the moves in between have not happened: their notices go, and the sequence is the one that calendars have. So
    answers given before, and replies to the first invitation, still count.
    """
    sequence, untold = _known_sequence(session, activity, old)
    if sequence is None or not _keep_from_sending(session, activity):
        return False
    if _may_have_heard(session, activity.id, sequence):
        return False
    for notice in untold:
        session.delete(notice)
    activity.sequence = sequence
    session.flush()
    return True


def _may_have_heard(session: Session, activity_id: int, sequence: int) -> bool:
    """Return whether anybody was told of the activity as it is after this sequence, may have been, or answered to it."""
    told = sa.exists().where(
        MessageLine.reminder_id == Reminder.id, Reminder.activity_id == activity_id, MessageLine.sequence > sequence
    )
    # What these told is stored only when they are settled, or never: one of them may have told of a move in between.
    doubted = sa.exists().where(Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN)
    uncertain = sa.exists().where(
        MessageLine.reminder_id == Reminder.id,
        Reminder.activity_id == activity_id,
        Message.id == MessageLine.message_id,
        sa.or_(IS_IN_WORK, doubted),
    )
    answered = sa.exists().where(Invitation.activity_id == activity_id, Invitation.answered_sequence > sequence)
    return bool(session.scalar(sa.select(sa.or_(told, answered, uncertain))))


def _known_sequence(session: Session, activity: Activity, old: dict[str, str]) -> tuple[int | None, list[Reminder]]:
    """Return the sequence at which the activity had its present time and place, and the notices since then that wait.

    None if every notice that waits began elsewhere. A postponement that nobody was told of raised the sequence, too.
    """
    notices = sa.select(Reminder).where(Reminder.activity_id == activity.id)
    if WAS_POSTPONED in old:
        last = session.scalars(
            notices.where(Reminder.kind == MailKind.POSTPONEMENT).order_by(Reminder.id.desc()).limit(1)
        ).first()
        # Setting the date cancels the notice that is still scheduled.
        untold = last is not None and last.state in (ReminderState.CANCELLED, ReminderState.SCHEDULED)
        # A postponement also cancels the notice of an earlier move, or stops its mails. Then some know another place.
        change = notices.where(Reminder.key == MailKind.CHANGE.value).order_by(Reminder.occurrence.desc()).limit(1)
        earlier = session.scalars(change).first()
        untold = untold and (earlier is None or not _is_stopped(session, earlier))
        return (activity.sequence - 2 if untold and not any(place_differs(activity, old)) else None), []
    since: list[Reminder] = []
    found: tuple[int | None, list[Reminder]] = (None, [])
    moves = notices.where(Reminder.key == MailKind.CHANGE.value).order_by(Reminder.occurrence.desc())
    for notice in session.scalars(moves):
        if notice.state is not ReminderState.SCHEDULED or WAS_POSTPONED in notice.detail:
            break
        since.append(notice)
        if not any(place_differs(activity, notice.detail)):
            found = notice.occurrence, list(since)
    return found


def _is_stopped(session: Session, notice: Reminder) -> bool:
    """Return whether a postponement kept the notice, or some of its mails, from going out."""
    line = sa.exists().where(
        MessageLine.reminder_id == notice.id, MessageLine.skipped == SkipReason.ACTIVITY_POSTPONED.value
    )
    return notice.state is ReminderState.CANCELLED or bool(session.scalar(sa.select(line)))


def _keep_from_sending(session: Session, activity: Activity) -> bool:
    """Lock the waiting mails about the activity until the transaction ends: nobody claims them meanwhile.

    Return False if somebody else works on one of them. It is not waited for: the tick may hold it, about another activity,
    and wait for a mail that is locked here.
    """
    about = (
        sa.select(MessageLine.message_id)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .where(Reminder.activity_id == activity.id)
    )
    waiting = sa.select(Message.id).where(IS_TO_SEND, Message.id.in_(about)).order_by(Message.id)
    kept = set(session.scalars(waiting.with_for_update(key_share=True, skip_locked=True)))
    return kept.issuperset(session.scalars(waiting))


def is_postponed(activity: Activity) -> bool:
    return activity.state is ActivityState.POSTPONED


def _is_announced(activity: Activity) -> bool:
    """Return whether people have been notified of it."""
    return activity.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED)


def _check_open(activity: Activity) -> None:
    if activity.state not in MOVABLE:
        raise CannotEdit


def _check_new(activity: Activity, to: Move, now: datetime) -> None:
    """Raise NothingMoved or InThePast. A draft may be moved into the past, to record what has happened."""
    if not is_postponed(activity) and not differs(activity, to):
        raise NothingMoved
    if _is_announced(activity) and to.starts_at <= now:
        raise InThePast(title=activity.title)


def _completed(session: Session, activity: Activity, to: Move, now: datetime) -> Move:
    """Return the move with its open fields filled in."""
    registration_at = to.registration_at
    if registration_at is None and activity.registration_at is not None:
        registration_at = activity.registration_at + (to.starts_at - activity.starts_at)
    respond_by_at = deadline(session, to.respond_by_at, to.starts_at, to.zone, now)
    return replace(to, registration_at=registration_at, respond_by_at=respond_by_at)


def _refused(
    session: Session, copy: Activity, rules: Rules, *, other_time: bool, passing: Iterable[Passing]
) -> Problem | None:
    try:
        booking.preview(session, copy, rules, speakers=other_time, passing=new_people(passing))
    except Problem as problem:
        return problem
    return None


def _reopen(session: Session, activity: Activity, now: datetime) -> None:
    """Set NO_ANSWER back to INVITED if the new deadline is still ahead."""
    if activity.respond_by_at > now:
        session.execute(
            sa.update(Invitation)
            .where(Invitation.activity_id == activity.id, Invitation.state == InvitationState.NO_ANSWER)
            .values(state=InvitationState.INVITED)
        )
