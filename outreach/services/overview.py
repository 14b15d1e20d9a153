"""The coordinator's start page: what is next, what needs somebody, what goes out next.

Reads only, in four statements however many activities there are, and as plain values: this page is opened all day long.
What the numbers ask for is decided in domain/needs.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain import needs
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.needs import Answers, Need, Standing, Troubles
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import (
    Activity, AgendaItem, Cadre, Channel, Invitation, Message, Organisation, Person, Programme, Region, Reminder, Venue,
)  # fmt: skip

SHOWN = 5  # activities, and mails
MAILS_WITHIN = timedelta(days=14)
OVERDUE = timedelta(minutes=15)  # a due mail that waits longer means that nothing sends
UPCOMING = (ActivityState.DRAFT, ActivityState.PUBLISHED)


@dataclass(frozen=True, slots=True)
class ComingMail:
    """One reminder that will go out. people: who is in its audience as things stand."""

    activity_id: int
    title: str
    kind: MailKind
    audience: Audience
    due_at: datetime
    zone: ZoneInfo
    people: int


@dataclass(frozen=True)
class Overview:
    next: list[Standing]
    upcoming: int
    needs: list[Need]
    mails: list[ComingMail]
    programmes: int


def overview(*, now: datetime) -> Overview:
    """Return the start page's content at `now`."""
    session = db.session
    moment = {"now": now, "overdue": now - OVERDUE, "soon": now + MAILS_WITHIN}
    answers = {row[0]: Answers(*row[1:]) for row in session.execute(_ANSWERS, moment)}
    standings = [_standing(row, answers) for row in session.execute(_ACTIVITIES, moment)]
    troubles = session.execute(_TROUBLES, moment).one()
    by_id = {one.id: one for one in standings}
    mails = [_mail(row, by_id) for row in session.execute(_MAILS, moment)]
    return Overview(
        next=standings[:SHOWN],
        upcoming=len(standings),
        needs=needs.needs(standings, Troubles(*troubles[:-1]), now),
        mails=mails,
        programmes=troubles[-1],
    )


def _standing(row: Any, answers: dict[int, Answers]) -> Standing:
    return Standing(
        row.id, row.title, row.state, row.starts_at, row.ends_at, row.zone, row.respond_by_at, row.venue or "",
        row.venue_capacity if row.capacity is None else row.capacity, row.agenda_lines, answers.get(row.id, _NOBODY),
    )  # fmt: skip


def _mail(row: Any, standings: dict[int, Standing]) -> ComingMail:
    found = standings.get(row.activity_id)
    return ComingMail(
        row.activity_id, row.title, row.kind, row.audience, row.due_at, row.zone,
        found.answers.in_audience(row.audience) if found else 0,
    )  # fmt: skip


_NOBODY = Answers()


def _values(states: Collection[Any]) -> list[Any]:
    return sorted(states)


def _select_answers() -> sa.Select[Any]:
    """Answers per upcoming activity. An organisation that has named people is counted by them."""
    i = Invitation
    counted = i.person_id.is_not(None) | i.state.not_in(_values(TAKES_A_SEAT))

    def number(*conditions: Any) -> Any:
        return sa.func.count().filter(counted, *conditions)

    return (
        sa.select(
            i.activity_id,
            number(i.state == InvitationState.COMING),
            number(i.state == InvitationState.REPRESENTED),
            number(i.state == InvitationState.WAITLISTED),
            number(i.state == InvitationState.NOT_COMING),
            number(i.state.in_(_values(UNANSWERED))),
            number(i.state == InvitationState.PREPARED),
            sa.func.count(sa.distinct(i.person_id)).filter(i.state.in_(_values(TAKES_A_SEAT))),
            number(i.role == Role.SPEAKER, i.state.not_in((InvitationState.NOT_COMING, InvitationState.WITHDRAWN))),
        )
        .where(i.activity_id.in_(_upcoming()))
        .group_by(i.activity_id)
    )


def _upcoming(*states: ActivityState) -> sa.Select[Any]:
    return sa.select(Activity.id).where(Activity.state.in_(states or UPCOMING), Activity.ends_at > sa.bindparam("now"))


def _select_activities() -> sa.Select[Any]:
    lines = sa.select(sa.func.count()).where(AgendaItem.activity_id == Activity.id).correlate(Activity).scalar_subquery()
    return (
        sa.select(
            Activity.id, Activity.title, Activity.state, Activity.starts_at, Activity.ends_at, Activity.zone,
            Activity.respond_by_at, Activity.capacity, Venue.name.label("venue"), Venue.capacity.label("venue_capacity"),
            lines.label("agenda_lines"),
        )
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(Activity.state.in_(UPCOMING), Activity.ends_at > sa.bindparam("now"))
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip


def _select_mails() -> sa.Select[Any]:
    return (
        sa.select(
            Reminder.activity_id, Activity.title, Reminder.kind, Reminder.audience, Reminder.due_at, Activity.zone
        )
        .join(Activity, Activity.id == Reminder.activity_id)
        .where(
            Reminder.state == ReminderState.SCHEDULED,
            Reminder.due_at < sa.bindparam("soon"),
            Reminder.audience != Audience.ONE,
        )
        .order_by(Reminder.due_at, Activity.starts_at, Reminder.id)
        .limit(SHOWN)
    )


def _select_troubles() -> sa.Select[Any]:
    """One row of numbers: domain/needs.py's Troubles, then how many programmes there are."""
    published = _upcoming(ActivityState.PUBLISHED)
    open_ = _values(UNANSWERED | {InvitationState.PREPARED})

    def unreachable(reader: Any, key: Any) -> Any:
        address = sa.select(reader.email).where(reader.id == key).correlate(Invitation).scalar_subquery()
        return sa.select(sa.func.count(sa.distinct(key))).where(
            Invitation.activity_id.in_(published), Invitation.state.in_(open_), address == ""
        ).scalar_subquery()  # fmt: skip

    invited_cadres = (
        sa.select(Cadre.region_code, Invitation.state)
        .join(Invitation, Invitation.person_id == Cadre.person_id)
        .where(Invitation.activity_id.in_(published), Invitation.role == Role.CADRE)
    )
    coming_from = invited_cadres.with_only_columns(Cadre.region_code).where(Invitation.state.in_(_values(TAKES_A_SEAT)))
    uncovered = sa.select(sa.func.count()).where(
        Region.level == 4, Region.code.not_in(coming_from), sa.exists(invited_cadres.correlate(None))
    )  # fmt: skip

    def messages(*states: MessageState) -> Any:
        return sa.select(sa.func.count()).select_from(Message).where(Message.state.in_(states))

    waiting = messages(MessageState.DUE, MessageState.RETRY).where(Message.due_at < sa.bindparam("overdue"), Message.attempts == 0)
    unexpanded = sa.select(sa.func.count()).where(
        Reminder.state == ReminderState.SCHEDULED, Reminder.due_at < sa.bindparam("overdue")
    )
    lost = messages(MessageState.FAILED, MessageState.UNKNOWN).where(Message.expires_at > sa.bindparam("now"))
    return sa.select(
        sa.select(Channel.since_at).where(Channel.trouble.is_not(None)).limit(1).scalar_subquery(),
        waiting.scalar_subquery() + unexpanded.scalar_subquery(),
        lost.scalar_subquery(),
        unreachable(Person, Invitation.person_id) + unreachable(Organisation, Invitation.organisation_id),
        uncovered.scalar_subquery(),
        sa.select(sa.func.count()).select_from(Programme).scalar_subquery(),
    )


_ANSWERS = _select_answers()
_ACTIVITIES = _select_activities()
_MAILS = _select_mails()
_TROUBLES = _select_troubles()
