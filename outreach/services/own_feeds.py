"""The calendar address that a person makes for themself with their own answer link. Answering it is services/feeds.py.

At most one for each person: a Feed without a name, for nobody else needs to tell it apart. Staff see that it is there and can
stop it. It ends with the link by which it was made (services/invitations/links.py).
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail.ical_feed import feed_url
from outreach.domain.kinds import FeedScope
from outreach.domain.problems import Problem
from outreach.extensions import db, writing
from outreach.models import Feed, Link
from outreach.services.invitations import links


class OnlyForPeople(Problem):
    message = "This page is for people. An organisation has no calendar of its own here."


def address(token: str, *, now: datetime) -> str:
    """Return the calendar address of a link's holder; "" where they have none. Raise a link's problem, or OnlyForPeople."""
    feed = _of(db.session(), links.open_link(token, now=now))
    return feed_url(feed) if feed is not None and feed.revoked_at is None else ""


def make(token: str, *, now: datetime) -> Feed:
    """Give a link's holder an address; one that they had stops working at once. Raise as `address` does."""
    with writing() as session:
        link = _locked(session, token, now)
        feed = _of(session, link)
        if feed is None:
            feed = Feed(scope=FeedScope.PERSON, person_id=link.person_id, name="")
            session.add(feed)
        feed.nonce, feed.created_at, feed.revoked_at, feed.read_on = tokens.new_nonce(), now, None, None
    return feed


def stop(token: str, *, now: datetime) -> None:
    """Stop the holder's address from working; without one, nothing happens. Raise as `address` does."""
    with writing() as session:
        feed = _of(session, _locked(session, token, now))
        if feed is not None and feed.revoked_at is None:
            feed.revoked_at = now


def _locked(session: Session, token: str, now: datetime) -> Link:
    """Return the link, held until the end, so that two presses make one address, and none by a link that ends meanwhile."""
    link = links.open_link(token, now=now, session=session)
    session.refresh(link, ["nonce", "revoked_at", "expires_at"], with_for_update=True)
    return links.open_link(token, now=now, session=session)


def _of(session: Session, link: Link) -> Feed | None:
    if link.person_id is None:
        raise OnlyForPeople
    return session.scalar(sa.select(Feed).where(Feed.person_id == link.person_id, Feed.name == "").limit(1))
