"""Opening, renewing and revoking the links by which invitees answer without login. delivery/tokens.py derives them.

Renewing or revoking a link also stops a calendar feed that the invitee made with it (services/feeds.py).
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.tokens import answer_url, link_for
from outreach.domain.kinds import LinkPurpose
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Activity, Feed, Invitation, Link, Organisation, Person, User
from outreach.services import audit
from outreach.transactions import writing

__all__ = [
    "LinkExpired",
    "LinkRevoked",
    "LinkUnknown",
    "answer_url",
    "link_for",
    "open_link",
    "prolong_links",
    "renew",
    "revoke",
]

RENEWED_FOR = timedelta(days=90)


class LinkUnknown(Problem):
    message = "This link is not complete or not known. Please open the link in our latest mail again, or call us."


class LinkExpired(Problem):
    message = "This link is no longer valid, because its activities are long over."


class LinkRevoked(Problem):
    message = "Our office has switched this link off. Please call us if you would like to answer or have questions."


def open_link(token: str, *, now: datetime, lock: bool = False) -> Link:
    """Return the link of a token with its invitee loaded. Raise LinkUnknown, LinkExpired or LinkRevoked.

    Runs one statement. Open the link after locking the activity or poll that it answers. Then a link that was revoked
    during the wait for the lock is refused. lock: lock the link itself until the transaction ends.
    """
    nonce = nonce_of(token)
    wanted = sa.select(Link).where(Link.nonce == nonce).options(joinedload(Link.person), joinedload(Link.organisation))
    if lock:
        wanted = wanted.with_for_update(of=Link)
    found: Link = opened(db.session.scalar(wanted), now)
    return found


def nonce_of(token: str) -> str:
    """Return the nonce under which an answer link is stored. Raise LinkUnknown."""
    nonce = tokens.nonce_of(token, LinkPurpose.ANSWER)
    if nonce is None:
        raise LinkUnknown
    return nonce


def opened(link: Any, now: datetime) -> Any:
    """Return a link, or a row with its columns. Raise LinkUnknown for None, LinkRevoked or LinkExpired."""
    if link is None:
        raise LinkUnknown
    if link.revoked_at is not None:
        raise LinkRevoked
    if now >= link.expires_at:
        raise LinkExpired
    return link


def renew(invitee: Person | Organisation, *, by: User | None, now: datetime) -> Link:
    """Give the invitee a new link; the old one stops working at once. The next mail carries the new one."""
    with writing() as session:
        session.add(invitee)
        link = link_for(session, invitee, expires_at=now + RENEWED_FOR)
        link.nonce = tokens.new_nonce()
        link.revoked_at = None
        _stop_own_calendar(session, invitee, now)
        link.expires_at = max(link.expires_at, now + RENEWED_FOR)
        audit.record(session, by, "link.renewed", invitee, now=now)
    return link


def revoke(invitee: Person | Organisation, *, by: User | None, now: datetime) -> Link:
    """Stop the invitee's link from working until it is renewed."""
    with writing() as session:
        session.add(invitee)
        link = link_for(session, invitee, expires_at=now + RENEWED_FOR)
        link.revoked_at = now
        _stop_own_calendar(session, invitee, now)
        audit.record(session, by, "link.revoked", invitee, now=now)
    return link


def _stop_own_calendar(session: Session, invitee: Person | Organisation, now: datetime) -> None:
    if isinstance(invitee, Person):
        own = (Feed.person_id == invitee.id, Feed.name == "", Feed.revoked_at.is_(None))
        session.execute(sa.update(Feed).where(*own).values(revoked_at=now).execution_options(synchronize_session=False))


def prolong_links(session: Session, activity: Activity, *, until: datetime | None = None) -> None:
    """Extend the links of everybody invited to an activity beyond its end; create missing ones. until: instead of its end."""
    invitees = session.execute(
        sa.select(Invitation.person_id, Invitation.organisation_id).where(Invitation.activity_id == activity.id)
    ).all()
    tokens.ensure_links(
        session,
        person_ids=[one.person_id for one in invitees if one.person_id],
        organisation_ids=[one.organisation_id for one in invitees if one.organisation_id],
        expires_at=(until or activity.ends_at) + tokens.lifetime(),
    )
