"""Secret addresses where calendar programs read activities: creating, renewing and revoking them.

queries/feeds.py lists the feeds and gives their content. Reading a feed changes only the day of its last reading.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import FeedScope
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import (
    Feed,
    Link,
    Person,
    Programme,
    User,
    Venue,
)
from outreach.services import audit
from outreach.services.invitations import links
from outreach.services.locking import PRESSED_TWICE, lock_plans
from outreach.transactions import writing


class OnlyForPeople(Problem):
    message = "This page is for people. An organisation has no calendar of its own here."


class OnlyForTheInvitee(Problem):
    message = "The calendar address is for the invitee alone. An adjutant or secretary gets none."


_COLUMNS = {FeedScope.PROGRAMME: "programme_id", FeedScope.VENUE: "venue_id", FeedScope.PERSON: "person_id"}
_TABLES: dict[FeedScope, Any] = {
    FeedScope.PROGRAMME: Programme, FeedScope.VENUE: Venue, FeedScope.PERSON: Person,
}  # fmt: skip


class FeedMissing(Problem):
    message = "This calendar address does not exist any more."


class FeedNameMissing(Problem):
    message = "Please write whose calendar it is for, such as “HP Kepala Bidang”, so that it can be told apart later."
    field = "name"


class FeedSubjectMissing(Problem):
    message = "Please choose what the calendar shows."


def make(scope: FeedScope, subject_id: int | None, name: str, *, by: User | None, now: datetime) -> Feed:
    """Create a feed address. Raise FeedNameMissing, or FeedSubjectMissing at the form field of its scope.

    If the same account has just sent the same form, return the feed that was made of it.
    """
    name = name.strip()
    if not name:
        raise FeedNameMissing
    with writing() as session:
        lock_plans(session)
        maker = by.id if by else None
        feed = Feed(scope=scope, name=name[:120], nonce=tokens.new_nonce(), created_by_id=maker, created_at=now)
        if scope in _COLUMNS:
            subject = session.get(_TABLES[scope], subject_id) if subject_id else None
            if subject is None or (isinstance(subject, Person) and subject.erased_at):
                raise FeedSubjectMissing(field=_COLUMNS[scope])
            setattr(feed, _COLUMNS[scope], subject.id)
        made = session.scalar(
            sa.select(Feed).where(
                *(getattr(Feed, same) == getattr(feed, same) for same in ("scope", "name", "created_by_id")),
                *(getattr(Feed, column) == getattr(feed, column) for column in _COLUMNS.values()),
                Feed.revoked_at.is_(None),
                Feed.created_at > now - PRESSED_TWICE,
                Feed.created_at <= now,
            )
        )
        if made is not None:  # the second of two presses
            return made
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


def _for_change(feed_id: int) -> Feed:
    feed = db.session.get(Feed, feed_id, with_for_update={"of": Feed}, populate_existing=True)
    if feed is None:
        raise FeedMissing
    return feed


def _about(feed: Feed) -> dict[str, Any]:
    found: dict[str, Any] = {"scope": feed.scope.value}
    if feed.scope in _COLUMNS:
        found["of_" + _COLUMNS[feed.scope].removesuffix("_id")] = getattr(feed, _COLUMNS[feed.scope])
    return found


def make_own(token: str, *, now: datetime) -> Feed:
    """Give an invitee a new feed address; the old one stops working at once.

    Raise a link's problem, OnlyForPeople or OnlyForTheInvitee.
    """
    with writing() as session:
        link = _locked_link(session, token, now)
        feed = own_feed(session, link.person_id)
        if feed is None:
            feed = Feed(scope=FeedScope.PERSON, person_id=link.person_id, name="")
            session.add(feed)
        feed.nonce, feed.created_at, feed.revoked_at, feed.read_on = tokens.new_nonce(), now, None, None
    return feed


def stop_own(token: str, *, now: datetime) -> None:
    """Stop the invitee's feed address, if they have one. Raise as make_own does."""
    with writing() as session:
        feed = own_feed(session, _locked_link(session, token, now).person_id)
        if feed is not None and feed.revoked_at is None:
            feed.revoked_at = now


def _locked_link(session: Session, token: str, now: datetime) -> Link:
    """Return the link, locked until the transaction ends, so that two presses make one feed and a revoked link makes none."""
    refuse_assistants(token)
    return links.use_link(token, now=now, lock=True)


def refuse_assistants(token: str) -> None:
    """Raise OnlyForTheInvitee for the link of an adjutant or secretary: an earlier one would keep the address."""
    if links.assistant_of(token) is not None:
        raise OnlyForTheInvitee


def own_feed(session: Session, person_id: int | None) -> Feed | None:
    """Return the feed that a person made by their link, revoked or not. Raise OnlyForPeople for person_id None."""
    if person_id is None:
        raise OnlyForPeople
    return session.scalar(sa.select(Feed).where(Feed.person_id == person_id, Feed.name == "").limit(1))
