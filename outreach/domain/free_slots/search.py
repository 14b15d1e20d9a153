"""Searches free slots for a given length, people, and venue or number of seats, best first.

Pure functions. Each start is checked by domain/clashes as if it were planned; this file has no clash rules of its own.
If nothing suits, domain/free_slots/openings.py names the obstacles and the small changes that would open a slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from outreach.domain.clashes import Clash, each_clash
from outreach.domain.free_slots.criteria import DAYS_MOST, Criteria, RefusedSlot, Slot, SlotReason
from outreach.domain.planning.parties import Engagement, Party, Place
from outreach.domain.planning.plan import Plan, PlannedActivity, kecamatan, lies_in
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.reminders.due import days_ahead

STEP = timedelta(minutes=30)
EARLIEST, LATEST = time(6, 0), time(21, 0)  # used if the office does not check its hours
LONG = timedelta(hours=4)  # longer activities continue after the noon break
VENUES_TRIED = 6  # per start, of those free and large enough, the most suitable first
THE_ONE = -1  # id of the activity searched for, which is not stored yet
_OF_PEOPLE = frozenset(
    {ClashKind.SPEAKER_TWICE, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE, ClashKind.SPEAKER_ABSENT,
     ClashKind.INVITEE_ABSENT}
)  # fmt: skip


def slots(plan: Plan, criteria: Criteria) -> list[Slot]:
    """Return the slots that suit, the best first."""
    found = [candidate for candidate in candidates(plan, criteria) if isinstance(candidate, Slot)]
    return sorted(found, key=lambda slot: (slot.cost, slot.starts_at))


def candidates(plan: Plan, criteria: Criteria) -> Iterator[Slot | RefusedSlot]:
    """Yield for each possible start its slot, or why it is refused; by time."""
    places = _suitable(plan, criteria)
    for starts_at in starts(plan, criteria):
        yield _slot(plan, criteria, starts_at, places)


def starts(plan: Plan, criteria: Criteria) -> Iterator[datetime]:
    """Yield the starts to check: each half hour at which the whole length fits into the office hours."""
    today = plan.now.astimezone(criteria.zone).date()
    first = max(criteria.first, today)
    hours_count = plan.rules.sought(ClashKind.OUTSIDE_HOURS) is not None
    days = min((criteria.last - first).days + 1, DAYS_MOST)
    for day in (first + timedelta(days=n) for n in range(days)):
        if shut(plan, day):
            continue
        hours = plan.hours_on(day)
        opens = max(hours.opens if hours_count else EARLIEST, criteria.not_before or time.min)
        closes = min(hours.closes if hours_count else LATEST, criteria.not_after or time.max)
        at = datetime.combine(day, opens, tzinfo=criteria.zone)
        end = datetime.combine(day, closes, tzinfo=criteria.zone)
        while at + criteria.length <= end:
            if at > plan.now:
                yield at
            at += STEP


def as_planned(criteria: Criteria, starts_at: datetime, place: Place | None = None) -> PlannedActivity:
    """Return the activity searched for, as if planned at that time and venue."""
    people = tuple(Engagement(party, role) for party, role in (*criteria.needed, *criteria.wished))
    return PlannedActivity(
        THE_ONE, "", criteria.kind, starts_at, starts_at + criteria.length, criteria.zone, programme_id=criteria.programme_id,
        venue_id=place.id if place else None, region_code=criteria.region_code, people=criteria.people, engagements=people,
    )  # fmt: skip


def shut(plan: Plan, day: date) -> bool:
    """Return whether a day is left out: a weekend or a day off, if the office checks such days."""
    off = plan.calendar.days_off.get(day)
    kinds = (ClashKind.HOLIDAY, ClashKind.JOINT_HOLIDAY) if off else (ClashKind.WEEKEND,)
    return not plan.calendar.is_working_day(day) and any(plan.rules.sought(kind) for kind in kinds)


def _suitable(plan: Plan, criteria: Criteria) -> list[Place | None]:
    """Return the venues that may be proposed: those near the region first, then the smallest with enough seats."""
    if criteria.without_venue:
        return [None]
    near = Place(None, region_code=criteria.region_code) if criteria.region_code else None
    chosen = [
        place
        for place in plan.places.values()
        if (not criteria.venue_ids or place.id in criteria.venue_ids)
        and (place.capacity is None or place.capacity >= criteria.people)
    ]

    def key(place: Place) -> tuple:
        away = needed_min(near, place, plan.rules.travel) if near else 0
        return (
            place.id != criteria.usual_venue_id,
            away is None,
            away or 0,
            place.capacity is None,
            place.capacity or 0,
            place.name,
        )

    return [*sorted(chosen, key=key)]


def _slot(plan: Plan, criteria: Criteria, starts_at: datetime, places: list[Place | None]) -> Slot | RefusedSlot:
    without = _judged(plan, criteria, as_planned(criteria, starts_at))
    if without.refused:
        return RefusedSlot(starts_at, tuple(without.refused))
    free = [place for place in places if place is None or is_free(plan, place, starts_at, starts_at + criteria.length)]
    if not free:
        return RefusedSlot(starts_at, (), no_room=True)
    best: tuple[tuple, _Judged, Place | None] | None = None
    refused: list[Clash] = []
    for rank, place in enumerate(free[:VENUES_TRIED]):
        judged = without if place is None else _judged(plan, criteria, as_planned(criteria, starts_at, place))
        if judged.refused:
            refused += judged.refused
            continue
        cost = (*judged.cost, rank)
        if best is None or cost < best[0]:
            best = cost, judged, place
        if not judged.warnings:
            break
    if best is None:
        return RefusedSlot(starts_at, tuple(refused))
    _, judged, place = best
    others = tuple(other_place for other_place in free if other_place is not None and other_place is not place)[
        :VENUES_TRIED
    ]
    return _made(plan, criteria, starts_at, judged, place, others)


@dataclass(slots=True)
class _Judged:
    refused: list[Clash] = field(default_factory=list)
    warnings: list[Clash] = field(default_factory=list)
    missing: list[Party] = field(default_factory=list)

    @property
    def cost(self) -> tuple[int, int]:
        return len(self.missing), len(self.warnings)


def _judged(plan: Plan, criteria: Criteria, activity: PlannedActivity) -> _Judged:
    """Sort the clashes. A wished person who is not free is missing. A needed one refuses the slot, whatever the severity."""
    judged = _Judged()
    wished = {party for party, _ in criteria.wished}
    for clash in each_clash(plan, activity):
        if clash.kind in _OF_PEOPLE and clash.party in wished:
            if clash.party not in judged.missing:
                judged.missing.append(clash.party)
        elif clash.kind in _OF_PEOPLE or clash.severity is Severity.BLOCK:
            judged.refused.append(clash)
        else:
            judged.warnings.append(clash)
    return judged


def is_free(plan: Plan, place: Place, starts_at: datetime, ends_at: datetime) -> bool:
    if place.id is None:
        return True
    taken = next(plan.at_venue(place.id, starts_at, ends_at), None)
    return taken is None and next(plan.absences_of(place.id, starts_at, ends_at), None) is None


def _made(
    plan: Plan, criteria: Criteria, starts_at: datetime, judged: _Judged, place: Place | None, others: tuple[Place, ...]
) -> Slot:
    notice = days_ahead(starts_at, plan.now, criteria.zone)
    there = tuple(_there_anyway(plan, criteria, starts_at, place))
    asked_for = criteria.needed or criteria.wished
    reasons = {
        SlotReason.NOTHING_FOUND: not judged.warnings and not judged.missing,
        SlotReason.ALL_FREE: bool(asked_for) and not judged.missing,
        SlotReason.NEEDED_FREE: bool(criteria.needed) and bool(judged.missing),
        SlotReason.ROOM: bool(place and place.capacity and criteria.people),
        SlotReason.IN_REGION: bool(place and criteria.region_code and _is_near(place, criteria.region_code)),
        SlotReason.THERE_ANYWAY: bool(there),
        SlotReason.MORNING: _is_morning(plan, criteria, starts_at),
        SlotReason.NOTICE: notice >= 2 * max(plan.rules.notice_days, 1),
    }
    why = tuple(reason for reason, holds in reasons.items() if holds)
    cost = (
        len(judged.missing),
        len(judged.warnings),
        _over_noon(plan, criteria, starts_at),
        -len(there),
        not reasons[SlotReason.MORNING],
        abs(notice - plan.rules.notice_days) if notice < plan.rules.notice_days else 0,
    )
    ends_at = starts_at + criteria.length
    warnings, missing = tuple(judged.warnings), tuple(judged.missing)
    return Slot(starts_at, ends_at, place, others, warnings, missing, why, there, notice, cost)


def _is_morning(plan: Plan, criteria: Criteria, starts_at: datetime) -> bool:
    """Whether it begins from 8.00 to 10.00 and ends before the noon break. A longer one than LONG only has to begin then."""
    local = starts_at.astimezone(criteria.zone)
    hours = plan.hours_on(local.date())
    pause = datetime.combine(local.date(), hours.break_from, tzinfo=criteria.zone)
    fits = starts_at + criteria.length <= pause or criteria.length > LONG
    return time(8, 0) <= local.time() <= time(10, 0) and fits


def _over_noon(plan: Plan, criteria: Criteria, starts_at: datetime) -> bool:
    """Whether something short enough to need no break overlaps the noon break."""
    local = starts_at.astimezone(criteria.zone)
    hours = plan.hours_on(local.date())
    begins = datetime.combine(local.date(), hours.break_from, tzinfo=criteria.zone)
    ends = datetime.combine(local.date(), hours.break_until, tzinfo=criteria.zone)
    return criteria.length <= LONG and starts_at < ends and begins < starts_at + criteria.length


def _there_anyway(plan: Plan, criteria: Criteria, starts_at: datetime, place: Place | None) -> Iterator[Party]:
    if place is None or place.id is None:
        return
    day = datetime.combine(starts_at.astimezone(criteria.zone).date(), time(), tzinfo=criteria.zone)
    for party, _ in (*criteria.needed, *criteria.wished):
        bookings = plan.of_party(party, day, day + timedelta(days=1))
        if any(booking.activity.venue_id == place.id for booking in bookings):
            yield party


def _is_near(place: Place, region_code: str) -> bool:
    """Whether the venue lies in that region or in the same kecamatan."""
    return lies_in(place.region_code, kecamatan(region_code) or region_code)
