"""Calendar feeds: the list for staff, and the content that calendar programs get. services/feeds.py makes the addresses.

delivery/mail/ical_feed.py writes the calendar. Drafts appear only in the feed of everything, which is for staff, as
TENTATIVE, because only staff know of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach import reach
from outreach.delivery import tokens
from outreach.delivery.mail.ical_event import notes_of
from outreach.delivery.mail.ical_feed import FeedEntry, FeedStatus, feed_ics, feed_url, fingerprint
from outreach.domain.kinds import FeedScope, LinkPurpose
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import current_settings, db
from outreach.models import (
    Activity,
    AgendaItem,
    AuditEntry,
    Feed,
    Invitation,
    Office,
    Person,
    the_office,
)
from outreach.services.feeds import FeedMissing, own_feed

PAST = timedelta(days=90)  # how long a past activity stays in a feed
TOLD = (ActivityState.PUBLISHED, ActivityState.HELD)
OFF = (ActivityState.CANCELLED, ActivityState.POSTPONED)  # calendars have no word for an event without a date
ELSEWHERE = (InvitationState.NOT_COMING, InvitationState.REPRESENTED, InvitationState.WITHDRAWN)


class FeedUnknown(Problem):
    message = "There is no calendar at this address."


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
    return [FeedRow(feed, _subject(feed), "" if feed.revoked_at else feed_url(feed)) for feed in found.unique()]


def get(feed_id: int) -> Feed:
    """Return a feed. Raise FeedMissing."""
    found = db.session.get(Feed, feed_id, options=_loaded())
    if found is None:
        raise FeedMissing
    return found


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


def _entries(feed: Feed, since: datetime) -> list[FeedEntry]:
    told = Activity.state.in_(TOLD) | (Activity.state.in_(OFF) & Activity.published_at.is_not(None))
    chosen: sa.Select = (
        sa.select(Activity)
        .where(Activity.ends_at >= since)
        .options(joinedload(Activity.venue), joinedload(Activity.programme))
        .order_by(Activity.starts_at, Activity.id)
    )
    office = db.session.scalar(the_office())
    match feed.scope:
        case FeedScope.EVERYTHING:
            chosen = chosen.where(told | (Activity.state == ActivityState.DRAFT))
            base = f"{current_settings().base_url.rstrip('/')}/activities"
            return [_entry(activity, office, page=f"{base}/{activity.id}") for activity in db.session.scalars(chosen)]
        case FeedScope.PROGRAMME:
            chosen = chosen.where(told, Activity.programme_id == feed.programme_id)
        case FeedScope.VENUE:
            chosen = chosen.where(told, Activity.venue_id == feed.venue_id)
        case FeedScope.PERSON:
            return _of_person(chosen.where(told), feed.person_id or 0, office)
    return [_entry(activity, office) for activity in db.session.scalars(chosen)]


def _entry(activity: Activity, office: Office | None, *, person_id: int | None = None, **more: Any) -> FeedEntry:
    """Return an activity's entry, with what mails say in theirs."""
    return FeedEntry(activity, _status(activity), notes=tuple(notes_of(activity, office, person_id)), **more)


def _of_person(chosen: sa.Select, person_id: int, office: Office | None) -> list[FeedEntry]:
    """Return the activities a person was invited to and has not declined; each once, in whatever roles."""
    rows = db.session.execute(
        chosen.options(selectinload(Activity.agenda).selectinload(AgendaItem.speakers).load_only(Person.id))
        .join(Invitation, Invitation.activity_id == Activity.id)
        .add_columns(Invitation.state, Invitation.revision)
        .where(
            Invitation.person_id == person_id,
            Invitation.invited_at.is_not(None),
            Invitation.state.not_in(ELSEWHERE),
        )
    )
    found: dict[int, FeedEntry] = {}
    for activity, state, revision in rows:
        entry = _entry(activity, office, person_id=person_id)
        if entry.status is FeedStatus.CONFIRMED and state is InvitationState.WAITLISTED:
            entry = replace(entry, status=FeedStatus.TENTATIVE)
        other = found.get(activity.id)
        if other is None or (other.status is FeedStatus.TENTATIVE and entry.status is FeedStatus.CONFIRMED):
            found[activity.id] = replace(entry, revision=max(revision, other.revision if other else 0))
    return list(found.values())


def _status(activity: Activity) -> FeedStatus:
    if activity.state in OFF:
        return FeedStatus.CANCELLED
    return FeedStatus.TENTATIVE if activity.state is ActivityState.DRAFT else FeedStatus.CONFIRMED


def _changed_at(feed: Feed) -> datetime:
    """Return an instant not before the feed's last change. All changes except answers are in the audit log."""
    with reach.unfiltered():  # an account with an area sees activities of programmes, but not who changed them when
        newest = [feed.created_at, db.session.scalar(sa.select(sa.func.max(AuditEntry.at)))]
        if feed.person_id is not None:
            times = sa.select(
                sa.func.max(Invitation.answered_at),
                sa.func.max(Invitation.invited_at),
                sa.func.max(Invitation.waitlisted_at),
            )
            newest += db.session.execute(times.where(Invitation.person_id == feed.person_id)).one()
    return max(instant for instant in newest if instant is not None)


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


def own_address_of(person_id: int | None) -> str:
    """Return a person's own feed address; "" if they have none. Raise OnlyForPeople for person_id None."""
    feed = own_feed(db.session(), person_id)
    return feed_url(feed) if feed is not None and feed.revoked_at is None else ""
