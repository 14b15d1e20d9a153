"""An activity's agenda: its lines with their speakers, and the moderator. Saved together with the invitations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from outreach.domain.kinds import Role
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Activity, AgendaItem, Invitation, Person, User
from outreach.services import audit, locking
from outreach.services.activities.checks import CannotEdit, EndBeforeStart, check_not_postponed
from outreach.services.invitations import add as new_invitations
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.locking import activity_for_change
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.transactions import writing

UNCHANGED = 0  # keep the moderator


class AgendaOutside(Problem):
    message = "“%(topic)s” lies outside the activity, which runs from registration to %(end)s."


class TopicMissing(Problem):
    message = "Please write a topic for every line of the agenda, or empty the line."


class AgendaOverlaps(Problem):
    message = "“%(topic)s” begins before “%(before)s” has ended. If that is meant, tick that lines may overlap."
    field = "overlaps"


@dataclass(frozen=True)
class AgendaValues:
    starts_at: datetime
    ends_at: datetime
    topic: str
    speaker_ids: tuple[int, ...] = ()


def set_agenda(
    activity_id: int,
    items: Sequence[AgendaValues],
    *,
    version: int | None = None,
    moderator_id: int | None = UNCHANGED,
    withdraw_removed: bool = False,
    overlaps: bool = True,
    by: User | None,
    now: datetime,
) -> Activity:
    """Replace the agenda and the moderator, and invite speakers and moderators who are not invited yet.

    A replaced moderator's invitation is withdrawn. With withdraw_removed, so are those of speakers taken off the agenda.
    Raise Stale, CannotEdit, AgendaOutside, AgendaOverlaps (unless lines may overlap), TopicMissing, EndBeforeStart,
    SpeakerTaken or PlanBlocked; nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        check_not_postponed(activity)
        if activity.state in (ActivityState.CANCELLED, ActivityState.HELD):
            raise CannotEdit
        _check(activity, items, overlaps)
        before = {person.id for line in activity.agenda for person in line.speakers}
        after = {speaker_id for item in items for speaker_id in item.speaker_ids}
        planned, present = plan_checks.before(session, [activity_id]), bookings.on_stage(session, [activity_id])
        locking.lock_people(session, present | before | after | ({moderator_id} if moderator_id else set()))
        activity.agenda = [
            AgendaItem(
                starts_at=item.starts_at, ends_at=item.ends_at, topic=item.topic.strip(),
                speakers=list(session.scalars(sa.select(Person).where(Person.id.in_(item.speaker_ids)))),
            )
            for item in items
        ]  # fmt: skip
        flag_modified(activity, "title")  # a change of the agenda raises the activity's version
        session.flush()
        new_invitations.add_people(session, [activity], after, Role.SPEAKER, now=now)
        if withdraw_removed:
            _withdraw(session, activity, Role.SPEAKER, before - after, by, now)
        if moderator_id != UNCHANGED:
            _set_moderator(session, activity, moderator_id, by, now)
        bookings.rebook_people(session, bookings.on_stage(session, [activity_id]) | before, locked=True)
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        audit.record(session, by, "activity.agenda_set", activity, now=now, lines=len(items))
    return activity


def shift(activity: Activity, by: timedelta) -> None:
    """Move the agenda together with its activity."""
    for item in activity.agenda:
        item.starts_at += by
        item.ends_at += by


def _check(activity: Activity, items: Sequence[AgendaValues], overlaps: bool) -> None:
    opens = activity.registration_at or activity.starts_at
    for item in items:
        if not item.topic.strip():
            raise TopicMissing
        if item.ends_at <= item.starts_at:
            raise EndBeforeStart
        if item.starts_at < opens or item.ends_at > activity.ends_at:
            raise AgendaOutside(topic=item.topic, end=activity.ends_at.astimezone(activity.zone))
    for first, second in pairwise(sorted(items, key=lambda item: item.starts_at)):
        if second.starts_at < first.ends_at and not overlaps:
            raise AgendaOverlaps(topic=second.topic, before=first.topic)


def _set_moderator(session: Session, activity: Activity, person_id: int | None, by: User | None, now: datetime) -> None:
    present = set(session.scalars(_standing(activity, Role.MODERATOR).with_only_columns(Invitation.person_id)))
    if person_id in present:
        return
    _withdraw(session, activity, Role.MODERATOR, present, by, now)
    if person_id is not None:
        new_invitations.add_people(session, [activity], [person_id], Role.MODERATOR, now=now)


def _withdraw(
    session: Session, activity: Activity, role: Role, person_ids: Collection[int | None], by: User | None, now: datetime
) -> None:
    wanted = _standing(activity, role).where(Invitation.person_id.in_(person_ids))
    for invitation in session.scalars(wanted.order_by(Invitation.id)).all():
        withdrawing.take_back(session, invitation, by=by, now=now)


def _standing(activity: Activity, role: Role) -> sa.Select[Any]:
    return sa.select(Invitation).where(
        Invitation.activity_id == activity.id,
        Invitation.role == role,
        Invitation.state.not_in((InvitationState.WITHDRAWN, InvitationState.NOT_COMING)),
    )
