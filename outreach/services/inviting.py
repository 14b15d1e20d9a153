"""Choosing who is asked to which activity: people in a role, organisations with a quota, cadres by kind and kelurahan.

On a published activity the newly chosen get their invitation at the next tick; on a draft they wait for publishing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import ON_STAGE, Audience, CadreKind, MailKind, Role
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db, writing
from outreach.models import Activity, Cadre, Invitation, Organisation, Person, User
from outreach.services import audit, holds, planchecks, seats
from outreach.services.booking import activity_for_change
from outreach.services.claiming import engage
from outreach.services.revisions import raise_for_invited, raise_for_withdrawn
from outreach.services.scheduling import event_reminder


class NobodyChosen(Problem):
    message = "Choose at least one invitee."


class NoActivityChosen(Problem):
    message = "Choose at least one activity."
    field = "activity_ids"


class QuotaNotPositive(Problem):
    message = "The quota of seats must be at least 1."
    field = "quota"


class QuotaBelowNominees(Problem):
    message = "They have named %(count)d people already. Ask them to take somebody off their list first."
    field = "quota"


class ActivityOver(Problem):
    message = "“%(title)s” is over or cancelled, so nobody can be invited to it any more."


class InvitationMissing(Problem):
    message = "This invitation does not exist, or has been deleted."


class AlreadyWithdrawn(Problem):
    message = "This invitation has been withdrawn already."


@dataclass(frozen=True)
class Invited:
    """new, already: invitations over all chosen activities. without_address: of the new ones, who cannot be mailed."""

    new: int
    already: int
    without_address: int
    by_activity: Mapping[int, int] = field(default_factory=dict)  # the new ones, by the activity's id


def invite_people(
    activity_ids: Collection[int], person_ids: Collection[int], role: Role, *, by: User | None, now: datetime
) -> Invited:
    """Invite people in a role; raise SpeakerTaken where one who is to speak or moderate has to be elsewhere then,
    PlanBlocked where the plan is against it otherwise.

    Who has that role in an activity already stays as they are.
    """
    if not person_ids:
        raise NobodyChosen
    with writing() as session:
        activities = _activities(session, activity_ids)
        planned = planchecks.before(session, activity_ids)
        result = add_people(session, activities, person_ids, role, now=now)
        planchecks.refuse_blocking(session, activity_ids, before=planned, now=now)
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
        activities = _activities(session, activity_ids)
        planned = planchecks.before(session, activity_ids)
        result = add_organisations(session, activities, quotas, now=now)
        planchecks.refuse_blocking(session, activity_ids, before=planned, now=now)
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
    """Invite all active cadres of these kinds and kelurahan; an empty collection means all of them.

    without: ids of people who are not to be among them.
    """
    with writing() as session:
        activities = _activities(session, activity_ids)
        chosen = _cadres(kinds, region_codes).where(Person.id.not_in(without))
        person_ids = session.scalars(chosen.with_only_columns(Person.id).distinct()).all()
        if not person_ids:
            raise NobodyChosen
        planned = planchecks.before(session, activity_ids)
        result = add_people(session, activities, person_ids, Role.CADRE, now=now)
        planchecks.refuse_blocking(session, activity_ids, before=planned, now=now)
        return audited(session, activities, result, Role.CADRE, by, now)


def count_cadres(kinds: Collection[CadreKind], region_codes: Collection[str]) -> tuple[int, int]:
    """Return how many people such an invitation reaches, and how many of them have no e-mail address."""
    chosen = _cadres(kinds, region_codes).with_only_columns(Person.id, Person.email).distinct().subquery()
    row = db.session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(chosen.c.email == "")).select_from(chosen)
    ).one()
    return row[0], row[1]


def set_quota(invitation_id: int, quota: int, *, by: User | None, now: datetime) -> Invitation:
    """Change how many people an organisation may name; raise QuotaBelowNominees below those it has named, PlanBlocked
    where the office blocks what that newly brings."""
    if quota < 1:
        raise QuotaNotPositive
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        named = sum(1 for n in invitation.nominees if n.state is not InvitationState.WITHDRAWN)
        if quota < named:
            raise QuotaBelowNominees(count=named)
        planned = planchecks.before(session, [invitation.activity_id])
        before, invitation.quota = invitation.quota, quota
        planchecks.refuse_blocking(session, [invitation.activity_id], before=planned, now=now)
        audit.record(
            session, by, "invitation.quota_set", invitation, now=now, name=invitation.invitee.display_name,
            quota=[before, quota],
        )  # fmt: skip
    return invitation


def withdraw(invitation_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Take an invitation back. Who heard of it is told; nominees of an organisation go with it; a seat becomes free."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        take_back(session, invitation, by=by, now=now)
    return invitation


def take_back(session: Session, invitation: Invitation, *, by: User | None, now: datetime) -> None:
    """Withdraw an invitation inside the caller's transaction; raise AlreadyWithdrawn."""
    if invitation.state is InvitationState.WITHDRAWN:
        raise AlreadyWithdrawn
    leaving = []
    going = [one for one in [invitation, *invitation.nominees] if one.state is not InvitationState.WITHDRAWN]
    for one in going:
        told = one.invited_at is not None and one.state is not InvitationState.NOT_COMING
        one.state = InvitationState.WITHDRAWN
        if told and one.activity.state is ActivityState.PUBLISHED:
            leaving.append(one)
    raise_for_withdrawn(session, going)
    session.flush()
    holds.bind(session, {one.person_id for one in going if one.person_id and one.role in ON_STAGE})
    for one in leaving:
        if one.person_id is None or not _stands_otherwise(session, one):
            event_reminder(session, one.activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=one)
    session.flush()
    seats.offer_freed(session, invitation.activity, now=now)
    audit.record(
        session, by, "invitation.withdrawn", invitation, now=now, name=invitation.invitee.display_name,
        activity=invitation.activity.title,
    )  # fmt: skip


def _stands_otherwise(session: Session, nominee: Invitation) -> bool:
    """Whether a nominee who goes with their office is invited in another role as well, and so is still to come."""
    others = sa.exists().where(
        Invitation.activity_id == nominee.activity_id,
        Invitation.person_id == nominee.person_id,
        Invitation.state != InvitationState.WITHDRAWN,
    )
    return nominee.nominated_under_id is not None and bool(session.scalar(sa.select(others)))


def invitation_for_change(session: Session, invitation_id: int) -> Invitation:
    """Return the invitation with its activity locked for this transaction; raise InvitationMissing."""
    activity_id = session.scalar(sa.select(Invitation.activity_id).where(Invitation.id == invitation_id))
    if activity_id is None:
        raise InvitationMissing
    activity_for_change(session, activity_id)
    return session.get_one(Invitation, invitation_id)


def add_people(
    session: Session, activities: Sequence[Activity], person_ids: Collection[int], role: Role, *, now: datetime
) -> Invited:
    """Invite people inside the caller's transaction; raise SpeakerTaken. Unknown and erased people are left out."""
    known = set(session.scalars(sa.select(Person.id).where(Person.id.in_(person_ids), Person.erased_at.is_(None))))
    new: list[Invitation] = []
    for activity in activities:
        present: dict[int | None, dict[Role, Invitation]] = defaultdict(dict)
        for one in session.scalars(
            sa.select(Invitation).where(Invitation.activity_id == activity.id, Invitation.person_id.in_(known))
        ):
            present[one.person_id][one.role] = one
        for person_id in sorted(known):
            earlier = present.get(person_id, {})
            found = earlier.get(role)
            if found is not None and found.state is not InvitationState.WITHDRAWN:
                continue
            invitation = found or Invitation(activity_id=activity.id, person_id=person_id, role=role)
            raise_for_invited(invitation, list(earlier.values()))
            _make_new(invitation)
            session.add(invitation)
            new.append(invitation)
    if role in ON_STAGE:
        _engage(session, activities, new)
    if known and activities:
        tokens.ensure_links(session, person_ids=known, expires_at=_last(activities) + tokens.lifetime())
    _announce(session, activities, new, now)
    without = _count_without_address(session, new)
    return Invited(len(new), len(known) * len(activities) - len(new), without, _by_activity(new))


def add_organisations(
    session: Session, activities: Sequence[Activity], quotas: Mapping[int, int], *, now: datetime
) -> Invited:
    """Invite organisations inside the caller's transaction, each with its quota of at least one seat."""
    known = set(session.scalars(sa.select(Organisation.id).where(Organisation.id.in_(quotas))))
    new: list[Invitation] = []
    for activity in activities:
        present = {
            i.organisation_id: i
            for i in session.scalars(
                sa.select(Invitation).where(
                    Invitation.activity_id == activity.id, Invitation.organisation_id.in_(known)
                )
            )
        }
        for organisation_id in sorted(known):
            found = present.get(organisation_id)
            if found is not None and found.state is not InvitationState.WITHDRAWN:
                continue
            invitation = found or Invitation(
                activity_id=activity.id, organisation_id=organisation_id, role=Role.PARTICIPANT
            )
            invitation.quota = quotas[organisation_id]
            raise_for_invited(invitation, [found] if found else [])
            _make_new(invitation)
            session.add(invitation)
            new.append(invitation)
    tokens.ensure_links(session, organisation_ids=known, expires_at=_last(activities) + tokens.lifetime())
    _announce(session, activities, new, now)
    without = _count_without_address(session, new)
    return Invited(len(new), len(known) * len(activities) - len(new), without, _by_activity(new))


def _engage(session: Session, activities: Sequence[Activity], new: Sequence[Invitation]) -> None:
    """Book the newly invited, and nobody who was there before: how they stand is not what is being changed."""
    session.flush()
    holds.lock_people(session, {one.person_id for one in new if one.person_id is not None})
    for activity in activities:
        people = {one.person_id for one in new if one.activity_id == activity.id and one.person_id is not None}
        if people:
            engage(session, [activity], people)


def _make_new(invitation: Invitation) -> None:
    """Set an invitation, new or withdrawn earlier, to its beginning."""
    invitation.state = InvitationState.PREPARED
    invitation.nominated_under = None
    invitation.invited_at = invitation.answered_at = invitation.answered_sequence = None
    invitation.answer_source = invitation.answer_recorded_by_id = invitation.waitlisted_at = None
    invitation.answer_note = invitation.representative_name = invitation.representative_post = ""
    invitation.representative_phone = invitation.representative_email = ""


def _announce(session: Session, activities: Iterable[Activity], new: Sequence[Invitation], now: datetime) -> None:
    """Let those newly invited to a published activity have their invitation at the next tick."""
    session.flush()
    with_new = {i.activity_id for i in new}
    for activity in activities:
        if activity.state is ActivityState.PUBLISHED and activity.id in with_new:
            event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)


def _activities(session: Session, activity_ids: Collection[int]) -> list[Activity]:
    if not activity_ids:
        raise NoActivityChosen
    activities = [activity_for_change(session, one) for one in sorted(set(activity_ids))]
    for activity in activities:
        if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise ActivityOver(title=activity.title)
    return activities


def _last(activities: Sequence[Activity]) -> datetime:
    return max(a.ends_at for a in activities)


def _cadres(kinds: Collection[CadreKind], region_codes: Collection[str]) -> sa.Select:
    chosen = sa.select(Person).join(Cadre, Cadre.person_id == Person.id).where(Cadre.active, Person.erased_at.is_(None))
    if kinds:
        chosen = chosen.where(Cadre.kind.in_(kinds))
    if region_codes:
        chosen = chosen.where(Cadre.region_code.in_(region_codes))
    return chosen


def _count_without_address(session: Session, invitations: Sequence[Invitation]) -> int:
    people = [i.person_id for i in invitations if i.person_id]
    organisations = [i.organisation_id for i in invitations if i.organisation_id]
    nameless_people = set(session.scalars(sa.select(Person.id).where(Person.id.in_(people), Person.email == "")))
    nameless_offices = set(
        session.scalars(sa.select(Organisation.id).where(Organisation.id.in_(organisations), Organisation.email == ""))
    )
    return sum(1 for p in people if p in nameless_people) + sum(1 for o in organisations if o in nameless_offices)


def _by_activity(new: Sequence[Invitation]) -> dict[int, int]:
    return dict(Counter(invitation.activity_id for invitation in new))


def audited(
    session: Session, activities: Sequence[Activity], result: Invited, role: Role, by: User | None, now: datetime
) -> Invited:
    """Note in the audit log whom these activities gained, inside the caller's transaction; return the result."""
    for activity in activities:
        if new := result.by_activity.get(activity.id):
            audit.record(session, by, "activity.invited", activity, now=now, role=role.value, new=new)
    return result
