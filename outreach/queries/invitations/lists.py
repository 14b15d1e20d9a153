"""Lists of an activity's invitees: searched, filtered, counted by state, each with its last mail.

Reads only. services/invitations/invite.py invites, services/answers/answer.py records answers, queries/door/attendance.py
lists attendance.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from outreach.delivery import tokens
from outreach.delivery.words.whatsapp import is_moved
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import Audience, LinkPurpose, MailKind
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AddressFailure,
    IncomingMail,
    Invitation,
    Link,
    Message,
    MessageLine,
    Person,
    Region,
    Reminder,
)
from outreach.queries import inbox
from outreach.queries.invitations.counting import count
from outreach.queries.invitations.select import (
    InviteeFilters,
    invitees_wanted,
    matching,
    narrowed,
    order,
    row_options,
    to_call,
)
from outreach.queries.messages import archive
from outreach.queries.paging import Page, paged
from outreach.services import addresses
from outreach.services.invitations import seats
from outreach.services.locking import ActivityMissing, InvitationMissing
from outreach.services.reminders.forecast import ToRemind, for_reminding


@dataclass(frozen=True)
class LastMail:
    message_id: int
    kind: MailKind
    state: MessageState
    reason: str
    at: datetime
    returned: bool = False  # a delivery report says that it bounced


@dataclass(frozen=True)
class InviteeRow:
    invitation: Invitation
    last_mail: LastMail | None
    link: str  # the URL of the answer page, "" if there is no working link
    failure: AddressFailure | None = None  # if no mail arrives at the invitee's address
    wrote: IncomingMail | None = None  # the latest inbox mail about it that staff must read or have read
    unreminded: bool = False  # invited after the last reminder to answer


@dataclass(frozen=True)
class Seats:
    """taken: people coming or represented. total: None without a limit."""

    taken: int
    waiting: int
    total: int | None


@dataclass(frozen=True)
class InviteeList:
    activity: Activity
    page: Page
    rows: list[InviteeRow]
    counts: Mapping[InvitationState, int]  # as invitations/counting.py counts
    unanswered: int  # without those who have come
    outdated: int  # whose answer is to a day before a move
    unreminded: int  # invited after the last reminder to answer
    seats: Seats
    without_address: int  # invitees that no mail reaches; they are to be called
    regions: list[Region] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        return is_moved(self.activity)

    @property
    def total(self) -> int:
        return sum(number for state, number in self.counts.items() if state is not InvitationState.WITHDRAWN)


@dataclass(frozen=True)
class RemindList:
    """Who of a filtered list would get a reminder by hand: (invitation, forecast). more: the list was longer than `most`."""

    activity: Activity
    rows: Sequence[tuple[Invitation, ToRemind]]
    more: bool = False

    @property
    def mailed(self) -> list[tuple[Invitation, ToRemind]]:
        """Return those who get one; first those who have not answered, because only these are ticked."""
        found = [row for row in self.rows if row[1].reason is None]
        return sorted(found, key=lambda row: row[1].audience is not Audience.UNANSWERED)

    @property
    def left_out(self) -> list[tuple[Invitation, ToRemind]]:
        return [row for row in self.rows if row[1].reason is not None]


def to_remind(activity_id: int, filters: InviteeFilters, *, now: datetime, most: int) -> RemindList:
    """Return who of a filtered list would get a reminder now, and when; raise ActivityMissing."""
    activity = activity_of(activity_id)
    wanted = matching(activity_id, filters).options(*row_options()).order_by(*order()).limit(most + 1)
    found = list(db.session.scalars(wanted))
    by_id = {invitation.id: invitation for invitation in found[:most]}
    rows = [(by_id[line.invitation_id], line) for line in for_reminding(activity_id, list(by_id), now=now)]
    return RemindList(activity, rows, more=len(found) > most)


def activity_of(activity_id: int) -> Activity:
    """Return the activity with its place and programme; raise ActivityMissing."""
    activity = db.session.scalar(
        sa.select(Activity)
        .where(Activity.id == activity_id)
        .options(joinedload(Activity.venue), joinedload(Activity.programme), joinedload(Activity.region))
    )
    if activity is None:
        raise ActivityMissing
    return activity


def one(invitation_id: int) -> InviteeRow:
    """Return one invitation with all that its own page shows; raise InvitationMissing."""
    invitation = db.session.scalar(
        sa.select(Invitation)
        .where(Invitation.id == invitation_id)
        .options(
            *row_options(),
            joinedload(Invitation.activity).options(joinedload(Activity.venue), joinedload(Activity.programme)),
        )
    )
    if invitation is None:
        raise InvitationMissing
    return _rows([invitation])[0]


def listed(activity_id: int, filters: InviteeFilters, number: int = 1, *, now: datetime) -> InviteeList:
    """Return one page of an activity's invitees; a nominee follows the organisation that nominated them.

    Withdrawn ones are shown only if the filter asks for that state.
    """
    activity = activity_of(activity_id)
    page = paged(invitees_wanted(activity_id, filters).options(*row_options()).order_by(*order()), number)
    return InviteeList(
        activity=activity,
        page=page,
        rows=_rows(page.items),
        counts=_counts(activity_id, filters),
        unanswered=_number(activity_id, replace(_others(filters), unanswered=True)),
        outdated=_number(activity_id, replace(_others(filters), outdated=True)) if is_moved(activity) else 0,
        unreminded=_number(activity_id, replace(_others(filters), unreminded=True)),
        seats=seats_of(activity),
        without_address=without_address(activity_id, now=now),
        regions=list(db.session.scalars(sa.select(Region).where(Region.level >= 3).order_by(Region.code))),
    )


def unreminded(activity_id: int) -> int:
    """Return how many invitees were invited after the last reminder to answer, so that no rule reminds them."""
    return _number(activity_id, InviteeFilters(unreminded=True))


def without_address(activity_id: int, *, now: datetime) -> int:
    """Return how many invitees need a call because no mail reaches them."""
    wanted = matching(activity_id, InviteeFilters(no_address=True)).with_only_columns(Invitation.id)
    wanted = wanted.join(Activity, Activity.id == Invitation.activity_id).where(to_call(now))
    return db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


def nominees_of(invitation_id: int) -> list[Invitation]:
    """Return the invitations of an organisation's nominees, in the order of its list."""
    return list(
        db.session.scalars(
            sa.select(Invitation)
            .join(Person, Person.id == Invitation.person_id)
            .where(Invitation.nominated_under_id == invitation_id, Invitation.state != InvitationState.WITHDRAWN)
            .options(contains_eager(Invitation.person), joinedload(Invitation.activity))
            .order_by(Invitation.list_position, Invitation.id)
        )
    )


def unreached_among(nominees: Collection[Invitation]) -> set[int]:
    """Return the ids of those whom no mail reaches: they have no address, or a blocked one."""
    blocked = addresses.among([nominee.invitee.email for nominee in nominees])
    reached = (
        nominee.invitee.email and email_addresses.key(nominee.invitee.email) not in blocked for nominee in nominees
    )
    return {nominee.id for nominee, is_reached in zip(nominees, reached, strict=True) if not is_reached}


def waiting_of(nominees: Collection[Invitation]) -> list[str]:
    """Return the names of those whose invitation waits until a coordinator has looked at the office's list."""
    ids = [nominee.id for nominee in nominees]
    written = sa.select(sa.func.max(Reminder.id)).where(
        Reminder.invitation_id.in_(ids), Reminder.kind == MailKind.INVITATION
    )
    held = set(
        db.session.scalars(
            sa.select(Reminder.invitation_id).where(
                Reminder.id.in_(written.group_by(Reminder.invitation_id)), Reminder.reason == MissedReason.MANY_NAMED
            )
        )
    )
    return [nominee.invitee.display_name for nominee in nominees if nominee.id in held]


def seats_of(activity: Activity) -> Seats:
    """Return how many of an activity's seats are taken, how many invitees are waitlisted, and how many seats there are."""
    waiting = db.session.scalar(
        sa.select(sa.func.count()).where(
            Invitation.activity_id == activity.id, Invitation.state == InvitationState.WAITLISTED
        )
    )
    return Seats(taken=seats.taken(db.session(), activity), waiting=waiting or 0, total=activity.seats)


def _counts(activity_id: int, filters: InviteeFilters) -> dict[InvitationState, int]:
    counted = (
        matching(activity_id, _others(filters)).with_only_columns(Invitation.state, count()).group_by(Invitation.state)
    )
    by_state = {row[0]: row[1] for row in db.session.execute(counted)}
    return {state: by_state[state] for state in InvitationState if by_state.get(state)}


def _number(activity_id: int, filters: InviteeFilters) -> int:
    return db.session.scalar(matching(activity_id, filters).with_only_columns(count())) or 0


def _others(filters: InviteeFilters) -> InviteeFilters:
    """Return the filters without those by answer."""
    return replace(filters, state=None, unanswered=False, outdated=False, unreminded=False)


def _rows(invitations: Collection[Invitation]) -> list[InviteeRow]:
    mails = last_mails([i.id for i in invitations])
    links = answer_links(invitations)
    failures = addresses.among([i.invitee.email for i in invitations])
    wrote = inbox.about_invitations([i.id for i in invitations])
    silent = _unreminded_among([i.id for i in invitations])
    return [
        InviteeRow(
            i,
            mails.get(i.id),
            links.get(i.id, ""),
            failures.get(email_addresses.key(i.invitee.email)),
            wrote.get(i.id),
            i.id in silent,
        )
        for i in invitations
    ]


def _unreminded_among(invitation_ids: Collection[int]) -> set[int]:
    wanted = narrowed(
        sa.select(Invitation.id).where(Invitation.id.in_(invitation_ids)), InviteeFilters(unreminded=True)
    )
    return set(db.session.scalars(wanted))


def last_mails(invitation_ids: Collection[int]) -> dict[int, LastMail]:
    """Return the latest mail about each invitation, from the archive if it is there. Two statements, or three."""
    latest = (
        sa.select(sa.func.max(MessageLine.id))
        .where(MessageLine.invitation_id.in_(invitation_ids), MessageLine.message_id.is_not(None))
        .group_by(MessageLine.invitation_id)
    )
    found = db.session.execute(
        sa.select(
            MessageLine.invitation_id, Message.id, Message.kind, Message.state,
            sa.func.coalesce(sa.func.nullif(MessageLine.skipped, ""), Message.reason),
            Message.sent_at, Message.due_at,
        )
        .join(Message, Message.id == MessageLine.message_id)
        .where(MessageLine.id.in_(latest))
    )  # fmt: skip
    last = {row[0]: LastMail(row[1], row[2], row[3], row[4], row[5] or row[6]) for row in found}
    if missing := set(invitation_ids) - set(last):
        for line, message in archive.last_about(missing):
            said = line.skipped or message.reason
            last[line.invitation_id] = LastMail(
                message.id, message.kind, message.state, said, message.sent_at or message.due_at
            )
    returned = inbox.came_back([mail.message_id for mail in last.values()])
    return {key: replace(mail, returned=mail.message_id in returned) for key, mail in last.items()}


def answer_links(invitations: Collection[Invitation]) -> dict[int, str]:
    """Return the URL of each invitee's answer page, by invitation id, for those with a working link; one statement."""
    people = {i.person_id for i in invitations if i.person_id}
    organisations = {i.organisation_id for i in invitations if i.organisation_id}
    links = db.session.scalars(
        sa.select(Link).where(
            Link.purpose == LinkPurpose.ANSWER,
            Link.revoked_at.is_(None),
            sa.or_(Link.person_id.in_(people), Link.organisation_id.in_(organisations)),
        )
    ).all()
    invitees = {(link.person_id, link.organisation_id): tokens.answer_url(link) for link in links}
    found = {i.id: invitees.get((i.person_id, i.organisation_id), "") for i in invitations}
    return {invitation_id: address for invitation_id, address in found.items() if address}
