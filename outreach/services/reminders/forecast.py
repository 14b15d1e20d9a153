"""Forecast mails: when and to how many, for changes not saved yet (publish, move, postpone, cancel) and for scheduled reminders.

Reads only. It uses the same rules as the tick and the outbox: recipients by audiences.py, missed reminders by
domain/reminders/due.py, skipped lines by domain/mail/still_true.py. tests/chaos/test_forecast.py compares the forecast with
what they write. People are counted by their present answers; "at most" includes answers still to come.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.delivery.rows.leaving import Leaving, former_holder_of, leaving_of, told_themselves
from outreach.domain.activities.values import Move
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.hours import MailHours, held_until, start_before
from outreach.domain.mail.still_true import ACTING, LineFacts, skip_because
from outreach.domain.reminders.audiences import belongs
from outreach.domain.reminders.due import (
    ActivityTimes,
    DueRule,
    MissedReason,
    NotReminded,
    OtherDay,
    Rule,
    local_day,
    missed_because,
    put_off_to,
    useful_until,
)
from outreach.domain.representation import TO_ASSISTANT, reads
from outreach.domain.states import ActivityState, InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Assistant, Invitation, MessageLine, Organisation, Person, Reminder
from outreach.models.certificates import HAS_CERTIFICATE
from outreach.models.mails import IS_SCHEDULED
from outreach.models.materials import OWES_MATERIALS
from outreach.services import office_defaults
from outreach.services.addresses import no_mail_reaches
from outreach.services.directory import assistants
from outreach.services.office_defaults import deadline, deadline_at_publishing
from outreach.services.reminders import audiences
from outreach.services.reminders import expand as expanding
from outreach.services.reminders.rules import moments_of, rules_for
from outreach.services.reminders.schedule import (
    BY_HAND,
    has_prepared,
    hastened_invitations,
    later_rule_is_due,
    other_day_of,
    told_at_after,
    waiting_invitations,
)

FORECAST = (ActivityState.DRAFT, ActivityState.PUBLISHED, ActivityState.POSTPONED)
CALLS_OFF = {
    MailKind.CANCELLATION: ActivityState.CANCELLED,
    MailKind.POSTPONEMENT: ActivityState.POSTPONED,
}  # fmt: skip
MAY_GROW = frozenset(
    {Audience.COMING, Audience.NO_MATERIALS, Audience.PRESENT, Audience.ABSENT}
)  # by answers still to come


@dataclass(frozen=True)
class ForecastRow:
    """One reminder of one activity.

    people: recipients by present answers. at_most: if everyone who still may joins the audience. later: those of `people`
    who had a mail that day and get this one the next morning. awaiting: recipients whose invitation waits for their signed
    letter; they are not among `people`. held_until: when the office's hours for mail begin again,
    if it is due outside them and can wait. note: why nothing goes out. other_day: why it is on another day than its rule says.
    """

    day: date
    due_at: datetime
    zone: ZoneInfo
    kind: MailKind
    audience: Audience
    activity_title: str
    people: int
    at_most: int
    without_address: int
    later: int = 0
    awaiting: int = 0
    held_until: datetime | None = None
    note: MissedReason | None = None
    other_day: OtherDay | None = None
    reminder_id: int | None = field(default=None, compare=False)  # None: not stored

    @property
    def goes_at(self) -> datetime:
        return self.held_until or self.due_at


@dataclass(frozen=True)
class Forecast:
    """mails_per_day: (day, mails). One recipient gets one mail a day, so this may be less than the sum of the rows."""

    rows: tuple[ForecastRow, ...]
    mails_per_day: tuple[tuple[date, int], ...]
    without_address: int

    @property
    def shown(self) -> tuple[ForecastRow, ...]:
        """Return the rows as pages show them: the same mail to several single invitees at one moment is one row."""
        found: dict[tuple[object, ...], ForecastRow] = {}
        for number, row in enumerate(self.rows):
            alike = (row.goes_at, row.kind, row.activity_title, row.note, row.other_day)
            key = alike if row.audience is Audience.ONE else (number,)
            same = found.get(key)
            sums = ("people", "at_most", "without_address", "later", "awaiting")
            more = {} if same is None else {name: getattr(same, name) + getattr(row, name) for name in sums}
            found[key] = replace(same or row, **more)
        return tuple(found.values())

    def people(self, *kinds: MailKind) -> int:
        """Return how many mails of these kinds go out."""
        return sum(row.people for row in self.rows if row.kind in kinds)


@dataclass(frozen=True)
class Seated:
    """Somebody waiting who gets a seat by the change. state: their answer then, coming or represented.

    acting_held_back: the mail to the acting person waits for staff, because a link has named many today.
    """

    invitation: Invitation
    state: InvitationState
    acting_held_back: bool = False


@dataclass(frozen=True)
class Passing:
    """An invitation to a post that goes to another holder by the change.

    then: its state there. is_told: whether the former holder is told that it goes to somebody else. counts_again: the new
    holder had it before, and nobody has heard that they did not; their answer counts again, and nobody is told.
    """

    invitation: Invitation
    post: str
    former: Person
    new: Person
    then: InvitationState = InvitationState.PREPARED
    is_told: bool = False
    counts_again: bool = False

    @property
    def is_invited(self) -> bool:
        return self.then is InvitationState.PREPARED


def for_publishing(activity_ids: Collection[int], *, now: datetime, invitations_at: datetime | None = None) -> Forecast:
    """Forecast what publishing these drafts now would send. invitations_at: when the invitations go out, if not at once."""
    planned, sent_at, hours = [], invitations_at or now, office_defaults.mail_hours(db.session)
    for activity in _activities(activity_ids):
        respond_by_at = deadline_at_publishing(db.session(), activity, sent_at)
        times = ActivityTimes(activity.starts_at, activity.ends_at, respond_by_at)
        planned.append(_event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, times, activity.zone, sent_at))
        planned += _ruled(activity, times, activity.zone, sent_at, hours, now, last_invited_at=sent_at)
    return _count(planned, now)


def for_move(
    activity_id: int, move: Move, *, told: bool = True, seated: Collection[Seated] = (), passing: Collection[Passing] = (),
    now: datetime,
) -> Forecast:  # fmt: skip
    """Forecast what moving this published activity would send, or giving this postponed one its new date.

    told: False if it leads back before anybody has heard of another time or place. seated: who gets a seat by it.
    passing: the invitations to posts that go to other people by it.
    """
    planned, dated, hours = [], False, office_defaults.mail_hours(db.session)
    for activity in _activities([activity_id]):
        respond_by_at = deadline(db.session(), move.respond_by_at, move.starts_at, move.zone, now)
        times = ActivityTimes(move.starts_at, move.ends_at, respond_by_at)
        news = _event(activity, MailKind.CHANGE, Audience.EXPECTED, times, move.zone, now)
        dated = activity.state is ActivityState.POSTPONED
        is_ahead = not dated or activity.starts_at > now
        if told:
            planned.append(replace(news, also_starts_at=activity.starts_at if is_ahead else None))
        told_at = told_at_after(activity, move, now=now)
        planned += _about_posts(activity, passing, times, move.zone, now)
        invited_at = invitations_after(activity, move.starts_at, respond_by_at, now, passing)
        if invited_at is not None:
            planned.append(_event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, times, move.zone, invited_at))
            told_at = min(told_at, invited_at)  # waiting invitations may go out at once because of the move
        late = audiences.late_invitees(db.session(), [activity.id], now=now, respond_by_at=respond_by_at)
        told_late = audiences.last_told_late(late, activity.id) if now >= respond_by_at else None
        planned += _ruled(activity, times, move.zone, told_at, hours, now, told_late=told_late)
        planned += _about_seats(activity, seated, times, move.zone, now)
    return _count(planned, now, dated=dated, seated=seated, passing=passing)


def invitations_go_out_at(activity: Activity, times: ActivityTimes, sent_at: datetime, *, now: datetime) -> datetime:
    """Return when invitations that are due at `sent_at` go out: perhaps only when the office's hours for mail begin again."""
    invitation = _event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, times, activity.zone, sent_at)
    return invitation.held_by(office_defaults.mail_hours(db.session), now).goes_out_at(now)


def invitations_after(
    activity: Activity, starts_at: datetime, respond_by_at: datetime, now: datetime, passing: Iterable[Passing] = ()
) -> datetime | None:
    """Return when the invitations that wait go out once the activity has this start and deadline; None if none waits.

    passing: as in `for_move`.
    """
    session: Session = db.session()
    at_once = now if any(one.is_invited for one in passing) else None
    if activity.state is ActivityState.POSTPONED:
        return now if has_prepared(session, activity.id) else at_once
    if hastened_invitations(session, activity.id, starts_at, respond_by_at, now=now):
        return now
    waiting = waiting_invitations(session, activity.id, now)
    return waiting.due_at if waiting else at_once


def for_cancelling(activity_id: int, *, now: datetime) -> Forecast:
    """Forecast what cancelling this published or postponed activity would send."""
    return _calling_off(activity_id, MailKind.CANCELLATION, now, dateless=False)


def for_postponing(activity_id: int, *, now: datetime) -> Forecast:
    """Forecast what postponing this published activity without a new date would send."""
    return _calling_off(activity_id, MailKind.POSTPONEMENT, now, dateless=True)


def _calling_off(activity_id: int, kind: MailKind, now: datetime, *, dateless: bool) -> Forecast:
    planned = []
    for activity in _activities([activity_id]):
        times = expanding.times_of(activity)
        times = replace(times, dateless=dateless or times.dateless)
        told = _event(activity, kind, Audience.EXPECTED, times, activity.zone, now)
        planned.append(replace(told, note=missed_because(kind, told.audience, now, times, now)))
    return _count(planned, now)


def for_withdrawing(
    leaving: Iterable[Invitation], activity: Activity, *, seated: Collection[Seated] = (), now: datetime
) -> Forecast:
    """Forecast what withdrawing these invitations to an activity would send. They were invited to it.

    seated: who gets a seat by it.
    """
    planned, times = [], expanding.times_of(activity)
    for invitation in leaving:
        told = _event(activity, MailKind.WITHDRAWAL, Audience.ONE, times, activity.zone, now)
        planned.append(replace(told, invitation_id=invitation.id))
        if invitation.acting is not None and invitation.acting.email:
            planned.append(replace(told, invitation_id=invitation.id, acting_id=invitation.acting.id))
    planned += _about_seats(activity, seated, times, activity.zone, now)
    return _count(planned, now, seated=seated)


def for_activities(activity_ids: Collection[int], *, now: datetime) -> Forecast:
    """Forecast what the scheduled reminders of these activities will send."""
    return _scheduled(Reminder.activity_id.in_(activity_ids), now)


def newest(activity_ids: Collection[int]) -> int:
    """Return the id of the last reminder of these activities, for `caused`."""
    return db.session.scalar(sa.select(sa.func.max(Reminder.id)).where(Reminder.activity_id.in_(activity_ids))) or 0


def caused(invitation_ids: Collection[int], activity_ids: Collection[int], since: int, *, now: datetime) -> Forecast:
    """Forecast the mails that a change of these invitations has just scheduled. Call it in the change's transaction.

    since: from `newest`, before the change. An invitation may go out with others that waited before; those are not counted.
    """
    waits = sa.and_(Reminder.kind == MailKind.INVITATION, Reminder.audience == Audience.NEWLY_INVITED)
    of_people = sa.or_(Reminder.invitation_id.is_not(None), waits)
    planned = _stored(
        sa.and_(Reminder.activity_id.in_(activity_ids), of_people, sa.or_(Reminder.id > since, waits)), now
    )
    to_people = [one for one in planned if one.invitation_id is not None]
    invited_with: dict[int, _Planned] = {}  # by activity: the first that goes out
    for one in sorted(planned, key=lambda one: one.due_at):
        if one.invitation_id is None:
            invited_with.setdefault(one.activity_id, replace(one, only=frozenset(invitation_ids)))
    return _count([*to_people, *invited_with.values()], now)


def readers(reminder_ids: Collection[int], *, now: datetime) -> dict[int, int]:
    """Forecast how many get each of these scheduled reminders, by its id; those that will not go out are left out."""
    rows = _scheduled(Reminder.id.in_(reminder_ids), now).rows
    return {row.reminder_id: row.people for row in rows if row.reminder_id and row.note is None}


def not_reminded_if_invited(activity_ids: Collection[int], *, now: datetime) -> set[int]:
    """Return those of these published activities whose last reminder to answer would not reach people invited now.

    Their invitation would come on the reminder's day or later, as in `audiences.invited_before`.
    """
    session, hours = db.session(), office_defaults.mail_hours(db.session)
    published = [activity for activity in _activities(activity_ids) if activity.state is ActivityState.PUBLISHED]
    last: dict[int, datetime] = {}
    for reminder in _stored(
        sa.and_(
            Reminder.activity_id.in_([activity.id for activity in published]),
            Reminder.kind == MailKind.REMINDER,
            Reminder.audience == Audience.UNANSWERED,
            Reminder.key != BY_HAND,
        ),
        now,
    ):
        if reminder.note is None:
            last[reminder.activity_id] = max(reminder.due_at, last.get(reminder.activity_id, reminder.due_at))
    found = set()
    for activity in published:
        waiting = waiting_invitations(session, activity.id, now)
        at, times = waiting.due_at if waiting else now, expanding.times_of(activity)
        invitation = _event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, times, activity.zone, at)
        invited_at = invitation.held_by(hours, now).goes_out_at(now)
        if invited_at >= activity.respond_by_at:
            moments = moments_of(
                rules_for(session, activity), times, activity.zone, activity.told_at or now, hours, late_told_at=at
            )
            planned = _due(activity, moments, times, activity.zone, now, last_invited_at=at)
            asking = (one.due_at for one in planned if one.note is None and one.audience is Audience.UNANSWERED)
            last[activity.id] = max(asking, default=invited_at)
        due_at = last.get(activity.id)
        if due_at is None or local_day(due_at, activity.zone) <= local_day(invited_at, activity.zone):
            found.add(activity.id)
    return found


def for_reminder(reminder_id: int, *, now: datetime) -> Forecast:
    """Forecast what one scheduled reminder will send."""
    return _scheduled(Reminder.id == reminder_id, now)


def for_rules(
    activities: Collection[Activity], before: Mapping[int, Sequence[Rule]], after: Mapping[int, Sequence[Rule]], *,
    now: datetime,
) -> Forecast:  # fmt: skip
    """Forecast what published activities would send differently under other rules. before, after: the rules by activity id."""
    planned, hours = [], office_defaults.mail_hours(db.session)
    closed = [activity.id for activity in activities if now >= activity.respond_by_at]
    late = audiences.late_invitees(db.session(), closed, now=now)
    for activity in activities:
        times, told_at = expanding.times_of(activity), activity.told_at or now
        told_late = audiences.last_told_late(late, activity.id)
        old, new = (
            moments_of(rules[activity.id], times, activity.zone, told_at, hours, late_told_at=told_late)
            for rules in (before, after)
        )
        changed = [due for due in new if due not in old]
        planned += _due(activity, changed, times, activity.zone, now, last_invited_at=told_late)
    return _count(planned, now)


@dataclass(frozen=True)
class ToRemind:
    """One invitation of a reminder by hand: when its mail goes out, or why none does."""

    invitation_id: int
    audience: Audience | None
    at: datetime | None
    reason: NotReminded | None = None


@dataclass(frozen=True)
class _Planned:
    """One reminder of one activity, stored or expected. note: why nothing goes out."""

    activity_id: int
    title: str
    zone: ZoneInfo
    due_at: datetime
    kind: MailKind
    audience: Audience
    times: ActivityTimes
    invitation_id: int | None = None
    note: MissedReason | None = None
    reminder_id: int | None = None  # None: not stored
    also_starts_at: datetime | None = None  # the start before a move
    held_until: datetime | None = None  # the office's hours for mail
    only: frozenset[int] | None = None  # the invitations of a reminder by hand
    acting_id: int | None = None  # the acting person whom it tells that they no longer come
    former_id: int | None = None  # the person whom it tells that their post has another holder
    outdated: bool = False  # it tells somebody that they come who no longer does
    other_day: OtherDay | None = None

    def goes_out_at(self, now: datetime) -> datetime:
        return self.held_until or max(self.due_at, now)

    def held_by(self, hours: MailHours | None, now: datetime) -> "_Planned":
        if self.note is not None:
            return self
        until = held_until(
            self.kind, self.audience, self.due_at, self.times, max(self.due_at, now), hours,
            also_starts_at=self.also_starts_at, invited_at=max(self.due_at, now),
        )  # fmt: skip
        return replace(self, held_until=until)

    def day(self, now: datetime) -> date:
        return local_day(self.due_at if self.note else self.goes_out_at(now), self.zone)

    def may_be_put_off(self, now: datetime) -> bool:
        """Return whether it is due today and waits until next morning for recipients who had a mail today."""
        if self.note or self.day(now) != local_day(now, self.zone):
            return False
        return put_off_to(self.kind, self.audience, self.due_at, self.times, self.zone, now) is not None


def missed_ahead(activity_id: int, *, now: datetime) -> dict[int, MissedReason]:
    """Return the activity's scheduled reminders that will not go out as things are, by id, and why."""
    planned = _stored(Reminder.activity_id == activity_id, now)
    return {reminder.reminder_id: reminder.note for reminder in planned if reminder.reminder_id and reminder.note}


def _scheduled(which: sa.ColumnElement[bool], now: datetime) -> Forecast:
    return _count(_stored(which, now), now)


def _stored(which: sa.ColumnElement[bool], now: datetime) -> list[_Planned]:
    reminders = db.session.execute(
        sa.select(Reminder, Activity, later_rule_is_due(now).label("later_rule_is_due"))
        .join(Activity, Activity.id == Reminder.activity_id)
        .where(which, Reminder.state == ReminderState.SCHEDULED)
    ).all()
    planned, hours = [], office_defaults.mail_hours(db.session)
    closed = {activity.id for reminder, activity, _ in reminders if max(reminder.due_at, now) >= activity.respond_by_at}
    late = audiences.late_invitees(db.session(), closed, now=now)
    outdated = _outdated([reminder for reminder, _activity, _superseded in reminders])
    for reminder, activity, superseded in reminders:
        kind, audience, due, times = reminder.kind, reminder.audience, reminder.due_at, expanding.times_of(activity)
        held = expanding.held_until(reminder, activity, max(due, now), hours)
        later = bool(superseded)
        if held is not None:
            later = bool(db.session.scalar(sa.select(later_rule_is_due(held)).where(Reminder.id == reminder.id)))
        last = audiences.last_invited(late, reminder, activity.zone)
        note = missed_because(
            kind, audience, due, times, held or max(due, now), later_rule_is_due=later, last_invited_at=last
        )
        planned.append(
            _Planned(
                activity.id, activity.title, activity.zone, due, kind, audience, times, reminder.invitation_id, note,
                reminder.id, start_before(reminder.detail, due), only=_only(reminder), other_day=other_day_of(reminder),
                acting_id=_no_longer_acting(reminder), former_id=former_holder_of(reminder), outdated=reminder.id in outdated,
            )
        )  # fmt: skip
    return planned


def _activities(activity_ids: Collection[int]) -> list[Activity]:
    found = db.session.scalars(sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.starts_at))
    return [a for a in found if a.state in FORECAST]


def _event(
    activity: Activity, kind: MailKind, audience: Audience, times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> _Planned:
    return _Planned(activity.id, activity.title, zone, now, kind, audience, times)


def _about_seats(
    activity: Activity, seated: Iterable[Seated], times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> list[_Planned]:
    """Return the mails to those who get a seat, and to whoever comes in their place, as seats.offer_freed schedules them."""
    planned = []
    for one in seated:
        seat = _event(activity, MailKind.SEAT, Audience.ONE, times, zone, now)
        seat = replace(seat, invitation_id=one.invitation.id)
        acting = one.invitation.acting
        if acting is not None and acting.email:
            note = MissedReason.MANY_REPRESENT if one.acting_held_back else None
            planned.append(replace(seat, kind=MailKind.APPOINTMENT, note=note))
        planned.append(seat)
    return planned


def _about_posts(
    activity: Activity, passing: Iterable[Passing], times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> list[_Planned]:
    """Return the mails to former holders of posts, and to new ones for whom somebody else comes, as post_holders.py
    schedules them. New holders who are invited are among the waiting invitations."""
    planned = []
    for one in passing:
        told = _event(activity, MailKind.WITHDRAWAL, Audience.ONE, times, zone, now)
        told = replace(told, invitation_id=one.invitation.id)
        if one.is_told:
            planned.append(replace(told, former_id=one.former.id))
        if not one.is_invited and not one.counts_again:
            planned.append(replace(told, kind=MailKind.REPRESENTATION))
    return planned


def _ruled(
    activity: Activity, times: ActivityTimes, zone: ZoneInfo, told_at: datetime, hours: MailHours | None, now: datetime,
    *, told_late: datetime | None = None, last_invited_at: datetime | None = None,
) -> list[_Planned]:  # fmt: skip
    moments = moments_of(rules_for(db.session(), activity), times, zone, told_at, hours, late_told_at=told_late)
    return _due(activity, moments, times, zone, now, last_invited_at=last_invited_at or told_late)


def _due(
    activity: Activity, moments: Iterable[DueRule], times: ActivityTimes, zone: ZoneInfo, now: datetime, *,
    last_invited_at: datetime | None = None,
) -> list[_Planned]:  # fmt: skip
    planned = []
    for moment in moments:
        rule, due_at = moment.rule, moment.due_at
        if due_at <= now:
            note: MissedReason | None = MissedReason.MOMENT_PASSED
        elif moment.superseded:
            note = MissedReason.SAME_DAY
        else:
            note = missed_because(rule.kind, rule.audience, due_at, times, due_at, last_invited_at=last_invited_at)
        planned.append(
            _Planned(
                activity.id, activity.title, zone, due_at, rule.kind, rule.audience, times, note=note,
                other_day=moment.other_day,
            )
        )  # fmt: skip
    return planned


class _PlannedLine(NamedTuple):
    """A possible line of a mail: one invitation, to the invitee or to the representative."""

    activity_id: int
    invitation_id: int
    to_representative: bool
    recipient: str
    state: InvitationState
    invited_at: datetime | None
    has_address: bool
    told: bool
    stopped: bool
    present: bool
    nominated: bool
    represented: bool  # by a representative with an address
    notices_wanted: bool
    of_an_office: bool
    open_seats: int  # of an organisation's quota: people it may still nominate
    letter_missing: bool  # its invitation waits for the signed letter
    owes_materials: bool  # a speaker who has sent no file
    certified: bool  # there is a certificate that stands
    had_a_mail: frozenset[ZoneInfo] = frozenset()  # zones in which they had a mail today
    called_off: frozenset[ZoneInfo] = frozenset()  # zones in which they were told today of its withdrawal

    def reads(self, kind: MailKind) -> bool:
        """Return whether a mail of this kind goes to the line's recipient."""
        return reads(
            kind, reached=self.represented, notices_wanted=self.notices_wanted, to_acting=self.to_representative
        )

    def waits(self, kind: MailKind, zone: ZoneInfo) -> bool:
        """Return whether a mail of this kind that can wait does so until the next morning."""
        return zone in self.had_a_mail and not (kind is MailKind.INVITATION and zone in self.called_off)


def for_reminding(activity_id: int, invitation_ids: Collection[int], *, now: datetime) -> list[ToRemind]:
    """Forecast what reminding these invitees of a published activity by hand would send. Their order is kept."""
    activity = next(iter(_activities([activity_id])), None)
    if activity is None:
        return []
    times, hours = expanding.times_of(activity), office_defaults.mail_hours(db.session)
    lines: dict[int, list[_PlannedLine]] = defaultdict(list)
    for line in _lines([activity_id], [activity.zone], now)[activity_id]:
        lines[line.invitation_id].append(line)
    invitees = sa.select(Invitation.id).outerjoin(Person, Person.id == Invitation.person_id)
    invitees = invitees.outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
    unreached = set(
        db.session.scalars(
            invitees.where(
                Invitation.activity_id == activity_id,
                no_mail_reaches(sa.func.coalesce(Person.email, Organisation.email)),
            )
        )
    )
    found = []
    for id_ in invitation_ids:
        if id_ in lines:
            own = [
                line._replace(has_address=line.to_representative or line.invitation_id not in unreached)
                for line in lines[id_]
            ]
            found.append(_by_hand(activity, times, hours, own, now))
    return found


def _by_hand(
    activity: Activity, times: ActivityTimes, hours: MailHours | None, lines: Sequence[_PlannedLine], now: datetime
) -> ToRemind:
    first = lines[0]
    if first.present:
        return ToRemind(first.invitation_id, None, None, NotReminded.CAME)
    audience = next(
        (
            possible
            for possible in (Audience.UNANSWERED, Audience.COMING)
            if belongs(possible, first.state, present=False)
        ),
        None,
    )
    if audience is None:
        return ToRemind(first.invitation_id, None, None, NotReminded.NOT_EXPECTED)
    kind = MailKind.REMINDER
    planned = _Planned(activity.id, activity.title, activity.zone, now, kind, audience, times).held_by(hours, now)
    recipients = [line for line in lines if line.reads(kind)]
    reason = None
    at = planned.goes_out_at(now)
    if missed_because(kind, audience, now, times, at, last_invited_at=first.invited_at) is not None:
        reason = NotReminded.TOO_LATE
    elif first.stopped:
        reason = NotReminded.STOPPED
    elif not any(line.has_address for line in recipients):
        reason = NotReminded.NO_ADDRESS
    elif not _still_true(planned, recipients, now):
        reason = NotReminded.INVITED_TODAY
    if reason is not None:
        return ToRemind(first.invitation_id, audience, None, reason)
    waits = planned.may_be_put_off(now) and any(line.waits(kind, activity.zone) for line in recipients)
    morning = put_off_to(kind, audience, now, times, activity.zone, now) if waits else None
    return ToRemind(first.invitation_id, audience, morning or planned.goes_out_at(now))


def _count(
    planned: Iterable[_Planned],
    now: datetime,
    *,
    dated: bool = False,
    seated: Collection[Seated] = (),
    passing: Collection[Passing] = (),
) -> Forecast:
    """Return how many get these mails, and when. dated, seated: as in `_lines`. passing: as in `for_move`."""
    hours = office_defaults.mail_hours(db.session)
    planned = sorted(
        (reminder.held_by(hours, now) for reminder in planned), key=lambda p: (p.held_until or p.due_at, p.activity_id)
    )
    activity_ids = {p.activity_id for p in planned}
    zones = sorted({p.zone for p in planned if p.may_be_put_off(now)}, key=str)
    possible = _passed(_lines(activity_ids, zones, now, dated=dated, seated=seated), passing)
    written = _written([p.reminder_id for p in planned if p.reminder_id and p.day(now) == local_day(now, p.zone)])
    announced = _announced(activity_ids, planned, hours, now)
    leave = leaving_of(
        db.session(), {(p.invitation_id, p.acting_id) for p in planned if p.invitation_id and p.acting_id}
    )
    asked = {id for p in planned if p.kind in TO_ASSISTANT for id in p.only or ()}
    assisted = assistants.of_invitations(db.session(), asked) if asked else {}
    former = {p.former_id for p in planned if p.former_id}
    holders = (
        {one.id: one for one in db.session.scalars(sa.select(Person).where(Person.id.in_(former)))} if former else {}
    )
    were_told = told_themselves(db.session(), {p.invitation_id for p in planned if p.former_id and p.invitation_id})
    rows = []
    per_day: dict[date, set[str]] = defaultdict(set)
    unreachable: set[str] = set()
    for reminder in planned:
        lines = [] if reminder.note or reminder.outdated else possible[reminder.activity_id]
        if reminder.acting_id is not None and reminder.invitation_id is not None:
            who = leave[reminder.invitation_id, reminder.acting_id]
            if reminder.reminder_id is None:
                who = who._replace(stays=False)  # the invitation is going to be withdrawn
            lines = _to_leaver(lines, reminder.invitation_id, who)
        elif reminder.former_id is not None:
            lines = _to_former_holder(lines, reminder.invitation_id, holders.get(reminder.former_id), were_told)
        elif reminder.kind in TO_ASSISTANT:
            lines = _to_assistants(lines, reminder.only or (), assisted)
        else:
            lines = [line for line in lines if _could_read(reminder, line, written)]
        told = _still_true(reminder, [_as_then(reminder, line, announced, now) for line in lines], now)
        awaiting = {line.recipient for line in told if _awaits(reminder, line) and line.has_address}
        told = [line for line in told if not _awaits(reminder, line)]
        mailed = {line.recipient for line in told if line.has_address}
        without = {line.recipient for line in told if not line.has_address}
        most = mailed | {line.recipient for line in lines if _may_become(reminder.audience, line)} - awaiting
        waits = reminder.may_be_put_off(now)
        later = {
            line.recipient for line in told if waits and line.has_address and line.waits(reminder.kind, reminder.zone)
        }
        day = reminder.day(now)
        per_day[day] |= mailed - later
        per_day[day + timedelta(days=1)] |= later
        unreachable |= without
        rows.append(
            ForecastRow(
                day=day, due_at=reminder.due_at, zone=reminder.zone, kind=reminder.kind, audience=reminder.audience,
                activity_title=reminder.title, people=len(mailed),
                at_most=len(most) + _to_be_named(reminder, possible[reminder.activity_id]),
                without_address=len(without), later=len(later), awaiting=len(awaiting),
                held_until=reminder.held_until, note=reminder.note,
                other_day=reminder.other_day, reminder_id=reminder.reminder_id,
            )
        )  # fmt: skip
    mails = tuple((day, len(recipients)) for day, recipients in sorted(per_day.items()) if recipients)
    return Forecast(tuple(rows), mails, len(unreachable))


def _lines(
    activity_ids: Collection[int],
    zones: Sequence[ZoneInfo],
    now: datetime,
    *,
    dated: bool = False,
    seated: Collection[Seated] = (),
) -> dict[int, list[_PlannedLine]]:
    """Return the possible lines, by activity. zones: those for which to find out who had a mail today.

    dated: invitees whose invitation the postponement kept back count as prepared, because they will be invited then.
    seated: these count with the seat that they get.
    """
    state: sa.SQLColumnExpression[InvitationState] = Invitation.state
    if dated:
        state = sa.case((audiences.KEPT_FROM_INVITATION, _literal(InvitationState.PREPARED)), else_=state)
    for then in sorted({one.state for one in seated}):
        ids = [one.invitation.id for one in seated if one.state is then]
        state = sa.case((Invitation.id.in_(ids), _literal(then)), else_=state)
    represented = audiences.REPRESENTED
    if seated:
        represented = sa.and_(state == InvitationState.REPRESENTED, Invitation.representative_email != "")
    named = aliased(Invitation)
    names = (
        sa.select(sa.func.count())
        .where(named.nominated_under_id == Invitation.id, named.state != InvitationState.WITHDRAWN)
        .scalar_subquery()
    )

    def select(to_representative: sa.ColumnElement[bool]) -> sa.Select:
        has_address = sa.func.coalesce(Person.email, Organisation.email, "") != ""
        return (
            sa.select(
                Invitation.activity_id,
                Invitation.id.label("invitation_id"),
                to_representative.label("to_representative"),
                audiences.recipient_key(to_representative).label("recipient"),
                state.label("state"),
                Invitation.invited_at,
                sa.or_(to_representative, has_address).label("has_address"),
                audiences.TOLD.label("told"),
                sa.func.coalesce(Person.reminders_stopped_at, Organisation.reminders_stopped_at)
                .is_not(None)
                .label("stopped"),
                audiences.PRESENT.label("present"),
                Invitation.nominated_under_id.is_not(None).label("nominated"),
                represented.label("represented"),
                Invitation.notices_wanted,
                Invitation.organisation_id.is_not(None).label("of_an_office"),
                sa.case((Invitation.quota.is_not(None), Invitation.quota - names), else_=0).label("open_seats"),
                sa.and_(Activity.letter_first, audiences.LETTER_MISSING).label("letter_missing"),
                OWES_MATERIALS.label("owes_materials"),
                HAS_CERTIFICATE.label("certified"),
                *(
                    audiences.had_a_mail(local_day(now, zone), zone, to_representative).label(f"had_{n}")
                    for n, zone in enumerate(zones)
                ),
                *(
                    audiences.was_called_off(local_day(now, zone), zone).label(f"off_{n}")
                    for n, zone in enumerate(zones)
                ),
            )
            .join(Activity, Activity.id == Invitation.activity_id)
            .outerjoin(Person, Person.id == Invitation.person_id)
            .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
            .where(Invitation.activity_id.in_(activity_ids))
        )

    found: dict[int, list[_PlannedLine]] = defaultdict(list)
    fields = len(_PlannedLine._fields) - 2
    for row in db.session.execute(select(sa.false()).union_all(select(sa.true()).where(represented))):
        had, off = row[fields : fields + len(zones)], row[fields + len(zones) :]
        in_zones = [frozenset(zone for zone, true in zip(zones, each, strict=True) if true) for each in (had, off)]
        found[row.activity_id].append(_PlannedLine._make((*row[:fields], *in_zones)))
    return found


def _passed(possible: dict[int, list[_PlannedLine]], passing: Collection[Passing]) -> dict[int, list[_PlannedLine]]:
    """Return the lines with those of invitations to posts as they are with the new holders."""
    if not passing:
        return possible
    by_id = {one.invitation.id: one for one in passing}
    told = told_themselves(db.session(), by_id)
    return {
        activity_id: [_to_new_holder(line, by_id.get(line.invitation_id), told) for line in lines]
        for activity_id, lines in possible.items()
    }


def _to_new_holder(line: _PlannedLine, passing: Passing | None, told: Collection[tuple[int, int]]) -> _PlannedLine:
    if passing is None:
        return line
    line = line._replace(state=passing.then, notices_wanted=True)
    if line.to_representative:
        return line
    new = passing.new
    return line._replace(
        recipient=f"p{new.id}", has_address=new.email != "", told=not passing.is_invited and (line.invitation_id, new.id) in told,
        invited_at=None if passing.is_invited else line.invited_at, stopped=new.reminders_stopped_at is not None,
        had_a_mail=frozenset(), called_off=frozenset(),
    )  # fmt: skip


def _literal(state: InvitationState) -> sa.SQLColumnExpression[InvitationState]:
    return sa.literal(state, Invitation.state.type)


def _only(reminder: Reminder) -> frozenset[int] | None:
    named = (reminder.detail or {}).get("only")
    return None if named is None else frozenset(named)


def _no_longer_acting(reminder: Reminder) -> int | None:
    acting_id: int | None = (reminder.detail or {}).get(ACTING)
    return acting_id if reminder.kind is MailKind.WITHDRAWAL else None


def _outdated(reminders: Iterable[Reminder]) -> set[int]:
    """Return the ids of those that tell somebody that they come who has been replaced since, or passed it on."""
    named = {one.id: (one.detail or {}).get(ACTING) for one in reminders if one.kind is MailKind.APPOINTMENT}
    if not named:
        return set()
    acting = set(
        db.session.scalars(sa.select(ActingPerson.id).where(ActingPerson.id.in_(named.values()), ActingPerson.acting))
    )
    return {id for id, acting_id in named.items() if acting_id not in acting}


def _to_leaver(lines: Iterable[_PlannedLine], invitation_id: int, who: Leaving) -> list[_PlannedLine]:
    """Return the line that tells somebody that they no longer come in this invitee's place; none if they come after all."""
    if who.stays or not who.email:
        return []
    return [
        line._replace(
            to_representative=True, recipient=f"l{who.email}:{who.name}", state=InvitationState.WITHDRAWN,
            has_address=True, told=who.told, stopped=False, had_a_mail=frozenset(),
        )
        for line in lines
        if line.invitation_id == invitation_id and not line.to_representative
    ]  # fmt: skip


def _to_former_holder(
    lines: Iterable[_PlannedLine], invitation_id: int | None, who: Person | None, told: Collection[tuple[int, int]]
) -> list[_PlannedLine]:
    """Return the line that tells somebody that the invitation goes to another holder of their post; none if it does not."""
    if who is None:
        return []
    recipient = f"p{who.id}"
    return [
        line._replace(
            recipient=recipient, state=InvitationState.WITHDRAWN, has_address=who.email != "",
            told=(line.invitation_id, who.id) in told, stopped=who.reminders_stopped_at is not None, had_a_mail=frozenset(),
        )
        for line in lines
        if line.invitation_id == invitation_id and not line.to_representative and line.recipient != recipient
    ]  # fmt: skip


def _to_assistants(
    lines: Iterable[_PlannedLine], only: Collection[int], assisted: Mapping[int, Assistant]
) -> list[_PlannedLine]:
    """Return the lines that ask the adjutants and secretaries of these invitations' invitees."""
    return [
        line._replace(
            to_representative=True, recipient=f"a{line.recipient}", has_address=True, had_a_mail=frozenset(),
            stopped=assisted[line.invitation_id].stopped_at is not None,
        )
        for line in lines
        if line.invitation_id in only and line.invitation_id in assisted and not line.to_representative
    ]  # fmt: skip


def _written(reminder_ids: Collection[int]) -> set[tuple[int | None, int, bool]]:
    """Return (reminder id, invitation id, to_representative) of lines already written in an earlier mail of the day."""
    if not reminder_ids:
        return set()
    rows = db.session.execute(
        sa.select(MessageLine.reminder_id, MessageLine.invitation_id, MessageLine.to_representative).where(
            MessageLine.reminder_id.in_(reminder_ids)
        )
    )
    return {(row.reminder_id, row.invitation_id, row.to_representative) for row in rows}


def _announced(
    activity_ids: Collection[int], planned: Collection[_Planned], hours: MailHours | None, now: datetime
) -> dict[int, datetime]:
    """Return by activity when prepared invitees get their invitation, if one is scheduled or planned."""
    waiting = db.session.execute(
        sa.select(Reminder, Activity)
        .join(Reminder.activity)
        .where(IS_SCHEDULED, Reminder.audience == Audience.NEWLY_INVITED, Reminder.activity_id.in_(activity_ids))
    )
    found: dict[int, datetime] = {}
    for reminder, activity in waiting:
        at = expanding.held_until(reminder, activity, max(reminder.due_at, now), hours) or reminder.due_at
        found[activity.id] = min(at, found.get(activity.id, at))
    for expected in planned:
        if expected.audience is Audience.NEWLY_INVITED:
            at = expected.held_until or expected.due_at
            found[expected.activity_id] = min(at, found.get(expected.activity_id, at))
    return found


def _could_read(one: _Planned, line: _PlannedLine, written: Collection[tuple[int | None, int, bool]]) -> bool:
    """Return whether this line may be in the mail: it is for this recipient and is not written yet."""
    return (
        one.invitation_id in (None, line.invitation_id)
        and (one.only is None or line.invitation_id in one.only)
        and line.reads(one.kind)
        and (one.reminder_id, line.invitation_id, line.to_representative) not in written
    )


def _awaits(one: _Planned, line: _PlannedLine) -> bool:
    """Return whether this line is an invitation that waits for its signed letter."""
    return one.kind is MailKind.INVITATION and line.letter_missing


def _as_then(one: _Planned, line: _PlannedLine, announced: Mapping[int, datetime], now: datetime) -> _PlannedLine:
    """Return the line as it will be when the reminder is due: a prepared invitee is invited if the invitation goes out first.

    A cancellation or postponement also cancels that invitation. An invitation that is going to be withdrawn is withdrawn.
    """
    if one.kind is MailKind.WITHDRAWAL and one.reminder_id is None:
        return line._replace(state=InvitationState.WITHDRAWN)
    invited_at = announced.get(line.activity_id)
    if line.state is not InvitationState.PREPARED or invited_at is None or one.kind in CALLS_OFF:
        return line
    if line.letter_missing:
        return line
    at = one.held_until or one.due_at
    itself = one.audience is Audience.NEWLY_INVITED and at <= invited_at
    if itself or at < invited_at or now >= one.times.starts_at:
        return line
    return line._replace(state=InvitationState.INVITED, invited_at=max(invited_at, now))


def _still_true(one: _Planned, lines: Iterable[_PlannedLine], now: datetime) -> list[_PlannedLine]:
    """Return the lines in the reminder's audience that will still be true when the mail goes out."""
    if one.audience is Audience.ABSENT and now < one.times.ends_at:
        return []  # before the end nobody counts as absent
    before = audiences.invited_before(one.kind, one.due_at, one.zone)
    facts = LineFacts(
        kind=one.kind,
        audience=one.audience,
        activity_state=CALLS_OFF.get(one.kind, ActivityState.PUBLISHED),
        activity_sequence=0,
        line_sequence=0,
        invitation_state=InvitationState.PREPARED,
        present=False,
        stopped=False,
        link_revoked=False,
        nominated=False,
        told_before=False,
        useful_until=one.times.starts_at,
    )
    known: dict[tuple[InvitationState, bool, bool, bool, bool, bool, bool, datetime], bool] = {}
    found = []
    for line in lines:
        if before is not None and (line.invited_at is None or line.invited_at >= before):
            continue
        told = line.told or not line.has_address  # without an address: perhaps told by phone, needs a call
        until = useful_until(one.kind, one.audience, one.due_at, one.times, line.invited_at)
        owes, certified = line.owes_materials, line.certified
        key = (line.state, line.present, line.stopped, line.nominated, told, owes, certified, until)
        if key not in known:
            inside = belongs(one.audience, line.state, present=line.present, owes_materials=owes, certified=certified)
            known[key] = inside and None is skip_because(
                replace(
                    facts, invitation_state=line.state, present=line.present, stopped=line.stopped,
                    nominated=line.nominated, told_before=told, useful_until=until, owes_materials=owes,
                    certified=certified,
                ),
                one.goes_out_at(now),
            )  # fmt: skip
        if known[key]:
            found.append(line)
    return found


def _may_become(audience: Audience, line: _PlannedLine) -> bool:
    """Return whether an invitee with an address may still join this audience before the reminder is due."""
    if audience not in MAY_GROW:
        return False
    if audience in (Audience.PRESENT, Audience.ABSENT) and line.of_an_office:
        return False  # attendance is of people, not of organisations
    if audience is Audience.NO_MATERIALS and not line.owes_materials:
        return False
    declined = line.state in (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
    return line.has_address and not line.stopped and not declined


def _to_be_named(one: _Planned, lines: Collection[_PlannedLine]) -> int:
    """Return how many more people organisations may nominate until then; each gets a mail of their own."""
    if (
        one.note
        or one.invitation_id is not None
        or one.only is not None
        or one.audience not in (Audience.COMING, Audience.PRESENT)
    ):
        return 0
    gone = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
    return sum(max(line.open_seats, 0) for line in lines if line.state not in gone)
