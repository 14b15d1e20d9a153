"""Forecast the rungs of ladders, for changes that are not saved yet: publish, move, invite.

Reads only. It uses the rules by which climb.py starts, moves and climbs ladders; tests compare it with what climb.py then
does. It says what happens if no answer comes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.rows.assistants import OF_INVITEE
from outreach.domain.activities.values import Move
from outreach.domain.kinds import MailKind, Role
from outreach.domain.ladder.rungs import (
    MAILS,
    REVIVED,
    LadderName,
    PlannedRung,
    RungKind,
    RungRule,
    RungState,
    RungTiming,
    WhyMissed,
    begun,
    due_at,
    ladder_of,
    outlook,
)
from outreach.domain.planning.office_hours import Calendar, OfficeHours
from outreach.domain.reminders.due import ActivityTimes, local_day
from outreach.domain.states import UNANSWERED, ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Assistant, Invitation, Organisation, Person, Rung
from outreach.services.addresses import no_mail_reaches
from outreach.services.ladder.edit import ladders
from outreach.services.office_defaults import deadline, deadline_at_publishing
from outreach.services.planning import load
from outreach.services.planning import rules as planning_rules
from outreach.services.reminders import audiences
from outreach.services.reminders import expand as expanding
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import Passing

STARTS_AFTER = timedelta(minutes=1)  # a ladder starts with the first tick after its invitation


@dataclass(frozen=True)
class RungForecast:
    """One rung for invitees of one activity. people: how many. without: those of them who cannot get its mail.

    missed: why it is not climbed.
    """

    due_at: datetime
    zone: ZoneInfo
    activity_title: str
    ladder: LadderName
    kind: RungKind
    people: int
    without: int = 0
    missed: WhyMissed | None = None

    @property
    def day(self) -> date:
        return local_day(self.due_at, self.zone)


@dataclass(frozen=True)
class _Asked:
    """Invitees with one ladder, and how many of them no mail reaches, and how many have no adjutant or secretary."""

    ladder: LadderName
    people: int
    no_mail: int = 0
    no_assistant: int = 0

    def without(self, kind: RungKind) -> int:
        return self.no_mail if kind in MAILS else self.no_assistant if kind is RungKind.ASSISTANT else 0


@dataclass(frozen=True)
class _Office:
    rules: Mapping[LadderName, list[RungRule]]
    calendar: Calendar
    hours: OfficeHours


def for_publishing(
    activity_ids: Collection[int], *, now: datetime, invitations_at: datetime | None = None
) -> list[RungForecast]:
    """Forecast the ladders of those who are invited by publishing these drafts. invitations_at: when, if not at once."""
    session, sent_at, found = db.session(), invitations_at or now, []
    for activity in _activities(activity_ids, ActivityState.DRAFT):
        times = ActivityTimes(activity.starts_at, activity.ends_at, deadline_at_publishing(session, activity, sent_at))
        invited_at = forecasting.invitations_go_out_at(activity, times, sent_at, now=now)
        wanted = _invited_by_mail(activity, Invitation.state == InvitationState.PREPARED)
        found += _starting(activity, activity.zone, times, _asked(session, wanted), invited_at)
    return in_order(found)


def for_inviting(
    new: Mapping[int, int], role: Role, *, is_organisation: bool = False, now: datetime
) -> list[RungForecast]:
    """Forecast the ladders of new invitees. new: how many, by activity. Only published activities invite at once."""
    found = []
    for activity in _activities([id for id, people in new.items() if people], ActivityState.PUBLISHED):
        if activity.letter_first:
            continue  # the invitation waits for its letter
        times = expanding.times_of(activity)
        invited_at = forecasting.invitations_go_out_at(activity, times, now, now=now)
        asked = _Asked(ladder_of(role, is_organisation=is_organisation), new[activity.id])
        found += _starting(activity, activity.zone, times, [asked], invited_at)
    return in_order(found)


def for_move(
    activity_id: int, move: Move, passing: Collection[Passing] = (), *, now: datetime, added: Collection[int] = (),
    let_go: Collection[int] = (),
) -> list[RungForecast]:  # fmt: skip
    """Forecast the ladders after this published activity has moved, or this postponed one has its new date.

    passing: the invitations to posts that go to other people by it. Their ladders begin again. added, let_go: the ids of
    people who are invited to speak, or withdrawn, together with the move.
    """
    session, found = db.session(), []
    for activity in _activities([activity_id], ActivityState.PUBLISHED, ActivityState.POSTPONED):
        respond_by_at = deadline(session, move.respond_by_at, move.starts_at, move.zone, now)
        times = ActivityTimes(move.starts_at, move.ends_at, respond_by_at)
        again = activity.state is ActivityState.POSTPONED
        anew = {one.invitation.id for one in passing if one.is_invited} | _speaking(session, activity, let_go)
        waiting = sa.and_(Invitation.state == InvitationState.PREPARED, Invitation.id.not_in(anew))
        invited_at = forecasting.invitations_after(activity, move.starts_at, respond_by_at, now, passing)
        if invited_at is None and added:
            invited_at = now
        if invited_at is not None:
            kept = sa.and_(audiences.KEPT_FROM_INVITATION, Invitation.id.not_in(anew))
            newly = sa.or_(waiting, kept) if again else waiting
            goes_at = forecasting.invitations_go_out_at(activity, times, invited_at, now=now)
            wanted = _invited_by_mail(activity, newly)
            asked = [*_asked(session, wanted), *_asked_anew(session, _new_people(activity, passing, added))]
            found += _starting(activity, move.zone, times, asked, goes_at)
        found += _running(session, activity, move.zone, times, now, but=anew)
    return in_order(found)


def _activities(ids: Collection[int], *states: ActivityState) -> list[Activity]:
    wanted = sa.select(Activity).where(Activity.id.in_(ids), Activity.state.in_(states))
    return list(db.session.scalars(wanted.order_by(Activity.starts_at, Activity.id)))


def _invited_by_mail(activity: Activity, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    waits = audiences.waits_for_letter(activity, MailKind.INVITATION)
    return sa.and_(Invitation.activity_id == activity.id, which, ~audiences.LETTER_MISSING if waits else sa.true())


def _asked(session: Session, which: sa.ColumnElement[bool]) -> list[_Asked]:
    """Return these invitations by ladder."""
    is_organisation = Invitation.organisation_id.is_not(None).label("is_organisation")
    no_assistant = ~sa.exists().where(OF_INVITEE, Assistant.email != "", Assistant.stopped_at.is_(None))
    no_mail = no_mail_reaches(sa.func.coalesce(Person.email, Organisation.email))
    rows = session.execute(
        sa.select(
            Invitation.role, is_organisation, sa.func.count().label("people"),
            sa.func.sum(sa.case((no_mail, 1), else_=0)).label("no_mail"),
            sa.func.sum(sa.case((no_assistant, 1), else_=0)).label("no_assistant"),
        )
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(which)
        .group_by(Invitation.role, is_organisation)
    )  # fmt: skip
    return [
        _Asked(ladder_of(row.role, is_organisation=row.is_organisation), row.people, row.no_mail, row.no_assistant)
        for row in rows
    ]


def _new_people(activity: Activity, passing: Collection[Passing], added: Collection[int]) -> list[tuple[int, Role]]:
    """Return who is invited by a move: new holders of posts, and added speakers, unless these wait for their letter."""
    speakers = [] if activity.letter_first else [(person_id, Role.SPEAKER) for person_id in added]
    return [*((one.new.id, one.invitation.role) for one in passing if one.is_invited), *speakers]


def _speaking(session: Session, activity: Activity, person_ids: Collection[int]) -> set[int]:
    """Return the ids of these people's invitations to speak."""
    theirs = (Invitation.person_id.in_(person_ids), Invitation.role == Role.SPEAKER)
    wanted = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, *theirs)
    return set(session.scalars(wanted)) if person_ids else set()


def _asked_anew(session: Session, invited: Collection[tuple[int, Role]]) -> list[_Asked]:
    """Return people who are invited by a change."""
    people = {person_id for person_id, _role in invited}
    unreached = set(session.scalars(sa.select(Person.id).where(Person.id.in_(people), no_mail_reaches(Person.email))))
    assisted = set(
        session.scalars(
            sa.select(Assistant.person_id).where(
                Assistant.person_id.in_(people), Assistant.email != "", Assistant.stopped_at.is_(None)
            )
        )
    )
    return [
        _Asked(
            ladder_of(role, is_organisation=False),
            1,
            int(person_id in unreached),
            int(person_id not in assisted),
        )
        for person_id, role in invited
    ]


def _starting(
    activity: Activity, zone: ZoneInfo, times: ActivityTimes, asked: Iterable[_Asked], invited_at: datetime
) -> list[RungForecast]:
    office = _office(db.session(), invited_at, times.starts_at)
    starts = invited_at + STARTS_AFTER
    found = []
    for one in asked:
        rules = office.rules[one.ladder]
        planned = begun(rules, invited_at, times.starts_at, zone, office.calendar, office.hours, starts)
        for rung in outlook(planned, respond_by_at=times.respond_by_at, starts_at=times.starts_at, now=invited_at):
            found.append(
                RungForecast(
                    rung.due_at, zone, activity.title, one.ladder, rung.kind, one.people, one.without(rung.kind),
                    rung.missed,
                )
            )  # fmt: skip
    return found


def _running(
    session: Session,
    activity: Activity,
    zone: ZoneInfo,
    times: ActivityTimes,
    now: datetime,
    *,
    but: Collection[int] = (),
) -> list[RungForecast]:
    """Return the rungs that ladders which run already have ahead, as climb.py counts them after a move.

    but: ids of invitations whose ladders end.
    """
    open_ = [
        Invitation.activity_id == activity.id, Invitation.state.in_(sorted(UNANSWERED)), ~audiences.PRESENT,
        Invitation.id.not_in(but),
    ]  # fmt: skip
    if activity.state is ActivityState.POSTPONED:
        open_.append(~audiences.KEPT_FROM_INVITATION)
    rows = session.execute(sa.select(Rung, Invitation).join(Rung.invitation).where(*open_).order_by(Rung.position))
    office = _office(session, now, times.starts_at)
    by_invitation: dict[int, list[PlannedRung]] = defaultdict(list)
    names: dict[int, LadderName] = {}
    for rung, invitation in rows:
        due = _moved_to(rung, invitation, times.starts_at, zone, office)
        if _waits(rung, due, now):
            by_invitation[invitation.id].append(PlannedRung(rung.position, rung.kind, due))
            names[invitation.id] = ladder_of(invitation.role, is_organisation=invitation.organisation_id is not None)
    counted: dict[Any, int] = defaultdict(int)
    for invitation_id, rungs in by_invitation.items():
        for one in outlook(rungs, respond_by_at=times.respond_by_at, starts_at=times.starts_at, now=now):
            counted[one.due_at, names[invitation_id], one.position, one.kind, one.missed] += 1
    return [
        RungForecast(at, zone, activity.title, name, kind, people, missed=missed)
        for (at, name, _position, kind, missed), people in counted.items()
    ]


def _moved_to(rung: Rung, invitation: Invitation, starts_at: datetime, zone: ZoneInfo, office: _Office) -> datetime:
    if rung.timing is not RungTiming.BEFORE_START or rung.starts_at == starts_at:
        return rung.due_at
    rule = RungRule(rung.kind, rung.timing, rung.days, rung.at)
    return due_at(rule, invitation.invited_at or rung.due_at, starts_at, zone, office.calendar, office.hours)


def _waits(rung: Rung, due: datetime, now: datetime) -> bool:
    """Return whether a rung is still to be climbed: it waits, or it is resumed or revived because its time lies ahead."""
    if rung.state is RungState.MISSED:
        moved = due != rung.due_at and rung.timing is RungTiming.BEFORE_START
        return moved and rung.reason in REVIVED and due > now
    return rung.state is RungState.WAITING or (rung.state is RungState.ENDED and due > now)


def _office(session: Session, first: datetime, last: datetime) -> _Office:
    plan, values = planning_rules.rules_and_values()
    return _Office(ladders(session), load.calendar(min(first, last), max(first, last), values), plan.hours)


def in_order(found: Iterable[RungForecast]) -> list[RungForecast]:
    """Return rungs of several activities in the order of their times."""
    return sorted(found, key=lambda one: (one.due_at, one.activity_title, one.ladder, one.kind))
