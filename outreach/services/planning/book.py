"""Book a venue and speakers for a time. Of two writers at once exactly one wins; the other gets an error that names
the activity that has the booking, its coordinator and its end.

Called inside a writing() transaction. Venues and people are locked first, so the second writer sees what the first
wrote. If a write passes the locks, PostgreSQL's constraints refuse it and the same error is raised. The bookings are
written by planning/bookings.py.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from outreach import reach
from outreach.domain.access import ActivityFacts, may_see
from outreach.domain.planning.plan import Span, within
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.problems import Problem
from outreach.models import Activity, Invitation, Person, User, Venue, planned
from outreach.services import locking
from outreach.services.locking import Stale
from outreach.services.planning import bookings
from outreach.services.planning import intended as intended_clashes
from outreach.services.planning import rules as planning_rules


class VenueTaken(Problem):
    message = "%(venue)s is taken until %(until)s by “%(title)s” (%(by)s). Choose another time or another place."
    field = "venue_id"


class SpeakerTaken(Problem):
    message = (
        "%(person)s is already to be at “%(title)s” until %(until)s (%(by)s). Choose another time, or somebody else."
    )


class VenueGone(Problem):
    message = "This venue does not exist any more. Choose another one."
    field = "venue_id"


Passing = Mapping[int, int]  # invitation id to the id of the person to whom it goes by the change
NOBODY: Passing = MappingProxyType({})
VENUE_CONSTRAINT = "ex_activity_venue"
DEADLOCK = "40P01"
SURVIVOR_S, LOOK_S = 10.0, 0.02  # how long to wait for the other's commit after a deadlock ended ours
BOOKED_COLUMNS = ("starts_at", "ends_at", "venue_id")


@dataclass(frozen=True)
class _Span:
    """What an activity will book, as a value: still readable after a rollback, when the row is gone."""

    id: int | None
    title: str
    venue_id: int | None
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    by_id: int | None

    def overlaps(self, other: Any) -> bool:
        return bool(self.starts_at < other.ends_at and self.ends_at > other.starts_at)


def book(session: Session, activities: Sequence[Activity], *, speakers: bool = True, passing: Passing = NOBODY) -> None:
    """Book the venues and speakers of activities that are new, moved or published, and flush them.

    Raise VenueTaken, SpeakerTaken or VenueGone; nothing is written then. If the office only warns of a clash, it is
    not refused. Change the rows under `session.no_autoflush`; otherwise PostgreSQL may refuse them before this function
    checks. Several activities may swap their places. speakers: False if only the venue changes, so speakers are not
    checked. passing: these invitations count with the people to whom they go by this change; the caller changes them
    afterwards and calls `book_passed`.
    """
    with session.no_autoflush:
        rules = planning_rules.current()
        left = {
            id
            for activity in activities
            for id in sa.inspect(activity).attrs.venue_id.history.deleted or ()
            if id is not None
        }
        wanted = {activity.venue_id for activity in activities if activity.venue_id is not None}
        if wanted - locking.lock_venues(session, wanted | left):
            raise VenueGone
        for activity, is_free in zip(activities, _are_free(session, activities, rules), strict=True):
            activity.holds_venue = is_free
        stored = [activity for activity in activities if activity.id is not None and speakers]
        people = bookings.on_stage(session, [activity.id for activity in stored]) if stored else set()
        people |= set(passing.values())
        locking.lock_people(session, people)
        _check_speakers(session, stored, people, rules, passing)
        _write(session, activities)
    bookings.rebook_venues(session, left | wanted)
    if not passing:
        _book_speakers(session, stored, people, rules)


def book_passed(session: Session, activities: Sequence[Activity], left: Collection[int]) -> None:
    """Book the speakers after `book` with `passing`, whose invitations have their new people now. left: ids of those before."""
    session.flush()
    _book_speakers(
        session,
        activities,
        bookings.on_stage(session, [activity.id for activity in activities]).union(left),
        planning_rules.current(),
    )


def lock(
    session: Session, activities: Sequence[Activity], venue_ids: Iterable[int | None], person_ids: Iterable[int]
) -> None:
    """Lock the venues and people of these activities, and also these venues and people.

    For a use case that changes people first, and times afterwards.
    """
    venues = {*venue_ids, *(activity.venue_id for activity in activities)}
    locking.lock_venues(session, {id for id in venues if id is not None})
    locking.lock_people(session, bookings.on_stage(session, [activity.id for activity in activities]).union(person_ids))


def book_people(
    session: Session, activities: Sequence[Activity], person_ids: Collection[int], *, locked: bool = False
) -> None:
    """Book these people, newly invited as speakers or moderators, for these activities; raise SpeakerTaken.

    Locks the people, unless they are `locked` already.
    """
    rules = planning_rules.current()
    session.flush()
    if not locked:
        locking.lock_people(session, person_ids)
    _check_speakers(session, activities, person_ids, rules)
    _book_speakers(session, activities, person_ids, rules)


def preview(
    session: Session, activity: Activity, rules: Rules, *, speakers: bool = True, passing: Passing = NOBODY
) -> None:
    """Raise what booking the activity like this would raise; nothing is locked or written. passing: as in `book`."""
    if activity.venue_id is not None and session.get(Venue, activity.venue_id) is None:
        raise VenueGone
    _are_free(session, [activity], rules)
    if speakers:
        people = bookings.on_stage(session, [activity.id]).union(passing.values())
        _check_speakers(session, [activity], people, rules, passing)


def _are_free(session: Session, activities: Sequence[Activity], rules: Rules) -> list[bool]:
    """Return for each activity whether its venue is free at its time; raise VenueTaken if not and the office blocks that.

    These activities count as they are in memory, all others as they are in the database.
    """
    spans, free = [_span(activity) for activity in activities], []
    for index, own in enumerate(spans):
        other = _other_at_venue(session, own, spans) or _among(own, spans[:index])
        blocks = other is not None and rules.severity(ClashKind.VENUE_TAKEN) is Severity.BLOCK
        if blocks and not _is_intended(session, ClashKind.VENUE_TAKEN, own, other):
            raise _venue_taken(session, own, other)
        free.append(other is None)
    return free


def _check_speakers(
    session: Session,
    activities: Sequence[Activity],
    person_ids: Collection[int],
    rules: Rules,
    passing: Passing = NOBODY,
) -> None:
    if activities and person_ids and rules.severity(ClashKind.SPEAKER_TWICE) is Severity.BLOCK:
        _refuse_speakers(session, [_span(activity) for activity in activities], person_ids, passing)


def _write(session: Session, activities: Sequence[Activity]) -> None:
    """Flush the activities. If there are several, all release their venues first, because they may swap them."""
    spans = [_span(activity) for activity in activities]
    booked = [activity for activity in activities if activity.holds_venue]
    try:
        if len(booked) > 1 and any(map(_is_moved, booked)):
            for activity in booked:
                activity.holds_venue = False
            session.flush()
            for activity in booked:
                activity.holds_venue = True
        session.flush()
    except DBAPIError as error:
        is_taken = getattr(getattr(error.orig, "diag", None), "constraint_name", None) == VENUE_CONSTRAINT
        # Two writers that did not wait for the lock may each wait for the other's row; PostgreSQL ends one of them.
        is_ended = getattr(error.orig, "sqlstate", None) == DEADLOCK
        if not (is_taken or is_ended):
            raise
        session.rollback()
        _say_who_has_it(session, spans, SURVIVOR_S if is_ended else 0)
        raise Stale from None


def _say_who_has_it(session: Session, spans: Sequence[_Span], wait_s: float) -> None:
    """Raise VenueTaken for the first span whose venue is taken. Look again for `wait_s`, until the other has committed."""
    until = time.monotonic() + wait_s
    while True:
        for own in spans:
            other = _other_at_venue(session, own, [own])
            if other is not None:
                raise _venue_taken(session, own, other) from None
        if time.monotonic() >= until:
            return
        session.rollback()  # nothing is kept open while waiting
        time.sleep(LOOK_S)


def _book_speakers(session: Session, activities: Sequence[Activity], person_ids: Collection[int], rules: Rules) -> None:
    """Book the people. Raise SpeakerTaken or Stale if a writer that did not wait for the lock has booked one elsewhere."""
    if not person_ids:
        return
    spans = [_span(activity) for activity in activities]
    bookings.rebook_people(session, person_ids, locked=True)
    if rules.severity(ClashKind.SPEAKER_TWICE) is not Severity.BLOCK:
        return
    ids = [span.id for span in spans if span.id is not None]
    if bookings.without_booking(session, ids, person_ids) and not _refuse_speakers(session, spans, person_ids):
        raise Stale


def _other_at_venue(session: Session, own: _Span, but: Iterable[_Span]) -> Any:
    """Return another activity in the venue that overlaps this time, or None: title, ends_at, zone, by_id."""
    if own.venue_id is None:
        return None
    return session.execute(
        sa.select(
            Activity.id,
            Activity.title,
            Activity.venue_id,
            Activity.starts_at,
            Activity.ends_at,
            Activity.zone,
            Activity.coordinator_id.label("by_id"),
        )
        .where(
            planned.IS_PLANNED,
            Activity.venue_id == own.venue_id,
            Activity.id.not_in([span.id for span in but if span.id is not None]),
            Activity.starts_at < own.ends_at,
            Activity.ends_at > own.starts_at,
        )
        .order_by(Activity.starts_at, Activity.id)
        .limit(1)
    ).first()


def _among(own: _Span, others: Iterable[_Span]) -> _Span | None:
    if own.venue_id is None:
        return None
    return next((other for other in others if other.venue_id == own.venue_id and other.overlaps(own)), None)


def _refuse_speakers(
    session: Session, spans: Sequence[_Span], person_ids: Collection[int], passing: Passing = NOBODY
) -> bool:
    """Raise SpeakerTaken for the first person needed by one of the spans and by another activity at the same time.

    Return whether there is such a person, and it is intended. passing: as in `book`.
    """
    own = {span.id: span for span in spans if span.id is not None}
    near = sa.and_(
        Activity.starts_at < max(span.ends_at for span in spans),
        Activity.ends_at > min(span.starts_at for span in spans),
    )
    around = sa.or_(Activity.id.in_(own), near)
    stay = Invitation.id.not_in(passing)
    needed = bookings.spans_on_stage(session, sa.and_(Invitation.person_id.in_(person_ids), around, stay))
    for invitation_id, new_id in passing.items():
        for (id, _former_id), times in bookings.spans_on_stage(session, Invitation.id == invitation_id).items():
            needed[id, new_id] = tuple(sorted({*needed.get((id, new_id), ()), *times}))
    stored = _stored(session, {id for id, _person_id in needed})
    turns: dict[int, list[tuple[Span, _Span]]] = defaultdict(list)  # by person
    for (id, person_id), times in needed.items():
        planned, was = own.get(id, stored[id]), stored[id]  # an activity being booked counts with its new time
        shifted = [(since - was.starts_at, until - was.starts_at) for since, until in times]
        whole = times == ((was.starts_at, was.ends_at),)
        turns[person_id] += (
            (time, planned) for time in within(() if whole else shifted, planned.starts_at, planned.ends_at)
        )
    intended = False
    for person_id, theirs in sorted(turns.items()):
        for ((since, until), activity), ((other_since, other_until), other) in permutations(
            sorted(theirs, key=lambda turn: (turn[0], turn[1].id)), 2
        ):
            if activity.id in own and activity.id != other.id and since < other_until and other_since < until:
                if _is_intended(session, ClashKind.SPEAKER_TWICE, activity, other, person_id):
                    intended = True
                    continue
                name = session.get_one(Person, person_id).display_name
                raise SpeakerTaken(
                    person=name, **{**_told(session, other), "until": other_until.astimezone(other.zone)}
                )
    return intended


def _is_intended(session: Session, kind: ClashKind, own: _Span, other: Any, person_id: int | None = None) -> bool:
    """Return whether this clash is marked as intended. A mark never covers a time that is not stored yet."""
    if own.id is None or other.id is None:
        return False
    stored = _stored(session, {own.id, other.id})
    unmoved = all(
        (span.starts_at, span.ends_at, span.venue_id) == (was.starts_at, was.ends_at, was.venue_id)
        for span, was in ((own, stored[own.id]), (other, stored[other.id]))
    )
    return unmoved and intended_clashes.covers(session, kind, {own.id, other.id}, person_id)


def _stored(session: Session, activity_ids: Collection[int]) -> dict[int, _Span]:
    columns = (
        Activity.id, Activity.title, Activity.venue_id, Activity.starts_at, Activity.ends_at, Activity.zone,
        Activity.coordinator_id,
    )  # fmt: skip
    rows = session.execute(sa.select(*columns).where(Activity.id.in_(activity_ids)))
    return {row.id: _Span(*row) for row in rows}


def _venue_taken(session: Session, own: _Span, other: Any) -> VenueTaken:
    return VenueTaken(venue=session.get_one(Venue, own.venue_id).name, **_told(session, other))


def _told(session: Session, other: Any) -> dict[str, Any]:
    until = other.ends_at.astimezone(other.zone)
    if not _is_seen(session, other.id):
        return {"until": until, "title": gettext("another activity of the office"), "by": "–"}
    coordinator = session.get(User, other.by_id) if other.by_id is not None else None
    return {"until": until, "title": other.title, "by": coordinator.name if coordinator else "–"}


def _is_seen(session: Session, activity_id: int | None) -> bool:
    """Return whether whoever asks may read of this activity. A hall is taken whoever took it."""
    kept_to = reach.of_request()
    if kept_to is None or activity_id is None:
        return True
    facts = sa.select(Activity.region_code, Activity.programme_id.is_not(None)).where(Activity.id == activity_id)
    return may_see(kept_to, ActivityFacts(*session.execute(facts).one()))


def _is_moved(activity: Activity) -> bool:
    state = sa.inspect(activity)
    return bool(state.persistent) and any(state.attrs[name].history.has_changes() for name in BOOKED_COLUMNS)


def _span(activity: Activity) -> _Span:
    return _Span(
        activity.id, activity.title, activity.venue_id, activity.starts_at, activity.ends_at, activity.zone,
        activity.coordinator_id,
    )  # fmt: skip
