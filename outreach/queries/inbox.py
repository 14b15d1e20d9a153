"""The inbox as a coordinator reads it: lists of mails, one mail, and mails of an invitation, invitee or message.

services/inbox/receive.py fetches and applies mails; services/inbox/handled.py marks them as handled.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.delivery.words import whatsapp
from outreach.delivery.words.whatsapp import WaysToReach
from outreach.domain.answers import Choice
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.mail.incoming import CHOICES, IncomingReason
from outreach.extensions import db
from outreach.models import AddressFailure, Channel, IncomingMail, Invitation, Organisation, Person, User
from outreach.models.channels import INBOX
from outreach.queries.directory import lists as directory
from outreach.queries.paging import Page, paged
from outreach.services import addresses
from outreach.services.inbox.handled import marked_together
from outreach.services.inbox.waiting import ASKING, WAITS, IncomingMissing

BY_PROGRAMS = (IncomingKind.BOUNCE, IncomingKind.DELAY, IncomingKind.AUTOMATIC)
SHOWN = 5  # on the page of the person or organisation
UNDO_FOR = timedelta(minutes=30)  # how long the list offers to undo the latest mark


class InboxGroup(StrEnum):
    """The groups of mails that a coordinator can list."""

    TO_READ = "to_read"
    LETTERS = "letters"
    ANSWERS = "answers"
    REPORTS = "reports"
    ALL = "all"


GROUPS: dict[InboxGroup, sa.ColumnElement[bool]] = {
    InboxGroup.TO_READ: WAITS,
    InboxGroup.LETTERS: IncomingMail.kind == IncomingKind.LETTER,
    InboxGroup.ANSWERS: IncomingMail.kind == IncomingKind.ANSWER,
    InboxGroup.REPORTS: IncomingMail.kind.in_((IncomingKind.BOUNCE, IncomingKind.DELAY)),
    InboxGroup.ALL: sa.true(),
}


@dataclass(frozen=True)
class InboxFilters:
    """Filters of the list. name: shown on the page, does not filter."""

    group: InboxGroup = InboxGroup.TO_READ
    person_id: int | None = None
    organisation_id: int | None = None
    q: str = ""
    name: str = ""  # the person's or the organisation's


@dataclass(frozen=True)
class MailCallee:
    """Who sent a mail, to be called. kind: as in the address that opens WhatsApp. id: of a representative their invitation's."""

    kind: str
    id: int
    name: str
    phone: str


@dataclass(frozen=True)
class ShownMail:
    """One mail, and how to reach its sender. write_to: a mailto: address, or "" if nobody would read a reply."""

    mail: IncomingMail
    call: WaysToReach
    callee: MailCallee | None
    write_to: str
    failure: AddressFailure | None  # of the invitee's own address, if no mail arrives there


@dataclass(frozen=True)
class MailboxProblem:
    """Why the mailbox cannot be read at present."""

    trouble: ChannelTrouble
    reply: str
    since_at: datetime


@dataclass(frozen=True)
class Marked:
    """The latest mails that somebody marked as handled together: one of them, and how many."""

    mail: IncomingMail
    count: int


def find(filters: InboxFilters, number: int = 1, per_page: int = 25) -> tuple[Page, InboxFilters]:
    """Return one page of mails, the newest first, and the filters with `name` filled in. The number of queries is fixed."""
    page = paged(mail_select(filters).options(*_whole()), number, per_page, q=filters.q)
    return page, replace(filters, **directory.filtered_invitee(filters.person_id, filters.organisation_id))


def mail_select(filters: InboxFilters) -> sa.Select[Any]:
    """Select the mails of the list, in its order."""
    chosen = sa.select(IncomingMail).where(GROUPS[filters.group])
    if filters.person_id is not None:
        chosen = chosen.where(IncomingMail.person_id == filters.person_id)
    if filters.organisation_id is not None:
        chosen = chosen.where(IncomingMail.organisation_id == filters.organisation_id)
    if q := filters.q.strip():
        texts = (
            IncomingMail.sender, IncomingMail.sender_name, IncomingMail.subject, IncomingMail.text, Person.name,
            Organisation.name,
        )  # fmt: skip
        chosen = (
            chosen.outerjoin(Person, Person.id == IncomingMail.person_id)
            .outerjoin(Organisation, Organisation.id == IncomingMail.organisation_id)
            .where(sa.or_(*(text.icontains(q, autoescape=True) for text in texts)))
        )
    return chosen.order_by(IncomingMail.id.desc())


def show(mail_id: int) -> ShownMail:
    """Return one mail with all that its page shows; raise IncomingMissing."""
    found = db.session.scalar(sa.select(IncomingMail).where(IncomingMail.id == mail_id).options(*_whole()))
    if found is None:
        raise IncomingMissing
    invitee = found.person or found.organisation
    failure = addresses.failure_of(invitee.email) if invitee else None
    callee = _callee(found)
    return ShownMail(found, whatsapp.at(callee.phone if callee else ""), callee, _reply_address(found), failure)


def about_invitations(invitation_ids: Collection[int]) -> dict[int, IncomingMail]:
    """Return the latest mail of each invitation, of those that a coordinator must read or has read; one statement."""
    latest = (
        sa.select(sa.func.max(IncomingMail.id))
        .where(IncomingMail.invitation_id.in_(invitation_ids), IncomingMail.outcome.in_(ASKING))
        .group_by(IncomingMail.invitation_id)
    )
    found = db.session.scalars(sa.select(IncomingMail).where(IncomingMail.id.in_(latest)))
    return {mail.invitation_id: mail for mail in found if mail.invitation_id}


def of_invitee(invitee: Person | Organisation) -> Sequence[IncomingMail]:
    """Return the latest mails of a person or organisation that a coordinator must read or has read; at most SHOWN."""
    column = IncomingMail.person_id if isinstance(invitee, Person) else IncomingMail.organisation_id
    return db.session.scalars(
        sa.select(IncomingMail)
        .where(column == invitee.id, IncomingMail.outcome.in_(ASKING))
        .order_by(IncomingMail.id.desc())
        .limit(SHOWN)
    ).all()


def about_message(message_id: int) -> Sequence[IncomingMail]:
    """Return the delivery reports and other mails that answer a message of ours."""
    return db.session.scalars(
        sa.select(IncomingMail).where(IncomingMail.message_id == message_id).order_by(IncomingMail.id)
    ).all()


def came_back(message_ids: Collection[int]) -> set[int]:
    """Return which of these messages bounced; bounces not surely about a message do not count. One statement."""
    unsure = (IncomingReason.UNPROVEN, IncomingReason.NOT_OURS)
    return set(
        db.session.scalars(
            sa.select(IncomingMail.message_id).where(
                IncomingMail.message_id.in_(message_ids),
                IncomingMail.kind == IncomingKind.BOUNCE,
                IncomingMail.reason.not_in(unsure),
            )
        )
    )


def answer_in(mail: IncomingMail) -> Choice | None:
    """Return the answer of a calendar reply, even if it was not applied; None if there is none or it is outdated."""
    outdated = mail.reason in (IncomingReason.NEWER_ANSWER, IncomingReason.ACTIVITY_CHANGED)
    return None if outdated or mail.participation is None else CHOICES.get(mail.participation)


def reason_of(mail: IncomingMail) -> IncomingReason | None:
    """Return the reason of a mail's outcome; None if there is none."""
    return IncomingReason(mail.reason) if mail.reason in set(IncomingReason) else None


def mailbox_problem() -> MailboxProblem | None:
    """Return why the mailbox cannot be read at present, or None if it can."""
    found = db.session.get(Channel, INBOX, populate_existing=True)
    if found is None or found.trouble is None or found.since_at is None:
        return None
    return MailboxProblem(found.trouble, found.reply, found.since_at)


def _whole() -> tuple[Any, ...]:
    invitation = joinedload(IncomingMail.invitation)
    return (
        joinedload(IncomingMail.person),
        joinedload(IncomingMail.organisation),
        joinedload(IncomingMail.seen_by).lazyload(User.roles),
        invitation.joinedload(Invitation.activity),
        invitation.joinedload(Invitation.person),
        invitation.joinedload(Invitation.organisation),
    )


def _callee(mail: IncomingMail) -> MailCallee | None:
    invitation = mail.invitation
    if invitation and mail.reason == IncomingReason.REPRESENTATIVE:
        acting = invitation.acting
        return MailCallee("representative", invitation.id, acting.name, acting.phone) if acting else None
    if mail.person:
        return MailCallee("person", mail.person.id, mail.person.display_name, mail.person.phone)
    if mail.organisation:
        return MailCallee("organisation", mail.organisation.id, mail.organisation.name, mail.organisation.phone)
    return None


def _reply_address(mail: IncomingMail) -> str:
    if not mail.sender or mail.kind in BY_PROGRAMS:
        return ""
    subject = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
    return f"mailto:{quote(mail.sender, safe='@')}?{urlencode({'subject': subject.strip()}, quote_via=quote)}"


def just_marked(mail_id: int, *, by: User, now: datetime) -> Marked | None:
    """Return what `by` recently marked together with a mail, so that they can undo it; None if there is nothing."""
    mail = db.session.get(IncomingMail, mail_id)
    if mail is None or mail.seen_at is None or mail.seen_by_id != by.id or now - mail.seen_at > UNDO_FOR:
        return None
    return Marked(mail, db.session.scalar(sa.select(sa.func.count()).where(marked_together(mail))) or 0)
