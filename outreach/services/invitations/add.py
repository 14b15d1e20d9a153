"""Creating invitations in the caller's transaction: the rows, speakers' bookings, and mail for published activities.

An invitee who already has the role in an activity stays unchanged; a withdrawn invitation starts again.
invitations/invite.py chooses the invitees.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import ON_STAGE, Audience, MailKind, Role
from outreach.domain.posts import HolderTerm
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Activity, Invitation, Organisation, Person, Post, Rung, User
from outreach.services import audit, locking
from outreach.services.invitations import post_holders
from outreach.services.invitations.revisions import raise_for_invited
from outreach.services.letters import follow_up
from outreach.services.planning.book import book_people
from outreach.services.reminders.schedule import event_reminder, reschedule, waiting_invitations
from outreach.services.representation import chain


@dataclass(frozen=True)
class Invited:
    """new, already: invitations over all chosen activities. without_address: how many of the new ones get no mail."""

    new: int
    already: int
    without_address: int
    by_activity: Mapping[int, int] = field(default_factory=dict)  # the new ones by activity id


def add_people(
    session: Session, activities: Sequence[Activity], person_ids: Collection[int], role: Role, *, now: datetime
) -> Invited:
    """Invite people to all these activities in the caller's transaction, as `add_each` does."""
    return add_each(session, activities, {activity.id: person_ids for activity in activities}, role, now=now)


def add_each(
    session: Session,
    activities: Sequence[Activity],
    chosen: Mapping[int, Collection[int]],
    role: Role,
    *,
    now: datetime,
    posts: Mapping[int, Mapping[int, tuple[Post, HolderTerm]]] | None = None,
) -> Invited:
    """Invite to each activity its own people, in the caller's transaction. chosen: people's ids by activity id.

    posts: who of them is invited as holder of a post, by activity and person (`post_holders.holders`).
    Raise SpeakerTaken. Unknown and erased people are left out.
    """
    wanted = {person_id for activity in activities for person_id in chosen[activity.id]}
    known = set(session.scalars(sa.select(Person.id).where(Person.id.in_(wanted), Person.erased_at.is_(None))))
    ids = [activity.id for activity in activities]
    present: dict[tuple[int, int | None], dict[Role, Invitation]] = defaultdict(dict)
    for existing in session.scalars(
        sa.select(Invitation).where(Invitation.activity_id.in_(ids), Invitation.person_id.in_(known))
    ):
        present[existing.activity_id, existing.person_id][existing.role] = existing
    new: list[Invitation] = []
    pairs = 0
    for activity in activities:
        for person_id in sorted(known.intersection(chosen[activity.id])):
            pairs += 1
            earlier = present.get((activity.id, person_id), {})
            found = earlier.get(role)
            if found is not None and found.state is not InvitationState.WITHDRAWN:
                continue
            invitation = found or Invitation(activity_id=activity.id, person_id=person_id, role=role)
            raise_for_invited(invitation, list(earlier.values()))
            _make_new(session, invitation, now)
            session.add(invitation)
            new.append(invitation)
    post_holders.bind(new, posts or {})
    if role in ON_STAGE:
        _engage(session, activities, new)
    for ends_at, people in _until(activities, chosen, known).items():
        tokens.ensure_links(session, person_ids=people, expires_at=ends_at + tokens.lifetime())
    return _announced(session, activities, pairs, new, now)


def add_organisations(
    session: Session, activities: Sequence[Activity], quotas: Mapping[int, int], *, now: datetime
) -> Invited:
    """Invite organisations in the caller's transaction, each with its quota of at least one seat."""
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
            _make_new(session, invitation, now)
            session.add(invitation)
            new.append(invitation)
    tokens.ensure_links(session, organisation_ids=known, expires_at=_last(activities) + tokens.lifetime())
    return _announced(session, activities, len(known) * len(activities), new, now)


def audited(
    session: Session, activities: Sequence[Activity], result: Invited, role: Role, by: User | None, now: datetime
) -> Invited:
    """Write the number of new invitations of each activity to the audit log; return the result."""
    for activity in activities:
        if new := result.by_activity.get(activity.id):
            audit.record(session, by, "activity.invited", activity, now=now, role=role.value, new=new)
    return result


def _engage(session: Session, activities: Sequence[Activity], new: Sequence[Invitation]) -> None:
    """Book only the new invitees. Those invited before are not changed."""
    session.flush()
    locking.lock_people(session, {invitation.person_id for invitation in new if invitation.person_id is not None})
    for activity in activities:
        people = {
            invitation.person_id
            for invitation in new
            if invitation.activity_id == activity.id and invitation.person_id is not None
        }
        if people:
            book_people(session, [activity], people, locked=True)


def _make_new(session: Session, invitation: Invitation, now: datetime) -> None:
    """Reset an invitation, new or withdrawn before, to its initial state."""
    invitation.state = InvitationState.PREPARED
    invitation.nominated_under = None
    invitation.invited_at = invitation.answered_at = invitation.answered_sequence = None
    invitation.answer_source = invitation.answer_recorded_by_id = invitation.waitlisted_at = None
    invitation.answer_note, invitation.notices_wanted, invitation.without_letter = "", True, False
    chain.begin_again(session, invitation, now=now)
    if invitation.id is not None:
        follow_up.give_up_for_invited(session, invitation, now=now)
        session.execute(sa.delete(Rung).where(Rung.invitation_id == invitation.id))  # the ladder starts again, too


def _announced(
    session: Session, activities: Sequence[Activity], asked: int, new: Sequence[Invitation], now: datetime
) -> Invited:
    """Schedule invitation mails of published activities for the next tick, and count the new and present invitees.

    asked: how many invitations were asked for, those that are there already included.
    """
    session.flush()
    by_activity = dict(Counter(invitation.activity_id for invitation in new))
    for activity in activities:
        if activity.state is not ActivityState.PUBLISHED or activity.id not in by_activity:
            continue
        if (
            waiting_invitations(session, activity.id, now) is None
        ):  # otherwise the new invitations go out together with the waiting ones
            event_reminder(session, activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now=now)
        speaks = any(one.activity_id == activity.id and one.role is Role.SPEAKER for one in new)
        # After the deadline they may answer until the start, and are reminded until then. Speakers are asked for materials.
        if speaks or now >= activity.respond_by_at:
            reschedule(session, activity, now=now)
    return Invited(len(new), asked - len(new), _count_without_address(session, new), by_activity)


def _count_without_address(session: Session, invitations: Sequence[Invitation]) -> int:
    people = [i.person_id for i in invitations if i.person_id]
    organisations = [i.organisation_id for i in invitations if i.organisation_id]
    nameless_people = set(session.scalars(sa.select(Person.id).where(Person.id.in_(people), Person.email == "")))
    nameless_offices = set(
        session.scalars(sa.select(Organisation.id).where(Organisation.id.in_(organisations), Organisation.email == ""))
    )
    return sum(1 for p in people if p in nameless_people) + sum(1 for o in organisations if o in nameless_offices)


def _until(
    activities: Sequence[Activity], chosen: Mapping[int, Collection[int]], known: set[int]
) -> dict[datetime, set[int]]:
    """Return the known people, grouped by the end of the last activity to which they are invited."""
    last: dict[int, datetime] = {}
    for activity in activities:
        for person_id in known.intersection(chosen[activity.id]):
            last[person_id] = max(last.get(person_id, activity.ends_at), activity.ends_at)
    found: dict[datetime, set[int]] = defaultdict(set)
    for person_id, ends_at in last.items():
        found[ends_at].add(person_id)
    return found


def _last(activities: Sequence[Activity]) -> datetime:
    return max(a.ends_at for a in activities)
