"""Lists of programmes and activities, with search, pages and counts of answers: a fixed number of queries each.

queries/activities/page.py has the page of one programme or activity. Nothing here writes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import (
    Activity,
    Attendance,
    Invitation,
    Organisation,
    Person,
    Programme,
    Region,
    Venue,
    agenda_speaker,
)
from outreach.queries import access
from outreach.queries.directory.lists import any_holds, words_of
from outreach.queries.invitations.counting import CAME_SILENTLY, count, is_outdated, missed
from outreach.queries.paging import Page, paged
from outreach.services.holidays import holidays_of
from outreach.services.invitations import seats
from outreach.services.locking import ProgrammeMissing
from outreach.services.programmes.copy import copied_days

UNANSWERABLE = (ActivityState.CANCELLED, ActivityState.POSTPONED)
MOST_PEOPLE = 12  # possible speakers shown at once; others are found by search


class Time(StrEnum):
    COMING = "coming"
    PAST = "past"
    ALL = "all"


@dataclass(frozen=True)
class AnswerCounts:
    """Counts of invitees, each counted once (queries/invitations/counting.py). The first seven fields are the states
    of these names, without those who came and never answered; answers_by relies on their order."""

    prepared: int = 0
    invited: int = 0
    coming: int = 0
    represented: int = 0
    not_coming: int = 0
    no_answer: int = 0
    waitlisted: int = 0
    seats_taken: int = 0  # people, each once
    speakers: int = 0  # invited to speak and not declined
    declined: int = 0  # speakers who are not coming and not yet replaced
    attended: int = 0
    audience: int = 0  # invited, and neither to speak nor to moderate
    came: int = 0  # without having answered
    outdated: int = 0  # counted in their state, too: their answer is to a day before a move

    @property
    def accepted(self) -> int:
        return self.coming + self.represented

    @property
    def silent(self) -> int:
        return self.invited + self.no_answer

    @property
    def asked(self) -> int:
        return self.accepted + self.silent + self.not_coming + self.waitlisted + self.came

    @property
    def total(self) -> int:
        return self.asked + self.prepared

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """Return the parts of a bar, in its order: (name, count)."""
        return (
            ("coming", self.coming),
            ("represented", self.represented),
            ("came", self.came),
            ("waitlisted", self.waitlisted),
            ("not_coming", self.not_coming),
            ("silent", self.silent),
            ("prepared", self.prepared),
        )


@dataclass(frozen=True)
class ProgrammeRow:
    programme: Programme
    activities: int
    drafts: int
    cancelled: int
    postponed: int
    answers: AnswerCounts


@dataclass(frozen=True)
class ActivityRow:
    activity: Activity
    answers: AnswerCounts


@dataclass(frozen=True)
class ActivityFilter:
    """Filter of the list of activities. region_code: a kelurahan, or a kecamatan with all of its kelurahan."""

    q: str = ""
    state: ActivityState | None = None
    programme_id: int | None = None
    time: Time = Time.COMING
    region_code: str = ""


@dataclass(frozen=True)
class District:
    """A kecamatan with its kelurahan, to choose from."""

    code: str
    name: str
    kelurahan: tuple[Region, ...]


@dataclass(frozen=True)
class CopyRow:
    """The day of an activity in a copy. holiday: the name of the day off on that day, or ""."""

    activity: Activity
    day: date
    holiday: str


def programmes(q: str = "", number: int = 1) -> Page:
    """Return a page of ProgrammeRow, the latest first."""
    page = paged(programmes_select(q), number, q=q)
    return replace(page, items=programme_rows(page.items))


def programmes_select(q: str) -> sa.Select[Any]:
    """Select the programmes of the list, in its order."""
    return sa.select(Programme).where(*programme_matches(q)).order_by(Programme.starts_on.desc(), Programme.id.desc())


def programme_rows(some: Sequence[Programme]) -> list[ProgrammeRow]:
    """Return these programmes with their counts; two queries."""
    ids = [programme.id for programme in some]
    counts = {
        row.programme_id: row
        for row in db.session.execute(
            sa.select(
                Activity.programme_id,
                sa.func.count().label("all"),
                sa.func.count().filter(Activity.state == ActivityState.DRAFT).label("drafts"),
                sa.func.count().filter(Activity.state == ActivityState.CANCELLED).label("cancelled"),
                sa.func.count().filter(Activity.state == ActivityState.POSTPONED).label("postponed"),
            )
            .where(Activity.programme_id.in_(ids))
            .group_by(Activity.programme_id)
        )
    }
    answers = answers_by(Activity.programme_id, ids)
    rows = []
    for programme in some:
        found = counts.get(programme.id)
        many, drafts, cancelled, postponed = (
            (found.all, found.drafts, found.cancelled, found.postponed) if found else (0, 0, 0, 0)
        )
        its = answers.get(programme.id, AnswerCounts())
        rows.append(ProgrammeRow(programme, many, drafts, cancelled, postponed, its))
    return rows


def activities(wanted: ActivityFilter, number: int = 1, *, now: datetime) -> Page:
    """Return a page of ActivityRow by start: past activities latest first, all others earliest first."""
    page = paged(activities_select(wanted, now=now), number, q=wanted.q)
    return replace(page, items=activity_rows(page.items))


def activity_rows(some: Sequence[Activity]) -> list[ActivityRow]:
    """Return these activities with their counts; one query."""
    answers = answers_by(Activity.id, [activity.id for activity in some])
    return [ActivityRow(activity, answers.get(activity.id, AnswerCounts())) for activity in some]


def activities_select(wanted: ActivityFilter, *, now: datetime) -> sa.Select[Any]:
    """Select the activities of the list, in its order. A postponed one counts as upcoming, whatever its former day."""
    chosen = (
        sa.select(Activity)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .options(joinedload(Activity.venue), joinedload(Activity.region), joinedload(Activity.programme))
    )
    chosen = chosen.where(*activity_matches(wanted.q))
    if wanted.state:
        chosen = chosen.where(Activity.state == wanted.state)
    if wanted.programme_id:
        chosen = chosen.where(Activity.programme_id == wanted.programme_id)
    if wanted.region_code:
        chosen = chosen.where(within_region(wanted.region_code))
    if wanted.time is Time.COMING:
        chosen = chosen.where(sa.or_(Activity.ends_at >= now, Activity.state == ActivityState.POSTPONED))
        if wanted.state is not ActivityState.CANCELLED:
            chosen = chosen.where(Activity.state != ActivityState.CANCELLED)
    elif wanted.time is Time.PAST:
        chosen = chosen.where(Activity.ends_at < now, Activity.state != ActivityState.POSTPONED)
    latest_first = wanted.time is Time.PAST
    return chosen.order_by(Activity.starts_at.desc() if latest_first else Activity.starts_at, Activity.id)


def programme_matches(q: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a programme matches all words of `q`."""
    return [any_holds(word, Programme.title, Programme.public_title) for word in words_of(q)]


def activity_matches(q: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an activity matches all words of `q`. The statement must outer-join Venue."""
    venue = sa.func.coalesce(Venue.name, "")
    return [any_holds(word, Activity.title, Activity.public_title, venue) for word in words_of(q)]


def answers_by(column: Any, ids: Collection[int]) -> dict[int, AnswerCounts]:
    """Return the answers counted for each value of `column` (of Activity) that is in `ids`, in one query.

    Each person counts once per activity (queries/invitations/counting.py). A programme's numbers are the sum of its
    activities', without cancelled and postponed ones, because these need no answers.
    """
    if not ids:
        return {}
    speaks = Invitation.role == Role.SPEAKER
    rows = db.session.execute(
        sa.select(
            column.label("key"),
            *(
                count(Invitation.state == InvitationState(field.name), ~CAME_SILENTLY)
                for field in fields(AnswerCounts)[:7]
            ),
            seats.PEOPLE.filter(seats.HAS_A_SEAT),
            count(speaks, Invitation.state.not_in((InvitationState.NOT_COMING, InvitationState.WITHDRAWN))),
            count(speaks, Invitation.state == InvitationState.NOT_COMING, missed()),
            seats.PEOPLE.filter(Attendance.present),
            count(Invitation.role.not_in(sorted(ON_STAGE)), Invitation.state != InvitationState.WITHDRAWN),
            count(CAME_SILENTLY),
            count(is_outdated()),
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .outerjoin(Attendance, Attendance.invitation_id == Invitation.id)
        .where(column.in_(ids), sa.true() if column is Activity.id else Activity.state.not_in(UNANSWERABLE))
        .group_by(column, Activity.id)
    )
    found: dict[int, AnswerCounts] = {}
    for key, *numbers in rows:
        found[key] = AnswerCounts(*map(sum, zip(astuple(found.get(key, AnswerCounts())), numbers, strict=True)))
    return found


def programme_choices() -> list[tuple[int, str]]:
    rows = db.session.execute(sa.select(Programme.id, Programme.title).order_by(Programme.starts_on.desc()).limit(200))
    return [(row.id, row.title) for row in rows]


def first_day(programme_id: int | None) -> date | None:
    """Return the first day of a programme; None if there is no such programme."""
    return (
        db.session.scalar(sa.select(Programme.starts_on).where(Programme.id == programme_id)) if programme_id else None
    )


def venue_choices() -> list[tuple[int, str, int | None]]:
    """Return all venues by name: (id, name, capacity)."""
    rows = db.session.execute(sa.select(Venue.id, Venue.name, Venue.capacity).order_by(Venue.name))
    return [(row.id, row.name, row.capacity) for row in rows]


def districts() -> list[District]:
    """Return the office's kecamatan with their kelurahan, by code."""
    stored = db.session.scalars(sa.select(Region).where(Region.level.in_((3, 4))).order_by(Region.code)).all()
    regions = [region for region in stored if access.shows(region.code)]
    inside: dict[str | None, list[Region]] = {}
    for region in regions:
        if region.level == 4:
            inside.setdefault(region.parent_code, []).append(region)
    return [District(r.code, r.name, tuple(inside.get(r.code, ()))) for r in regions if r.level == 3]


def speaker_choices(activity_id: int, chosen: Iterable[int], q: str = "") -> list[Person]:
    """Return people to choose speakers from: first those chosen already, then those who match `q`.

    Without `q`: people invited to speak or moderate in this activity, then earlier speakers, then people with a post who
    are no cadres.
    """
    keep = set(chosen)
    asked = Invitation.person_id == Person.id, Invitation.role.in_((Role.SPEAKER, Role.MODERATOR))
    asked_here = sa.exists().where(*asked, Invitation.activity_id == activity_id)
    spoke = sa.exists().where(agenda_speaker.c.person_id == Person.id) | sa.exists().where(*asked)
    fits: sa.ColumnElement[bool]
    if q:
        office = Person.organisation.has(Organisation.name.icontains(q, autoescape=True))
        fits = Person.name.icontains(q, autoescape=True) | Person.post.icontains(q, autoescape=True) | office
    else:
        fits = spoke | asked_here | (~Person.cadre_roles.any() & (Person.post != ""))
    people = (
        sa.select(Person)
        .where(Person.erased_at.is_(None))
        .order_by(~asked_here, ~spoke, Person.post == "", Person.post, Person.name)
    )
    found = list(db.session.scalars(people.where(Person.id.in_(keep)))) if keep else []
    return found + list(db.session.scalars(people.where(fits, Person.id.not_in(keep)).limit(MOST_PEOPLE)))


def copy_preview(programme_id: int, starts_on: date) -> list[CopyRow]:
    """Return the day of each activity in a copy that begins on `starts_on`; raise ProgrammeMissing."""
    programme = db.session.scalars(
        sa.select(Programme)
        .where(Programme.id == programme_id)
        .options(selectinload(Programme.activities).joinedload(Activity.venue))
    ).one_or_none()
    if programme is None:
        raise ProgrammeMissing
    days = copied_days(programme, starts_on)
    off = holidays_of({day.year for _activity, day in days})
    return [CopyRow(activity, day, off.get(day, "")) for activity, day in days]


def within_region(code: str) -> sa.ColumnElement[bool]:
    """Return the condition that an activity is in this region, by its own region or, if it has none, its venue's.

    The statement must outer-join Venue.
    """
    region = sa.func.coalesce(Activity.region_code, Venue.region_code)
    return (region == code) | region.startswith(code + ".", autoescape=True)
