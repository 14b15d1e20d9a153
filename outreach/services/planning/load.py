"""Read the office's plan from the database into values (domain/planning/plan.Plan). Nothing writes.

The number of queries is fixed. Activities that are over, held or cancelled are not read. To find clashes, few of the
invitees are needed: use planning/load_part.py.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Session

from outreach import reach
from outreach.domain.access import ActivityFacts, may_see
from outreach.domain.directory.names import Name
from outreach.domain.kinds import PollChoice, Role
from outreach.domain.planning.office_hours import Calendar
from outreach.domain.planning.parties import ENGAGED, Engagement, Party, Place, Succession, Turn, Yes, merged
from outreach.domain.planning.plan import PLANNED, Intended, Plan, PlannedActivity, ProgrammeDays, Span
from outreach.domain.planning.rules import ClashKind
from outreach.domain.posts import HolderTerm
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    DatePoll,
    IntendedClash,
    Invitation,
    InvitedPost,
    Organisation,
    Person,
    PollAnswer,
    PollInvitee,
    PollSlot,
    PostHolder,
    Programme,
    User,
    Venue,
    agenda_speaker,
)
from outreach.services import holidays
from outreach.services.absences import edit as absences
from outreach.services.planning import rules as planning_rules

LOOKING_AHEAD = timedelta(days=120)  # days off are read for this long after the last activity
FARTHEST_YEARS = 10
FARTHEST = timedelta(
    days=365 * FARTHEST_YEARS
)  # absences and days off are read no further ahead, so a mistyped year costs nothing
A_DAY = timedelta(days=1)
Turns = Mapping[int, tuple[Turn, ...]]  # by invitation id
REPRESENTATIVE_COMES = frozenset({InvitationState.REPRESENTED, InvitationState.WAITLISTED})
_SAID_AT = (  # when an invitee answered in a date poll that they can come at the chosen slot
    sa.select(PollInvitee.answered_at)
    .join(PollAnswer, PollAnswer.invitee_id == PollInvitee.id)
    .where(
        PollInvitee.poll_id == PollSlot.poll_id,
        sa.or_(
            PollInvitee.person_id == Invitation.person_id, PollInvitee.organisation_id == Invitation.organisation_id
        ),
        PollAnswer.slot_id == PollSlot.id,
        PollAnswer.choice.in_((PollChoice.YES, PollChoice.IF_NEED_BE)),
    )
    .correlate(PollSlot, Invitation)
    .scalar_subquery()
)
# Built once: putting the long ones together takes longer than running them.
_ACTIVITIES = sa.select(
    Activity.id, Activity.title, Activity.kind, Activity.starts_at, Activity.ends_at, Activity.zone, Activity.state,
    Activity.programme_id, Activity.venue_id, Activity.region_code, Activity.respond_by_at, Activity.told_at,
    Activity.fixed, Activity.capacity, User.name.label("coordinator"),
).outerjoin(User, User.id == Activity.coordinator_id)  # fmt: skip
_INVITED = (
    sa.select(
        Invitation.activity_id, Invitation.id, Invitation.role, Invitation.state, Invitation.person_id,
        Invitation.organisation_id, Invitation.quota, Invitation.nominated_under_id, Invitation.representative_name,
        Person.name, Person.title_before, Person.title_after, Person.post, Person.erased_at,
        Organisation.name.label("organisation_name"),
        PollSlot.starts_at.label("slot_starts_at"), PollSlot.ends_at.label("slot_ends_at"), _SAID_AT.label("said_at"),
        InvitedPost.post_id,
    )
    .join(Activity, Activity.id == Invitation.activity_id)
    .outerjoin(DatePoll, DatePoll.activity_id == Invitation.activity_id)
    .outerjoin(PollSlot, sa.and_(PollSlot.poll_id == DatePoll.id, PollSlot.chosen))
    .outerjoin(Person, Person.id == Invitation.person_id)
    .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
    .outerjoin(InvitedPost, InvitedPost.invitation_id == Invitation.id)
    .where(Invitation.state != InvitationState.WITHDRAWN)
    .order_by(Invitation.id)
)  # fmt: skip
_TURNS = (
    sa.select(Invitation.id, Activity.starts_at.label("begins"), AgendaItem.starts_at, AgendaItem.ends_at)
    .join(Activity, Activity.id == Invitation.activity_id)
    .join(AgendaItem, AgendaItem.activity_id == Activity.id)
    .join(
        agenda_speaker,
        sa.and_(agenda_speaker.c.agenda_item_id == AgendaItem.id, agenda_speaker.c.person_id == Invitation.person_id),
    )
    .where(Invitation.role == Role.SPEAKER, Invitation.state != InvitationState.WITHDRAWN)
)
_PLACES = sa.select(Venue.id, Venue.name, Venue.capacity, Venue.region_code, Venue.latitude, Venue.longitude)
_INTENDED = (
    sa.select(
        IntendedClash.kind, IntendedClash.activity_id, IntendedClash.other_activity_id, IntendedClash.substance,
        IntendedClash.shortage,
    )
    .join(Activity, Activity.id == IntendedClash.activity_id)
    .where(IntendedClash.taken_back_at.is_(None), Activity.state.in_(sorted(PLANNED)))
)  # fmt: skip


def seen(activity_ids: Collection[int] | None) -> Collection[int] | None:
    """Return which of these activities (None: all) an account with an area sees; for the whole office, just them."""
    if reach.current() is None:
        return activity_ids
    wanted = sa.select(Activity.id)
    if activity_ids is not None:
        wanted = wanted.where(Activity.id.in_(activity_ids))
    return set(db.session.scalars(wanted))


@reach.seeing_everything()
def load(
    *,
    now: datetime,
    within: Collection[Span] = (),
    until: datetime | None = None,
    also: Iterable[PlannedActivity] = (),
    engaged: bool = True,
) -> Plan:
    """Return all activities that are planned and not over by `now`, of all programmes. Eight queries.

    An account with an area gets the whole plan, too: a hall is taken whoever took it. What it does not see has no name there.

    within: only activities that overlap one of these time spans; empty: all.
    until: read days off and absences up to this instant, even if nothing is planned so late.
    also: activities that will be added to the plan; their programmes' days are read, even if the programmes are over.
    engaged: whether invitees are read; if not, activities have no engagements and expect no people.
    """
    session: Session = db.session()
    rules, values = planning_rules.rules_and_values()
    activities = _activities(session, going(now, within), engaged=engaged)
    last = _known_until(now, activities, within, until)
    return Plan(
        now=now,
        activities=activities,
        places=_places(session),
        programmes=_programmes(session, [*activities, *also], now),
        absences=absences.occurrences(session, now, last),
        calendar=calendar(now, last, values),
        rules=rules,
        intended=intended(session),
    )


@reach.seeing_everything()
def widened(
    plan: Plan,
    has: Collection[Span],
    within: Collection[Span],
    *,
    also: Iterable[PlannedActivity] = (),
) -> Plan | None:
    """Return a plan, read for the spans `has` (empty: all), extended to the spans `within`. No further invitees are
    read.

    Only the activities outside `has` are read, and programmes that the plan lacks: at most two queries. Return None if
    the plan does not know the days off and absences up to the end of `within`. also: as in `load`.
    """
    last = min(max(until for _since, until in within), plan.now + FARTHEST)
    if last > _known_until(plan.now, plan.activities.values(), has):
        return None
    kept = [
        activity
        for activity in plan.activities.values()
        if any(activity.starts_at < until and activity.ends_at > since for since, until in within)
    ]
    activities = kept
    session: Session = db.session()
    if has:
        outside = sa.and_(going(plan.now, within), sa.not_(sa.or_(*_overlaps(has))))
        activities = [*kept, *_activities(session, outside, engaged=False)]
    wide = plan.holding(activities)
    if {activity.programme_id for activity in (*activities, *also)} - {None, *plan.programmes}:
        for programme in _programmes(session, [*activities, *also], plan.now):
            wide = wide.with_programme(programme)
    return wide


def _known_until(
    now: datetime, activities: Iterable[PlannedActivity], within: Collection[Span], until: datetime | None = None
) -> datetime:
    """Return the instant up to which `load` reads days off and absences."""
    last = max(
        [
            now,
            until or now,
            *(activity.ends_at for activity in activities),
            *(ends_at for _starts_at, ends_at in within),
        ]
    )
    return min(last, now + FARTHEST) + LOOKING_AHEAD


def intended(session: Session, activity_ids: Collection[int] | None = None) -> Intended:
    """Return the clashes of planned activities (of these; None: all) that are marked as intended. One query."""
    asked = _INTENDED if activity_ids is None else _INTENDED.where(IntendedClash.activity_id.in_(activity_ids))
    found: dict[tuple[ClashKind, tuple[int, ...]], dict[str, int]] = defaultdict(dict)
    for row in session.execute(asked):
        ids = tuple(sorted(id for id in (row.activity_id, row.other_activity_id) if id is not None))
        marks = found[row.kind, ids]
        marks[row.substance] = max(row.shortage, marks.get(row.substance, row.shortage))
    return found


def planned(session: Session, activity_ids: Collection[int], *, engaged: bool = True) -> list[PlannedActivity]:
    """Return these activities as they stand, whatever their state, by their ids. Three queries. engaged: as in `load`."""
    return sorted(
        _activities(session, Activity.id.in_(activity_ids), engaged=engaged), key=lambda activity: activity.id
    )


def calendar(first: datetime, last: datetime, values: planning_rules.PlanValues) -> Calendar:
    """Return the days off and the Ramadans of all years between two instants; the office's own Ramadan before a computed one."""
    years = range(first.year, min(last.year, first.year + FARTHEST_YEARS) + 1)
    found = {**holidays.ramadans(years), **values.ramadans}
    return Calendar(holidays.days_off(years), tuple(found[year] for year in sorted(found)))


def going(now: datetime, within: Collection[Span] = ()) -> sa.ColumnElement[bool]:
    """Return the condition for the activities that `load` reads."""
    planned = sa.and_(Activity.state.in_(sorted(PLANNED)), Activity.ends_at > now)
    return sa.and_(planned, sa.or_(*_overlaps(within))) if within else planned


def _overlaps(spans: Iterable[Span]) -> list[sa.ColumnElement[bool]]:
    return [sa.and_(Activity.starts_at < until, Activity.ends_at > since) for since, until in spans]


def _activities(session: Session, condition: sa.ColumnElement[bool], *, engaged: bool) -> list[PlannedActivity]:
    rows = session.execute(_ACTIVITIES.where(condition)).all()
    invitations = invited(session, condition) if engaged else {}
    theirs = turns(session, condition) if invitations else {}
    posts = successions(session, invitations)
    return [_planned(row, invitations.get(row.id, ()), theirs, posts) for row in rows]


def _planned(row: Any, invitations: Collection[Any], theirs: Turns, posts: Mapping[int, Succession]) -> PlannedActivity:
    kept_to = reach.of_request()
    seen = kept_to is None or may_see(kept_to, ActivityFacts(row.region_code, row.programme_id is not None))
    return PlannedActivity(
        id=row.id,
        title=row.title if seen else gettext("another activity of the office"),
        kind=row.kind,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=row.zone,
        state=row.state,
        programme_id=row.programme_id,
        venue_id=row.venue_id,
        region_code=row.region_code,
        respond_by_at=row.respond_by_at,
        told_at=row.told_at,
        people=people_expected(invitations),
        seats=row.capacity,
        engagements=tuple(
            engagement(invitation, theirs.get(invitation.id, ()), posts.get(invitation.id))
            for invitation in invitations
        ),
        coordinator=(row.coordinator or "") if seen else "",
        fixed=row.fixed or not seen,
    )


def people_expected(invitations: Iterable[Any]) -> int:
    """Return for how many people there must be room: each person once; an organisation's quota until it names nominees.

    invitations: rows with id, state, person_id, quota and nominated_under_id. Only states in ENGAGED count.
    """
    there = [invitation for invitation in invitations if invitation.state in ENGAGED]
    people = {invitation.person_id for invitation in there if invitation.person_id is not None}
    named = {invitation.nominated_under_id for invitation in there}
    return len(people) + sum(
        invitation.quota or 1 for invitation in there if invitation.person_id is None and invitation.id not in named
    )


def engagement(row: Any, turns: tuple[Turn, ...] = (), post: Succession | None = None) -> Engagement:
    """Return the engagement of an invitation from `invited`: of the invitee, or of the representative who comes.

    turns: those of the invitation, from `turns`. A representative comes to the invitee's turns. post: from `successions`.
    """
    if row.representative_name and row.state in REPRESENTATIVE_COMES:
        party = Party.representative(row.representative_name)
        return Engagement(party, row.role, row.state, in_place_of=invitee(row), turns=turns, succession=post)
    return Engagement(invitee(row), row.role, row.state, said_yes=_yes(row), turns=turns, succession=post)


def _yes(row: Any) -> Yes | None:
    """Return the invitee's yes in the date poll that led to the activity, if there is one."""
    return None if row.said_at is None else Yes(row.slot_starts_at, row.slot_ends_at, row.said_at)


def invitee(row: Any) -> Party:
    """Return the invitee of an invitation from `invited`."""
    if row.person_id is None:
        return Party.organisation(row.organisation_id, row.organisation_name)
    return Party.person(row.person_id, Name(row.name, row.title_before, row.title_after).full if row.name else row.post)


def invited(session: Session, condition: sa.ColumnElement[bool]) -> Mapping[int, list[Any]]:
    """Return the invitations to the activities that fulfil the condition, by activity; without withdrawn ones."""
    found = defaultdict(list)
    for row in session.execute(_INVITED.where(condition)):
        found[row.activity_id].append(row)
    return found


def successions(session: Session, invitations: Mapping[int, Collection[Any]]) -> Mapping[int, Succession]:
    """Return who holds the posts to which some of these invitations from `invited` go, by invitation. Two queries, or none."""
    to_posts = {row.id: row for rows in invitations.values() for row in rows if row.post_id is not None}
    if not to_posts:
        return {}
    terms: dict[int, list[HolderTerm]] = defaultdict(list)
    parties: dict[int, dict[int, Party]] = defaultdict(dict)
    held = sa.select(PostHolder, Person).join(Person, Person.id == PostHolder.person_id)
    for holder, person in session.execute(
        held.where(PostHolder.post_id.in_({row.post_id for row in to_posts.values()})).order_by(PostHolder.id)
    ):
        terms[holder.post_id].append(holder.term)
        parties[holder.post_id][person.id] = Party.person(person.id, person.display_name)
    withdrawn = defaultdict(set)
    for row in session.execute(
        sa.select(Invitation.activity_id, Invitation.role, Invitation.person_id).where(
            Invitation.activity_id.in_({row.activity_id for row in to_posts.values()}),
            Invitation.person_id.in_({id for people in parties.values() for id in people}),
            Invitation.state == InvitationState.WITHDRAWN,
        )
    ):
        withdrawn[row.activity_id, row.role].add(row.person_id)
    return {
        id: Succession(
            tuple(terms[row.post_id]),
            tuple(parties[row.post_id].values()),
            frozenset(withdrawn[row.activity_id, row.role]),
        )
        for id, row in to_posts.items()
    }


def turns(session: Session, condition: sa.ColumnElement[bool]) -> Turns:
    """Return when the agenda needs the speakers invited to the activities that fulfil the condition, by invitation."""
    found: dict[int, list[Turn]] = defaultdict(list)
    for row in session.execute(_TURNS.where(condition)):
        found[row.id].append((row.starts_at - row.begins, row.ends_at - row.begins))
    return {id: merged(spans) for id, spans in found.items()}


def _places(session: Session) -> list[Place]:
    return [Place(*row) for row in session.execute(_PLACES)]


def _programmes(session: Session, activities: Iterable[PlannedActivity], now: datetime) -> list[ProgrammeDays]:
    ids = {activity.programme_id for activity in activities if activity.programme_id is not None}
    rows = session.execute(
        sa.select(Programme.id, Programme.title, Programme.starts_on, Programme.ends_on, Programme.zone).where(
            sa.or_(Programme.id.in_(ids), Programme.ends_on >= now.date() - A_DAY)
        )
    )
    return [ProgrammeDays(*row) for row in rows]
