"""Clashes as pages ask for them: of some activities, of an absence, and if somebody is invited.

services/planning/clashes.py finds the clashes of changes, and those of the whole plan.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.clashes import Clash, find_clashes
from outreach.domain.directory.names import Name
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import ENGAGED, AbsenceSpan, Engagement, Party, PartyKind
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Invitation, Organisation, Person, planned
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.clashes import (
    FoundClashes,
    PlanChange,
    around,
    found_in,
    ids_in,
    preview,
    where_resolutions_lie,
)
from outreach.services.planning.load_part import Part


@dataclass(frozen=True)
class InviteeStanding:
    """on_agenda: whether the invitee speaks on the activity's agenda or moderates, so a replacement is set there."""

    invitation_id: int
    on_agenda: bool


def to_resolve(
    found: FoundClashes, groups: Iterable[Iterable[Clash]], *, now: datetime
) -> tuple[FoundClashes, list[list[Clash]]]:
    """Return these groups of clashes again, with a plan in which to look for their resolutions."""
    chosen = [list(group) for group in groups]
    clashes = [clash for group in chosen for clash in group]
    if not clashes:
        return found, chosen
    plan = plan_parts.shared_with(
        ids_in(clashes), now=now, within=where_resolutions_lie(found.plan, clashes), known=Part(found.plan)
    )
    known = {**found.plan.activities, **plan.activities}
    return replace(found, plan=plan), [
        [replace(clash, activities=tuple(known[id] for id in clash.ids)) for clash in group] for group in chosen
    ]


def of_activities(activity_ids: Collection[int], *, now: datetime) -> FoundClashes:
    """Return the clashes of these activities as they stand."""
    chosen = plans.planned(db.session(), activity_ids, engaged=False)
    spans = around(chosen)
    near = plan_parts.that_clash(now=now, within=spans, among=activity_ids)
    found = find_clashes(near, activity_ids)
    if not found:
        return FoundClashes(near)
    plan = plan_parts.shared_with(
        ids_in(found), now=now, within=where_resolutions_lie(near, found), known=Part(near, spans)
    )
    return found_in(plan, find_clashes(plan, activity_ids))


def of_absent(subject: Subject, *, now: datetime) -> FoundClashes:
    """Return the clashes caused by an absence of this person, organisation or venue."""
    if subject.kind is SubjectKind.VENUE:
        theirs = Activity.venue_id == subject.id
    else:
        of = Invitation.person_id if subject.kind is SubjectKind.PERSON else Invitation.organisation_id
        theirs = Activity.id.in_(sa.select(Invitation.activity_id).where(of == subject.id))
    ids = db.session().scalars(sa.select(Activity.id).where(planned.IS_PLANNED, Activity.ends_at > now, theirs)).all()
    found = of_activities(ids, now=now)
    return replace(
        found, clashes=[clash for clash in found.clashes if clash.absence and _is_of(subject, clash.absence)]
    )


def _is_of(subject: Subject, absence: AbsenceSpan) -> bool:
    if absence.party is None:
        return subject == Subject(SubjectKind.VENUE, absence.venue_id or 0)
    return (absence.party.kind.value, absence.party.key) == (subject.kind.value, subject.id)


def preview_invited(
    activity_ids: Collection[int],
    role: Role,
    *,
    person_ids: Collection[int] = (),
    quotas: Mapping[int, int] | None = None,
    now: datetime,
) -> FoundClashes:
    """Return the new clashes if these people, and organisations with these quotas by id, are invited in a role."""
    stored = plans.planned(db.session(), activity_ids)
    parties = [*_people(person_ids), *_organisations(quotas or {})]
    new = tuple(Engagement(party, role, InvitationState.PREPARED) for party in parties)
    return preview(PlanChange([_inviting(activity, new, quotas or {}) for activity in stored], stored), now=now)


def if_each_invited(chosen: Mapping[int, Collection[int]], role: Role, *, now: datetime) -> FoundClashes:
    """Return the new clashes if to each activity its own people are invited. chosen: people's ids by activity id."""
    stored = plans.planned(db.session(), chosen)
    parties = {party.key: party for party in _people({id for people in chosen.values() for id in people})}

    def inviting(activity: PlannedActivity) -> PlannedActivity:
        own = [parties[id] for id in sorted(chosen[activity.id]) if id in parties]
        return _inviting(activity, [Engagement(party, role, InvitationState.PREPARED) for party in own], {})

    return preview(PlanChange([inviting(activity) for activity in stored], stored), now=now)


def invitations_of(pairs: Collection[tuple[int, Party]]) -> dict[tuple[int, Party], InviteeStanding]:
    """Return the invitations by (activity id, party who would come), for links; of several, the one on stage. One query."""
    wanted = {activity_id for activity_id, _party in pairs}
    if not wanted:
        return {}
    speaks = sa.exists().where(
        AgendaItem.activity_id == Invitation.activity_id, AgendaItem.speakers.any(Person.id == Invitation.person_id)
    )
    found = {}
    for row in db.session.execute(
        sa.select(
            Invitation.id, Invitation.activity_id, Invitation.person_id, Invitation.organisation_id,
            Invitation.representative_name, Invitation.role, speaks.label("speaks"),
        )
        .where(Invitation.activity_id.in_(wanted), Invitation.state != InvitationState.WITHDRAWN)
        .order_by(Invitation.role.in_(sorted(ON_STAGE)), Invitation.id)
    ):  # fmt: skip
        standing = InviteeStanding(row.id, row.speaks or row.role is Role.MODERATOR)
        if row.representative_name:
            found[row.activity_id, Party.representative(row.representative_name)] = standing
        if row.person_id is not None:
            found[row.activity_id, Party.person(row.person_id)] = standing
        else:
            found[row.activity_id, Party.organisation(row.organisation_id)] = standing
    return {pair: found[pair] for pair in pairs if pair in found}


def _people(person_ids: Collection[int]) -> list[Party]:
    if not person_ids:
        return []
    columns = (Person.id, Person.name, Person.title_before, Person.title_after, Person.post)
    rows = db.session.execute(sa.select(*columns).where(Person.id.in_(person_ids), Person.erased_at.is_(None)))
    return [
        Party.person(row.id, Name(row.name, row.title_before, row.title_after).full if row.name else row.post)
        for row in rows
    ]


def _organisations(organisation_ids: Collection[int]) -> list[Party]:
    if not organisation_ids:
        return []
    rows = db.session.execute(
        sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(organisation_ids))
    )
    return [Party.organisation(row.id, row.name) for row in rows]


def _inviting(activity: PlannedActivity, new: Iterable[Engagement], quotas: Mapping[int, int]) -> PlannedActivity:
    """Return the activity with the new invitees.

    People who are invited in that role already are not added again. People who come already need no further seat.
    """
    asked = {(engagement.in_place_of or engagement.party, engagement.role) for engagement in activity.engagements}
    coming = {
        engagement.in_place_of or engagement.party for engagement in activity.engagements if engagement.state in ENGAGED
    }
    added = [engagement for engagement in new if (engagement.party, engagement.role) not in asked]
    newly = [engagement.party for engagement in added if engagement.party not in coming]
    seats = sum(quotas[int(party.key)] if party.kind is PartyKind.ORGANISATION else 1 for party in newly)
    return replace(activity, engagements=(*activity.engagements, *added), people=activity.people + seats)
