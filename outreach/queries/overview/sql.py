"""SQL statements of queries/overview/page.py. They are built once, which saves time on each page.

Each gets three instants: `now`, `overdue` (mails due before it are late) and `soon` (mails due before it are shown).
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.kinds import Audience, Role
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState, PollState
from outreach.models import (
    Activity,
    AgendaItem,
    Cadre,
    CallQuestion,
    Channel,
    DataRequest,
    DatePoll,
    FollowUp,
    IncomingMail,
    Invitation,
    Message,
    Organisation,
    Person,
    PollInvitee,
    PollSlot,
    Programme,
    Region,
    Reminder,
    Rung,
    Venue,
)  # fmt: skip
from outreach.models.channels import CLOCK, INBOX
from outreach.models.ladder import IS_WAITING_RUNG
from outreach.models.mails import IS_SCHEDULED, IS_TO_SEND
from outreach.queries.calls.questions import IS_OPEN
from outreach.queries.invitations.counting import (
    AWAITS_LETTER,
    CAME_SILENTLY,
    IS_SILENT,
    NEVER_ANSWERED,
    is_outdated,
    missed,
)
from outreach.queries.invitations.counting import count as number
from outreach.queries.messages.log import STILL_LOST
from outreach.queries.minutes.follow_ups import to_call
from outreach.services.addresses import ids_blocked, ids_without_mail
from outreach.services.inbox.waiting import WAITS
from outreach.services.invitations import seats
from outreach.services.reminders.audiences import PRESENT

SHOWN = 5  # activities, and mails
UPCOMING = (ActivityState.DRAFT, ActivityState.PUBLISHED)


# An invitee whose invitation waits for its moment is not called, as in the list of people to call (invitations/select.py).
HAS_BEEN_TOLD = sa.or_(Activity.told_at.is_(None), Activity.told_at <= sa.bindparam("now"))
_POSTPONED = sa.select(Activity.id).where(Activity.state == ActivityState.POSTPONED)


def _values(states: Collection[Any]) -> list[Any]:
    return sorted(states)


def _select_answers() -> Any:
    """Select the answers of each upcoming or postponed activity, counted by queries/invitations/counting.py."""
    i = Invitation
    return (
        sa.select(
            i.activity_id,
            number(i.state == InvitationState.COMING),
            number(i.state == InvitationState.REPRESENTED),
            number(i.state == InvitationState.WAITLISTED),
            number(i.state == InvitationState.NOT_COMING),
            number(IS_SILENT),
            number(i.state == InvitationState.PREPARED, ~CAME_SILENTLY),
            seats.PEOPLE.filter(seats.HAS_A_SEAT),
            number(i.role == Role.SPEAKER, i.state.not_in((InvitationState.NOT_COMING, InvitationState.WITHDRAWN))),
            number(CAME_SILENTLY),
            number(is_outdated()),
            number(AWAITS_LETTER, HAS_BEEN_TOLD),
        )
        .join(Activity, Activity.id == i.activity_id)
        .where(i.activity_id.in_(_upcoming().union_all(_POSTPONED)))
        .group_by(i.activity_id)
    )


def _select_unreachable() -> Any:
    """Select, for each upcoming activity, how many invitees to call are without an answer and not reached by mail."""
    i = Invitation
    told = sa.select(Activity.id).where(HAS_BEEN_TOLD)
    found = [
        sa.select(i.activity_id, party.label("party")).where(
            (i.activity_id + 0).in_(_upcoming()),  # + 0: no index, or SQLite looks up each in each activity
            i.state.in_(_values(NEVER_ANSWERED)),
            ~PRESENT,
            sa.or_(i.state != InvitationState.PREPARED, (i.activity_id + 0).in_(told)),
            key.in_(ids_without_mail(invitee)),
        )
        for invitee, key, party in (
            (Person, i.person_id, i.person_id),
            (Organisation, i.organisation_id, -i.organisation_id),
        )
    ]
    each = sa.union_all(*found).subquery()
    return sa.select(each.c.activity_id, sa.func.count(sa.distinct(each.c.party))).group_by(each.c.activity_id)


def _upcoming(*states: ActivityState) -> Any:
    return sa.select(Activity.id).where(Activity.state.in_(states or UPCOMING), Activity.ends_at > sa.bindparam("now"))


def _select_activities() -> Any:
    lines = (
        sa.select(sa.func.count()).where(AgendaItem.activity_id == Activity.id).correlate(Activity).scalar_subquery()
    )
    return (
        sa.select(
            Activity.id, Activity.title, Activity.state, Activity.starts_at, Activity.ends_at, Activity.zone,
            Activity.respond_by_at, Activity.capacity, Venue.name.label("venue"), Venue.capacity.label("venue_capacity"),
            lines.label("agenda_lines"),
        )
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(
            sa.or_(
                sa.and_(Activity.state.in_(UPCOMING), Activity.ends_at > sa.bindparam("now")),
                Activity.state == ActivityState.POSTPONED,
            )
        )
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip


def _select_mails() -> Any:
    return (
        sa.select(
            Reminder.id,
            Reminder.activity_id,
            Activity.title,
            Reminder.kind,
            Reminder.audience,
            Reminder.due_at,
            Activity.zone,
        )
        .join(Activity, Activity.id == Reminder.activity_id)
        .where(
            IS_SCHEDULED,
            Reminder.due_at < sa.bindparam("soon"),
            Reminder.audience != Audience.ONE,
        )
        .order_by(Reminder.due_at, Activity.starts_at, Reminder.id)
        .limit(SHOWN)
    )


def _select_troubles() -> Any:
    """Select one row of numbers: for Troubles in domain/needs.py, and the number of programmes."""
    published = _upcoming(ActivityState.PUBLISHED)
    told = _upcoming(ActivityState.PUBLISHED).where(HAS_BEEN_TOLD)
    has_not_answered = sa.or_(
        IS_SILENT,
        sa.and_(Invitation.state == InvitationState.PREPARED, ~PRESENT, Invitation.activity_id.in_(told)),
    )
    is_expected = Invitation.state.not_in((InvitationState.NOT_COMING, InvitationState.WITHDRAWN))

    def people_and_offices(is_meant: Any, chosen: Any) -> Any:
        """Count the chosen people and organisations with an invitation that meets the condition `is_meant`."""
        found: list[Any] = []
        for invitee, key in ((Person, Invitation.person_id), (Organisation, Invitation.organisation_id)):
            meant = (Invitation.activity_id.in_(published), is_meant, key.in_(chosen(invitee)))
            found.append(sa.select(sa.func.count(sa.distinct(key))).where(*meant).scalar_subquery())
        return found[0] + found[1]

    messages = sa.select(sa.func.count()).select_from(Message)
    waiting = messages.where(IS_TO_SEND, Message.due_at < sa.bindparam("overdue"), Message.attempts == 0)
    unexpanded = sa.select(sa.func.count()).where(IS_SCHEDULED, Reminder.due_at < sa.bindparam("overdue"))
    unclimbed = sa.select(sa.func.count()).where(IS_WAITING_RUNG, Rung.due_at < sa.bindparam("overdue"))
    lost = messages.where(STILL_LOST, Message.expires_at > sa.bindparam("now"))
    in_trouble = sa.select(Channel.since_at).where(Channel.trouble.is_not(None)).limit(1)
    return sa.select(
        in_trouble.where(Channel.name.not_in((INBOX, CLOCK))).scalar_subquery().label("channel_since_at"),
        in_trouble.where(Channel.name == CLOCK).scalar_subquery().label("clock_since_at"),
        in_trouble.where(Channel.name == INBOX).scalar_subquery().label("mailbox_since_at"),
        (waiting.scalar_subquery() + unexpanded.scalar_subquery()).label("overdue"),
        unclimbed.scalar_subquery().label("rungs_overdue"),
        lost.scalar_subquery().label("failed"),
        people_and_offices(has_not_answered, ids_without_mail).label("unreachable"),
        people_and_offices(is_expected, ids_blocked).label("bounced"),
        sa.select(sa.func.count()).select_from(IncomingMail).where(WAITS).scalar_subquery().label("to_read"),
        sa.select(sa.func.count()).select_from(CallQuestion).where(IS_OPEN).scalar_subquery().label("questions"),
        sa.select(sa.func.count(DataRequest.id))
        .where(DataRequest.done_at.is_(None))
        .scalar_subquery()
        .label("data_requests"),
        sa.select(sa.func.count())
        .where(FollowUp.state == sa.literal_column("'open'"), FollowUp.due_on < sa.bindparam("today"))
        .scalar_subquery()
        .label("tasks"),
        sa.select(sa.func.count())
        .select_from(FollowUp)
        .join(FollowUp.minutes)
        .outerjoin(FollowUp.person)
        .outerjoin(FollowUp.organisation)
        .where(to_call(sa.bindparam("call_until")))
        .scalar_subquery()
        .label("tasks_call"),
        sa.select(sa.func.count()).select_from(Programme).scalar_subquery().label("programmes"),
    )


def _select_uncovered() -> Any:
    """Select the kelurahan from which no cadre is coming, for activities with cadres of at least half the kelurahan."""
    asked_from = (
        sa.select(sa.func.count(sa.distinct(Cadre.region_code)))
        .join(Invitation, Invitation.person_id == Cadre.person_id)
        .where(Invitation.activity_id == Activity.id, Invitation.role == Role.CADRE)
        .correlate(Activity)
        .scalar_subquery()
    )
    kelurahan = aliased(Region)
    every = sa.select(sa.func.count()).select_from(kelurahan).where(kelurahan.level == 4).scalar_subquery()
    comes = (
        sa.exists()
        .where(
            Invitation.activity_id == Activity.id,
            Invitation.role == Role.CADRE,
            Invitation.state.in_(_values(TAKES_A_SEAT)),
            Cadre.person_id == Invitation.person_id,
            Cadre.region_code == Region.code,
        )
        .correlate(Activity, Region)
    )
    return (
        sa.select(Activity.id, Region.name)
        .join(Region, Region.level == 4)
        .where(Activity.id.in_(_upcoming(ActivityState.PUBLISHED)), 2 * asked_from >= every, asked_from > 0, ~comes)
        .order_by(Region.name)
    )


def _select_declined() -> Any:
    """Select the speakers who are not coming although they are still on the agenda, or there is no agenda."""
    return (
        sa.select(Invitation.activity_id, sa.func.coalesce(sa.func.nullif(Person.name, ""), Person.post))
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.activity_id.in_(_upcoming(ActivityState.PUBLISHED)),
            Invitation.role == Role.SPEAKER,
            Invitation.state == InvitationState.NOT_COMING,
            missed(),
        )
        .order_by(Person.name, Person.post)
    )


def _select_polls() -> Any:
    """Select the open and closed date polls with at least one proposed time in the future."""
    ahead = sa.exists().where(PollSlot.poll_id == DatePoll.id, PollSlot.starts_at > sa.bindparam("now"))
    return (
        sa.select(
            DatePoll.id, DatePoll.title, DatePoll.closes_at, DatePoll.zone, DatePoll.state,
            sa.func.count(PollInvitee.id).label("asked"), sa.func.count(PollInvitee.answered_at).label("answered"),
        )
        .join(PollInvitee, PollInvitee.poll_id == DatePoll.id)
        .where(DatePoll.state.in_((PollState.OPEN, PollState.CLOSED)), ahead)
        .group_by(DatePoll.id)
        .order_by(DatePoll.closes_at, DatePoll.id)
    )  # fmt: skip


ANSWERS = _select_answers()
UNREACHABLE = _select_unreachable()
ACTIVITIES = _select_activities()
MAILS = _select_mails()
TROUBLES = _select_troubles()
UNCOVERED = _select_uncovered()
DECLINED = _select_declined()
POLLS = _select_polls()
