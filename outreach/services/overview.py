"""The coordinator's start page: what is next, what needs somebody, what goes out next.

Reads only, in six statements however many activities there are, and as plain values: this page is opened all day long.
So what was read is kept for three seconds, or until this process commits anything; only what another process wrote can
be three seconds late. What the numbers ask for is decided in domain/needs.py.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain import needs
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.needs import Answers, Need, Standing, Troubles
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    Cadre,
    Channel,
    Invitation,
    Message,
    Organisation,
    Person,
    Programme,
    Region,
    Reminder,
    Venue,
)  # fmt: skip
from outreach.services.counting import count as number
from outreach.services.counting import missed

KEPT_FOR = timedelta(seconds=3)
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


@dataclass(frozen=True, eq=False)
class Overview:
    at: datetime
    next: list[Standing]
    upcoming: int
    needs: list[Need]
    mails: list[ComingMail]
    programmes: int


_kept: WeakKeyDictionary[sa.Engine, Overview] = WeakKeyDictionary()


def overview(*, now: datetime) -> Overview:
    """Return the start page's content at `now`, or as it was at most KEPT_FOR before."""
    kept = _kept.get(db.engine)
    if kept is None or not timedelta() <= now - kept.at < KEPT_FOR:
        kept = _kept[db.engine] = _read(now)
    return kept


@sa.event.listens_for(sa.Engine, "commit")
def _forget(_connection: sa.Connection) -> None:
    _kept.clear()


def _read(now: datetime) -> Overview:
    session = db.session
    moment = {"now": now, "overdue": now - OVERDUE, "soon": now + MAILS_WITHIN}
    answers = {row[0]: Answers(*row[1:]) for row in session.execute(_ANSWERS, moment)}
    standings = [_standing(row, answers) for row in session.execute(_ACTIVITIES, moment)]
    channel_since_at, overdue, failed, unreachable, programmes = session.execute(_TROUBLES, moment).one()
    by_id = {one.id: one for one in standings}
    troubles = Troubles(
        channel_since_at=channel_since_at,
        overdue=overdue,
        failed=failed,
        unreachable=unreachable,
        uncovered=_names(session.execute(_UNCOVERED, moment)),
        declined=_names(session.execute(_DECLINED, moment)),
    )
    return Overview(
        at=now,
        next=standings[:SHOWN],
        upcoming=len(standings),
        needs=needs.needs(standings, troubles, now),
        mails=[_mail(row, by_id) for row in session.execute(_MAILS, moment)],
        programmes=programmes,
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


def _names(rows: Iterable[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for activity_id, name in rows:
        found.setdefault(activity_id, []).append(name)
    return found


_NOBODY = Answers()


def _values(states: Collection[Any]) -> list[Any]:
    return sorted(states)


def _select_answers() -> Any:
    """Answers per upcoming activity, counted as services/counting.py says."""
    i = Invitation
    open_ = _values(UNANSWERED | {InvitationState.PREPARED})
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
            number(i.state.in_(open_), sa.func.coalesce(Person.email, Organisation.email) == ""),
        )
        .outerjoin(Person, Person.id == i.person_id)
        .outerjoin(Organisation, Organisation.id == i.organisation_id)
        .where(i.activity_id.in_(_upcoming()))
        .group_by(i.activity_id)
    )


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
        .where(Activity.state.in_(UPCOMING), Activity.ends_at > sa.bindparam("now"))
        .order_by(Activity.starts_at, Activity.id)
    )  # fmt: skip


def _select_mails() -> Any:
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


def _select_troubles() -> Any:
    """One row of numbers: domain/needs.py's Troubles, then how many programmes there are."""
    published = _upcoming(ActivityState.PUBLISHED)
    open_ = _values(UNANSWERED | {InvitationState.PREPARED})

    def unreachable(what: Any, reader: Any, key: Any) -> Any:
        address = sa.select(reader.email).where(reader.id == key).correlate(Invitation).scalar_subquery()
        return sa.select(what).where(
            Invitation.activity_id.in_(published), Invitation.state.in_(open_), key.is_not(None), address == ""
        )  # fmt: skip

    def messages(*states: MessageState) -> Any:
        return sa.select(sa.func.count()).select_from(Message).where(Message.state.in_(states))

    waiting = messages(MessageState.DUE, MessageState.RETRY).where(
        Message.due_at < sa.bindparam("overdue"), Message.attempts == 0
    )
    unexpanded = sa.select(sa.func.count()).where(
        Reminder.state == ReminderState.SCHEDULED, Reminder.due_at < sa.bindparam("overdue")
    )
    lost = messages(MessageState.FAILED, MessageState.UNKNOWN).where(Message.expires_at > sa.bindparam("now"))
    people, offices = (Person, Invitation.person_id), (Organisation, Invitation.organisation_id)
    counts = [
        unreachable(sa.func.count(sa.distinct(key)), reader, key).scalar_subquery() for reader, key in (people, offices)
    ]
    return sa.select(
        sa.select(Channel.since_at).where(Channel.trouble.is_not(None)).limit(1).scalar_subquery(),
        waiting.scalar_subquery() + unexpanded.scalar_subquery(),
        lost.scalar_subquery(),
        counts[0] + counts[1],
        sa.select(sa.func.count()).select_from(Programme).scalar_subquery(),
    )


def _select_uncovered() -> Any:
    """For each activity to which cadres of half the kelurahan or more are asked: those from which none is coming."""
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
    """The speakers who are not coming, though an agenda still has them, or there is none."""
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


_ANSWERS = _select_answers()
_ACTIVITIES = _select_activities()
_MAILS = _select_mails()
_TROUBLES = _select_troubles()
_UNCOVERED = _select_uncovered()
_DECLINED = _select_declined()
