"""Load the plan with only the invitees that a check needs. The cost grows with what overlaps, not with the plan.

The clashes found in such a part equal those in the whole plan (`plans.load`), by the same functions; tests compare them.
Which activities cross is computed from the activities alone; the database then finds who is in two of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach import reach
from outreach.domain.clashes import crossings
from outreach.domain.kinds import Repeat
from outreach.domain.planning.parties import ENGAGED, Party, PartyKind, roles_of
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind
from outreach.extensions import db
from outreach.models import Absence, Activity, Invitation, Venue
from outreach.services.planning import load as plans
from outreach.services.planning.load import REPRESENTATIVE_COMES

A_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 5000  # rows fetched, or ids in one statement
_IS_ENGAGED = Invitation.state.in_(sorted(ENGAGED))
_IS_REPRESENTED = sa.and_(Invitation.state.in_(sorted(REPRESENTATIVE_COMES)), Invitation.representative_name != "")
# + 0 prevents use of this key: SQLite would otherwise look up each of many people in each of many activities.
_ACTIVITY_ID = Invitation.activity_id + 0

Crossings = Mapping[int, set[int]]


@dataclass(frozen=True)
class Part:
    """A plan that was read for these time spans; empty: the whole plan."""

    plan: Plan
    within: Collection[plans.Span] = ()


def that_clash(*, now: datetime, within: Collection[plans.Span] = (), among: Collection[int] | None = None) -> Plan:
    """Return the plan with only those invitees who can clash: engaged in two activities that cross, or absent.

    within: as in `plans.load`. among: ids of the activities to find clashes of; None: all. The number of people expected
    is set only where a hall may be too small; otherwise it is 0. To try other times, use `shared_with`.
    """
    among = plans.seen(among)
    with reach.seeing_everything():
        return _that_clash(now, within, among)


def _that_clash(now: datetime, within: Collection[plans.Span], among: Collection[int] | None) -> Plan:
    session = db.session()
    plan = plans.load(now=now, within=within, engaged=False)
    considered = plans.going(now, within)
    if among is not None:
        considered = sa.and_(considered, Activity.id.in_(among))
    crossing = crossings(plan, among)
    wanted = {*_people_twice(session, plan, crossing), *_representatives_twice(session, plan, crossing)}
    wanted.update(_absent(session, considered))
    expected = _expected(session, considered) if plan.rules.sought(ClashKind.VENUE_TOO_SMALL) else {}
    return _engaging(plan, *_invited(session, wanted), expected)


def shared_with(
    activity_ids: Collection[int] = (),
    parties: Iterable[Party] = (),
    *,
    now: datetime,
    within: Collection[plans.Span] = (),
    until: datetime | None = None,
    also: Iterable[PlannedActivity] = (),
    known: Part | None = None,
) -> Plan:
    """Return the plan with all engagements of these activities; of other activities only those of the same parties.

    With it, clashes can be found for these activities at other times, or for the parties in another activity.
    known: what was read before at the same `now`; only what it lacks is read. within, until, also: as in `plans.load`.
    """
    activity_ids = plans.seen(activity_ids) or ()
    with reach.seeing_everything():
        return _shared_with(activity_ids, parties, now, within, until, also, known)


def _shared_with(
    activity_ids: Collection[int], parties: Iterable[Party], now: datetime, within: Collection[plans.Span],
    until: datetime | None, also: Iterable[PlannedActivity], known: Part | None,
) -> Plan:  # fmt: skip
    session: Session = db.session()
    plan = plans.widened(known.plan, known.within, within, also=also) if known else None
    plan = plan or plans.load(now=now, within=within, until=until, also=also, engaged=False)
    own = {id for id in activity_ids if id in plan.activities}
    invitations = plans.invited(session, Activity.id.in_(own)) if own else {}
    turns = plans.turns(session, Activity.id.in_(own)) if own else {}
    theirs = {plans.engagement(row).party for rows in invitations.values() for row in rows if row.state in ENGAGED}
    theirs |= {party for post in plans.successions(session, invitations).values() for party in post.parties}
    theirs |= set(parties)
    elsewhere = sa.and_(plans.going(now, within), Activity.id.not_in(own))
    wanted = {*_of_people(session, theirs, elsewhere), *_of_representatives(session, theirs, elsewhere)}
    expected = {id: plans.people_expected(rows) for id, rows in invitations.items()}
    others, their_turns = _invited(session, wanted)
    return _engaging(plan, {**others, **invitations}, {**their_turns, **turns}, expected)


def parties_of(activities: Iterable[PlannedActivity]) -> set[Party]:
    """Return who is engaged in any of these activities, or holds a post that is invited to it on some day."""
    engaged = {party for activity in activities for party in roles_of(activity.engagements)}
    posts = (one.succession for activity in activities for one in activity.engagements if one.succession is not None)
    return engaged | {party for post in posts for party in post.parties}


def _engaging(
    plan: Plan, invitations: Mapping[int, Collection[Any]], turns: plans.Turns, expected: Mapping[int, int]
) -> Plan:
    posts = plans.successions(db.session(), invitations)
    return plan.holding(
        replace(
            activity,
            engagements=tuple(
                plans.engagement(row, turns.get(row.id, ()), posts.get(row.id))
                for row in invitations.get(activity.id, ())
            ),
            people=expected.get(activity.id, 0),
        )
        for activity in plan.activities.values()
    )


def _people_twice(session: Session, plan: Plan, crossing: Crossings) -> Iterator[int]:
    """Yield the ids of invitations of people who are engaged in two activities that cross."""
    days = list(_days(plan, crossing))
    if not days:
        return
    day, activity = sa.column("day", sa.Integer), sa.column("activity_id", sa.Integer)
    on = sa.values(day, activity, name="on_day", literal_binds=True).data(days).cte()
    first, last = sa.func.min(Invitation.activity_id), sa.func.max(Invitation.activity_id)
    twice = (
        sa.select(on.c.day, Invitation.person_id)
        .join(on, on.c.activity_id == Invitation.activity_id)
        .where(_IS_ENGAGED, Invitation.person_id.is_not(None))
        .group_by(on.c.day, Invitation.person_id)
        .having(first < last)
        .cte("twice")
    )
    rows = session.execute(
        sa.select(twice.c.day, twice.c.person_id, Invitation.activity_id, Invitation.id)
        .select_from(twice)
        .join(Invitation, Invitation.person_id == twice.c.person_id)
        .join(on, sa.and_(on.c.activity_id == _ACTIVITY_ID, on.c.day == twice.c.day))
        .where(_IS_ENGAGED)
        .order_by(twice.c.day, twice.c.person_id),
        execution_options={"yield_per": AT_ONCE},
    )
    for _who, their in groupby(rows, key=lambda row: (row.day, row.person_id)):
        yield from _crossing([(row.activity_id, row.id) for row in their], crossing)


def _days(plan: Plan, crossing: Crossings) -> Iterator[tuple[int, int]]:
    """Yield (day, activity id): each activity's start day, and the start days of later activities that it crosses.

    Two activities that cross then share a day. An activity of many weeks does not put all that it crosses into one group.
    """
    starts = {id: plan.activities[id].starts_at for id in crossing}
    for id, others in crossing.items():
        later = (starts[other] for other in others if starts[other] > starts[id])
        yield from ((day, id) for day in {(at - _EPOCH) // A_DAY for at in (starts[id], *later)})


def _representatives_twice(session: Session, plan: Plan, crossing: Crossings) -> Iterator[int]:
    """Yield the ids of invitations whose representatives are engaged in two activities that cross.

    `Party` decides which names are the same person, so the names are read and compared here, not in the database.
    """
    named: dict[Party, list[tuple[int, int]]] = defaultdict(list)
    columns = (Invitation.activity_id, Invitation.id, Invitation.representative_name)
    for ids in _portions(crossing):
        for row in session.execute(sa.select(*columns).where(_IS_REPRESENTED, Invitation.activity_id.in_(ids))):
            named[Party.representative(row.representative_name)].append((row.activity_id, row.id))
    for theirs in named.values():
        yield from _crossing(theirs, crossing)


def _crossing(invitations: Collection[tuple[int, int]], crossing: Crossings) -> Iterator[int]:
    """Yield the ids of one party's invitations, (activity id, id), to activities that cross each other."""
    ids = {activity_id for activity_id, _id in invitations}
    return (id for activity_id, id in invitations if not crossing.get(activity_id, set()).isdisjoint(ids))


def _absent(session: Session, considered: sa.ColumnElement[bool]) -> Iterator[int]:
    """Yield the ids of invitations of those who may be absent then; with a weekly absence, all later invitations."""
    for absent, invited in (
        (Absence.person_id, Invitation.person_id),
        (Absence.organisation_id, Invitation.organisation_id),
    ):
        yield from session.scalars(
            sa.select(Invitation.id)
            .select_from(Absence)
            .join(Invitation, invited == absent + 0)  # from the absences to the invitations, not the other way round
            .join(Activity, Activity.id == _ACTIVITY_ID)
            .where(
                considered,
                _IS_ENGAGED,
                Absence.starts_at < Activity.ends_at,
                sa.or_(Absence.ends_at > Activity.starts_at, Absence.repeats == Repeat.WEEKLY),
            )
        )


def _expected(session: Session, considered: sa.ColumnElement[bool]) -> Mapping[int, int]:
    """Return `plans.people_expected` by activity, for activities in halls that may be too small."""
    nominee = aliased(Invitation)
    has_named = sa.exists().where(
        nominee.nominated_under_id == Invitation.id,
        nominee.activity_id == Invitation.activity_id,
        nominee.state.in_(sorted(ENGAGED)),
    )
    people = sa.func.count(sa.distinct(Invitation.person_id))
    seats = sa.func.sum(sa.func.coalesce(sa.func.nullif(Invitation.quota, 0), 1))
    is_office = Invitation.organisation_id.is_not(None)
    found: dict[int, int] = defaultdict(int)
    for ids in _portions(session.scalars(_in_small_halls(considered))):
        for counted, whose in ((people, Invitation.person_id.is_not(None)), (seats, sa.and_(is_office, ~has_named))):
            for activity_id, number in session.execute(
                sa.select(Invitation.activity_id, counted)
                .where(Invitation.activity_id.in_(ids), _IS_ENGAGED, whose)
                .group_by(Invitation.activity_id)
            ):
                found[activity_id] += number
    return found


def _in_small_halls(considered: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Select the activities with more seats than their hall or, without a limit of seats, with more people invited.

    A quick upper estimate that ignores the answers. Only the few activities selected are counted exactly.
    """
    invited = sa.select(sa.func.count()).where(Invitation.activity_id == Activity.id).correlate(Activity)
    quotas = sa.select(sa.func.coalesce(sa.func.sum(Invitation.quota), 0)).where(
        Invitation.activity_id == Activity.id, Invitation.organisation_id.is_not(None)
    )
    most = invited.scalar_subquery() + quotas.correlate(Activity).scalar_subquery()
    return (
        sa.select(Activity.id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(considered, sa.func.coalesce(Activity.capacity, most) > Venue.capacity)
    )


def _of_people(session: Session, parties: Iterable[Party], where: sa.ColumnElement[bool]) -> Iterator[int]:
    """Yield the ids of these people's invitations to such activities."""
    for ids in _portions(int(party.key) for party in parties if party.kind is PartyKind.PERSON):
        yield from session.scalars(
            sa.select(Invitation.id)
            .join(Activity, Activity.id == _ACTIVITY_ID)
            .where(Invitation.person_id.in_(ids), where, _IS_ENGAGED)
        )


def _of_representatives(session: Session, parties: Iterable[Party], where: sa.ColumnElement[bool]) -> Iterator[int]:
    """Yield the ids of invitations to such activities for which one of these representatives would come."""
    wanted = {party for party in parties if party.kind is PartyKind.REPRESENTATIVE}
    if not wanted:
        return
    rows = session.execute(
        sa.select(Invitation.id, Invitation.representative_name)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(where, _IS_REPRESENTED),
        execution_options={"yield_per": AT_ONCE},
    )
    for row in rows:
        if Party.representative(row.representative_name) in wanted:
            yield row.id


def _invited(session: Session, invitation_ids: Iterable[int]) -> tuple[Mapping[int, list[Any]], plans.Turns]:
    """Return these invitations as `plans.invited` does, and their turns."""
    found: dict[int, list[Any]] = defaultdict(list)
    turns: dict[int, Any] = {}
    for ids in _portions(invitation_ids):
        for activity_id, rows in plans.invited(session, Invitation.id.in_(ids)).items():
            found[activity_id] += rows
        turns.update(plans.turns(session, Invitation.id.in_(ids)))
    return found, turns


def _portions(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids sorted, in lists of at most AT_ONCE."""
    ordered = sorted(ids)
    return (ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE))
