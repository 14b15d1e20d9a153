"""The figures of a report, in a fixed number of statements. One report feeds the page, the PDF and the spreadsheet.

Only activities that were held are counted: what lies ahead has no attendance yet. Invitees are counted as everywhere
(queries/invitations/counting.py): each once for each activity. Somebody who came in an invitee's place is present, but their sex
and age are not known.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.kinds import AnswerSource, LetterKind, Role, Sector
from outreach.domain.states import (
    TAKES_A_SEAT,
    UNANSWERED,
    ActivityState,
    FollowUpState,
    InvitationState,
    LetterState,
)
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Activity,
    Attendance,
    FollowUp,
    Invitation,
    Letter,
    Minutes,
    Organisation,
    Person,
    Programme,
    Region,
    Venue,
)
from outreach.models.letters import letter_invitation
from outreach.queries.reports.over_time import NAMES, OverTime, Totals
from outreach.queries.reports.over_time import protected as by_activity
from outreach.queries.reports.people import PeopleCounts, PlaceLine, ReportPlace, protected
from outreach.queries.reports.sectors import SectorLine, by_sector
from outreach.services.locking import ProgrammeMissing

KELURAHAN, KECAMATAN = 4, 3  # levels of regions
AGREED = (ActivityState.PUBLISHED, ActivityState.HELD)


@dataclass(frozen=True)
class ReportScope:
    """A programme; or the days from first to last, on the calendar of the zone."""

    zone: ZoneInfo
    programme_id: int | None = None
    first: date = date.min
    last: date = date.max

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the condition that an activity is in the report."""
        if self.programme_id is not None:
            return Activity.programme_id == self.programme_id
        begins = datetime.combine(self.first, time(), self.zone)
        ends = datetime.combine(self.last + timedelta(days=1), time(), self.zone)
        return sa.and_(Activity.starts_at >= begins, Activity.starts_at < ends)


@dataclass(frozen=True)
class Counts:
    """Counts of invitees. represented: answered so. acted: present through somebody who came in their place; they are in
    `present`, too. uninvited: came without an invitation, and are in `present`, too. The last three are speakers.
    """

    invited: int = 0
    answered: int = 0
    coming: int = 0
    represented: int = 0
    not_coming: int = 0
    present: int = 0
    acted: int = 0
    uninvited: int = 0
    speakers_in_person: int = 0
    speakers_represented: int = 0
    speakers_absent: int = 0

    @property
    def silent(self) -> int:
        return self.invited - self.answered

    def __add__(self, other: "Counts") -> "Counts":
        return total((self, other))


_values = attrgetter(*(f.name for f in fields(Counts)))


def total(some: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(*map(_values, some), strict=True)))


@dataclass(frozen=True)
class HeldActivity:
    id: int
    title: str
    starts_at: datetime
    zone: ZoneInfo
    venue: str
    region_code: str | None
    programme_id: int | None
    counts: Counts = Counts()

    @property
    def day(self) -> date:
        return self.starts_at.astimezone(self.zone).date()

    @property
    def month(self) -> date:
        """Return its first day."""
        return self.day.replace(day=1)


@dataclass(frozen=True)
class ReportLine:
    """One activity of a programme's report; of a period's, one programme, or the activities of none together (title "").

    first, last: days of its activities.
    """

    title: str
    first: date
    last: date
    activities: int
    counted: Totals
    represented: int | None


@dataclass(frozen=True)
class Month:
    """first: its first day."""

    first: date
    activities: int
    counted: Totals


@dataclass(frozen=True)
class LetterLine:
    number: str
    dated_on: date | None
    kind: LetterKind
    subject: str
    state: LetterState


@dataclass(frozen=True)
class Report:
    """The figures of a report. title: the programme's; "" for a period. Counts that are None are hidden.

    counts: those of everybody, hidden or not; `whole` is what may be shown.

    without_attendance: held activities at which nobody was recorded as present. tasks_open, tasks_done: follow-ups from the
    minutes of the activities held.
    """

    title: str
    first: date | None
    last: date | None
    held: int
    ahead: int
    postponed: int
    cancelled: int
    without_attendance: int
    tasks_open: int
    tasks_done: int
    counts: Counts
    whole: Totals
    activities: Sequence[HeldActivity]
    letters: Sequence[LetterLine]
    lines: Sequence[ReportLine]
    months: Sequence[Month]
    sectors: Sequence[SectorLine]
    places: Sequence[PlaceLine]
    people: PeopleCounts
    over_time: OverTime

    @property
    def kelurahan(self) -> Sequence[PlaceLine]:
        return [line for line in self.places if line.place.is_kelurahan]

    @property
    def reached(self) -> int:
        """Return in how many kelurahan something was held, or from how many somebody came."""
        return sum(line.held > 0 or line.present != 0 for line in self.kelurahan)


def report(scope: ReportScope, *, below: int, now: datetime) -> Report:
    """Return the figures. below: counts of people below it are hidden where sex, age or place is told. Raise ProgrammeMissing."""
    title = _title(scope)
    states, held = _activities(scope, now)
    counted = _counted(scope, now)
    held = [replace(activity, counts=counted.activities.get(activity.id, Counts())) for activity in held]
    counts = total(activity.counts for activity in held)
    places = _places()
    people = protected(counted.groups, counted.heads, places, below)
    regions = [activity.region_code or "" for activity in held]
    tasks = _tasks(scope, now)
    whole = Totals(*(one.shown[None, None, None] for one in (people.invited, people.answered, people.present)))
    heads = total(counted.heads.values())
    line_of = (lambda activity: activity.programme_id) if scope.programme_id is None else (lambda activity: activity.id)
    over_time = by_activity(
        [(line_of(one), one.month, one.counts) for one in held], whole,
        {name: getattr(heads, name) for name in NAMES}, below,
    )  # fmt: skip
    return Report(
        title=title,
        first=min((a.day for a in held), default=None) if scope.programme_id is not None else scope.first,
        last=max((a.day for a in held), default=None) if scope.programme_id is not None else scope.last,
        held=len(held),
        ahead=states.get("ahead", 0),
        postponed=states.get(ActivityState.POSTPONED, 0),
        cancelled=states.get(ActivityState.CANCELLED, 0),
        without_attendance=sum(not activity.counts.present for activity in held),
        tasks_open=tasks.get(FollowUpState.OPEN, 0),
        tasks_done=tasks.get(FollowUpState.DONE, 0),
        counts=counts,
        whole=whole,
        activities=held,
        letters=_letters(scope, now),
        lines=_lines(held, _programme_titles(scope, held), over_time, line_of),
        months=_months(held, over_time),
        sectors=by_sector(counted.sectors, counted.sector_heads, whole, below),
        places=people.lines(regions),
        people=people,
        over_time=over_time,
    )


def is_held(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that an activity is over and took place."""
    return sa.and_(Activity.state.in_(AGREED), Activity.ends_at <= now)


def last_held_on(zone: ZoneInfo, now: datetime) -> date | None:
    """Return the day of the newest activity that is over; None if there is none."""
    newest = db.session.scalar(sa.select(sa.func.max(Activity.starts_at)).where(is_held(now)))
    return newest.astimezone(zone).date() if newest is not None else None


def _title(scope: ReportScope) -> str:
    if scope.programme_id is None:
        return ""
    title = db.session.scalar(sa.select(Programme.title).where(Programme.id == scope.programme_id))
    if title is None:
        raise ProgrammeMissing
    return title


def _activities(scope: ReportScope, now: datetime) -> tuple[dict[str, int], list[HeldActivity]]:
    """Return how many activities are in which state, or "ahead", and those that were held, by their start."""
    rows = db.session.execute(
        sa.select(
            Activity.id, Activity.title, Activity.starts_at, Activity.zone, sa.func.coalesce(Venue.name, ""),
            sa.func.coalesce(Activity.region_code, Venue.region_code), Activity.programme_id, Activity.state, Activity.ends_at,
        )
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(scope.condition())
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip
    states: dict[str, int] = {}
    held = []
    for activity_id, title, starts_at, zone, venue, region_code, programme_id, state, ends_at in rows:
        if state not in AGREED:
            states[state] = states.get(state, 0) + 1
        elif ends_at > now:
            states["ahead"] = states.get("ahead", 0) + 1
        else:
            held.append(HeldActivity(activity_id, title, starts_at, zone, venue, region_code, programme_id))
    return states, held


class _Answer(IntEnum):
    """What is known of an invitee before the day. Of several roles, the highest counts."""

    UNINVITED = 0
    SILENT = 1
    WAITLISTED = 2
    NOT_COMING = 3
    REPRESENTED = 4
    COMING = 5


class _Presence(IntEnum):
    ABSENT = 0
    ACTED_FOR = 1
    IN_PERSON = 2


_STATES = {
    InvitationState.COMING: _Answer.COMING,
    InvitationState.REPRESENTED: _Answer.REPRESENTED,
    InvitationState.NOT_COMING: _Answer.NOT_COMING,
    InvitationState.WAITLISTED: _Answer.WAITLISTED,
    **dict.fromkeys(UNANSWERED, _Answer.SILENT),
}


def _invitees(scope: ReportScope, now: datetime) -> sa.CTE:
    """Return the invitees, each once for each activity: activity_id, person_id, organisation_id, answer, presence, speaks."""
    state, present = Invitation.state, Attendance.present.is_(sa.true())
    answer = sa.case(
        (sa.func.coalesce(Invitation.answer_source, "") == AnswerSource.WALK_IN.value, int(_Answer.UNINVITED)),
        *((state == one, int(answer)) for one, answer in _STATES.items()),
        (sa.and_(state == InvitationState.PREPARED, present), int(_Answer.SILENT)),  # came before their mail went out
        else_=int(_Answer.UNINVITED),
    )
    presence = sa.case(
        (~sa.func.coalesce(present, sa.false()), int(_Presence.ABSENT)),
        (ActingPerson.id.is_not(None), int(_Presence.ACTED_FOR)),
        else_=int(_Presence.IN_PERSON),
    )
    chosen = (
        sa.select(Invitation.activity_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(scope.condition(), is_held(now))
    )
    people = (
        chosen.outerjoin(Attendance, Attendance.invitation_id == Invitation.id)
        .outerjoin(ActingPerson, sa.and_(ActingPerson.invitation_id == Invitation.id, ActingPerson.acting))
        .where(Invitation.person_id.is_not(None), sa.or_(state != InvitationState.WITHDRAWN, present))
        .with_only_columns(
            Invitation.activity_id,
            Invitation.person_id,
            sa.null().cast(sa.Integer).label("organisation_id"),
            sa.func.max(answer).label("answer"),
            sa.func.max(presence).label("presence"),
            sa.func.max(sa.case((Invitation.role == Role.SPEAKER, 1), else_=0)).label("speaks"),
            maintain_column_froms=True,
        )
        .group_by(Invitation.activity_id, Invitation.person_id)
    )
    # An organisation takes seats through its nominees only, and is counted itself while it has none.
    uncounted = sorted(TAKES_A_SEAT | {InvitationState.PREPARED, InvitationState.WITHDRAWN})
    organisations = chosen.where(Invitation.organisation_id.is_not(None), state.not_in(uncounted)).with_only_columns(
        Invitation.activity_id,
        sa.null().cast(sa.Integer).label("person_id"),
        Invitation.organisation_id,
        sa.case(*((state == one, int(answer)) for one, answer in _STATES.items())).label("answer"),
        sa.literal(int(_Presence.ABSENT)).label("presence"),
        sa.literal(0).label("speaks"),
        maintain_column_froms=True,
    )
    return people.union_all(organisations).cte("invitees")


@dataclass
class _Counted:
    """What one statement counts: by activity, by (region code, sex, age group) with "" for what is not known, and by sector.

    Heads count everybody once, the others everybody once for each activity.
    """

    activities: dict[int, Counts] = field(default_factory=dict)
    groups: dict[tuple[str, str, str], Counts] = field(default_factory=dict)
    heads: dict[tuple[str, str, str], Counts] = field(default_factory=dict)
    sectors: dict[Sector | None, Counts] = field(default_factory=dict)
    sector_heads: dict[Sector | None, Counts] = field(default_factory=dict)


def _counted(scope: ReportScope, now: datetime) -> _Counted:
    """Count the invitees in one statement, which finds them once.

    Somebody who came in an invitee's place is counted where the invitee belongs, as of unknown sex and age, and as one person for
    each invitee.
    """
    invitees = _invitees(scope, now)
    answer, presence, speaks = invitees.c.answer, invitees.c.presence, invitees.c.speaks

    def times(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    each = (
        sa.select(
            invitees.c.person_id,
            invitees.c.organisation_id,
            times(answer > int(_Answer.UNINVITED)).label("invited"),
            times(answer > int(_Answer.SILENT)).label("answered"),
            times(presence == int(_Presence.IN_PERSON)).label("in_person"),
            times(presence == int(_Presence.ACTED_FOR)).label("acted"),
        )
        .group_by(invitees.c.person_id, invitees.c.organisation_id)
        .subquery("each_invitee")
    )
    kinds = (each.c.invited, each.c.answered, each.c.in_person, each.c.acted)
    organisation = aliased(Organisation)
    group = (
        sa.func.coalesce(Person.region_code, organisation.region_code, ""),
        sa.func.coalesce(sa.cast(Person.sex, sa.String), ""),
        sa.func.coalesce(sa.cast(Person.age_group, sa.String), ""),
        sa.func.coalesce(sa.cast(organisation.sector, sa.String), ""),
    )
    nothing, zero = sa.literal(""), sa.literal(0)
    by_activity = sa.select(
        invitees.c.activity_id, answer, presence, speaks, sa.func.count(), *(zero for _ in kinds), *(nothing for _ in group),
        sa.literal(0),
    ).group_by(invitees.c.activity_id, answer, presence, speaks)  # fmt: skip
    by_group = (
        sa.select(zero, *map(sa.func.sum, kinds), *(times(one > 0) for one in kinds), *group, sa.literal(1))
        .select_from(each)
        .outerjoin(Person, Person.id == each.c.person_id)
        .outerjoin(organisation, organisation.id == sa.func.coalesce(each.c.organisation_id, Person.organisation_id))
        .group_by(*group)
    )
    counted = _Counted()
    activities: dict[int, list[Counts]] = {}
    for activity_id, *numbers, region, sex, age, sector, is_group in db.session.execute(
        by_activity.union_all(by_group)
    ):
        sums, heads = (tuple(map(int, some)) for some in (numbers[:4], numbers[4:]))  # PostgreSQL sums to decimals
        if not is_group:
            one, two, three, four = sums
            activities.setdefault(activity_id, []).append(_as_counts(_Answer(one), _Presence(two), bool(three), four))
            continue
        for (invited, answered, in_person, acted), groups, sectors in (
            (sums, counted.groups, counted.sectors), (heads, counted.heads, counted.sector_heads),
        ):  # fmt: skip
            own, others = Counts(invited=invited, answered=answered, present=in_person), Counts(present=acted)
            _add(groups, (region, sex, age), own)
            if acted:
                _add(groups, (region, "", ""), others)
            _add(sectors, Sector(sector) if sector else None, own + others)
    counted.activities = {activity_id: total(parts) for activity_id, parts in activities.items()}
    return counted


def _as_counts(answer: _Answer, presence: _Presence, speaks: bool, number: int) -> Counts:
    """Return the counts of this many invitees who answered and came so."""
    invited, present = answer > _Answer.UNINVITED, presence > _Presence.ABSENT
    speaker = speaks and invited
    return Counts(
        invited=number * invited,
        answered=number * (answer > _Answer.SILENT),
        coming=number * (answer is _Answer.COMING),
        represented=number * (answer is _Answer.REPRESENTED),
        not_coming=number * (answer is _Answer.NOT_COMING),
        present=number * present,
        acted=number * (presence is _Presence.ACTED_FOR),
        uninvited=number * (present and not invited),
        speakers_in_person=number * (speaker and presence is _Presence.IN_PERSON),
        speakers_represented=number * (speaker and presence is _Presence.ACTED_FOR),
        speakers_absent=number * (speaker and not present),
    )


def _add(counted: dict[Any, Counts], key: Any, counts: Counts) -> None:
    counted[key] = counted[key] + counts if key in counted else counts


def _places() -> list[ReportPlace]:
    """Return the office's kecamatan and kelurahan, by code."""
    rows = db.session.execute(
        sa.select(Region.code, Region.name, Region.level, Region.parent_code)
        .where(Region.level.in_((KECAMATAN, KELURAHAN)))
        .order_by(Region.code)
    )
    return [
        ReportPlace(code, name, parent if level == KELURAHAN else None, level == KELURAHAN)
        for code, name, level, parent in rows
    ]


def _letters(scope: ReportScope, now: datetime) -> list[LetterLine]:
    """Return the letters of the activities held, by date and number."""
    bound = (
        sa.select(letter_invitation.c.letter_id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(letter_invitation.c.letter_id == Letter.id, scope.condition(), is_held(now))
    )
    rows = db.session.execute(
        sa.select(Letter.number, Letter.dated_on, Letter.kind, Letter.subject, Letter.state)
        .where(Letter.state != LetterState.DRAFT, bound.exists())
        .order_by(Letter.dated_on.is_(None), Letter.dated_on, Letter.number, Letter.id)
    )
    return [LetterLine(*values) for values in rows]


def _tasks(scope: ReportScope, now: datetime) -> dict[FollowUpState, int]:
    """Return how many follow-ups from the minutes of the activities held are in which state."""
    rows = db.session.execute(
        sa.select(FollowUp.state, sa.func.count())
        .join(FollowUp.minutes)
        .join(Minutes.activity)
        .where(scope.condition(), is_held(now))
        .group_by(FollowUp.state)
    )
    return {row[0]: row[1] for row in rows}


def _programme_titles(scope: ReportScope, held: Iterable[HeldActivity]) -> Mapping[int, str] | None:
    """Return the titles of a period's programmes; None in the report of one."""
    if scope.programme_id is not None:
        return None
    ids = {activity.programme_id for activity in held}
    rows = db.session.execute(sa.select(Programme.id, Programme.title).where(Programme.id.in_(ids - {None})))
    return {programme_id: title for programme_id, title in rows}  # noqa: C416


def _lines(
    held: Sequence[HeldActivity],
    titles: Mapping[int, str] | None,
    over_time: OverTime,
    line_of: Callable[[HeldActivity], int | None],
) -> list[ReportLine]:
    """Return a line for each programme where there are titles of them, and else for each activity."""
    parts: dict[int | None, list[HeldActivity]] = {}
    for activity in held:
        parts.setdefault(line_of(activity), []).append(activity)
    lines = []
    for key, part in parts.items():
        counted = over_time.line(key)
        represented = None if counted.answered is None else sum(activity.counts.represented for activity in part)
        title = part[0].title if titles is None else titles.get(key or 0, "")
        days = [activity.day for activity in part]
        lines.append(ReportLine(title, min(days), max(days), len(part), counted, represented))
    return lines


def _months(held: Iterable[HeldActivity], over_time: OverTime) -> list[Month]:
    numbers = Counter(activity.month for activity in held)
    return [Month(first, number, over_time.month(first)) for first, number in sorted(numbers.items())]
