"""Find free times in the office's plan for a request. Reads only; the search is domain/free_slots/search.py."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.free_slots.criteria import DAYS_MOST, Criteria, Slot
from outreach.domain.free_slots.openings import Nothing, nothing
from outreach.domain.free_slots.search import slots
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import Party, PartyKind, roles_of
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Activity, Person, Programme
from outreach.services.directory import people as directory_people
from outreach.services.locking import ActivityMissing
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts

LENGTHS_MIN = (15, 24 * 60)
PEOPLE_MOST = 50  # people who must be able to come; each is checked in each slot


class LengthOutOfRange(Problem):
    message = "Please write how long it takes, from %(least)s minutes to %(most)s hours."
    field = "length"


class SlotDaysReversed(Problem):
    message = "The last day must not be before the first one."
    field = "last"


class SlotDaysOver(Problem):
    message = "These days are over. Please choose days that are still to come."
    field = "last"


class TooManyDays(Problem):
    message = "Please choose at most %(most)s days."
    field = "last"


class TooManyPeople(Problem):
    message = "Please choose at most %(most)s people who must be able to come."


@dataclass(frozen=True)
class SlotRequest:
    """The request. length: in minutes. venue_id: only this venue. without_venue: look for no venue.

    activity_id: an activity that needs another time. It does not clash with itself, and its invitees should be free.
    """

    length: int
    first: date
    last: date
    person_ids: tuple[int, ...] = ()
    people: int = 0
    venue_id: int | None = None
    without_venue: bool = False
    region_code: str | None = None
    not_before: time | None = None
    not_after: time | None = None
    activity_id: int | None = None


@dataclass(frozen=True)
class FoundSlots:
    """slots: the best first. nothing: why there are none. moving: the activity that needs another time."""

    slots: list[Slot]
    nothing: Nothing | None
    moving: PlannedActivity | None = None


def start_with(activity_id: int, *, now: datetime, zone: ZoneInfo) -> SlotRequest:
    """Return the first request for an activity that needs another time; raise ActivityMissing."""
    activity = db.session.get(Activity, activity_id)
    if activity is None:
        raise ActivityMissing
    [planned] = plans.planned(db.session(), [activity_id])
    first, last = _days(activity, now.astimezone(zone).date())
    speakers = [party for party, role in roles_of(planned.engagements).items() if role in ON_STAGE]
    return SlotRequest(
        length=int(planned.length / timedelta(minutes=1)),
        first=first,
        last=last,
        person_ids=tuple(int(party.key) for party in speakers if party.kind is PartyKind.PERSON),
        people=planned.room,
        venue_id=planned.venue_id,
        without_venue=planned.venue_id is None,
        region_code=planned.region_code,
        activity_id=activity_id,
    )


def find(asked: SlotRequest, *, now: datetime, zone: ZoneInfo) -> FoundSlots:
    """Return the suitable slots, or why there are none.

    Raise LengthOutOfRange, SlotDaysReversed, SlotDaysOver, TooManyDays, TooManyPeople or ActivityMissing.
    """
    _check(asked, now.astimezone(zone).date())
    moving = None
    if asked.activity_id is not None:
        stored = plans.planned(db.session(), [asked.activity_id])
        if not stored:
            raise ActivityMissing
        [moving] = stored
    criteria = _criteria(asked, moving, zone)
    until = datetime.combine(asked.last, time.max, tzinfo=zone)
    plan = plan_parts.shared_with(
        (), [party for party, _role in (*criteria.needed, *criteria.wished)], now=now, until=until
    )
    if moving and moving.id in plan.activities:
        plan = plan.without(moving.id)
    found = slots(plan, criteria)
    return FoundSlots(found, None if found else nothing(plan, criteria), moving)


def _days(activity: Activity, today: date) -> tuple[date, date]:
    """Return its programme's days from today on; without such days, two weeks from its own day or from today."""
    programme = db.session.get(Programme, activity.programme_id) if activity.programme_id else None
    if programme is not None and programme.ends_on >= today:
        return max(programme.starts_on, today), programme.ends_on
    first = max(activity.starts_at.astimezone(activity.zone).date(), today)
    return first, first + timedelta(days=13)


def _check(asked: SlotRequest, today: date) -> None:
    least, most = LENGTHS_MIN
    if not least <= asked.length <= most:
        raise LengthOutOfRange(least=least, most=most // 60)
    if asked.last < asked.first:
        raise SlotDaysReversed
    if asked.last < today:
        raise SlotDaysOver
    if (asked.last - max(asked.first, today)).days >= DAYS_MOST:
        raise TooManyDays(most=DAYS_MOST)
    if len(set(asked.person_ids)) > PEOPLE_MOST:
        raise TooManyPeople(most=PEOPLE_MOST)


def _criteria(asked: SlotRequest, moving: PlannedActivity | None, zone: ZoneInfo) -> Criteria:
    named = {person.id: person for person in directory_people.people(asked.person_ids)}
    roles = roles_of(moving.engagements) if moving else {}
    needed = tuple((_party(person), roles.get(_party(person), Role.SPEAKER)) for person in named.values())
    chosen = {party for party, _ in needed}
    criteria = Criteria(
        length=timedelta(minutes=asked.length),
        first=asked.first,
        last=asked.last,
        zone=moving.zone if moving else zone,
        needed=needed,
        wished=tuple((party, role) for party, role in roles.items() if party not in chosen),
        venue_ids=frozenset() if asked.venue_id is None else frozenset({asked.venue_id}),
        without_venue=asked.without_venue,
        people=asked.people,
        region_code=asked.region_code,
        not_before=asked.not_before,
        not_after=asked.not_after,
    )
    if moving is None:
        return criteria
    return replace(criteria, kind=moving.kind, programme_id=moving.programme_id, usual_venue_id=moving.venue_id)


def _party(person: Person) -> Party:
    return Party.person(person.id, person.display_name)
