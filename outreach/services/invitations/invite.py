"""Choosing invitees: people in a role, organisations with a quota, cadres by kind and kelurahan; to each activity its own.

New invitees of a published activity get the invitation at the next tick; those of a draft when it is published.
invitations/withdraw.py withdraws an invitation.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.kinds import CadreKind, Role
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Cadre, Invitation, Person, User
from outreach.services import audit
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.invitations import post_holders
from outreach.services.invitations.add import Invited, add_each, add_organisations, add_people, audited
from outreach.services.invitations.checks import NobodyChosen, QuotaNotPositive, open_activities
from outreach.services.locking import invitation_for_change, lock_address_book
from outreach.services.planning import checks as plan_checks
from outreach.transactions import writing


class QuotaBelowNominees(Problem):
    message = "They have named %(count)d people already. Ask them to take somebody off their list first."
    field = "quota"


def invite_people(
    activity_ids: Collection[int],
    person_ids: Collection[int],
    role: Role,
    *,
    post_ids: Collection[int] = (),
    by: User | None,
    now: datetime,
) -> Invited:
    """Invite people in a role, and whoever holds these posts on each activity's day.

    Raise SpeakerTaken if a speaker or moderator is booked elsewhere at that time, and PlanBlocked for any other clash that
    the office blocks. Raise NobodyHolds for a post that nobody holds on the day. Those who have the role already stay
    unchanged.
    """
    if not person_ids and not post_ids:
        raise NobodyChosen
    with writing() as session:
        if post_ids:
            lock_address_book(session)
        activities = open_activities(session, activity_ids)
        planned = plan_checks.before(session, activity_ids)
        posts = post_holders.holders(session, activities, post_ids) if post_ids else {}
        chosen = {activity.id: {*person_ids, *posts.get(activity.id, {})} for activity in activities}
        result = add_each(session, activities, chosen, role, posts=posts, now=now)
        plan_checks.refuse_blocking(session, activity_ids, before=planned, now=now)
        return audited(session, activities, result, role, by, now)


def invite_each(chosen: Mapping[int, Collection[int]], role: Role, *, by: User | None, now: datetime) -> Invited:
    """Invite to each activity its own people, all or nobody. chosen: people's ids by activity id.

    Activities for which nobody is chosen stay unchanged. Raise NobodyChosen, and otherwise what `invite_people` raises.
    """
    wanted = {activity_id: set(people) for activity_id, people in chosen.items() if people}
    if not wanted:
        raise NobodyChosen
    with writing() as session:
        activities = open_activities(session, wanted)
        planned = plan_checks.before(session, wanted)
        result = add_each(session, activities, wanted, role, now=now)
        plan_checks.refuse_blocking(session, wanted, before=planned, now=now)
        return audited(session, activities, result, role, by, now)


def invite_organisations(
    activity_ids: Collection[int], quotas: Mapping[int, int], *, by: User | None, now: datetime
) -> Invited:
    """Invite organisations, each with its quota of seats: {organisation id: seats}."""
    if not quotas:
        raise NobodyChosen
    if min(quotas.values()) < 1:
        raise QuotaNotPositive
    with writing() as session:
        activities = open_activities(session, activity_ids)
        planned = plan_checks.before(session, activity_ids)
        result = add_organisations(session, activities, quotas, now=now)
        plan_checks.refuse_blocking(session, activity_ids, before=planned, now=now)
        return audited(session, activities, result, Role.PARTICIPANT, by, now)


def invite_cadres(
    activity_ids: Collection[int],
    kinds: Collection[CadreKind],
    region_codes: Collection[str],
    *,
    without: Collection[int] = (),
    by: User | None,
    now: datetime,
) -> Invited:
    """Invite all active cadres of these kinds in these kelurahan. No kind, or no kelurahan, is nobody.

    without: ids of people to leave out. Raise NobodyChosen.
    """
    with writing() as session:
        activities = open_activities(session, activity_ids)
        chosen = _cadres(kinds, region_codes).where(Person.id.not_in(without))
        person_ids = session.scalars(chosen.with_only_columns(Person.id).distinct()).all()
        if not person_ids:
            raise NobodyChosen
        planned = plan_checks.before(session, activity_ids)
        result = add_people(session, activities, person_ids, Role.CADRE, now=now)
        plan_checks.refuse_blocking(session, activity_ids, before=planned, now=now)
        return audited(session, activities, result, Role.CADRE, by, now)


def count_cadres(kinds: Collection[CadreKind], region_codes: Collection[str]) -> tuple[int, int]:
    """Return how many people invite_cadres would reach, and how many of them have no e-mail address."""
    chosen = _cadres(kinds, region_codes).with_only_columns(Person.id, Person.email).distinct().subquery()
    row = db.session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(chosen.c.email == "")).select_from(chosen)
    ).one()
    return row[0], row[1]


def set_quota(invitation_id: int, quota: int, *, by: User | None, now: datetime) -> Invitation:
    """Change how many people an organisation may name. Raise QuotaBelowNominees, or PlanBlocked for a blocked clash."""
    if quota < 1:
        raise QuotaNotPositive
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        named = sum(1 for n in invitation.nominees if n.state is not InvitationState.WITHDRAWN)
        if quota < named:
            raise QuotaBelowNominees(count=named)
        planned = plan_checks.before(session, [invitation.activity_id])
        before, invitation.quota = invitation.quota, quota
        plan_checks.refuse_blocking(session, [invitation.activity_id], before=planned, now=now)
        audit.record(
            session, by, "invitation.quota_set", invitation, now=now, name=invitation.invitee.display_name,
            quota=[before, quota],
        )  # fmt: skip
    return invitation


def _cadres(kinds: Collection[CadreKind], region_codes: Collection[str]) -> sa.Select:
    return (
        sa.select(Person)
        .join(Cadre, Cadre.person_id == Person.id)
        .where(Cadre.active, Person.erased_at.is_(None), Cadre.kind.in_(kinds), Cadre.region_code.in_(region_codes))
    )


def add_to_invite(activity_ids: Collection[int], values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Store a person to invite to these activities. Raise ActivityOver if one is closed; nobody is stored then."""
    with writing() as session:
        lock_address_book(session)
        open_activities(session, activity_ids)
        return people.store(session, values, by=by, now=now)
