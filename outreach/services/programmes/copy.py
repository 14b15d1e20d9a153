"""Copy a programme, such as last year's: its days, activities, agenda, invitees, rules and texts, but no answers."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import Role
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import (
    Activity,
    AgendaItem,
    Invitation,
    InvitedPost,
    MessageText,
    Person,
    Programme,
    ReminderRule,
    User,
)
from outreach.services import audit
from outreach.services.activities.checks import TitleMissing
from outreach.services.invitations import links, post_holders
from outreach.services.locking import ProgrammeMissing
from outreach.services.office_defaults import usual_deadline
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import book, book_people
from outreach.transactions import writing

TITLE_LETTERS = 200  # as many as a title can have


class FirstDayPassed(Problem):
    message = "The first day of the copy must lie ahead. Please choose a later day."
    field = "starts_on"


def copied_days(programme: Programme, starts_on: date) -> list[tuple[Activity, date]]:
    """Return each activity that would be copied, with the day of its copy."""
    shift = starts_on - programme.starts_on
    return [
        (a, a.starts_at.astimezone(a.zone).date() + shift)
        for a in programme.activities
        if a.state is not ActivityState.CANCELLED
    ]


def copy_programme(
    programme_id: int, starts_on: date, title: str, *, public_title: str | None = None, by: User | None, now: datetime
) -> Programme:
    """Make drafts of a programme's activities, all shifted by the same number of days, at the same local times.

    Invitees are copied as prepared; nominees, answers and attendance are not copied. Cancelled activities are left out.
    public_title: the copy's neutral title; None: the programme's own, with the year of the first day.
    Raise ProgrammeMissing, TitleMissing, FirstDayPassed, VenueTaken, SpeakerTaken, or for other clashes that the office
    blocks PlanBlocked or OutsideProgramme; nothing is made then.
    """
    with writing() as session:
        source = session.get(Programme, programme_id)
        if source is None:
            raise ProgrammeMissing
        if not title.strip():
            raise TitleMissing
        check_first_day(source, starts_on, now)
        shift = starts_on - source.starts_on
        copy = Programme(
            title=title.strip(),
            public_title=title_for(source, source.public_title, starts_on)
            if public_title is None
            else public_title.strip(),
            purpose=source.purpose,
            starts_on=starts_on,
            ends_on=source.ends_on + shift,
            zone=source.zone,
            coordinator_id=by.id if by else None,
            contact_name=source.contact_name,
            contact_phone=source.contact_phone,
            copied_from_id=source.id,
        )
        session.add(copy)
        session.flush()
        _copy_scoped(session, "programme_id", source.id, copy.id)
        sources = [activity for activity, _day in copied_days(source, starts_on)]
        copies = [_copy_activity(session, activity, source, copy, shift, by, now) for activity in sources]
        with session.no_autoflush:
            session.add_all(copies)
            book(session, copies)
        for activity, its_copy in zip(sources, copies, strict=True):
            _copy_contents(session, activity, its_copy, shift)
        ids = [copied.id for copied in copies]
        book_people(session, copies, bookings.on_stage(session, ids))
        # Copies in one kecamatan may overlap, as when a programme is created: they get their days one by one later.
        plan_checks.refuse_blocking(session, ids, but=[ClashKind.SAME_KECAMATAN], now=now)
        audit.record(session, by, "programme.copied", copy, now=now, copied_from=source.id)
    return copy


def usual_first_day(programme: Programme, *, now: datetime) -> date:
    """Return the first day moved by 52 weeks, as often as needed to lie in the future; the weekday stays the same."""
    day = programme.starts_on + timedelta(weeks=52)
    while day <= now.astimezone(programme.zone).date():
        day += timedelta(weeks=52)
    return day


def check_first_day(programme: Programme, starts_on: date, now: datetime) -> None:
    """Raise FirstDayPassed unless the copy would begin tomorrow or later, in the programme's zone."""
    if not lies_ahead(programme, starts_on, now):
        raise FirstDayPassed


def lies_ahead(programme: Programme, starts_on: date, now: datetime) -> bool:
    """Return whether that day is tomorrow or later, in the programme's zone."""
    return starts_on > now.astimezone(programme.zone).date()


def title_for(programme: Programme, title: str, starts_on: date) -> str:
    """Return the usual title or public title of a copy: the programme's, with the year of the copy's first day."""
    found = renewed(title, programme, starts_on)
    if title and found == title and programme.starts_on.year != starts_on.year:
        with_year = f"{title} {starts_on.year}"
        return with_year if len(with_year) <= TITLE_LETTERS else title
    return found


def renewed(text: str, programme: Programme, starts_on: date) -> str:
    """Return a title of the programme or of its activities with its year replaced by that of the copy's first day."""
    return text.replace(str(programme.starts_on.year), str(starts_on.year))


def moved(instant: datetime, zone: ZoneInfo, shift: timedelta) -> datetime:
    """Return the same local time, shifted by whole days."""
    local = instant.astimezone(zone)
    return datetime.combine(local.date() + shift, local.time(), tzinfo=zone)


def _copy_activity(
    session: Session, source: Activity, old: Programme, programme: Programme, shift: timedelta, by: User | None,
    now: datetime,
) -> Activity:  # fmt: skip
    starts_at = moved(source.starts_at, source.zone, shift)
    return Activity(
        programme_id=programme.id,
        coordinator_id=by.id if by else None,
        zone=source.zone,
        starts_at=starts_at,
        ends_at=moved(source.ends_at, source.zone, shift),
        title=renewed(source.title, old, programme.starts_on),
        public_title=renewed(source.public_title, old, programme.starts_on),
        registration_at=moved(source.registration_at, source.zone, shift) if source.registration_at else None,
        respond_by_at=usual_deadline(session, starts_at, source.zone, now),
        **{
            name: getattr(source, name)
            for name in (
                "kind", "description", "things_to_bring", "names_helpline", "venue_id", "region_code", "capacity", "indicators",
            )
        },
    )  # fmt: skip


def _copy_contents(session: Session, source: Activity, activity: Activity, shift: timedelta) -> None:
    """Copy the agenda, the invitees (as prepared), and the activity's own rules and texts."""
    for item in source.agenda:
        activity.agenda.append(
            AgendaItem(
                starts_at=moved(item.starts_at, source.zone, shift),
                ends_at=moved(item.ends_at, source.zone, shift),
                topic=item.topic,
                speakers=[person for person in item.speakers if person.erased_at is None],
            )
        )
    invitees = session.scalars(
        sa.select(Invitation).where(
            Invitation.activity_id == source.id,
            Invitation.nominated_under_id.is_(None),
            Invitation.state != InvitationState.WITHDRAWN,
        )
    ).all()
    in_role = {(old.person_id, old.role) for old in invitees}
    for old in invitees:
        if old.person is not None and old.person.erased_at is not None:
            continue
        held = post_holders.held_on(session, old, activity)
        holder = old.person_id if held is None or (held.person_id, old.role) in in_role else held.person_id
        session.add(
            Invitation(
                activity_id=activity.id, role=old.role, person_id=holder,
                organisation_id=old.organisation_id, quota=old.quota,
                as_post=InvitedPost(post=old.as_post.post, kind=held.kind if held else old.as_post.kind)
                if old.as_post else None,
            )
        )  # fmt: skip
        if old.role is Role.SPEAKER and holder is not None and holder != old.person_id and old.person_id is not None:
            post_holders.put_on_agenda(activity, old.person_id, session.get_one(Person, holder))
    session.flush()
    links.prolong_links(session, activity)
    _copy_scoped(session, "activity_id", source.id, activity.id)


def _copy_scoped(session: Session, column: str, source_id: int, copy_id: int) -> None:
    """Copy a programme's or activity's own rules and texts."""
    for model in (ReminderRule, MessageText):
        for row in session.scalars(sa.select(model).where(getattr(model, column) == source_id)).all():
            values = {c.key: getattr(row, c.key) for c in model.__table__.columns if c.key not in ("id", column)}
            session.add(model(**values, **{column: copy_id}))
