"""What the calendar shows: filtered activities in a range of days, facts of the days, and rows of venues and speakers.

Nothing here writes. services/activities/move.py moves activities.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.office_hours import Calendar, DayHours, DayOff
from outreach.domain.planning.parties import AbsenceSpan, Party
from outreach.domain.planning.plan import Plan
from outreach.domain.planning.rules import Severity
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import Activity, Invitation, Person, Programme, Venue, agenda_speaker
from outreach.models.programmes import AgendaItem
from outreach.queries.activities import lists as browsing
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning import rules as planning_rules

MOST_DAYS = 400
FAR_AHEAD = 1100  # days; what is planned later than in three years is not looked for
MOST_CHOICES = 200
A_DAY = timedelta(days=1)
NOT_SHOWN = (ActivityState.CANCELLED, ActivityState.POSTPONED)
AWAY = (InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


class RangeTooLong(Problem):
    message = "At most %(days)s days can be shown at once."


class RangeEmpty(Problem):
    message = "The last day must not lie before the first."


@dataclass(frozen=True)
class CalendarFilter:
    """Filter of the calendar. region_code: a kelurahan, or a kecamatan with all of its kelurahan."""

    programme_id: int | None = None
    region_code: str = ""
    person_id: int | None = None
    venue_id: int | None = None


@dataclass(frozen=True)
class CalendarEntry:
    """An activity in the calendar. speakers: (id, name), moderators included. severity: of its most serious clash."""

    activity: Activity
    speakers: tuple[tuple[int, str], ...] = ()
    severity: Severity | None = None

    @property
    def movable(self) -> bool:
        return self.activity.state in (ActivityState.DRAFT, ActivityState.PUBLISHED)

    @property
    def place(self) -> str:
        """Return the name of its kelurahan, otherwise of its venue; "" if neither is known."""
        activity = self.activity
        found = activity.region or activity.venue
        return found.name if found else ""

    def days(self, zone: ZoneInfo) -> list[date]:
        """Return the days on which it takes place, in the zone."""
        first = self.activity.starts_at.astimezone(zone).date()
        last = (self.activity.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True)
class DayFacts:
    """Facts of a day that matter for planning. hours: the office's hours, with the break."""

    day: date
    off: DayOff | None
    ramadan: bool
    hours: DayHours

    @property
    def works(self) -> bool:
        return self.off is None and self.day.weekday() < 5


@dataclass(frozen=True)
class CalendarRow:
    """A venue or a speaker as a row. id: None for activities without one. absences: when it is unavailable."""

    id: int | None
    name: str
    entries: tuple[CalendarEntry, ...]
    absences: tuple[AbsenceSpan, ...] = ()

    def on(self, day: date, zone: ZoneInfo) -> list[CalendarEntry]:
        return [entry for entry in self.entries if day in entry.days(zone)]


@dataclass(frozen=True)
class ShownDays:
    """The calendar of a range of days."""

    first: date
    last: date
    zone: ZoneInfo
    entries: tuple[CalendarEntry, ...]
    days: dict[date, DayFacts]
    plan: Plan

    def on(self, day: date) -> list[CalendarEntry]:
        """Return the activities that take place on a day, by start."""
        return [entry for entry in self.entries if day in entry.days(self.zone)]


def next_day(wanted: CalendarFilter, today: date, *, zone: ZoneInfo) -> date | None:
    """Return the day of the first activity that takes place today or later, or None."""
    starts_at = midnight(today, zone)
    first = db.session.scalar(_chosen(starts_at, starts_at + timedelta(days=FAR_AHEAD), wanted).limit(1))
    return max(today, first.starts_at.astimezone(zone).date()) if first else None


def waiting(wanted: CalendarFilter) -> int:
    """Return how many activities are postponed and wait for a new date, of the programme and region of the filter."""
    chosen = sa.select(sa.func.count()).select_from(Activity).outerjoin(Venue, Venue.id == Activity.venue_id)
    chosen = chosen.where(Activity.state == ActivityState.POSTPONED)
    if wanted.programme_id:
        chosen = chosen.where(Activity.programme_id == wanted.programme_id)
    if wanted.region_code:
        chosen = chosen.where(browsing.within_region(wanted.region_code))
    return db.session.scalar(chosen) or 0


def shown(
    first: date, last: date, wanted: CalendarFilter, *, zone: ZoneInfo, now: datetime, with_clashes: bool = True
) -> ShownDays:
    """Return the calendar from first to last day, both included; raise RangeEmpty or RangeTooLong.

    A fixed number of queries. Cancelled and postponed activities are left out.
    """
    if last < first:
        raise RangeEmpty
    if (last - first).days >= MOST_DAYS:
        raise RangeTooLong(days=MOST_DAYS)
    starts_at, ends_at = midnight(first, zone), midnight(last + A_DAY, zone)
    plan = plan_parts.that_clash(now=now, within=[(starts_at - A_DAY, ends_at + A_DAY)])
    activities = db.session.scalars(_chosen(starts_at, ends_at, wanted)).unique().all()
    ids = {activity.id for activity in activities}
    severities = _severities(plan, ids) if with_clashes else {}
    speakers = _speakers(ids)
    entries = tuple(
        CalendarEntry(activity, tuple(speakers.get(activity.id, ())), severities.get(activity.id))
        for activity in activities
    )
    return ShownDays(first, last, zone, entries, day_facts(first, last, zone), plan)


def day_facts(first: date, last: date, zone: ZoneInfo) -> dict[date, DayFacts]:
    """Return the facts of each day from first to last, both included. One query."""
    rules, values = planning_rules.rules_and_values()
    calendar: Calendar = plans.calendar(midnight(first, zone), midnight(last, zone), values)
    found = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        ramadan = calendar.in_ramadan(day)
        found[day] = DayFacts(day, calendar.days_off.get(day), ramadan, rules.hours.on(day, ramadan=ramadan))
    return found


def venue_rows(shown: ShownDays, *, also_empty: bool, wanted: CalendarFilter) -> list[CalendarRow]:
    """Return venues by name, each with its activities; the last row holds activities without a venue. One query.

    also_empty: include venues without activities in these days.
    """
    held: dict[int | None, list[CalendarEntry]] = defaultdict(list)
    for entry in shown.entries:
        held[entry.activity.venue_id].append(entry)
    chosen = sa.select(Venue.id, Venue.name).order_by(Venue.name)
    if wanted.venue_id or not also_empty:
        chosen = chosen.where(
            Venue.id.in_({*(id for id in held if id), *([wanted.venue_id] if wanted.venue_id else [])})
        )
    rows = [
        CalendarRow(id, name, tuple(held.get(id, ())), _absences(shown, id)) for id, name in db.session.execute(chosen)
    ]
    return [*rows, CalendarRow(None, "", tuple(held[None]))] if held.get(None) else rows


def speaker_rows(shown: ShownDays) -> list[CalendarRow]:
    """Return speakers and moderators by name, with their activities; the last row holds activities without a speaker."""
    names: dict[int, str] = {}
    held: dict[int | None, list[CalendarEntry]] = defaultdict(list)
    for entry in shown.entries:
        for id, name in entry.speakers:
            names[id] = name
            held[id].append(entry)
        if not entry.speakers:
            held[None].append(entry)
    rows = [
        CalendarRow(id, name, tuple(held[id]), _absences(shown, Party.person(id)))
        for id, name in sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0]))
    ]
    return [*rows, CalendarRow(None, "", tuple(held[None]))] if held.get(None) else rows


def programme_days(programme_id: int | None) -> tuple[date, date] | None:
    """Return a programme's first and last day; None if there is no such programme."""
    if programme_id is None:
        return None
    row = db.session.execute(
        sa.select(Programme.starts_on, Programme.ends_on).where(Programme.id == programme_id)
    ).first()
    return (row.starts_on, row.ends_on) if row else None


def person_choices(also: int | None = None) -> list[tuple[int, str]]:
    """Return at most MOST_CHOICES speakers and moderators of any activity, by name. also: id of a person to include."""
    spoken = sa.select(Invitation.person_id).where(
        Invitation.role.in_(sorted(ON_STAGE)), Invitation.person_id.is_not(None)
    )
    on_agenda = sa.select(agenda_speaker.c.person_id)
    people = db.session.scalars(
        sa.select(Person)
        .where(
            Person.erased_at.is_(None), Person.id.in_(spoken) | Person.id.in_(on_agenda) | (Person.id == (also or 0))
        )
        .order_by(Person.id != (also or 0), Person.name, Person.post)
        .limit(MOST_CHOICES)
    )
    return sorted(((person.id, _called(person)) for person in people), key=lambda pair: pair[1].casefold())


def _chosen(starts_at: datetime, ends_at: datetime, wanted: CalendarFilter) -> sa.Select[Any]:
    chosen = (
        sa.select(Activity)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .options(joinedload(Activity.venue), joinedload(Activity.programme), joinedload(Activity.region))
        .where(Activity.starts_at < ends_at, Activity.ends_at > starts_at, Activity.state.not_in(NOT_SHOWN))
        .order_by(Activity.starts_at, Activity.id)
    )
    if wanted.programme_id:
        chosen = chosen.where(Activity.programme_id == wanted.programme_id)
    if wanted.venue_id:
        chosen = chosen.where(Activity.venue_id == wanted.venue_id)
    if wanted.region_code:
        chosen = chosen.where(browsing.within_region(wanted.region_code))
    if wanted.person_id:
        invited = sa.exists().where(
            Invitation.activity_id == Activity.id,
            Invitation.person_id == wanted.person_id,
            Invitation.state.not_in(AWAY),
        )
        speaks = sa.exists().where(
            AgendaItem.activity_id == Activity.id,
            agenda_speaker.c.agenda_item_id == AgendaItem.id,
            agenda_speaker.c.person_id == wanted.person_id,
        )
        chosen = chosen.where(invited | speaks)
    return chosen


def _severities(plan: Plan, ids: Iterable[int]) -> dict[int, Severity]:
    chosen = set(ids)
    found: dict[int, Severity] = {}
    for clash in find_clashes(plan, chosen):
        for id in clash.ids:
            if found.get(id) is not Severity.BLOCK:
                found[id] = clash.severity
    return found


def _speakers(ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    rows = db.session.execute(
        sa.select(Invitation.activity_id, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.activity_id.in_(list(ids)), Invitation.role.in_(sorted(ON_STAGE)), Invitation.state.not_in(AWAY)
        )
        .order_by(Invitation.role.desc(), Person.name, Person.id)
    )
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for activity_id, person in rows:
        if all(id != person.id for id, _name in found[activity_id]):
            found[activity_id].append((person.id, person.display_name))
    return found


def _absences(shown: ShownDays, subject: Party | int) -> tuple[AbsenceSpan, ...]:
    starts_at, ends_at = midnight(shown.first, shown.zone), midnight(shown.last + A_DAY, shown.zone)
    return tuple(shown.plan.absences_of(subject, starts_at, ends_at))


def _called(person: Person) -> str:
    return f"{person.full_name} · {person.post}" if person.name and person.post else person.full_name
