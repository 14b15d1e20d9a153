"""The planned activity that a form describes, before it is saved. Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import ENGAGED, Engagement, Party, PartyKind, Turn, merged
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.services.activities.agenda import UNCHANGED, AgendaValues
from outreach.services.office_defaults import deadline
from outreach.services.planning import load as plans

UNSAVED = -1  # the id of an activity that is not stored yet


def new(values: ActivityValues, *, programme_id: int | None, by: str, now: datetime) -> PlannedActivity:
    """Return the activity that would be created; it has no invitees yet. by: its coordinator's name.

    Raise ValueError if it would end before it starts.
    """
    return PlannedActivity(
        id=UNSAVED,
        title=values.title,
        kind=values.kind,
        starts_at=values.starts_at,
        ends_at=values.ends_at,
        zone=values.zone,
        programme_id=programme_id,
        venue_id=values.venue_id,
        region_code=values.region_code,
        respond_by_at=deadline(db.session(), values.respond_by_at, values.starts_at, values.zone, now),
        seats=values.capacity,
        coordinator=by,
    )


def edited(activity_id: int, values: ActivityValues, *, now: datetime) -> PlannedActivity | None:
    """Return the stored activity as it would be with these values; None if it no longer exists."""
    stored = _stored(activity_id)
    if stored is None:
        return None
    after = new(values, programme_id=stored.programme_id, by=stored.coordinator, now=now)
    return replace(
        after,
        id=activity_id,
        state=stored.state,
        people=stored.people,
        engagements=stored.engagements_at(after.starts_at, after.zone),
        told_at=stored.told_at,
        on_other_day=stored.is_other_day(after.starts_at, after.zone),
        fixed=stored.fixed,
    )


def as_moved(stored: PlannedActivity, move: Move, *, now: datetime) -> PlannedActivity:
    """Return the activity as it would be after the move."""
    return replace(
        stored,
        starts_at=move.starts_at,
        ends_at=move.ends_at,
        zone=move.zone,
        venue_id=move.venue_id,
        respond_by_at=deadline(db.session(), move.respond_by_at, move.starts_at, move.zone, now),
        on_other_day=stored.is_other_day(move.starts_at, move.zone),
        engagements=stored.engagements_at(move.starts_at, move.zone),
    )


def with_agenda(
    stored: PlannedActivity,
    items: Sequence[AgendaValues],
    names: Mapping[int, str],
    *,
    moderator_id: int | None = UNCHANGED,
    let_go: Collection[int] = (),
) -> PlannedActivity:
    """Return the activity with this agenda and moderator, and their invitations. names: of these people by id.

    let_go: ids of speakers whose invitations are withdrawn.
    """
    turns: dict[int, list[Turn]] = defaultdict(list)
    for item in items:
        for speaker_id in item.speaker_ids:
            turns[speaker_id].append((item.starts_at - stored.starts_at, item.ends_at - stored.starts_at))
    kept, known = [], set()
    for engagement in stored.engagements:
        invitee = engagement.in_place_of or engagement.party
        id = int(invitee.key) if invitee.kind is PartyKind.PERSON else None
        gone = engagement.role is Role.SPEAKER and id in let_go
        gone |= engagement.role is Role.MODERATOR and moderator_id != UNCHANGED and id != moderator_id
        if gone and engagement.state in ENGAGED:
            continue
        known.add((id, engagement.role))
        kept.append(replace(engagement, turns=merged(turns[id])) if engagement.role is Role.SPEAKER and id in turns else
                    replace(engagement, turns=()))  # fmt: skip
    new = [(id, Role.SPEAKER) for id in turns] + ([(moderator_id, Role.MODERATOR)] if moderator_id else [])
    for person_id, role in new:
        if (person_id, role) not in known:
            party = Party.person(person_id, names.get(person_id, ""))
            its = merged(turns[person_id]) if role is Role.SPEAKER else ()
            kept.append(Engagement(party, role, InvitationState.PREPARED, turns=its))
    return replace(stored, engagements=tuple(kept))


def _stored(activity_id: int) -> PlannedActivity | None:
    return next(iter(plans.planned(db.session(), [activity_id])), None)
