"""Who gets which mail when: before saving (publish, move, cancel), and for what is still to come. Nothing is written.

The people are counted by their present states, as services/audiences.py would choose them (a test holds the two equal);
what depends on answers still to come is given as "at most".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders import due_at, local_day, upcoming
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, MessageLine, Organisation, Person, Reminder
from outreach.services.publishing import Move
from outreach.services.rules import rules_for

DEPENDS_ON_ANSWERS = frozenset({Audience.UNANSWERED, Audience.COMING, Audience.PRESENT, Audience.ABSENT})
TOLD = frozenset({MailKind.CHANGE, MailKind.CANCELLATION})


@dataclass(frozen=True)
class ForecastRow:
    """One reminder of one activity. people: mails as things stand; at_most: if everyone still open becomes one of them."""

    day: date
    due_at: datetime
    zone: ZoneInfo
    kind: MailKind
    audience: Audience
    activity_title: str
    people: int
    at_most: int
    without_address: int
    note: str = ""


@dataclass(frozen=True)
class Forecast:
    """mails_per_day: what one person gets on one day is one mail, so this is less than the rows' sum. (day, mails)"""

    rows: tuple[ForecastRow, ...]
    mails_per_day: tuple[tuple[date, int], ...]
    without_address: int

    @property
    def people_now(self) -> int:
        """Return how many get a mail on the first day."""
        return self.mails_per_day[0][1] if self.mails_per_day else 0


@dataclass(frozen=True)
class _Planned:
    activity_id: int
    title: str
    zone: ZoneInfo
    due_at: datetime
    kind: MailKind
    audience: Audience
    invitation_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class _Reader:
    key: tuple[str, int]
    state: InvitationState
    has_address: bool
    invited_at: datetime | None
    told: bool


def for_publishing(activity_ids: Collection[int], *, now: datetime) -> Forecast:
    """Foretell what publishing these drafts now would send."""
    planned = []
    for activity in _activities(activity_ids):
        planned.append(_event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now))
        planned += _ruled(activity, activity.starts_at, activity.ends_at, activity.zone, now)
    return _count(planned)


def for_move(activity_id: int, move: Move, *, now: datetime) -> Forecast:
    """Foretell what moving this published activity would send."""
    planned = []
    for activity in _activities([activity_id]):
        planned.append(_event(activity, MailKind.CHANGE, Audience.EXPECTED, now))
        planned += _ruled(activity, move.starts_at, move.ends_at, move.zone, now)
    return _count(planned)


def for_cancelling(activity_id: int, *, now: datetime) -> Forecast:
    """Foretell what cancelling this published activity would send."""
    return _count([_event(a, MailKind.CANCELLATION, Audience.EXPECTED, now) for a in _activities([activity_id])])


def for_activities(activity_ids: Collection[int], *, now: datetime) -> Forecast:
    """Foretell what these activities will still send: the reminders that are scheduled."""
    reminders = db.session.execute(
        sa.select(
            Reminder.activity_id, Activity.title, Activity.zone, Reminder.due_at, Reminder.kind, Reminder.audience,
            Reminder.invitation_id,
        )
        .join(Activity, Activity.id == Reminder.activity_id)
        .where(Reminder.activity_id.in_(activity_ids), Reminder.state == ReminderState.SCHEDULED)
        .order_by(Reminder.due_at, Reminder.activity_id)
    ).all()  # fmt: skip
    return _count([_Planned(*row) for row in reminders])


def _activities(activity_ids: Collection[int]) -> list[Activity]:
    found = db.session.scalars(sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.starts_at))
    return [a for a in found if a.state in (ActivityState.DRAFT, ActivityState.PUBLISHED)]


def _event(activity: Activity, kind: MailKind, audience: Audience, now: datetime) -> _Planned:
    return _Planned(activity.id, activity.title, activity.zone, now, kind, audience)


def _ruled(activity: Activity, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime) -> list[_Planned]:
    rules = rules_for(db.session(), activity)
    ahead = [
        _Planned(activity.id, activity.title, zone, due.due_at, due.rule.kind, due.rule.audience)
        for due in upcoming(rules, starts_at, ends_at, zone, now)
    ]
    passed = [
        _Planned(activity.id, activity.title, zone, moment, rule.kind, rule.audience, note="moment_passed")
        for rule in rules
        if rule.enabled and (moment := due_at(starts_at, ends_at, zone, rule)) is not None and moment <= now
    ]
    return passed + ahead


def _count(planned: Iterable[_Planned]) -> Forecast:
    planned = sorted(planned, key=lambda p: (p.due_at, p.activity_id))
    readers = _readers({p.activity_id for p in planned})
    rows = []
    per_day: dict[date, set[tuple[str, int]]] = defaultdict(set)
    unreachable: set[tuple[str, int]] = set()
    for one in planned:
        day = local_day(one.due_at, one.zone)
        those = [] if one.note else [r for r in readers[one.activity_id] if _is_for(one, r)]
        mailed = {r.key for r in those if r.has_address}
        without = {r.key for r in those if not r.has_address}
        most = set(mailed)
        if not one.note and one.audience in DEPENDS_ON_ANSWERS:
            most |= {r.key for r in readers[one.activity_id] if r.has_address and _may_become(one.audience, r)}
        per_day[day] |= mailed
        unreachable |= without
        rows.append(
            ForecastRow(
                day, one.due_at, one.zone, one.kind, one.audience, one.title, len(mailed), len(most), len(without),
                one.note,
            )
        )  # fmt: skip
    mails = tuple((day, len(keys)) for day, keys in sorted(per_day.items()) if keys)
    return Forecast(tuple(rows), mails, len(unreachable))


def _readers(activity_ids: Collection[int]) -> dict[int, list[_Reader]]:
    told = sa.exists().where(MessageLine.invitation_id == Invitation.id, MessageLine.message_id == Message.id,
                             Message.sent_at.is_not(None))  # fmt: skip
    rows = db.session.execute(
        sa.select(
            Invitation.activity_id, Invitation.person_id, Invitation.organisation_id, Invitation.state,
            sa.func.coalesce(Person.email, Organisation.email, "") != "", Invitation.invited_at, told,
        )
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.activity_id.in_(activity_ids))
    )  # fmt: skip
    found: dict[int, list[_Reader]] = defaultdict(list)
    for activity_id, person_id, organisation_id, state, has_address, invited_at, was_told in rows:
        key = ("person", person_id) if person_id else ("organisation", int(organisation_id or 0))
        found[activity_id].append(_Reader(key, state, bool(has_address), invited_at, bool(was_told)))
    return found


def _is_for(planned: _Planned, reader: _Reader) -> bool:
    state = reader.state
    if planned.kind in TOLD and not reader.told and state not in TAKES_A_SEAT:
        return False
    match planned.audience:
        case Audience.NEWLY_INVITED:
            return state is InvitationState.PREPARED
        case Audience.UNANSWERED:
            return state in (InvitationState.PREPARED, InvitationState.INVITED, InvitationState.NO_ANSWER)
        case Audience.COMING | Audience.PRESENT:
            return state in (InvitationState.COMING, InvitationState.REPRESENTED)
        case Audience.EXPECTED:
            return state not in (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
        case _:
            return False


def _may_become(audience: Audience, reader: _Reader) -> bool:
    """Whether a reader could still be in this audience when its moment comes."""
    if audience is Audience.UNANSWERED:
        return False  # nobody loses an answer once given
    return reader.state not in (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
