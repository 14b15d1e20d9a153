"""Opening, renewing and revoking the links by which invitees answer without login. delivery/tokens.py derives them.

Renewing or revoking a link also stops a calendar feed that the invitee made with it (services/feeds.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.delivery.tokens import answer_url, link_for
from outreach.domain.kinds import AnswerSource, Audience, LinkPurpose, MailKind
from outreach.domain.mail.hours import poll_held_until
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day
from outreach.domain.states import ActivityState, InvitationState, PollState
from outreach.extensions import db
from outreach.models import (
    Activity,
    Assistant,
    DatePoll,
    Feed,
    Invitation,
    Link,
    Message,
    Organisation,
    Person,
    PollInvitee,
    ReplacedLink,
    User,
)
from outreach.services import addresses, audit, office_defaults
from outreach.services.locking import activities_for_change
from outreach.services.reminders.schedule import event_reminder
from outreach.transactions import writing

__all__ = [
    "STOPPED_BY_OLD_LINK",
    "Delivery",
    "LinkExpired",
    "LinkReplaced",
    "LinkRevoked",
    "LinkUnknown",
    "answer_url",
    "link_for",
    "open_link",
    "prolong_links",
    "renew",
    "revoke",
    "stopping_link",
    "use_link",
]

RENEWED_FOR = timedelta(days=90)
STOPPED_BY_OLD_LINK = "reminders_stopped_by_old_link"  # the verb in the audit log


class LinkUnknown(Problem):
    message = "This link is not complete or not known. Please open the link in our latest mail again, or call us."


class LinkReplaced(Problem):
    message = (
        "This link was replaced by a newer one and does not work any more. Please use the link in our latest mail. "
        "If you have got none, please call us."
    )


class LinkExpired(Problem):
    message = "This link is no longer valid, because its activities are long over."


class LinkRevoked(Problem):
    message = "Our office has switched this link off. Please call us if you would like to answer or have questions."


class Delivery(StrEnum):
    """Whether a new link goes out by mail, and if not, why; the page shows the sentence for it."""

    SENT = "sent"
    NOT_WANTED = "not_wanted"
    NO_ADDRESS = "no_address"  # or the address is blocked
    STOPPED = "stopped"  # they asked for no mails
    NOTHING_AHEAD = "nothing_ahead"  # no activity that a mail could be about


def open_link(token: str, *, now: datetime, lock: bool = False) -> Link:
    """Return the link of a token with its invitee loaded. Raise LinkUnknown, LinkReplaced, LinkExpired or LinkRevoked.

    Runs one statement. Open the link after locking the activity or poll that it answers. Then a link that was revoked
    during the wait for the lock is refused. lock: lock the link itself until the transaction ends.
    """
    nonce = nonce_of(token)
    wanted = sa.select(Link).where(Link.nonce == nonce).options(joinedload(Link.person), joinedload(Link.organisation))
    if lock:
        wanted = wanted.with_for_update(of=Link)
    found: Link = opened(db.session.scalar(wanted), now)
    return found


def use_link(token: str, *, now: datetime, lock: bool = False) -> Link:
    """Do the same as `open_link` for somebody who does something by the link, in the caller's transaction.

    The first time is kept: they know what they were asked, also if no mail told them.
    """
    link = open_link(token, now=now, lock=lock)
    link.used_at = link.used_at or now
    return link


def stopping_link(token: str) -> Link:
    """Return the link of a token that may stop reminders: also of one that was replaced, has expired or was revoked.

    Every mail that we sent can stop the next ones. Raise LinkUnknown; raise LinkReplaced for a link whose earlier nonce is
    not stored, because its record passed to somebody else or it was replaced before nonces were kept.
    """
    nonce = nonce_of(token)
    earlier = sa.select(ReplacedLink.link_id).where(ReplacedLink.nonce == nonce)
    found = db.session.scalar(
        sa.select(Link)
        .where((Link.nonce == nonce) | Link.id.in_(earlier))
        .options(joinedload(Link.person), joinedload(Link.organisation))
    )
    if found is None:
        raise LinkReplaced
    return found


def nonce_of(token: str) -> str:
    """Return the nonce under which an answer link is stored; of an adjutant's or secretary's link, that of their invitee.

    Raise LinkUnknown. Raise LinkReplaced if they are not that any more.
    """
    nonce = tokens.nonce_of(token, LinkPurpose.ANSWER)
    if nonce is not None:
        return nonce
    one = assistant_of(token)
    if one is None:
        raise LinkUnknown
    of_person, of_organisation = Link.person_id == one.person_id, Link.organisation_id == one.organisation_id
    invitee = of_person if one.person_id is not None else of_organisation
    found = db.session.scalar(sa.select(Link.nonce).where(Link.purpose == LinkPurpose.ANSWER, invitee))
    if found is None:
        raise LinkReplaced
    return found


def assistant_of(token: str) -> Assistant | None:
    """Return the adjutant or secretary whose link this is; None if it is nobody's of them. Raise LinkReplaced."""
    nonce = tokens.nonce_of(token, LinkPurpose.ASSISTANT)
    if nonce is None:
        return None
    found = db.session.scalar(sa.select(Assistant).where(Assistant.nonce == nonce))
    if found is None:
        raise LinkReplaced
    return found


def source_of(token: str) -> AnswerSource:
    """Return how somebody answers who uses this link."""
    by_assistant = tokens.nonce_of(token, LinkPurpose.ASSISTANT) is not None
    return AnswerSource.ASSISTANT if by_assistant else AnswerSource.LINK


def opened(link: Any, now: datetime) -> Any:
    """Return a link, or a row with its columns. Raise LinkReplaced for None, LinkRevoked or LinkExpired.

    The caller has checked the token. So a link that is not stored was ours, and a newer one has replaced it.
    """
    if link is None:
        raise LinkReplaced
    if link.revoked_at is not None:
        raise LinkRevoked
    if now >= link.expires_at:
        raise LinkExpired
    return link


def delivery_of(invitee: Person | Organisation, *, now: datetime) -> Delivery:
    """Return whether a new link of theirs can go out by mail. It only reads."""
    if not invitee.email or addresses.failure_of(invitee.email) is not None:
        return Delivery.NO_ADDRESS
    if invitee.reminders_stopped_at is not None:
        return Delivery.STOPPED
    reached = _ahead(db.session(), invitee, now) or _asked(db.session(), invitee, now)
    return Delivery.SENT if reached else Delivery.NOTHING_AHEAD


def renew(invitee: Person | Organisation, *, by: User | None, now: datetime, send: bool = False) -> Delivery:
    """Give the invitee a new link. Every later mail carries the new one; the old one only stops reminders.

    send: also send one mail with the new link, about all activities ahead to which they are invited; without any, the mail
    of each date poll that they have not answered. Return whether that goes out.
    """
    with writing() as session:
        session.add(invitee)
        delivery = delivery_of(invitee, now=now) if send else Delivery.NOT_WANTED
        ahead = _ahead(session, invitee, now) if delivery is Delivery.SENT else {}
        asked = _asked(session, invitee, now) if delivery is Delivery.SENT and not ahead else []
        activities = activities_for_change(session, sorted(ahead))
        link = link_for(session, invitee, expires_at=now + RENEWED_FOR)
        session.refresh(link, with_for_update=True)  # another press at this moment would keep the same nonce
        session.add(ReplacedLink(link_id=link.id, nonce=link.nonce))
        link.nonce = tokens.new_nonce()
        link.revoked_at = None
        _stop_own_calendar(session, invitee, now)
        link.expires_at = max(link.expires_at, now + RENEWED_FOR)
        for activity in activities:
            event_reminder(session, activity, MailKind.LINK, Audience.ONE, now=now, invitation=ahead[activity.id])
        for one in asked:
            due_at = poll_held_until(one.poll.closes_at, now, office_defaults.mail_hours(session)) or now
            session.add(
                Message(
                    person_id=one.person_id,
                    organisation_id=one.organisation_id,
                    poll_invitee_id=one.id,
                    kind=MailKind.POLL,
                    local_day=local_day(due_at, one.poll.zone),
                    due_at=due_at,
                    expires_at=one.poll.closes_at,
                )
            )
        audit.record(session, by, "link.renewed", invitee, now=now, sent=delivery is Delivery.SENT)
    return delivery


def _ahead(session: Session, invitee: Person | Organisation, now: datetime) -> dict[int, Invitation]:
    """Return one invitation of theirs for each published activity that is not over, by activity."""
    column = Invitation.person_id if isinstance(invitee, Person) else Invitation.organisation_id
    found = session.scalars(
        sa.select(Invitation)
        .join(Invitation.activity)
        .where(
            column == invitee.id,
            Invitation.state.not_in([InvitationState.PREPARED, InvitationState.WITHDRAWN]),
            Activity.state == ActivityState.PUBLISHED,
            Activity.ends_at > now,
        )
        .order_by(Invitation.id)
    )
    return {one.activity_id: one for one in found}


def _asked(session: Session, invitee: Person | Organisation, now: datetime) -> Sequence[PollInvitee]:
    """Return what open date polls have asked them and they have not answered. A mail that waits has the new link anyway,
    and counts.
    """
    column = PollInvitee.person_id if isinstance(invitee, Person) else PollInvitee.organisation_id
    return session.scalars(
        sa.select(PollInvitee)
        .join(PollInvitee.poll)
        .where(
            column == invitee.id,
            PollInvitee.asked_at.is_not(None),
            PollInvitee.answered_at.is_(None),
            DatePoll.state == PollState.OPEN,
            DatePoll.closes_at > now,
        )
        .order_by(PollInvitee.id)
    ).all()


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
        person_ids=[invitee.person_id for invitee in invitees if invitee.person_id],
        organisation_ids=[invitee.organisation_id for invitee in invitees if invitee.organisation_id],
        expires_at=(until or activity.ends_at) + tokens.lifetime(),
    )
