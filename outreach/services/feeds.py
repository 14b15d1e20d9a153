"""Secret addresses where calendar programs read activities: creating, renewing, revoking and serving feeds.

delivery/mail/ical_feed.py writes the calendar. Drafts appear only in the feed of everything, which is for staff, as
TENTATIVE, because only staff know of them. Reading a feed changes only the day of its last reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.mail.ical_feed import FeedEntry, FeedStatus, feed_ics, feed_url, fingerprint
from outreach.domain.kinds import FeedScope, LinkPurpose
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import current_settings, db
from outreach.models import (
    Activity,
    AuditEntry,
    Feed,
    Invitation,
    Link,
    Office,
    Person,
    Programme,
    User,
    Venue,
    the_office,
)
from outreach.services import audit
from outreach.services.invitations import links
from outreach.transactions import writing


class OnlyForPeople(Problem):
    message = "This page is for people. An organisation has no calendar of its own here."


PAST = timedelta(days=90)  # how long a past activity stays in a feed
TOLD = (ActivityState.PUBLISHED, ActivityState.HELD)
OFF = (ActivityState.CANCELLED, ActivityState.POSTPONED)  # calendars have no word for an event without a date
ELSEWHERE = (InvitationState.NOT_COMING, InvitationState.REPRESENTED, InvitationState.WITHDRAWN)
_COLUMNS = {FeedScope.PROGRAMME: "programme_id", FeedScope.VENUE: "venue_id", FeedScope.PERSON: "person_id"}
_TABLES: dict[FeedScope, Any] = {
    FeedScope.PROGRAMME: Programme, FeedScope.VENUE: Venue, FeedScope.PERSON: Person,
}  # fmt: skip


class FeedUnknown(Problem):
    message = "There is no calendar at this address."


class FeedMissing(Problem):
    message = "This calendar address does not exist any more."


class FeedNameMissing(Problem):
    message = "Please write whose calendar it is for, such as “HP Kepala Bidang”, so that it can be told apart later."
    field = "name"


class FeedSubjectMissing(Problem):
    message = "Please choose what the calendar shows."


@dataclass(frozen=True)
class FeedRow:
    """A feed as staff see it. subject: what it shows; "" for everything. url: empty if the feed is revoked.

    own: whether a person made it with their answer link; staff cannot see or renew its address.
    """

    feed: Feed
    subject: str
    url: str

    @property
    def own(self) -> bool:
        return not self.feed.name


@dataclass(frozen=True)
class FeedContent:
    """A feed's current content. digest: changes only with the content. changed_at: not before the last change."""

    title: str
    entries: tuple[FeedEntry, ...]
    organiser: str
    takes_time: bool
    digest: str
    changed_at: datetime

    def ics(self, *, now: datetime) -> bytes:
        return feed_ics(self.title, self.entries, organiser=self.organiser, takes_time=self.takes_time, now=now)


def all_feeds() -> list[FeedRow]:
    """Return feeds: working ones first, then newest first; people's own last, only working ones. Runs one query."""
    found = db.session.scalars(
        sa.select(Feed)
        .options(*_loaded(), joinedload(Feed.created_by))
        .where((Feed.name != "") | Feed.revoked_at.is_(None))
        .order_by(Feed.name == "", Feed.revoked_at.is_not(None), Feed.id.desc())
    )
    return [FeedRow(one, _subject(one), "" if one.revoked_at else feed_url(one)) for one in found.unique()]


def get(feed_id: int) -> Feed:
    """Return a feed. Raise FeedMissing."""
    found = db.session.get(Feed, feed_id, options=_loaded())
    if found is None:
        raise FeedMissing
    return found


def make(scope: FeedScope, subject_id: int | None, name: str, *, by: User | None, now: datetime) -> Feed:
    """Create a feed address. Raise FeedNameMissing, or FeedSubjectMissing at the form field of its scope."""
    name = name.strip()
    if not name:
        raise FeedNameMissing
    with writing() as session:
        feed = Feed(scope=scope, name=name[:120], nonce=tokens.new_nonce(), created_by_id=by.id if by else None)
        if scope in _COLUMNS:
            subject = session.get(_TABLES[scope], subject_id) if subject_id else None
            if subject is None or (isinstance(subject, Person) and subject.erased_at):
                raise FeedSubjectMissing(field=_COLUMNS[scope])
            setattr(feed, _COLUMNS[scope], subject.id)
        session.add(feed)
        session.flush()
        audit.record(session, by, "feed.created", feed, now=now, **_about(feed))
    return feed


def renew(feed_id: int, *, by: User | None, now: datetime) -> Feed:
    """Give a feed a new address, with `by` as its creator; the old one stops working at once.

    Raise FeedMissing, also for a feed that a person made with their answer link.
    """
    with writing() as session:
        feed = _for_change(feed_id)
        if not feed.name:  # a person's own feed: only that person can see its new address
            raise FeedMissing
        feed.nonce, feed.revoked_at, feed.read_on = tokens.new_nonce(), None, None
        feed.created_by_id, feed.created_at = by.id if by else None, now
        audit.record(session, by, "feed.renewed", feed, now=now, **_about(feed))
    return feed


def revoke(feed_id: int, *, by: User | None, now: datetime) -> Feed:
    """Stop a feed's address from working until it is renewed."""
    with writing() as session:
        feed = _for_change(feed_id)
        if feed.revoked_at is None:
            feed.revoked_at = now
            audit.record(session, by, "feed.revoked", feed, now=now, **_about(feed))
    return feed


def revoke_made_by(session: Session, user_id: int, *, by: User | None, now: datetime) -> int:
    """Revoke the feeds that an account made, in the caller's transaction. Return how many."""
    made = (Feed.created_by_id == user_id, Feed.revoked_at.is_(None))
    found = session.scalars(sa.select(Feed).where(*made).order_by(Feed.id).with_for_update(of=Feed)).all()
    for feed in found:
        feed.revoked_at = now
        audit.record(session, by, "feed.revoked", feed, now=now, **_about(feed))
    return len(found)


def open_feed(token: str) -> Feed:
    """Return the feed of a token. Raise FeedUnknown, also for a revoked feed."""
    nonce = tokens.nonce_of(token, LinkPurpose.FEED)
    if nonce is None:
        raise FeedUnknown
    feed = db.session.scalar(sa.select(Feed).where(Feed.nonce == nonce).options(*_loaded()))
    if feed is None or feed.revoked_at is not None or (feed.person and feed.person.erased_at is not None):
        raise FeedUnknown
    return feed


def content(feed: Feed, *, now: datetime) -> FeedContent:
    """Return a feed's current content. Runs a fixed number of queries."""
    organiser = db.session.scalar(the_office(Office.short_name)) or ""
    title = " – ".join(part for part in (organiser, _public_subject(feed)) if part)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)  # old activities drop out then
    entries = tuple(_entries(feed, midnight - PAST))
    own = feed.scope is FeedScope.PERSON
    digest = fingerprint(title, entries, organiser=organiser, takes_time=own)
    return FeedContent(title, entries, organiser, own, digest, max(_changed_at(feed), midnight))


def note_reading(feed: Feed, on: date) -> None:
    """Store the day on which a feed was read: at most one write a day."""
    if feed.read_on is None or feed.read_on < on:
        feed_id = feed.id
        with writing() as session:
            session.execute(
                sa.update(Feed)
                .where(Feed.id == feed_id, sa.func.coalesce(Feed.read_on, date.min) < on)
                .values(read_on=on)
            )


def _entries(feed: Feed, since: datetime) -> list[FeedEntry]:
    told = Activity.state.in_(TOLD) | (Activity.state.in_(OFF) & Activity.published_at.is_not(None))
    chosen: sa.Select = (
        sa.select(Activity)
        .where(Activity.ends_at >= since)
        .options(joinedload(Activity.venue))
        .order_by(Activity.starts_at, Activity.id)
    )
    match feed.scope:
        case FeedScope.EVERYTHING:
            chosen = chosen.where(told | (Activity.state == ActivityState.DRAFT))
            base = f"{current_settings().base_url.rstrip('/')}/activities"
            return [FeedEntry(one, _status(one), page=f"{base}/{one.id}") for one in db.session.scalars(chosen)]
        case FeedScope.PROGRAMME:
            chosen = chosen.where(told, Activity.programme_id == feed.programme_id)
        case FeedScope.VENUE:
            chosen = chosen.where(told, Activity.venue_id == feed.venue_id)
        case FeedScope.PERSON:
            return _of_person(chosen.where(told), feed.person_id or 0)
    return [FeedEntry(one, _status(one)) for one in db.session.scalars(chosen)]


def _of_person(chosen: sa.Select, person_id: int) -> list[FeedEntry]:
    """Return the activities a person was invited to and has not declined; each once, in whatever roles."""
    rows = db.session.execute(
        chosen.join(Invitation, Invitation.activity_id == Activity.id)
        .add_columns(Invitation.state, Invitation.revision)
        .where(
            Invitation.person_id == person_id,
            Invitation.invited_at.is_not(None),
            Invitation.state.not_in(ELSEWHERE),
        )
    )
    found: dict[int, FeedEntry] = {}
    for activity, state, revision in rows:
        status = _status(activity)
        if status is FeedStatus.CONFIRMED and state is InvitationState.WAITLISTED:
            status = FeedStatus.TENTATIVE
        other = found.get(activity.id)
        if other is None or (other.status is FeedStatus.TENTATIVE and status is FeedStatus.CONFIRMED):
            found[activity.id] = FeedEntry(activity, status, max(revision, other.revision if other else 0))
    return list(found.values())


def _status(activity: Activity) -> FeedStatus:
    if activity.state in OFF:
        return FeedStatus.CANCELLED
    return FeedStatus.TENTATIVE if activity.state is ActivityState.DRAFT else FeedStatus.CONFIRMED


def _changed_at(feed: Feed) -> datetime:
    """Return an instant not before the feed's last change. All changes except answers are in the audit log."""
    newest = [feed.created_at, db.session.scalar(sa.select(sa.func.max(AuditEntry.at)))]
    if feed.person_id is not None:
        times = sa.select(
            sa.func.max(Invitation.answered_at),
            sa.func.max(Invitation.invited_at),
            sa.func.max(Invitation.waitlisted_at),
        )
        newest += db.session.execute(times.where(Invitation.person_id == feed.person_id)).one()
    return max(one for one in newest if one is not None)


def _for_change(feed_id: int) -> Feed:
    feed = db.session.get(Feed, feed_id, with_for_update={"of": Feed}, populate_existing=True)
    if feed is None:
        raise FeedMissing
    return feed


def _loaded() -> Sequence[Any]:
    return joinedload(Feed.programme), joinedload(Feed.venue), joinedload(Feed.person)


def _subject(feed: Feed) -> str:
    if feed.programme:
        return feed.programme.title
    if feed.venue:
        return feed.venue.name
    return feed.person.display_name if feed.person else ""


def _public_subject(feed: Feed) -> str:
    """Return the name shown in calendars: for a programme its public title, as its own title may reveal too much."""
    return feed.programme.public_title if feed.programme else _subject(feed)


def _about(feed: Feed) -> dict[str, Any]:
    found: dict[str, Any] = {"scope": feed.scope.value}
    if feed.scope in _COLUMNS:
        found["of_" + _COLUMNS[feed.scope].removesuffix("_id")] = getattr(feed, _COLUMNS[feed.scope])
    return found


def own_address_of(person_id: int | None) -> str:
    """Return a person's own feed address; "" if they have none. Raise OnlyForPeople for person_id None."""
    feed = _own_of(db.session(), person_id)
    return feed_url(feed) if feed is not None and feed.revoked_at is None else ""


def make_own(token: str, *, now: datetime) -> Feed:
    """Give an invitee a new feed address; the old one stops working at once. Raise a link's problem or OnlyForPeople."""
    with writing() as session:
        link = _locked_link(session, token, now)
        feed = _own_of(session, link.person_id)
        if feed is None:
            feed = Feed(scope=FeedScope.PERSON, person_id=link.person_id, name="")
            session.add(feed)
        feed.nonce, feed.created_at, feed.revoked_at, feed.read_on = tokens.new_nonce(), now, None, None
    return feed


def stop_own(token: str, *, now: datetime) -> None:
    """Stop the invitee's feed address, if they have one. Raise a link's problem or OnlyForPeople."""
    with writing() as session:
        feed = _own_of(session, _locked_link(session, token, now).person_id)
        if feed is not None and feed.revoked_at is None:
            feed.revoked_at = now


def _locked_link(session: Session, token: str, now: datetime) -> Link:
    """Return the link, locked until the transaction ends: two presses make one feed, and a revoked link makes none."""
    return links.open_link(token, now=now, lock=True)


def _own_of(session: Session, person_id: int | None) -> Feed | None:
    if person_id is None:
        raise OnlyForPeople
    return session.scalar(sa.select(Feed).where(Feed.person_id == person_id, Feed.name == "").limit(1))
