"""Making, editing and deleting programmes and activities. Agendas are agendas.py; what sends mail is publishing.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.domain.answers import DEADLINE_DAYS, default_deadline
from outreach.domain.kinds import ActivityKind
from outreach.domain.planrules import FindingKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.extensions import writing
from outreach.models import Activity, Invitation, Office, Programme, Region, Reminder, User, Venue
from outreach.services import audit, holds, planchecks, seats
from outreach.services.booking import (
    OutsideProgramme,
    ProgrammeMissing,
    Stale,
    TitleMissing,
    activity_for_change,
    check_times,
    check_within,
)
from outreach.services.claiming import claim

NEEDS_A_MOVE = ("starts_at", "ends_at", "zone", "venue_id")


class NeedsMove(Problem):
    message = (
        "This activity is published: changing its time or place tells everyone invited. Use “Move” and give the reason."
    )


class NotADraft(Problem):
    message = "Only a draft can be deleted. Cancel a published activity instead, so that everyone invited is told."


class CannotEdit(Problem):
    message = "An activity that is over or cancelled cannot be changed any more."


class LastBeforeFirst(Problem):
    message = "The last day must not be earlier than the first."
    field = "ends_on"


class NoKelurahan(Problem):
    message = "Choose at least one kelurahan."
    field = "region_codes"


class NotOnlyDrafts(Problem):
    message = "Only a programme whose activities are all drafts can be deleted. “%(title)s” has been told to people."


@dataclass(frozen=True)
class ProgrammeValues:
    title: str
    starts_on: date
    ends_on: date
    zone: ZoneInfo
    public_title: str = ""
    purpose: str = ""
    contact_name: str = ""
    contact_phone: str = ""


@dataclass(frozen=True)
class ActivityValues:
    """respond_by_at: None for the office's usual deadline. Instants are aware."""

    kind: ActivityKind
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    public_title: str = ""
    description: str = ""
    things_to_bring: str = ""
    registration_at: datetime | None = None
    respond_by_at: datetime | None = None
    venue_id: int | None = None
    region_code: str | None = None
    capacity: int | None = None


def create_programme(
    values: ProgrammeValues, activities: Sequence[ActivityValues] = (), *, by: User | None, now: datetime
) -> Programme:
    """Make a programme with its activities, as drafts; raise a Problem, having made nothing."""
    with writing() as session:
        programme = Programme(coordinator_id=by.id if by else None)
        _fill_programme(programme, values)
        session.add(programme)
        session.flush()
        audit.record(session, by, "programme.created", programme, now=now)
        _add(session, [_new_activity(session, one, programme, by, now) for one in activities], by, now)
    return programme


def edit_programme(
    programme_id: int, values: ProgrammeValues, version: int, *, by: User | None, now: datetime
) -> Programme:
    """Change a programme's own facts; raise Stale if someone was faster. Its days must still hold what lies in them."""
    with writing() as session:
        programme = _programme(session, programme_id, changes=True)
        if programme.version != version:
            raise Stale
        # Whoever moves one of its activities at this moment is waited for, or waits and is held to the new days.
        holds.lock_activities(
            session, session.scalars(sa.select(Activity.id).filter_by(programme_id=programme_id)).all()
        )
        before = _facts(programme, ProgrammeValues)
        refuses = planchecks.refuses(session, FindingKind.OUTSIDE_PROGRAMME)
        inside = {a.id for a in programme.activities if refuses and _lies_within(programme, a)}
        _fill_programme(programme, values)
        for activity in programme.activities:
            if activity.id in inside and activity.state is not ActivityState.CANCELLED:
                check_within(programme, activity.starts_at, activity.ends_at)
        audit.record(
            session,
            by,
            "programme.edited",
            programme,
            now=now,
            changed=_changes(before, _facts(programme, ProgrammeValues)),
        )
    return programme


def create_activity(
    values: ActivityValues, *, programme_id: int | None = None, by: User | None, now: datetime
) -> Activity:
    """Make one activity as a draft, in a programme or alone; raise a Problem, having made nothing."""
    with writing() as session:
        programme = _programme(session, programme_id) if programme_id else None
        return add_activity(session, values, programme, by, now)


def create_community_activities(
    values: ActivityValues,
    region_codes: Sequence[str],
    *,
    programme_id: int | None = None,
    by: User | None,
    now: datetime,
) -> list[Activity]:
    """Make one activity for each kelurahan, at its Balai Kelurahan (made where unknown), all at the given time."""
    if not region_codes:
        raise NoKelurahan
    with writing() as session:
        programme = _programme(session, programme_id) if programme_id else None
        made = []
        regions = session.scalars(
            sa.select(Region).where(Region.code.in_(region_codes), Region.level == 4).order_by(Region.code)
        )
        for region in regions.all():
            own = replace(
                values,
                title=f"{values.title} {region.name}",
                public_title=f"{values.public_title} {region.name}" if values.public_title else "",
                region_code=region.code,
                venue_id=values.venue_id or _village_hall(session, region).id,
            )
            made.append(_new_activity(session, own, programme, by, now))
        if not made:
            raise NoKelurahan
        # They are made at one time, to be given their days one by one.
        return _add(session, made, by, now, but=[FindingKind.SAME_KECAMATAN])


def edit_activity(
    activity_id: int, values: ActivityValues, version: int, *, by: User | None, now: datetime
) -> Activity:
    """Change an activity; raise NeedsMove where a published one would change its time or place, Stale if someone was faster."""
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise CannotEdit
        if activity.state is ActivityState.PUBLISHED and any(
            getattr(activity, name) != getattr(values, name) for name in NEEDS_A_MOVE
        ):
            raise NeedsMove
        before, planned = _facts(activity, ActivityValues), planchecks.before(session, [activity_id])
        other_time = _days_changed(values, activity)
        taking = other_time or values.venue_id != activity.venue_id
        with session.no_autoflush:
            _fill_activity(session, activity, values, now)
            check_times(activity)
            if taking:
                claim(session, [activity], speakers=other_time)
        planchecks.refuse_blocking(session, [activity_id], before=planned, now=now)
        seats.offer_freed(session, activity, now=now)
        audit.record(
            session,
            by,
            "activity.edited",
            activity,
            now=now,
            changed=_changes(before, _facts(activity, ActivityValues)),
        )
    return activity


def delete_draft(activity_id: int, *, by: User | None, now: datetime) -> None:
    """Delete an activity nobody has heard of; raise NotADraft otherwise."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state is not ActivityState.DRAFT:
            raise NotADraft
        _delete(session, [activity], by, now)


def delete_programme(programme_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a programme with its drafts, such as a copy gone wrong; raise NotOnlyDrafts if anyone was told of any."""
    with writing() as session:
        programme = _programme(session, programme_id, changes=True)
        activities = [activity_for_change(session, id) for id in sorted(a.id for a in programme.activities)]
        for activity in activities:
            if activity.state is not ActivityState.DRAFT:
                raise NotOnlyDrafts(title=activity.title)
        _delete(session, activities, by, now)
        session.expire(programme, ["activities"])
        audit.record(session, by, "programme.deleted", programme, now=now, activities=len(activities))
        session.delete(programme)


def _delete(session: Session, activities: Sequence[Activity], by: User | None, now: datetime) -> None:
    venues = {activity.venue_id for activity in activities if activity.venue_id is not None}
    speakers = holds.on_stage(session, [activity.id for activity in activities])
    holds.lock_venues(session, venues)
    holds.lock_people(session, speakers)
    for activity in activities:
        audit.record(session, by, "activity.deleted", activity, now=now)
        its = Invitation.activity_id == activity.id
        session.execute(sa.delete(Reminder).where(Reminder.activity_id == activity.id))
        session.execute(sa.update(Invitation).where(its).values(nominated_under_id=None))
        session.execute(sa.delete(Invitation).where(its))
        session.delete(activity)
    session.flush()
    holds.hold(session, venues)
    holds.bind(session, speakers)


def _programme(session: Session, programme_id: int, *, changes: bool = False) -> Programme:
    """Return the programme, locked before its activities: its days stay as they are until what is put into it is stored."""
    holds.lock_programme(session, programme_id, changes=changes)
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    return programme


def _fill_programme(programme: Programme, values: ProgrammeValues) -> None:
    if not values.title.strip():
        raise TitleMissing
    if values.ends_on < values.starts_on:
        raise LastBeforeFirst
    programme.title = values.title.strip()
    programme.public_title = values.public_title.strip()
    programme.purpose = values.purpose.strip()
    programme.starts_on = values.starts_on
    programme.ends_on = values.ends_on
    programme.zone = values.zone
    programme.contact_name = values.contact_name.strip()
    programme.contact_phone = values.contact_phone.strip()


def add_activity(
    session: Session, values: ActivityValues, programme: Programme | None, by: User | None, now: datetime
) -> Activity:
    """Make a draft inside the caller's transaction; raise a Problem."""
    if programme is not None:
        holds.lock_programme(session, programme.id)
    return _add(session, [_new_activity(session, values, programme, by, now)], by, now)[0]


def _new_activity(
    session: Session, values: ActivityValues, programme: Programme | None, by: User | None, now: datetime
) -> Activity:
    activity = Activity(programme_id=programme.id if programme else None, coordinator_id=by.id if by else None)
    _fill_activity(session, activity, values, now)
    check_times(activity)
    return activity


def _add(
    session: Session,
    activities: list[Activity],
    by: User | None,
    now: datetime,
    *,
    but: Collection[FindingKind] = (),
) -> list[Activity]:
    with session.no_autoflush:
        session.add_all(activities)
        claim(session, activities)
    planchecks.refuse_blocking(session, [activity.id for activity in activities], but=but, now=now)
    for activity in activities:
        audit.record(session, by, "activity.created", activity, now=now)
    return activities


def _fill_activity(session: Session, activity: Activity, values: ActivityValues, now: datetime) -> None:
    activity.kind = values.kind
    activity.title = values.title.strip()
    activity.public_title = values.public_title.strip()
    activity.description = values.description.strip()
    activity.things_to_bring = values.things_to_bring.strip()
    activity.zone = values.zone
    activity.starts_at = values.starts_at
    activity.ends_at = values.ends_at
    activity.registration_at = values.registration_at
    activity.respond_by_at = values.respond_by_at or usual_deadline(session, values.starts_at, values.zone, now)
    activity.venue_id = values.venue_id
    activity.region_code = values.region_code
    activity.capacity = values.capacity


def usual_deadline(session: Session, starts_at: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the deadline for answers that the office's setting gives an activity."""
    days = session.scalar(sa.select(Office.deadline_days).order_by(Office.id).limit(1))
    return default_deadline(starts_at, zone, now, DEADLINE_DAYS if days is None else days)


def village_hall_name(kelurahan: str) -> str:
    """Return what the hall of a kelurahan is called, by which it is found."""
    return f"Balai Kelurahan {kelurahan}"


def _village_hall(session: Session, region: Region) -> Venue:
    name = village_hall_name(region.name)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = insert(Venue).values(name=name, region_code=region.code)
    session.execute(made.on_conflict_do_nothing())  # it is known, or another coordinator makes it at this moment
    return session.scalars(sa.select(Venue).where(Venue.name == name)).one()


def _lies_within(programme: Programme, activity: Activity) -> bool:
    try:
        check_within(programme, activity.starts_at, activity.ends_at)
    except OutsideProgramme:
        return False
    return True


def _days_changed(values: ActivityValues, activity: Activity) -> bool:
    return (values.starts_at, values.ends_at) != (activity.starts_at, activity.ends_at)


def _facts(row: Programme | Activity, values: type[ProgrammeValues | ActivityValues]) -> dict[str, str]:
    return {field.name: str(getattr(row, field.name)) for field in fields(values)}


def _changes(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    return {name: [before[name], after[name]] for name in before if before[name] != after[name]}
